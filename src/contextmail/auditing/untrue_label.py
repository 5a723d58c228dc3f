"""The check untrue-label."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contextmail.auditing.base import Labelled, Room, Unlooked
from contextmail.auditing.table import TableSource
from contextmail.checking import Checker
from contextmail.deciding import verdicts_sql
from contextmail.engines.base import literal
from contextmail.engines.lines import load_lines
from contextmail.facts.catalogue import types_for
from contextmail.facts.folder import FactsFolder
from contextmail.language.patterns import Lexicon
from contextmail.model.message import Message, Part, PartKind

_SAYS = "You're one of our {}."
_PIECES = re.compile(r"[^\w': ]+|\s[-–—]\s|_|\b\d+\b")


class UntrueLabel:
    """Tags, segments and lists that say of people what is not so: "VIP" on somebody who bought once."""

    name = "untrue-label"

    def find(self, room: Room) -> str | Unlooked:
        """Read each label as a claim, by the lexicon, and ask the facts of everybody who bears it."""
        if room.facts is None:
            return Unlooked("no facts are built, so nobody knows what is so")
        if isinstance(room.source, TableSource):
            return Unlooked("a table has neither tags nor lists")
        room.engine.rows("CREATE TEMP TABLE labels AS SELECT key, unnest(tags) AS label, 'tag' AS kind FROM contacts")
        claims = list(self._claimed(room, room.facts))
        selects = [
            "SELECT l.key, CASE WHEN v.verdict IS NULL THEN 'nothing proves it'"
            f" ELSE {literal(because)} END AS what, l.kind AS field, l.label AS value, NULL AS mended, false AS certain"
            f" FROM labels l LEFT JOIN (SELECT key, bool_and(verdict) AS verdict FROM known JOIN ({verdicts})"
            f" USING (customer) GROUP BY key) v USING (key) WHERE l.label = {literal(label)} AND v.verdict IS NOT TRUE"
            for label, because, verdicts in claims
        ]
        nothing = "SELECT '' AS key, '' AS what, '' AS field, '' AS value, NULL AS mended, false AS certain WHERE false"
        return " UNION ALL ".join([nothing, *selects])

    def _claimed(self, room: Room, facts: FactsFolder) -> Iterator[tuple[str, str, str]]:
        """Yield the labels that make a claim: the label, why it is untrue of somebody, and the verdicts as SQL."""
        checker = Checker(room.settings)
        tagged = [label for (label,) in room.engine.rows("SELECT DISTINCT label FROM labels ORDER BY label")]
        segments = dict(room.source.saved_segments()) if isinstance(room.source, Labelled) else {}
        claims = {label: claim for label in (*tagged, *segments.values()) if (claim := _claim(checker, label))}
        for id_, label in segments.items():
            # A tag is a static segment to some platforms, and was read with the contacts.
            if label in claims and label not in tagged and isinstance(room.source, Labelled):
                self._add(room, label, room.source.segment_members(id_))
        for label, (true_when, because) in claims.items():
            types = {**types_for(true_when), **facts.catalogue.types}
            clock, ownership = room.settings.as_of, room.settings.ownership
            yield label, because, verdicts_sql(true_when, facts, types, as_of=clock, ownership=ownership)

    @staticmethod
    def _add(room: Room, label: str, keys: Iterator[str]) -> None:
        load_lines(room.engine, "inside", {"key": "VARCHAR"}, ({"key": key} for key in keys), room.temp)
        room.engine.rows(f"INSERT INTO labels SELECT key, {literal(label)}, 'segment' FROM inside")


def _said(lexicon: Lexicon, label: str) -> str:
    """Say what a label says of those who bear it as a message would; one that names no people stands as it is."""
    small = label.lower()
    if small.removesuffix("s") in {*lexicon.words["value"], *lexicon.words["long"]}:
        return _SAYS.format(f"{small.removesuffix('s')} customers")
    return _SAYS.format(label) if small.rpartition(" ")[2] in lexicon.words["customers"] else label


def _claim(checker: Checker, label: str) -> tuple[str, str] | None:
    """Find what a label claims: the predicate, and why it would be untrue; None: it claims nothing that needs proof."""
    for piece in _PIECES.split(label):
        # "Preferred: e-mail" names what is preferred.
        said = _said(checker.lexicon, " ".join(piece.rpartition(":")[2].split()))
        if not checker.lexicon.claims(said):
            continue
        message = Message(id=label, parts=(Part(name="text", kind=PartKind.TEXT, source=said),))
        for found in checker.check(message, opaque=True).findings:
            sure = found.confidence == "high" and not found.suppressed
            if sure and found.true_when and found.unknown_is == "untrue":
                return found.true_when, checker.rules[found.rule].claim.because or "not so"
    return None
