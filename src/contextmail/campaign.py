"""The compiled campaign: decide and render for one customer, with the standard library and pydantic alone.

`contextmail compile` writes it; a service or a serverless function loads it once and asks it per customer.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from contextmail.errors import ConfigurationError, RecordRejected
from contextmail.model.crossing import CLEAR, PLANNED, Crossing, utc
from contextmail.model.decision import Decision, Evidence, Outcome
from contextmail.model.fact import FactValue
from contextmail.predicates.tree import Tree, compile_function, describe, facts_of

Pick = Callable[[tuple[bool | None, ...]], int]


class Slot(BaseModel):
    """A fact that a text names, and how to write it: `name`, `count`, `month`, `date`, `money`; `NAME`: in capitals."""

    model_config = ConfigDict(frozen=True)

    fact: str
    format: str = "name"


class CompiledVariant(BaseModel):
    """One text of an edit: source of the part, with slots; `when` None is the neutral last."""

    model_config = ConfigDict(frozen=True)

    when: Tree | None
    pieces: list[str | Slot]
    original: bool = False
    proposed_by: str = ""
    """The language model whose words these are; empty: the phrasebook's, or the author's."""


class CompiledEdit(BaseModel):
    """An edit ready to be chosen from: variants in order, and how a slot enters its place."""

    model_config = ConfigDict(frozen=True)

    rule: str
    part: str
    context: str
    quote: str
    true_when: Tree | None
    variants: list[CompiledVariant]


class CompiledPolicy(BaseModel):
    """A policy with the message's own fields already in place."""

    model_config = ConfigDict(frozen=True)

    name: str
    allow_when: Tree
    otherwise: Literal["hold", "drop", "reroute"]
    until: str = ""
    to: str = ""
    unknown_is: Literal["allowed", "refused"] = "refused"


class Wording(BaseModel):
    """What formats need of the locale and the company: names, patterns and signs, the currency and its decimals."""

    model_config = ConfigDict(frozen=True)

    months: list[str] = []
    date: str = "%(d)s %(MMMM)s %(y)s"
    group: str = ","
    sizes: tuple[int, int] = (3, 3)
    """Digits of the last group of a number, and of each before it."""
    decimal: str = "."
    decimals: int = 2
    money: tuple[str, str] = ("", "")
    """What stands before an amount, and behind it."""


