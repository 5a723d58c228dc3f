"""Findings as a person weighs them: of how many recipients each is untrue, what mends it, whether it counts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from contextmail import wiring
from contextmail.checking import Checker
from contextmail.cli import baseline
from contextmail.compiling import validate
from contextmail.deciding import Truth, truth
from contextmail.facts.catalogue import types_for
from contextmail.facts.folder import FactsFolder
from contextmail.language.messages import FILES
from contextmail.model.finding import Edit, Finding
from contextmail.rewriting import SHOWN_ONLY, rewritten

_MESSAGES = (".html", ".htm", ".txt", ".eml", ".liquid")
_SIDE = ("message.toml", "message.json")


class Status(StrEnum):
    """Say what becomes of a finding."""

    OPEN = "open"  # something to look at
    UNSURE = "unsure"  # low confidence: shown, changes no exit code
    TRUE = "true"  # the facts show it to be true of everybody who sees it
    SUPPRESSED = "suppressed"  # by the message, the settings or the baseline


@dataclass(frozen=True, slots=True)
class Weighed:
    """A finding with what else is known of it."""

    finding: Finding
    because: str
    """Why it is untrue of somebody, in two or three words."""
    edit: Edit | None
    counts: Truth | None = None
    """None: there are no facts, or it is not a question of facts."""
    sure: bool = True

    @property
    def status(self) -> Status:
        """Say whether it counts."""
        if self.finding.suppressed:
            return Status.SUPPRESSED
        if self.counts and not self.counts.untrue and not (self.counts.unknown and self.finding.unknown_is == "untrue"):
            return Status.TRUE
        return Status.OPEN if self.sure else Status.UNSURE

    @property
    def fix(self) -> str:
        """Say what would mend it: `3 variants (safe)`; empty: nothing."""
        return f"{len(self.edit.variants)} variants ({self.edit.grade})" if self.edit else ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one message."""

    id: str
    path: str
    weighed: tuple[Weighed, ...]


def messages_at(path: Path) -> list[Path]:
    """List the messages at `path`: itself, or those in it where it is a folder that is no message."""
    return list(_messages(path)) or [path]


def _messages(path: Path) -> Iterator[Path]:
    if not path.is_dir() or any((path / name).is_file() for name in (*_SIDE, *FILES)):
        yield path
        return
    for entry in sorted(path.iterdir()):
        if not entry.name.startswith(".") and (entry.is_dir() or entry.suffix in _MESSAGES):
            yield from _messages(entry)


def look(path: Path, checker: Checker) -> Looked:
    """Check one message and propose its edits. Raises TemplateError and DialectError."""
    checked = checker.check(path)
    rewrite = rewritten(checked, checker)
    wanted = ("high", "low") if checker.settings.min_confidence == "low" else ("high",)
    weighed = tuple(
        Weighed(
            finding,
            checker.rules[finding.rule].definition(checked.context).because,
            next((edit for edit in rewrite.edits if _mends(edit, finding)), None),
            sure=finding.confidence in wanted,
        )
        for finding in rewrite.findings
    )
    return Looked(checked.message.id, str(path), weighed)


def counted(looked: Sequence[Looked], checker: Checker, facts: FactsFolder) -> list[Looked]:
    """Count of how many recipients each claim is true, untrue and unknown, by the facts. Raises ConfigurationError."""
    settings = checker.settings
    validate(settings, facts.catalogue)
    asked = dict.fromkeys(_asked(item.finding) for one in looked for item in one.weighed if _of_facts(item.finding))
    types = {name: kind for pair in asked for text in pair for name, kind in types_for(text).items()}
    with closing(wiring.engine(settings)) as engine:
        claims = list(asked)
        answers = truth(
            claims,
            facts,
            {**types, **facts.catalogue.types},
            as_of=settings.as_of,
            engine=engine,
            ownership=settings.ownership,
        )
    by_claim = dict(zip(claims, answers, strict=True))
    return [
        replace(one, weighed=tuple(replace(item, counts=by_claim.get(_asked(item.finding))) for item in one.weighed))
        for one in looked
    ]


def without_baseline(looked: Sequence[Looked], file: Path) -> list[Looked]:
    """Suppress the findings that the baseline `file` holds. Raises ConfigurationError."""
    left = baseline.read(file)
    result = []
    for one in looked:
        weighed = []
        for item in one.weighed:
            key = baseline.fingerprint(item.finding, file)
            if not item.finding.suppressed and left[key] > 0:
                left[key] -= 1
                item = replace(item, finding=replace(item.finding, suppressed=f"in {os.path.relpath(file)}"))
            weighed.append(item)
        result.append(replace(one, weighed=tuple(weighed)))
    return result


def _mends(edit: Edit, finding: Finding) -> bool:
    # Another's edit in the same words mends nothing of what is only shown.
    mended = finding.confidence == "high" and not finding.note.startswith(SHOWN_ONLY)
    return mended and edit.part == finding.part and edit.start < finding.end and finding.start < edit.end


def _of_facts(finding: Finding) -> bool:
    """Say whether facts could make the claim true: what is always true as a predicate is a matter of style."""
    return finding.true_when not in ("", "TRUE")


def _asked(finding: Finding) -> tuple[str, str]:
    return finding.true_when, finding.seen_by
