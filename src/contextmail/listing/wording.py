"""The text of every recipient of a list, as columns: each distinct value of a fact is written once, the rest is SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contextmail.campaign import Campaign, Slot, escape, formatted
from contextmail.dialects.base import Dialect, TokenKind
from contextmail.engines.base import Engine, literal, quoted
from contextmail.errors import CapabilityError, ConfigurationError
from contextmail.facts.rows import load_rows
from contextmail.model.channel import Channel

_GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
"""The characters of a text message that cost one septet (3GPP TS 23.038)."""
_TWICE = "\f^{}\\[~]|€"
"""Those that cost two."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A token of a text and what fills it: a fact of the recipient, or else a column of the list."""

    name: str
    fact: str = ""
    column: str = ""


class Words:
    """Write the parts of a campaign for the rows of a list that are sent to.

    `fields` are the platform's fields that are facts, `columns` those of the list. Raises ConfigurationError for a
    token that neither fills, CapabilityError for one that chooses: nobody would run it.
    """

    def __init__(
        self,
        campaign: Campaign,
        dialect: Dialect | None,
        fields: Mapping[str, str],
        columns: Sequence[str],
        clock: datetime,
    ) -> None:
        self.campaign, self.clock = campaign, clock
        self._dialect, self._fields = dialect, fields
        self._columns = {column.casefold(): column for column in columns}
        self._fixed: dict[Asked, str] = {}
        """Token -> the column of the table `said` that holds its text."""
        self._slots: dict[tuple[str, str, str], str] = {}
        """Fact, format and place -> the table of its values as people write them."""
        self.edits = [
            [self._pieces(variant.pieces, edit.context, edit.part) for variant in edit.variants]
            for edit in campaign.edits
        ]
        self.parts = {name: self._pieces(pieces, "", name) for name, pieces in campaign.parts.items()}

    @property
    def facts(self) -> list[str]:
        """List the facts that tokens ask for."""
        return [asked.fact for asked in self._fixed if asked.fact]

    def write(self, engine: Engine, temp: Path) -> None:
        """Make the table `texts`: key, and a column for each part, of the rows of `decided` that are sent to."""
        self._dictionaries(engine, temp)
        joins = "".join(
            f" LEFT JOIN {table} ON {table}.value = p.{quoted(fact)}::VARCHAR"
            for (fact, _, _), table in self._slots.items()
        )
        edits = [
            f"CASE d.edit_{at} {' '.join(f'WHEN {n} THEN {_joined(text)}' for n, text in enumerate(texts))} END AS text_{at}"
            for at, texts in enumerate(self.edits)
        ]
        filled = [
            f"coalesce(p.{quoted(asked.fact)}::VARCHAR, '') AS {name}"
            for asked, name in self._fixed.items()
            if asked.fact
        ]
        engine.rows(
            f"CREATE OR REPLACE TEMP TABLE said AS SELECT {', '.join(['o.key', *edits, *filled])} FROM owners o"
            " JOIN decided d USING (key) JOIN people p USING (customer)"
            f"{joins} WHERE d.outcome = 'send'"
        )
        # `decided` has one text of each edit for all who share a number; a token's value may differ, and is left out.
        same = [f"min(text_{at}) AS text_{at}" for at in range(len(self.edits))]
        same += [
            f"CASE WHEN min({name}) = max({name}) THEN min({name}) ELSE '' END AS {name}"
            for asked, name in self._fixed.items()
            if asked.fact
        ]
        engine.rows(
            f"CREATE OR REPLACE TEMP TABLE one_each AS SELECT {', '.join(['key', *same])} FROM said GROUP BY key"
        )
        given = [
            f"coalesce(r.{quoted(asked.column)}::VARCHAR, '') AS {name}"
            for asked, name in self._fixed.items()
            if asked.column
        ]
        source = f"(SELECT s.*{''.join(f', {each}' for each in given)} FROM one_each s JOIN listed r USING (key))"
        spoken = self.campaign.channel in (Channel.CALL, Channel.VOICE)
        columns = [f"{_tidy(_joined(pieces), spoken=spoken)} AS {quoted(name)}" for name, pieces in self.parts.items()]
        engine.rows(f"CREATE OR REPLACE TEMP TABLE texts AS SELECT {', '.join(['key', *columns])} FROM {source}")
        silent = " || ".join(map(quoted, self.parts)) + " = ''"
        engine.rows(
            f"UPDATE decided SET outcome = 'drop', reason = 'no-text' WHERE key IN (SELECT key FROM texts WHERE {silent})"
        )
        engine.rows(f"DELETE FROM texts WHERE {silent}")

    def _pieces(self, pieces: Iterable[str | int | Slot], context: str, part: str) -> list[str]:
        """Give pieces as SQL of texts: literals, the columns of edits, and what fills slots and tokens."""
        found: list[str] = []
        for piece in pieces:
            if isinstance(piece, int):
                found.append(f"text_{piece}")
            elif isinstance(piece, Slot):
                key = (piece.fact, piece.format, context)
                table = self._slots.setdefault(key, f"words_{len(self._slots)}")
                found.append(f"coalesce({table}.text, '')")
            else:
                found += self._source(piece, part)
        return found

    def _source(self, source: str, part: str) -> Iterator[str]:
        at = 0
        for token in self._dialect.tokens(source) if self._dialect else ():
            text = source[token.start : token.end]
            if self.campaign.channel == Channel.EMAIL and self._dialect and self._dialect.system(token.name):
                # Whoever sends it fills the link by which they leave.
                continue
            if token.kind is not TokenKind.VALUE:
                cure = "write it as claims and phrases; contextmail gives each person their own text"
                raise CapabilityError(f"nobody would run {text!r} in a list", where=f"the {part}", cure=cure)
            yield literal(source[at : token.start])
            yield self._token(token.name, text, part)
            at = token.end
        yield literal(source[at:])

    def _token(self, name: str, text: str, part: str) -> str:
        fact, column = self._fields.get(name, ""), self._columns.get(name.removeprefix("contact.").casefold(), "")
        if not (fact or column):
            cure = "add a column of that name to the list, or the fact to [fields]"
            raise ConfigurationError(f"nothing fills {text!r}", where=f"the {part}", cure=cure)
        value = self._fixed.setdefault(Asked(name, fact, "" if fact else column), f"token_{len(self._fixed)}")
        if part == "html":
            for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
                value = f"replace({value}, {literal(sign)}, {literal(written)})"
        return value

    def _dictionaries(self, engine: Engine, temp: Path) -> None:
        """Write each distinct value of a fact once, in Python."""
        for (fact, how, context), table in self._slots.items():
            name = quoted(fact)
            values = engine.rows(
                f"SELECT DISTINCT {name}::VARCHAR, {name} FROM people JOIN owners USING (customer) JOIN decided USING (key)"
                f" WHERE outcome = 'send' AND {name} IS NOT NULL"
            )
            rows = (
                (text, escape(formatted(value, how, self.campaign.wording, self.clock), context))
                for text, value in values
            )
            load_rows(engine, table, ("value", "text"), rows, temp)


