"""Say why customers of several systems are one person, and which stay apart because their identifiers disagree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contextmail.engines.base import literal
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.facts.folder import FactsFolder
from contextmail.model.endpoint import is_desk


@dataclass(frozen=True, slots=True)
class Tie:
    """An identifier that several of a person's customers have: `email`, an id, `merged`, or a row of `links`."""

    kind: str
    value: str
    customers: tuple[str, ...]
    """Each as `crm 7`."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person: the customers who they are, by system, and what ties them together."""

    customer: str
    customers: tuple[str, ...]
    ties: tuple[Tie, ...]


def explain(folder: FactsFolder, customer: str) -> Person | None:
    """Say who a customer is in each system, and by which identifiers; None: no such customer is known.

    `customer`: the person's id, or that of a customer within it, `crm:7`.

    Raises ConfigurationError where the facts are of one system.
    """
    identities = _file(folder, "identities")
    with DuckDBEngine(threads=1) as engine:
        named = literal(customer)
        # A person's own id goes before that of a customer within them.
        whose = engine.rows(
            f"SELECT customer FROM read_parquet({literal(str(identities))}) WHERE customer = {named}"
            f" OR system || ':' || record = {named} ORDER BY customer <> {named} LIMIT 1"
        )
        if not whose:
            return None
        customer = whose[0][0]
        found = engine.rows(
            "SELECT i.kind, coalesce(endpoint, id), system, record, c.kind IS NOT NULL FROM"
            f" read_parquet({literal(str(identities))}) i LEFT JOIN (SELECT DISTINCT kind, coalesce(endpoint, id) AS value"
            f" FROM read_parquet({literal(str(_file(folder, 'conflicts')))})) c"
            " ON c.kind = i.kind AND c.value = coalesce(i.endpoint, i.id)"
            f" WHERE customer = {literal(customer)} ORDER BY ALL"
        )
    ties: dict[tuple[str, str], list[str]] = {}
    for kind, value, system, record, contradicts in found:
        if kind == "merged":
            ties.setdefault((kind, value), []).extend((f"{system} {record}", f"{system} {value}"))
        elif system == "links":
            ties.setdefault((system, f"row {record}"), []).append(f"{kind} {value}")
        elif kind != "phone" and not contradicts and not (kind == "email" and is_desk(value)):
            ties.setdefault((kind, value), []).append(f"{system} {record}")
    who = {f"{system} {record}" for _, _, system, record, _ in found if system != "links"}
    several = {tie: list(dict.fromkeys(of)) for tie, of in ties.items() if len(set(of)) > 1}
    return Person(
        customer,
        tuple(sorted(who.union(*several.values()))),
        tuple(Tie(kind, value, tuple(of)) for (kind, value), of in several.items()),
    )


def list_conflicts(folder: FactsFolder, out: Path) -> int:
    """Write what contradicts itself as CSV, a row for each customer of each conflict; give the number of conflicts.

    Raises ConfigurationError where the facts are of one system.
    """
    conflicts = f"read_parquet({literal(str(_file(folder, 'conflicts')))})"
    with DuckDBEngine(threads=1) as engine:
        engine.rows(f"COPY (SELECT * FROM {conflicts} ORDER BY ALL) TO {literal(str(out))} (FORMAT csv, HEADER)")
        return int(engine.rows(f"SELECT count(DISTINCT conflict) FROM {conflicts}")[0][0])


def _file(folder: FactsFolder, table: str) -> Path:
    if file := folder.table(table):
        return file
    cure = "[systems.NAME] in contextmail.toml adds another system, then contextmail facts build"
    raise ConfigurationError("these facts are of one system: each of its customers is a person", cure=cure)
