"""The value of every contact field for every recipient who is sent to, as one query each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from contextmail.campaign import Campaign, Slot
from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.lines import pages
from contextmail.facts.rows import load_rows
from contextmail.model.manifest import Field
from contextmail.planning.texts import pieces_of, written
from contextmail.predicates.tree import describe


class Values:
    """Compute fields over the tables of `People`; `limit` is the bytes that a value may have, None: any."""

    def __init__(self, engine: Engine, campaign: Campaign, clock: datetime, limit: int | None, temp: Path) -> None:
        self.engine, self.campaign, self.clock, self.limit, self.temp = engine, campaign, clock, limit, temp

    def compute(self, fields: Sequence[Field], *, table: str = "segment") -> None:
        """Make a table of those who are sent to: key, email, and a column of values for each field."""
        columns, joins = "", ""
        for number, field in enumerate(fields):
            if field.mode == "choose":
                columns += f", {_keys(field)} AS {quoted(field.name)}"
            else:
                self._slot(field, f"slot_{number}")
                columns += f", slot_{number}.value AS {quoted(field.name)}"
                joins += f" JOIN slot_{number} USING (key)"
        self.engine.rows(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT d.key, r.email{columns}"
            f" FROM decided d JOIN recipients r USING (key){joins} WHERE d.outcome = 'send'"
        )

    @staticmethod
    def rank(campaign: Campaign, field: Field) -> str:
        """Write, over the columns of `decided`, which of the field's texts a recipient gets: 0 says the most."""
        return _position(field, campaign, "")

    def _slot(self, field: Field, table: str) -> None:
        """Write each distinct text once, in Python, and join it back by what it was made of."""
        pieces = [pieces_of(text.text, self.campaign.facts) for text in field.texts]
        asked = [[piece.fact for piece in one if isinstance(piece, Slot)] for one in pieces]
        facts = list(dict.fromkeys(name for names in asked for name in names))
        users = [", ".join(str(at) for at, names in enumerate(asked) if name in names) for name in facts]
        made_of = ["text", *(f"fact_{number}" for number in range(len(facts)))]
        position = _position(field, self.campaign, "v.")
        given = "".join(
            f", CASE WHEN ({position}) IN ({texts}) THEN p.{quoted(name)} END AS fact_{number}"
            for number, (name, texts) in enumerate(zip(facts, users, strict=True))
        )
        self.engine.rows(
            f"CREATE OR REPLACE TEMP TABLE slot_rows AS SELECT o.key, {position} AS text{given} FROM decided d"
            " JOIN owners o ON o.key = d.key JOIN verdicts v ON v.customer = o.customer"
            " JOIN people p ON p.customer = o.customer"
            " WHERE d.outcome = 'send'"
        )
        self.engine.rows(
            "CREATE OR REPLACE TEMP TABLE slot_texts AS SELECT (row_number() OVER ())::VARCHAR AS number, *"
            f" FROM (SELECT DISTINCT {', '.join(made_of)} FROM slot_rows)"
        )

        def texts() -> Iterator[tuple[str, str]]:
            for number, at, *values in pages(self.engine, "slot_texts", "number"):
                row = dict(zip(facts, values, strict=True))
                text = written(
                    pieces[at], [row[name] for name in asked[at]], self.campaign.wording, self.clock, self.limit
                )
                yield number, text or field.default

        load_rows(self.engine, "slot_written", ("number", "value"), texts(), self.temp)
        same = " AND ".join(f"r.{name} IS NOT DISTINCT FROM t.{name}" for name in made_of)
        self.engine.rows(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT r.key,"
            f" CASE WHEN min(w.value) = max(w.value) THEN min(w.value) ELSE {literal(field.default)} END AS value"
            f" FROM slot_rows r JOIN slot_texts t ON {same} JOIN slot_written w USING (number) GROUP BY r.key"
        )


def _keys(field: Field) -> str:
    """Write the key of a choice; every edit that shares the field has the same predicates, so the first one decides."""
    edit, *_ = field.edits
    branches = " ".join(f"WHEN {code} THEN {literal(text.key)}" for code, text in enumerate(field.texts[:-1]))
    return f"CASE edit_{edit} {branches} ELSE {literal(field.texts[-1].key)} END"


def _position(field: Field, campaign: Campaign, of: str) -> str:
    """Write the index of the field's text that is true, by the codes of the edits that print it; the last is neutral."""
    places = {text.when: at for at, text in reversed(list(enumerate(field.texts[:-1])))}
    branches = [
        f"WHEN {of}edit_{edit} = {code} THEN {places[when]}"
        for edit in field.edits
        for code, variant in enumerate(campaign.edits[edit].variants)
        if variant.when is not None and (when := describe(variant.when)) in places
    ]
    last = len(field.texts) - 1
    return f"CASE {' '.join(branches)} ELSE {last} END" if branches else str(last)
