"""Findings in the formats that people, CI systems and programs read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from contextmail.cli.findings import Looked, Status, Weighed
from contextmail.cli.output import number, plural, say, write_json
from contextmail.model.finding import Finding, Grade
from contextmail.model.pitch import BoughtNext
from contextmail.rules import CLAIMS

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Format(StrEnum):
    """Name a format of `check`."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    GITHUB = "github"
    SARIF = "sarif"


def essence(finding: Finding) -> dict[str, Any]:
    """Give what a program needs of a finding; offsets are in characters of the part."""
    return {
        "rule": finding.rule,
        "part": finding.part,
        "start": finding.start,
        "end": finding.end,
        "quote": finding.quote,
        "confidence": finding.confidence,
        "message": finding.message,
    }


def write(looked: Sequence[Looked], form: Format, *, verbose: bool) -> None:
    """Write what was found in every message; `verbose`: also what is suppressed or true of everybody, as text."""
    if form is Format.TEXT:
        _text(looked, verbose=verbose)
    else:
        _MACHINE[form](looked)


def _text(looked: Sequence[Looked], *, verbose: bool) -> None:
    every = [item for one in looked for item in one.weighed]
    for item in every:
        if item.status in (Status.OPEN, Status.UNSURE) or verbose:
            _say(item)
    tally = {status: sum(item.status is status for item in every) for status in Status}
    safe = sum(item.status is Status.OPEN and item.edit is not None and item.edit.grade is Grade.SAFE for item in every)
    said = [f"{plural(tally[Status.OPEN], 'finding')}{f', {safe} with a safe fix' if safe else ''}"]
    said += [f"{number(tally[Status.UNSURE])} of low confidence"] if tally[Status.UNSURE] else []
    said += [f"{number(tally[Status.TRUE])} true of everybody"] if tally[Status.TRUE] else []
    said += [f"{number(tally[Status.SUPPRESSED])} suppressed"] if tally[Status.SUPPRESSED] else []
    hidden = tally[Status.TRUE] + tally[Status.SUPPRESSED] and not verbose
    more = " (--verbose shows them)" if hidden else ""
    say((f"{plural(len(looked), 'message')}: {'; '.join(said)}{more}", "bold"))


def _say(item: Weighed) -> None:
    finding = item.finding
    place = f"{finding.path}:{finding.line}:{finding.column}"
    unsure = "  (low confidence)" if finding.confidence == "low" else ""
    quote = " ".join(finding.quote.split())
    say((place, "bold"), " ", (finding.rule, "red" if item.status is Status.OPEN else "dim"), f'  "{quote}"{unsure}')
    said = _counts(item) or finding.message
    last = (
        f"suppressed: {finding.suppressed}" if finding.suppressed else f"fix: {item.fix}" if item.edit else finding.note
    )
    say(f"  {said}", (f"    {last}", "green" if item.edit else "dim") if last else "")
    for bought in finding.bought_next if item.edit else ():
        say((f"  bought next: {next_line(bought)}", "dim"))
    if finding.note and item.edit:
        say((f"  {finding.note}", "dim"))


def next_line(bought: BoughtNext) -> str:
    """Say what people bought next: `Paper Star (93 of 870 buyers, 11%; lift 2.9, surely 2.5)`."""
    people = f"{number(bought.people)} of {plural(bought.of, 'buyer')}, {bought.share:.0%}"
    return f"{bought.name} ({people}; lift {bought.lift:.1f}, surely {bought.surely:.1f})"


def next_json(bought: BoughtNext) -> dict[str, Any]:
    """Give what people bought next as a program reads it."""
    return {**bought._asdict(), "share": bought.share}


def _counts(item: Weighed) -> str:
    """Say of how many recipients a claim is untrue: `untrue for 3,912 of 4,338 (bought less), unknown for 0`."""
    counts = item.counts
    if counts is None:
        return ""
    everybody = counts.true + counts.untrue + counts.unknown
    because = f" ({item.because})" if item.because else ""
    seen = f", of those who see it ({item.finding.seen_by})" if item.finding.seen_by else ""
    untrue = f"untrue for {number(counts.untrue)} of {number(everybody)}{because}"
    return f"{untrue}, unknown for {number(counts.unknown)}{seen}"


def _json(looked: Sequence[Looked]) -> None:
    findings = [_whole(item) for one in looked for item in one.weighed]
    tally = {status: sum(finding["status"] == status for finding in findings) for status in Status}
    write_json({"version": 1, "messages": len(looked), "summary": tally, "findings": findings})


def _whole(item: Weighed) -> dict[str, Any]:
    finding, counts, edit = item.finding, item.counts, item.edit
    return {
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        **essence(finding),
        "status": item.status,
        "suppressed": finding.suppressed,
        "note": finding.note,
        "true_when": finding.true_when,
        "seen_by": finding.seen_by,
        "bought_next": [next_json(bought) for bought in finding.bought_next],
        "counts": {"true": counts.true, "untrue": counts.untrue, "unknown": counts.unknown} if counts else None,
        "fix": {"variants": len(edit.variants), "grade": edit.grade} if edit else None,
    }


def _jsonl(looked: Sequence[Looked]) -> None:
    for one in looked:
        findings = [essence(item.finding) for item in one.weighed if item.status in (Status.OPEN, Status.UNSURE)]
        sys.stdout.write(json.dumps({"id": one.id, "path": one.path, "findings": findings}) + "\n")


def _github(looked: Sequence[Looked]) -> None:
    """Write workflow commands: GitHub, "Workflow commands for GitHub Actions", with its escapes."""
    for item in (item for one in looked for item in one.weighed):
        if item.status not in (Status.OPEN, Status.UNSURE):
            continue
        finding = item.finding
        level = "warning" if item.status is Status.OPEN else "notice"
        where = (
            f"file={_property(finding.path)},line={finding.line},col={finding.column},title={_property(finding.rule)}"
        )
        sys.stdout.write(f"::{level} {where}::{_data(_sentence(item))}\n")


def _sentence(item: Weighed) -> str:
    fix = f"; fix: {item.fix}" if item.edit else ""
    return f'"{item.finding.quote}": {_counts(item) or item.finding.message}{fix}'


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _sarif(looked: Sequence[Looked]) -> None:
    """Write SARIF 2.1.0 (OASIS); what is suppressed says so, what is true of everybody is left out."""
    items = [item for one in looked for item in one.weighed if item.status is not Status.TRUE]
    used = sorted({item.finding.rule for item in items})
    rules = [{"id": name, "shortDescription": {"text": _first_line(name)}} for name in used]
    driver = {"name": "contextmail", "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_result(item) for item in items]}
    write_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _first_line(name: str) -> str:
    doc = CLAIMS[name].__doc__ if name in CLAIMS else ""
    return (doc or f"{name}: a claim of this company").partition("\n")[0]


def _result(item: Weighed) -> dict[str, Any]:
    finding = item.finding
    region = {"startLine": finding.line, "startColumn": finding.column}
    place = {"artifactLocation": {"uri": finding.path.replace("\\", "/").partition("#")[0]}, "region": region}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "note" if item.status is Status.UNSURE else "warning",
        "message": {"text": _sentence(item)},
        "locations": [{"physicalLocation": place}],
    }
    if finding.suppressed:
        result["suppressions"] = [{"kind": "external", "justification": finding.suppressed}]
    return result


_MACHINE: dict[Format, Callable[[Sequence[Looked]], None]] = {
    Format.JSON: _json,
    Format.JSONL: _jsonl,
    Format.GITHUB: _github,
    Format.SARIF: _sarif,
}