def _joined(pieces: Sequence[str]) -> str:
    return " || ".join(piece for piece in pieces if piece != "''") or "''"


def _tidy(text: str, *, spoken: bool) -> str:
    """Take white space off the ends; of what is spoken also the ends of the lines as it was typed."""
    if spoken:
        paragraphs = f"regexp_replace({text}, '[ \\t\\r]*\\n[ \\t\\r]*(\\n[ \\t\\r]*)+', chr(30), 'g')"
        lines = f"regexp_replace({paragraphs}, '[ \\t\\r]*\\n[ \\t\\r]*|[ \\t]{{2,}}', ' ', 'g')"
        text = f"replace({lines}, chr(30), chr(10))"
    return f"regexp_replace({text}, '^\\s+|\\s+$', '', 'g')"


def segments_sql(text: str) -> str:
    """Write SQL of how many text messages a text is sent as: GSM-7 (160, else 153 each) or UCS-2 (70, else 67 each).

    A character of two units that falls on a border may make it one more.
    """
    once, twice = (f"[{''.join(_in_class(c) for c in signs)}]" for signs in (_GSM, _TWICE))
    septets = f"length({text}) + length(regexp_replace({text}, {literal(twice.replace('[', '[^', 1))}, '', 'g'))"
    units = f"length({text}) + length(regexp_replace({text}, '[^\\x{{10000}}-\\x{{10FFFF}}]', '', 'g'))"
    plain = f"regexp_full_match({text}, {literal(f'({once}|{twice})*')})"
    return f"CASE WHEN {plain} THEN {_parts(septets, 160, 153)} ELSE {_parts(units, 70, 67)} END::INTEGER"


def _parts(units: str, one: int, each: int) -> str:
    return f"CASE WHEN {units} <= {one} THEN 1 ELSE ceil(({units}) / {each}.0) END"


def _in_class(char: str) -> str:
    return f"\\x{{{ord(char):x}}}"
