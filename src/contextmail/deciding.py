"""Decide for everybody at once: one query from facts to decisions, counts and variants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from contextmail.campaign import Campaign
from contextmail.engines.base import Engine, literal, quoted
from contextmail.facts.folder import FactsFolder
from contextmail.model.fact import Catalogue
from contextmail.predicates.calls import Ownership
from contextmail.predicates.sqltext import parse, to_sql
from contextmail.predicates.tree import Tree, bind, facts_of

_SQL_TYPES = {
    "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP", "text": "VARCHAR", "set": "VARCHAR[]",
}  # fmt: skip
_ORDER = ("drop", "reroute", "hold")


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


def decide(campaign: Campaign, facts: FactsFolder, *, out: Path | None = None, as_of: datetime | None = None, engine: Engine | None = None) -> Counts:
    """Decide for every customer of `facts`.

    `out` is a Parquet file: customer, outcome, reason, until, to, and for each edit the index of its variant (`edit_0` …).
    `as_of` is the clock (default: that of the build). Raises ConfigurationError.
    """
    clock = as_of or facts.catalogue.as_of
    if engine is None:
        from contextmail.engines.duckdb import DuckDBEngine

        with closing(DuckDBEngine(memory_limit="768MB")) as own:
            return decide(campaign, facts, out=out, as_of=clock, engine=own)
    query = decisions_sql(campaign, facts.catalogue, f"read_parquet({literal(str(facts.parquet))})", clock)
    edits = [f"edit_{index}" for index in range(len(campaign.edits))]
    group = ", ".join(["outcome", "reason", *edits])
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        engine.rows(f"COPY ({query}) TO {literal(str(out))} (FORMAT parquet, COMPRESSION zstd)")
        query = f"FROM read_parquet({literal(str(out))})"
    rows = engine.rows(f"SELECT {group}, count(*) FROM ({query}) GROUP BY {group}")
    return _counted(rows, campaign, stale_facts(campaign, facts.catalogue, clock))


def decisions_sql(campaign: Campaign, catalogue: Catalogue, source: str, clock: datetime) -> str:
    """Write the query of all decisions over `source`, a table of facts: DuckDB's SQL."""
    chosen = [f"{_variant_sql(edit.variants, clock)}::UTINYINT AS edit_{index}" for index, edit in enumerate(campaign.edits)]
    outcomes: list[str] = []
    reasons: list[str] = []
    untils: list[str] = []
    tos: list[str] = []
    for policy in sorted(campaign.policies, key=lambda p: _ORDER.index(p.otherwise)):
        allowed = to_sql(bind(policy.allow_when, {}, as_of=clock))
        refused = f"NOT COALESCE({allowed}, {'TRUE' if policy.unknown_is == 'allowed' else 'FALSE'})"
        outcome, reason = literal(policy.otherwise), literal(policy.name)
        if policy.until:
            until = quoted(policy.until)
            if policy.otherwise == "hold" and campaign.expires:
                stale = f"{until}::TIMESTAMP > {literal(_stamp(campaign.expires))}::TIMESTAMP"
                outcomes.append(f"WHEN {refused} AND {stale} THEN 'drop'")
                reasons.append(f"WHEN {refused} AND {stale} THEN 'expired'")
                untils.append(f"WHEN {refused} AND {stale} THEN NULL")
                tos.append(f"WHEN {refused} AND {stale} THEN NULL")
        outcomes.append(f"WHEN {refused} THEN {outcome}")
        reasons.append(f"WHEN {refused} THEN {reason}")
        untils.append(f"WHEN {refused} THEN {quoted(policy.until) + '::TIMESTAMP' if policy.until else 'NULL'}")
        to = quoted(policy.to) if policy.to in campaign.facts else literal(policy.to) if policy.to else "NULL"
        tos.append(f"WHEN {refused} THEN {to}")
    columns = ",\n  ".join(
        [
            "customer",
            f"{_case(outcomes, literal('send'))} AS outcome",
            f"{_case(reasons, literal(''))} AS reason",
            f"{_case(untils, 'NULL')}::TIMESTAMP AS until",
            f"{_case(tos, 'NULL')}::VARCHAR AS \"to\"",
            *chosen,
        ]
    )
    return f"SELECT {columns}\nFROM ({_facts_sql(campaign.facts, campaign.max_age_days, catalogue, source, clock)})"


def truth(
    claims: Sequence[tuple[str, str]],
    facts: FactsFolder,
    types: Mapping[str, Any],
    *,
    as_of: datetime,
    engine: Engine,
    ownership: Ownership = "person",
) -> list[Truth]:
    """Count, for each (true_when, seen_by), the recipients of whom it is true, untrue and unknown. Raises PredicateError."""
    if not claims:
        return []
    asked: dict[str, str] = {}
    counted: list[str] = []
    for true_when, seen_by in claims:
        tree, seen = (_bound(parse(text, types, ownership=ownership), as_of) for text in (true_when, seen_by or "TRUE"))
        asked |= facts_of(tree) | facts_of(seen)
        here, said = f"COALESCE({to_sql(seen)}, FALSE)", to_sql(tree)
        counted += [f"count(*) FILTER ({here} AND ({said}))", f"count(*) FILTER ({here} AND NOT ({said}))", f"count(*) FILTER ({here} AND ({said}) IS NULL)"]
    ages = {name: spec.max_age_days for name, spec in facts.catalogue.facts.items() if spec.max_age_days is not None}
    source = f"read_parquet({literal(str(facts.parquet))})"
    row = engine.rows(f"SELECT {', '.join(counted)} FROM ({_facts_sql(asked, ages, facts.catalogue, source, as_of)})")[0]
    return [Truth(*row[at : at + 3]) for at in range(0, len(row), 3)]


def stale_facts(campaign: Campaign, catalogue: Catalogue, clock: datetime) -> list[str]:
    """Say which facts are too old at the clock to support a claim."""
    old = sorted(name for name in campaign.facts if _too_old(name, campaign.max_age_days, catalogue, clock))
    if not old:
        return []
    days = (clock - catalogue.as_of).days
    return [f"facts are of {catalogue.as_of:%Y-%m-%d}, {days:,} days before the clock: unknown of everybody: {', '.join(old)}"]


def _facts_sql(asked: Mapping[str, str], ages: Mapping[str, int], catalogue: Catalogue, source: str, clock: datetime) -> str:
    """Select the facts that are asked for; one that is not there, or too old at the clock, is unknown of everybody."""
    columns = ["customer"]
    for name, kind in asked.items():
        if name == "as_of":
            continue
        if name not in catalogue.facts or _too_old(name, ages, catalogue, clock):
            columns.append(f"NULL::{_SQL_TYPES[kind]} AS {quoted(name)}")
        else:
            columns.append(quoted(name))
    return f"SELECT {', '.join(columns)} FROM {source}"


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


def _counted(rows: Iterable[Sequence[Any]], campaign: Campaign, notes: list[str]) -> Counts:
    reasons: Counter[tuple[str, str]] = Counter()
    variants = [[0] * len(edit.variants) for edit in campaign.edits]
    texts: set[tuple[int, ...]] = set()
    for outcome, reason, *codes, people in rows:
        reasons[(outcome, reason)] += people
        if outcome in ("send", "hold"):
            texts.add(tuple(codes))
            for edit, code in enumerate(codes):
                variants[edit][code] += people
    return Counts(sum(reasons.values()), dict(reasons), variants, len(texts), [*campaign.notes, *notes])
