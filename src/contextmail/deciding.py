"""Decide for everybody at once: one query from facts to decisions, counts and variants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from contextmail.campaign import Campaign
from contextmail.engines.base import Engine, literal, quoted
from contextmail.facts.folder import FactsFolder
from contextmail.model.crossing import CLEAR, PLANNED, Crossing
from contextmail.model.fact import Catalogue
from contextmail.predicates.calls import Ownership
from contextmail.predicates.sqltext import parse, to_sql
from contextmail.predicates.tree import Tree, bind, facts_of

_SQL_TYPES = {
    "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP", "text": "VARCHAR",
    "set": "VARCHAR[]",
}  # fmt: skip
_ORDER = ("drop", "reroute", "hold")
_ROOM = 2**62


@dataclass(frozen=True, slots=True)
class Counts:
    """How many recipients get what: by outcome and reason, and by variant of each edit among those who are sent to."""

    customers: int
    reasons: dict[tuple[str, str], int]
    """(outcome, reason) -> people; the reason of `send` is empty."""
    variants: list[list[int]]
    """For each edit, people per variant, of those who are sent to, now or when there is room."""
    texts: int
    """Different messages that these variants make."""
    notes: list[str] = field(default_factory=list)

    def of(self, outcome: str) -> int:
        """Count the people of one outcome."""
        return sum(people for (name, _), people in self.reasons.items() if name == outcome)


@dataclass(frozen=True, slots=True)
class Truth:
    """How many recipients a claim is true, untrue and unknown of, among those who see it."""

    true: int
    untrue: int
    unknown: int


def decide(
    campaign: Campaign,
    facts: FactsFolder,
    *,
    out: Path | None = None,
    as_of: datetime | None = None,
    engine: Engine | None = None,
) -> Counts:
    """Decide for every customer of `facts`.

    `out` is a Parquet file: customer, outcome, reason, until, to, and the index of each edit's variant (`edit_0` …).
    `as_of` is the clock (default: that of the build). Raises ConfigurationError.
    """
    clock = as_of or facts.catalogue.as_of
    if engine is None:
        from contextmail.engines.duckdb import DuckDBEngine

        with closing(DuckDBEngine(memory_limit="768MB")) as own:
            return decide(campaign, facts, out=out, as_of=clock, engine=own)
    query = decisions_sql(campaign, facts.catalogue, f"read_parquet({literal(str(facts.parquet))})", clock)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        engine.rows(f"COPY ({query}) TO {literal(str(out))} (FORMAT parquet, COMPRESSION zstd)")
        query = f"FROM read_parquet({literal(str(out))})"
    packs = _packs([len(edit.variants) for edit in campaign.edits])
    codes = [
        f"{' + '.join(f'edit_{i}::BIGINT * {weight}' for i, weight in pack)} AS code_{n}"
        for n, pack in enumerate(packs)
    ]
    rows = engine.rows(f"SELECT {', '.join(['outcome', 'reason', *codes])}, count(*) FROM ({query}) GROUP BY ALL")
    return _counted(rows, packs, campaign, stale_facts(campaign, facts.catalogue, clock))


def decisions_sql(campaign: Campaign, catalogue: Catalogue, source: str, clock: datetime) -> str:
    """Write the query of all decisions over `source`, a table of facts: DuckDB's SQL."""
    verdicts = list(_verdicts(campaign, clock))
    judged = _case([f"WHEN {verdict.when} THEN {at}" for at, verdict in enumerate(verdicts)], str(len(verdicts)))
    edits = [f"edit_{index}" for index in range(len(campaign.edits))]
    untils = {v.until: f"until_{at}" for at, v in enumerate(verdicts) if v.until}
    tos = {v.to: f"to_{at}" for at, v in enumerate(verdicts) if v.to}
    inner = [
        "customer",
        f"{judged}::UTINYINT AS verdict",
        *(f"{value} AS {name}" for value, name in (untils | tos).items()),
        *(
            f"{_variant_sql(edit.variants, clock)}::UTINYINT AS {name}"
            for name, edit in zip(edits, campaign.edits, strict=True)
        ),
    ]

    def told(values: Iterable[str], otherwise: str) -> str:
        return _case([f"WHEN verdict = {at} THEN {value}" for at, value in enumerate(values) if value], otherwise)

    outer = [
        "customer",
        f"{told((literal(v.outcome) for v in verdicts), literal('send'))} AS outcome",
        f"{told((literal(v.reason) for v in verdicts), literal(''))} AS reason",
        f"{told((untils.get(v.until, '') for v in verdicts), 'NULL')}::TIMESTAMP AS until",
        f'{told((tos.get(v.to, "") for v in verdicts), "NULL")}::VARCHAR AS "to"',
        *edits,
    ]
    known = _facts_sql(campaign.facts, campaign.max_age_days, catalogue, source, clock, campaign.crossing)
    return f"SELECT {', '.join(outer)}\nFROM (SELECT {(',' + chr(10) + '  ').join(inner)}\nFROM ({known}))"