class Campaign(BaseModel):
    """A campaign whose predicates are data: decides for one customer in microseconds.

    `facts` lists what it asks for with its type; `max_age_days` those that may not be older at the clock. A row of
    facts maps names to values; dates and timestamps may be ISO text, sets any collection of text, and `facts_as_of`
    says when the row was built (absent: now). A name that is absent is unknown.
    """

    model_config = ConfigDict(frozen=True, ignored_types=(cached_property,))

    version: Literal[1] = 1
    id: str
    channel: str
    purpose: str
    facts: dict[str, str]
    max_age_days: dict[str, int] = {}
    cut_points: dict[str, list[int]] = {}
    expires: datetime | None = None
    crossing: Crossing | None = None
    """What tells whether another planned message goes first; None: no policy asks."""
    wording: Wording = Wording()
    edits: list[CompiledEdit]
    policies: list[CompiledPolicy]
    parts: dict[str, list[str | int]]
    """Part name -> its source in pieces; a whole number stands for the edit of that index."""
    notes: list[str] = []

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a compiled campaign; raise ConfigurationError where the file is missing or not one."""
        try:
            return cls.model_validate_json(Path(path).read_bytes())
        except OSError as error:
            raise ConfigurationError(
                f"cannot read the compiled campaign: {error.strerror}",
                where=str(path),
                cure="contextmail compile MESSAGE -o PATH",
            ) from None
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigurationError(
                f"not a compiled campaign: {'.'.join(map(str, first['loc']))}: {first['msg']}",
                where=str(path),
                cure="contextmail compile MESSAGE -o PATH",
            ) from None

    def save(self, path: str | Path) -> None:
        """Write the campaign as JSON."""
        Path(path).write_text(self.model_dump_json(indent=1) + "\n", "utf-8")

    def decide(self, facts: Mapping[str, Any], *, as_of: datetime | None = None) -> OneDecision:
        """Decide for one customer: the outcome, and which text of each edit is true of them.

        `as_of` is the clock (default: now). Policies are judged in the order of their severity: drop, reroute, hold.
        Raises RecordRejected for a fact of another type.
        """
        clock = utc(as_of) if as_of else datetime.now(UTC).replace(tzinfo=None)
        try:
            row = self._row(facts, clock)
            codes, outcome = self._compiled(row)
        except (TypeError, ValueError) as error:
            raise self._rejected(facts) from error
        return OneDecision(self, row, clock, codes, outcome)

    def _rejected(self, facts: Mapping[str, Any]) -> RecordRejected:
        """Say which facts are of another type than the campaign asks for; their values are not repeated."""
        kinds = {
            "int": int,
            "float": (int, float),
            "bool": bool,
            "text": str,
            "date": (date, str),
            "timestamp": (date, str),
        }
        wrong = [
            f"{name} (a {kind}, not a {type(facts[name]).__name__})"
            for name, kind in self.facts.items()
            if facts.get(name) is not None and not isinstance(facts[name], kinds.get(kind, object))  # type: ignore[arg-type]
        ]
        what = (
            f"facts of another type: {', '.join(wrong)}" if wrong else "a date, timestamp or set is not written as such"
        )
        return RecordRejected(
            what, where="a row of facts", cure="dates as 2024-01-31, sets as JSON lists or collections"
        )

    def _row(self, facts: Mapping[str, Any], clock: datetime) -> dict[str, Any]:
        """Give the facts that are asked for, typed, the too old ones unknown."""
        get = facts.get
        row = {name: get(name) for name in self.facts}
        for name, read in self._readers:
            value = row[name]
            if type(value) is str:
                row[name] = read(value)
        row["as_of"] = clock
        built = get("facts_as_of")
        if built is not None and self.max_age_days:
            age = clock - utc(datetime.fromisoformat(built) if isinstance(built, str) else built)
            for name, days in self.max_age_days.items():
                if age > timedelta(days=days):
                    row[name] = None
        if self.crossing:
            row[CLEAR] = self.crossing.clear_at(row.get(PLANNED), clock)
        return row

    @cached_property
    def _readers(self) -> list[tuple[str, Callable[[str], Any]]]:
        readers: dict[str, Callable[[str], Any]] = {
            "date": date.fromisoformat,
            "timestamp": lambda text: utc(datetime.fromisoformat(text)),
            "set": _set,
            "text": lambda text: text or None,  # an empty name is no name
        }
        return [(name, readers[kind]) for name, kind in self.facts.items() if kind in readers]

    @cached_property
    def _compiled(self) -> Callable[[Mapping[str, Any]], tuple[tuple[int, ...], tuple[bool | None, ...]]]:
        """Compile every predicate into one function: a row -> the code of each edit, the verdict of each policy."""
        trees = [v.when for edit in self.edits for v in edit.variants if v.when is not None]
        answer = compile_function([*trees, *(policy.allow_when for policy in self.policies)])
        spans: list[tuple[int, int]] = []
        start = 0
        for edit in self.edits:
            count = sum(1 for v in edit.variants if v.when is not None)
            spans.append((start, start + count))
            start += count
        total = start

        def choose(row: Mapping[str, Any]) -> tuple[tuple[int, ...], tuple[bool | None, ...]]:
            verdicts = answer(row)
            codes = []
            for first, end in spans:
                code = first
                while code < end and verdicts[code] is not True:
                    code += 1
                codes.append(code - first)
            return tuple(codes), verdicts[total:]

        return choose

    @cached_property
    def _fixed(self) -> list[list[str | None]]:
        """Give each variant's text where no fact stands in it, so that it is joined once; None: it has slots."""
        return [
            [None if any(isinstance(p, Slot) for p in v.pieces) else "".join(map(str, v.pieces)) for v in edit.variants]
            for edit in self.edits
        ]

    @cached_property
    def _severity(self) -> list[tuple[int, CompiledPolicy]]:
        order = {"drop": 0, "reroute": 1, "hold": 2}
        return sorted(enumerate(self.policies), key=lambda pair: order[pair[1].otherwise])


class OneDecision:
    """The decision for one customer: `outcome`, `reason`, `until`, `to`, `codes`, the final `parts`, and evidence."""

    __slots__ = ("_campaign", "_clock", "_row", "codes", "decision")

    def __init__(
        self,
        campaign: Campaign,
        row: dict[str, Any],
        clock: datetime,
        codes: tuple[int, ...],
        verdicts: tuple[bool | None, ...],
    ) -> None:
        self._campaign, self._row, self._clock, self.codes = campaign, row, clock, codes
        self.decision = self._outcome(verdicts)

    def _outcome(self, verdicts: tuple[bool | None, ...]) -> Decision:
        for index, policy in self._campaign._severity:
            verdict = verdicts[index]
            if verdict is True or (verdict is None and policy.unknown_is == "allowed"):
                continue
            until = self._row.get(policy.until) if policy.until else None
            if policy.otherwise == "hold" and _past(until, self._campaign.expires):
                return Decision(Outcome.DROP, "expired", codes=self.codes)
            to = str(self._row.get(policy.to) or "") if policy.to in self._campaign.facts else policy.to
            return Decision(Outcome(policy.otherwise), policy.name, until, to, self.codes)
        return Decision(Outcome.SEND, codes=self.codes)

    @property
    def outcome(self) -> Outcome:
        """Say what happens: send, hold, reroute or drop."""
        return self.decision.outcome

    @property
    def reason(self) -> str:
        """Name the policy that decided; empty for `send`."""
        return self.decision.reason

    @property
    def parts(self) -> dict[str, str]:
        """Write each part as this recipient reads it; tokens of the platform stay for the platform to fill."""
        fixed = self._campaign._fixed
        texts = [
            self._text(index, code) if (text := fixed[index][code]) is None else text
            for index, code in enumerate(self.codes)
        ]
        return {
            name: "".join([piece if type(piece) is str else texts[piece] for piece in pieces])  # type: ignore[index]
            for name, pieces in self._campaign.parts.items()
        }

    def text(self, index: int) -> str:
        """Write the text of one edit, as source of its part."""
        return self._text(index, self.codes[index])

    def _text(self, index: int, code: int) -> str:
        edit, wording, clock, row = self._campaign.edits[index], self._campaign.wording, self._clock, self._row
        return "".join(
            [
                piece
                if isinstance(piece, str)
                else escape(formatted(row[piece.fact], piece.format, wording, clock), edit.context)
                for piece in edit.variants[code].pieces
            ]
        )

    def evidence(self) -> list[Evidence]:
        """List, for every claim and policy, the verdict and the facts that it rests on."""
        asked = [(e.rule, e.true_when) for e in self._campaign.edits if e.true_when is not None]
        asked += [(p.name, p.allow_when) for p in self._campaign.policies]
        return [
            Evidence(
                rule,
                compile_function([tree])(self._row)[0],
                describe(tree),
                {n: self._row.get(n) for n in facts_of(tree)},
            )
            for rule, tree in asked
        ]


