"""contextmail preview: a message for one customer, before and after, with the evidence for each change."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.output import as_json, as_text, console, harmless, notes, say, write_json
from contextmail.model.decision import Evidence
from contextmail.previewing import PartPreview, Preview
from contextmail.previewing import preview as preview_message

_VERDICTS: Mapping[bool | None, str] = {True: "true", False: "untrue", None: "unknown"}


class Format(StrEnum):
    """Name a format of `preview`."""

    COLUMNS = "columns"
    TEXT = "text"
    JSON = "json"


def preview(
    path: options.Message,
    customer: Annotated[
        list[str],
        typer.Option(help="A customer's id, as the tables have it; may be repeated.", show_default=False),
    ],
    form: Annotated[
        Format | None,
        typer.Option("--format", help="How it is written.", show_default="columns on a terminal, else text"),
    ] = None,
    safe_only: options.SafeOnly = False,
    propose: options.Propose = None,
    dialect: options.Dialect = None,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
) -> None:
    """Show a message as one customer would get it, before and after, with the evidence for each change.

    ```
    contextmail preview spring.html --customer 17850
    ```
    """
    settings = options.settings_of(config, dialect=dialect, as_of=as_of, facts=facts)
    with wiring.facts_folder(settings) as known, wiring.rewriter(settings, propose=propose) as rewriter:
        all_shown = [
            preview_message(path, one, settings, facts=known, safe_only=safe_only, rewriter=rewriter)
            for one in customer
        ]
    form = form or (Format.COLUMNS if console().is_terminal else Format.TEXT)
    if form is Format.JSON:
        write_json(_as_json(all_shown[0]) if len(all_shown) == 1 else list(map(_as_json, all_shown)))
        return
    for one, shown in zip(customer, all_shown, strict=True):
        if len(all_shown) > 1:
            say((f"-- customer {one}", "bold"))
            say()
        for part in shown.parts:
            (_columns if form is Format.COLUMNS else _stacked)(part)
        _say_changes(shown)
    notes(list(dict.fromkeys(note for shown in all_shown for note in shown.notes)))


def _columns(part: PartPreview) -> None:
    table = Table(
        Column("before", ratio=1),
        Column("after", ratio=1),
        title=part.name,
        title_justify="left",
        expand=True,
        show_lines=False,
    )
    before, after = part.before_text.split("\n"), part.after_text.split("\n")
    for old, new in _side_by_side(before, after):
        style = "" if old == new else "red"
        table.add_row(Text(harmless(old), style), Text(harmless(new), "green" if style else ""))
    console(wrap=True).print(table)


def _side_by_side(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    """Put lines beside each other, those that stayed in the same row."""
    from difflib import SequenceMatcher

    rows: list[tuple[str, str]] = []
    for _, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        left, right = before[a:b], after[c:d]
        height = max(len(left), len(right))
        rows += zip(left + [""] * (height - len(left)), right + [""] * (height - len(right)), strict=True)
    return rows


def _stacked(part: PartPreview) -> None:
    if part.before_text == part.after_text:
        say((f"{part.name}: unchanged", "bold"))
        say(part.before_text)
    else:
        for title, text in (("before", part.before_text), ("after", part.after_text)):
            say((f"{part.name}, {title}", "bold"))
            say(text)
    say()


def _say_changes(shown: Preview) -> None:
    decision = shown.decision
    to = f" to {decision.to}" if decision.to else f" until {decision.until:%Y-%m-%d %H:%M}" if decision.until else ""
    say((f"{decision.outcome}{to}", "bold"), f": {decision.reason}" if decision.reason else "")
    for change in shown.changes:
        before, after = (f'"{text}"' if text else "nothing" for text in (change.before, change.after))
        by = f"  (proposed by {change.proposed_by})" if change.proposed_by else ""
        say((change.rule, "cyan"), f"  {before} -> {after}", (by, "yellow"))
        if change.evidence:
            _say_evidence(change.evidence)
    for policy in shown.policies:
        if policy.rule == decision.reason:
            say((policy.rule, "cyan"))
            _say_evidence(policy)


def _say_evidence(evidence: Evidence) -> None:
    facts = ", ".join(f"{name} = {as_text(value)}" for name, value in evidence.facts.items())
    say(f"  {_VERDICTS[evidence.verdict]}: {evidence.predicate}", f"  ({facts})" if facts else "")


def _as_json(shown: Preview) -> dict[str, Any]:
    decision = shown.decision
    return {
        "outcome": decision.outcome,
        "reason": decision.reason,
        "until": decision.until.isoformat() if decision.until else None,
        "to": decision.to,
        "parts": [
            {
                "part": part.name,
                "before": part.before.source,
                "after": part.after.source,
                "before_text": part.before_text,
                "after_text": part.after_text,
            }
            for part in shown.parts
        ],
        "changes": [
            {
                "rule": change.rule,
                "part": change.part,
                "before": change.before,
                "after": change.after,
                "proposed_by": change.proposed_by,
                "evidence": _evidence_json(change.evidence) if change.evidence else None,
            }
            for change in shown.changes
        ],
        "policies": [_evidence_json(policy) for policy in shown.policies],
        "notes": list(shown.notes),
    }


def _evidence_json(evidence: Evidence) -> dict[str, Any]:
    facts = {name: as_json(value) for name, value in evidence.facts.items()}
    verdict = _VERDICTS[evidence.verdict]
    return {"rule": evidence.rule, "verdict": verdict, "predicate": evidence.predicate, "facts": facts}