class _Verdict(NamedTuple):
    """One thing that may keep a message from a recipient: when it does, and what happens then (SQL values)."""

    when: str
    outcome: str
    reason: str
    until: str = ""
    to: str = ""


def _verdicts(campaign: Campaign, clock: datetime) -> Iterator[_Verdict]:
    """Yield what may keep the message back, in the order of severity: the first that holds decides."""
    for policy in sorted(campaign.policies, key=lambda p: _ORDER.index(p.otherwise)):
        allowed = to_sql(bind(policy.allow_when, {}, as_of=clock))
        refused = f"NOT COALESCE({allowed}, {'TRUE' if policy.unknown_is == 'allowed' else 'FALSE'})"
        until = f"{quoted(policy.until)}::TIMESTAMP" if policy.until else ""
        if until and policy.otherwise == "hold" and campaign.expires:
            stale = f"{until} > {_moment(campaign.expires)}"
            yield _Verdict(f"{refused} AND {stale}", "drop", "expired")
        to = quoted(policy.to) if policy.to in campaign.facts else literal(policy.to) if policy.to else ""
        yield _Verdict(refused, policy.otherwise, policy.name, until, to)


def truth(
    claims: Sequence[tuple[str, str]],
    facts: FactsFolder,
    types: Mapping[str, Any],
    *,
    as_of: datetime,
    engine: Engine,
    ownership: Ownership = "person",
) -> list[Truth]:
    """Count, for each (true_when, seen_by), of whom it is true, untrue and unknown. Raises PredicateError."""
    if not claims:
        return []
    asked: dict[str, str] = {}
    counted: list[str] = []
    for true_when, seen_by in claims:
        tree, seen = (_bound(parse(text, types, ownership=ownership), as_of) for text in (true_when, seen_by or "TRUE"))
        asked |= facts_of(tree) | facts_of(seen)
        here, said = f"COALESCE({to_sql(seen)}, FALSE)", to_sql(tree)
        counted += [
            f"count(*) FILTER ({here} AND ({said}))",
            f"count(*) FILTER ({here} AND NOT ({said}))",
            f"count(*) FILTER ({here} AND ({said}) IS NULL)",
        ]
    ages = {name: spec.max_age_days for name, spec in facts.catalogue.facts.items() if spec.max_age_days is not None}
    source = f"read_parquet({literal(str(facts.parquet))})"
    row = engine.rows(f"SELECT {', '.join(counted)} FROM ({_facts_sql(asked, ages, facts.catalogue, source, as_of)})")[
        0
    ]
    return [Truth(*row[at : at + 3]) for at in range(0, len(row), 3)]


def verdicts_sql(
    true_when: str, facts: FactsFolder, types: Mapping[str, Any], *, as_of: datetime, ownership: Ownership = "person"
) -> str:
    """Write the SELECT of each `customer` and the claim's `verdict`; NULL is unknown. Raises PredicateError."""
    tree = _bound(parse(true_when, types, ownership=ownership), as_of)
    ages = {name: spec.max_age_days for name, spec in facts.catalogue.facts.items() if spec.max_age_days is not None}
    source = _facts_sql(facts_of(tree), ages, facts.catalogue, f"read_parquet({literal(str(facts.parquet))})", as_of)
    return f"SELECT customer, {to_sql(tree)} AS verdict FROM ({source})"


def stale_facts(campaign: Campaign, catalogue: Catalogue, clock: datetime) -> list[str]:
    """Say which facts are too old at the clock to support a claim."""
    old = sorted(name for name in campaign.facts if _too_old(name, campaign.max_age_days, catalogue, clock))
    if not old:
        return []
    age = f"facts are of {catalogue.as_of:%Y-%m-%d}, {(clock - catalogue.as_of).days:,} days before the clock"
    return [f"{age}; unknown of everybody: {', '.join(old)}"]