def formatted(value: FactValue, how: str, wording: Wording, clock: datetime) -> str:
    """Write a fact as people write it, in capitals where the format is; what it holds is made inert text.

    Money without a part of its unit has no decimals: £20, £12.50.
    """
    if how.isupper():
        return formatted(value, how.lower(), wording, clock).upper()
    if how == "month" and isinstance(value, date):
        month = wording.months[value.month - 1]
        return month if value.year == clock.year else f"{month} {value.year}"
    if how == "date" and isinstance(value, date):
        return wording.date % _date_fields(value, wording)
    if how == "money" and isinstance(value, int):
        whole, rest = divmod(abs(value), 10**wording.decimals)
        amount = _grouped(whole, wording) + (f"{wording.decimal}{rest:0{wording.decimals}}" if rest else "")
        return f"{'-' if value < 0 else ''}{wording.money[0]}{amount}{wording.money[1]}"
    if how == "count" and isinstance(value, int):
        return f"{'-' if value < 0 else ''}{_grouped(abs(value), wording)}"
    return inert(str(value))


def _date_fields(value: date, wording: Wording) -> dict[str, str | int]:
    return {
        "d": value.day,
        "dd": f"{value.day:02}",
        "M": value.month,
        "MM": f"{value.month:02}",
        "MMMM": wording.months[value.month - 1],
        "y": value.year,
    }


def _grouped(number: int, wording: Wording) -> str:
    """Write a number, not negative, with its digits in groups."""
    last, others = wording.sizes
    left, groups = str(number), []
    size = last
    while len(left) > size:
        left, group = left[:-size], left[-size:]
        groups.append(group)
        size = others
    return wording.group.join([left, *reversed(groups)])


_HARMLESS = re.compile(r"(?:[^\W_]|(?<! )[ ,'-](?! |$))+")
"""Letters, digits and single blanks, commas, apostrophes and hyphens: most names and products, and nothing to mend."""
_TOKENS = re.compile(r"\*\||\|\*|\{\{|\}\}|\{%|%\}|\{#|#\}|\{\$|<%|%>|%%|\[\[|\]\]|\$\{")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|javascript)\s*:|www\.")


def inert(text: str) -> str:
    """Return text from a fact so that no template language, markup, mail header or screen order reads anything in it.

    Tokens, tags, named entities and links are broken by a zero-width-free change that a reader hardly sees; line
    breaks become spaces; control and bidirectional format characters go.
    """
    if _HARMLESS.fullmatch(text):
        return text
    text = "".join(" " if c in "\r\n\t\v\f\x85\u2028\u2029" else c for c in text)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    text = text.replace("<", "‹").replace(">", "›")
    while match := _TOKENS.search(text):
        text = f"{text[: match.start() + 1]} {text[match.start() + 1 :]}"
    if html.unescape(text) != text:  # with and without its semicolon, as browsers read it
        text = text.replace("&", "& ")
    return " ".join(_LINK.sub(lambda m: m[0].replace(":", " ").replace(".", " "), text).split())


def escape(text: str, context: str) -> str:
    """Write inert text as source of its place: HTML text, an attribute's value, or as it is."""
    if context == "text":
        return html.escape(text, quote=False)
    if context.startswith("attr"):
        return (
            html.escape(text, quote=True).replace(" ", "&#32;")
            if context == "attr-bare"
            else html.escape(text, quote=True)
        )
    return text


def _past(until: date | datetime | None, expires: datetime | None) -> bool:
    if until is None or expires is None:
        return False
    moment = until if isinstance(until, datetime) else datetime(until.year, until.month, until.day)
    return moment > utc(expires)


def _set(text: str) -> tuple[str, ...]:
    import json

    values: Iterable[Any] = json.loads(text)
    return tuple(str(value) for value in values)
