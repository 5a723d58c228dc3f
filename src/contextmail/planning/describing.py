"""What a person reviews: the edits with how many read what, and how the draft differs from the author's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff

from contextmail.campaign import Campaign, CompiledVariant
from contextmail.compiling import words
from contextmail.connectors.base import Draft
from contextmail.engines.base import Engine
from contextmail.merging import Merged
from contextmail.model.finding import Edit
from contextmail.model.plan import PlannedDraft, PlannedEdit, PlannedText
from contextmail.planning.fitting import Fitted
from contextmail.predicates.tree import describe
from contextmail.rewriting import Rewrite

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TITLE = 60
"""Characters of the author's title that stand in the draft's."""


def planned_edits(engine: Engine, rewrite: Rewrite, whole: Campaign, fitted: Fitted) -> list[PlannedEdit]:
    """Describe the edits; people are those who are sent to. A shared choice is told as the texts that it stands for."""
    return [
        PlannedEdit(
            rule=edit.rule,
            part=edit.part,
            quote=edit.quote,
            mode=fitted.merged.modes[index],
            texts=list(_texts(engine, edit, whole.edits[index].variants, fitted.campaign.edits[index].variants, index)),
            bought_next=list(edit.finding.bought_next) if edit.finding else [],
        )
        for index, edit in enumerate(rewrite.edits)
    ]


def planned_draft(draft: Draft, merged: Merged, run: str) -> PlannedDraft:
    """Describe the draft that is to be made."""
    changed = (line for name, text in merged.parts.items() for line in _diff(name, draft.parts.get(name, ""), text))
    return PlannedDraft(
        source=draft.id,
        targets=draft.segment,
        title=f"{draft.title[:_TITLE]} [contextmail {run}]",
        original=dict(draft.parts),
        parts=dict(merged.parts),
        diff="".join(changed),
        kept=dict(draft.settings),
        lost=list(draft.lost),
    )


def unmended(rewrite: Rewrite) -> Iterator[str]:
    """Say of each finding that stays in the draft what it is, and why no edit mends it."""
    mended = {id(edit.finding) for edit in rewrite.edits}
    for finding in rewrite.findings:
        if finding.confidence == "high" and not finding.suppressed and id(finding) not in mended:
            why = finding.note or finding.message
            yield f"stays as it is: {finding.rule} {finding.quote!r} in the {finding.part}: {why}"


def _texts(
    engine: Engine, edit: Edit, told: list[CompiledVariant], chosen: list[CompiledVariant], index: int
) -> Iterator[PlannedText]:
    rows = engine.rows(f"SELECT edit_{index}, count(*) FROM decided WHERE outcome = 'send' GROUP BY ALL")
    people = dict.fromkeys(range(len(told)), 0)
    for code, count in rows:
        people[next(at for at, variant in enumerate(told) if variant.pieces == chosen[code].pieces)] += count
    for at, variant in enumerate(told):
        when = describe(variant.when) if variant.when is not None else ""
        yield PlannedText(when=when, text=words(variant, edit), people=people[at])


def _diff(name: str, before: str, after: str) -> Iterator[str]:
    for line in unified_diff(_LINE.findall(before), _LINE.findall(after), f"a/{name}", f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}\n"