def _facts_sql(
    asked: Mapping[str, str],
    ages: Mapping[str, int],
    catalogue: Catalogue,
    source: str,
    clock: datetime,
    crossing: Crossing | None = None,
) -> str:
    """Select the facts that are asked for; one that is not there, or too old at the clock, is unknown of everybody."""

    def unknown(name: str) -> bool:
        return name not in catalogue.facts or _too_old(name, ages, catalogue, clock)

    columns = ["customer"]
    for name, kind in asked.items():
        if name == "as_of":
            continue
        if unknown(name):
            columns.append(f"NULL::{_SQL_TYPES[kind]} AS {quoted(name)}")
        else:
            columns.append(quoted(name))
    if crossing:
        planned = "NULL::VARCHAR[]" if unknown(PLANNED) else PLANNED
        columns.append(f"{_clear_sql(crossing, planned, clock)} AS {CLEAR}")
    return f"SELECT {', '.join(columns)} FROM {source}"


def _clear_sql(crossing: Crossing, planned: str, clock: datetime) -> str:
    """Write `Crossing.clear_at` as SQL."""
    own, at = literal(crossing.id), _moment(crossing.at(clock))
    window = f"INTERVAL {crossing.days} DAY"
    when, priority = "left(x, 19)::TIMESTAMP", "split_part(x, ' ', 2)::BIGINT"
    campaign = r"regexp_replace(x, '^\S+ \S+ ', '')"
    earlier = f"{when} < {at} OR ({when} = {at} AND {campaign} > '' AND {campaign} < {own})"
    first = (
        f"{campaign} <> {own} AND {when} > {_moment(clock)} AND {when} BETWEEN {at} - {window} AND {at} + {window}"
        f" AND ({priority} > {crossing.priority} OR ({priority} = {crossing.priority} AND ({earlier})))"
    )
    last = f"list_max([{when} FOR x IN {planned} IF {first}])"
    return f"CASE WHEN {planned} IS NOT NULL THEN coalesce({last}, {_moment(clock)}) END"


def _moment(moment: datetime) -> str:
    return f"{literal(_stamp(moment))}::TIMESTAMP"


def _too_old(name: str, ages: Mapping[str, int], catalogue: Catalogue, clock: datetime) -> bool:
    days = ages.get(name)
    spec = catalogue.facts.get(name)
    return days is not None and spec is not None and clock - (spec.as_of or catalogue.as_of) > timedelta(days=days)


def _variant_sql(variants: Iterable[Any], clock: datetime) -> str:
    branches = []
    last = 0
    for index, variant in enumerate(variants):
        last = index
        if variant.when is not None:
            branches.append(f"WHEN {to_sql(_bound(variant.when, clock))} THEN {index}")
    return _case(branches, str(last))


def _bound(tree: Tree, clock: datetime) -> Tree:
    return bind(tree, {}, as_of=clock)


def _case(branches: Sequence[str], otherwise: str) -> str:
    return f"CASE {' '.join(branches)} ELSE {otherwise} END" if branches else otherwise


def _stamp(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ")


def _packs(sizes: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Pack the edits' codes into few whole numbers: lists of (edit, weight); grouping by one number is fast."""
    packs: list[list[tuple[int, int]]] = []
    weight = _ROOM
    for index, size in enumerate(sizes):
        if weight * size >= _ROOM:
            packs.append([])
            weight = 1
        packs[-1].append((index, weight))
        weight *= size
    return packs


def _counted(
    rows: Iterable[Sequence[Any]], packs: Sequence[Sequence[tuple[int, int]]], campaign: Campaign, notes: list[str]
) -> Counts:
    reasons: Counter[tuple[str, str]] = Counter()
    variants = [[0] * len(edit.variants) for edit in campaign.edits]
    texts: set[tuple[int, ...]] = set()
    for outcome, reason, *codes, people in rows:
        reasons[(outcome, reason)] += people
        if outcome in ("send", "hold"):
            texts.add(tuple(codes))
            for pack, code in zip(packs, codes, strict=True):
                for edit, weight in pack:
                    counts = variants[edit]
                    counts[code // weight % len(counts)] += people
    return Counts(sum(reasons.values()), dict(reasons), variants, len(texts), [*campaign.notes, *notes])
