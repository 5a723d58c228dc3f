"""Make a campaign fit into the contact fields that an audience has left, without ever deleting one to make room."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contextmail.campaign import Campaign, CompiledEdit, CompiledVariant
from contextmail.dialects.base import Dialect
from contextmail.engines.base import Engine
from contextmail.errors import UnsafePlanError
from contextmail.merging import Merged, for_everybody, merge
from contextmail.model.manifest import Manifest
from contextmail.predicates.tree import TRUE, conjoin
from contextmail.rewriting import Rewrite

_MOST_SHARED = 25
"""Keys of a shared choice, beside the neutral one."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A campaign as it is written: its template, and what had to be done so that its fields find room."""

    campaign: Campaign
    merged: Merged
    notes: tuple[str, ...] = ()


class Fitter:
    """Fit a campaign that is decided in the engine (`decided`); `there`: tags that the audience has already."""

    def __init__(
        self,
        engine: Engine,
        rewrite: Rewrite,
        dialect: Dialect,
        there: Collection[str],
        free: int | None,
        limit: int | None,
        *,
        choose: bool = True,
    ) -> None:
        self.engine, self.rewrite, self.dialect, self.choose = engine, rewrite, dialect, choose
        self.there, self.free, self.limit = there, free, limit

    def fit(self, campaign: Campaign) -> Fitted:
        """Share choose fields, then leave out the edits that concern fewest people. Raises UnsafePlanError."""
        merged = self._merged(campaign)
        too_long = self._too_long(merged.manifest)
        if too_long:
            campaign = _without(campaign, too_long)
            merged = self._merged(campaign)
        notes = (
            [f"{_said(campaign, too_long)}: everybody reads the neutral text, which is too long for a field"]
            if too_long
            else []
        )
        if self._fits(merged):
            return Fitted(campaign, merged, tuple(notes))
        wanted, concerned = self._new(merged), self._concerned(campaign)
        asked = sorted(
            {index for field in merged.manifest.fields for index in field.edits}, key=lambda i: (concerned[i], i)
        )
        for count in range(len(asked)):
            left = asked[:count]
            fewer = _without(campaign, left)
            for one in (fewer, self._shared(fewer)):
                merged = self._merged(one)
                if self._fits(merged):
                    notes.append(f"the audience has room for {self.free} of {wanted} new fields")
                    if one is not fewer:
                        notes.append("edits share one choose field, whose key stands for all of them together")
                    if left:
                        people = sum(concerned[index] for index in left)
                        notes.append(
                            f"left out: {_said(campaign, left)}: everybody reads the neutral text"
                            f" ({people:,} would have read another)"
                        )
                    return Fitted(one, merged, tuple(notes))
        cure = "delete contact fields that nobody uses (contextmail tidy shows those of contextmail)"
        raise UnsafePlanError(
            f"the audience has room for {self.free} new contact fields, and {wanted} are needed", cure=cure
        )

    def _merged(self, campaign: Campaign) -> Merged:
        return merge(self.rewrite, campaign, self.dialect, choose=self.choose)

    def _new(self, merged: Merged) -> int:
        return sum(field.name not in self.there for field in merged.manifest.fields if field.edits)

    def _fits(self, merged: Merged) -> bool:
        return self.free is None or self._new(merged) <= self.free

    def _too_long(self, manifest: Manifest) -> list[int]:
        """List the edits whose field could not hold its default."""
        limit = self.limit
        long = [field for field in manifest.fields if limit is not None and len(field.default.encode()) > limit]
        return sorted({index for field in long for index in field.edits})

    def _concerned(self, campaign: Campaign) -> list[int]:
        """Count, for each edit, the people who read another text than the neutral one."""
        if not campaign.edits:
            return []
        counts = ", ".join(
            f"count(*) FILTER (edit_{i} < {len(edit.variants) - 1})" for i, edit in enumerate(campaign.edits)
        )
        return [
            int(count)
            for count in self.engine.rows(f"SELECT {counts} FROM decided WHERE outcome IN ('send', 'hold')")[0]
        ]

    def _shared(self, campaign: Campaign) -> Campaign:
        """Give the edits that are choices the same predicates, one for each combination of texts that somebody gets.

        The combinations stand in the order of their codes, and each asks only for the texts' own predicates: the first
        that is TRUE is then the recipient's own, and where theirs is not among them, a later one whose texts are true.
        """
        merged = self._merged(campaign)
        choices = [index for index, mode in enumerate(merged.modes) if mode == "choose"]
        if len(choices) < 2:
            return campaign
        codes = ", ".join(f"edit_{index}" for index in choices)
        neutral = " AND ".join(f"edit_{index} = {len(campaign.edits[index].variants) - 1}" for index in choices)
        frequent = self.engine.rows(
            f"SELECT {codes}, count(*) AS people FROM decided WHERE outcome IN ('send', 'hold') AND NOT ({neutral})"
            f" GROUP BY ALL ORDER BY people DESC, {codes} LIMIT {_MOST_SHARED}"
        )
        combinations = sorted(tuple(row[:-1]) for row in frequent)
        edits = list(campaign.edits)
        for place, index in enumerate(choices):
            edits[index] = _combined(campaign, choices, combinations, place)
        return campaign.model_copy(update={"edits": edits})


def _combined(
    campaign: Campaign, choices: Sequence[int], combinations: Sequence[tuple[int, ...]], place: int
) -> CompiledEdit:
    edit = campaign.edits[choices[place]]
    variants = []
    for codes in combinations:
        whens = [campaign.edits[index].variants[code].when for index, code in zip(choices, codes, strict=True)]
        chosen = edit.variants[codes[place]]
        variants.append(
            CompiledVariant(
                when=conjoin(*(when or TRUE for when in whens)),
                pieces=chosen.pieces,
                original=chosen.original,
                proposed_by=chosen.proposed_by,
            )
        )
    return edit.model_copy(update={"variants": [*variants, edit.variants[-1]]})


def _without(campaign: Campaign, left: Collection[int]) -> Campaign:
    """Let everybody read the neutral text of the edits that are left out: it costs no field."""
    edits = [
        edit.model_copy(update={"variants": [for_everybody(edit.variants)]}) if index in left else edit
        for index, edit in enumerate(campaign.edits)
    ]
    return campaign.model_copy(update={"edits": edits})


def _said(campaign: Campaign, edits: Sequence[int]) -> str:
    return ", ".join(f"{campaign.edits[index].rule} {campaign.edits[index].quote!r}" for index in edits)
