"""Describe the facts of a build: what there is, of how many customers it is known, and how it is spread."""

from __future__ import annotations

from dataclasses import dataclass

from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts.folder import FactsFolder
from contextmail.model.fact import FactSpec, FactType, FactValue

_ORDERED = (FactType.INT, FactType.FLOAT, FactType.DATE, FactType.TIMESTAMP)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A fact over all customers; what does not apply to its type is None or empty."""

    spec: FactSpec
    customers: int
    known: int
    low: FactValue = None
    median: FactValue = None
    """A value that occurs: the 50th percentile, disc."""
    high: FactValue = None
    distinct: int = 0
    most: tuple[tuple[FactValue, int], ...] = ()
    """The most frequent values with their numbers; of a set, its members."""


def describe(folder: FactsFolder, *, most: int = 5) -> list[Distribution]:
    """Give the distribution of every fact, in the order of the catalogue."""
    with DuckDBEngine() as engine:
        source = f"read_parquet({literal(str(folder.parquet))})"
        return [
            _distribution(engine, source, spec, folder.catalogue.customers, most)
            for spec in folder.catalogue.facts.values()
        ]


def _distribution(engine: Engine, source: str, spec: FactSpec, customers: int, most: int) -> Distribution:
    column = quoted(spec.name)
    known = int(engine.rows(f"SELECT count({column}) FROM {source}")[0][0])
    if not known:
        return Distribution(spec, customers, 0)
    if spec.type in _ORDERED:
        low, median, high, distinct = engine.rows(
            f"SELECT min({column}), quantile_disc({column}, 0.5), max({column}), count(DISTINCT {column}) FROM {source}"
        )[0]
        return Distribution(spec, customers, known, low, median, high, int(distinct))
    values = f"SELECT {f'unnest({column})' if spec.type is FactType.SET else column} AS value FROM {source}"
    counts = f"SELECT value, count(*) AS people FROM ({values}) WHERE value IS NOT NULL GROUP BY value"
    distinct = int(engine.rows(f"SELECT count(*) FROM ({counts})")[0][0])
    top = engine.rows(f"SELECT value, people FROM ({counts}) ORDER BY people DESC, value LIMIT {most}")
    return Distribution(
        spec, customers, known, distinct=distinct, most=tuple((value, int(people)) for value, people in top)
    )
