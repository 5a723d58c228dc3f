"""A block of facts: a relation with one row per customer, and what is said of each of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contextmail.model.fact import FactSpec, FactType

SQL_TYPES = {
    FactType.INT: "BIGINT",
    FactType.FLOAT: "DOUBLE",
    FactType.BOOL: "BOOLEAN",
    FactType.DATE: "DATE",
    FactType.TIMESTAMP: "TIMESTAMP",
    FactType.TEXT: "VARCHAR",
    FactType.SET: "VARCHAR[]",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A fact and its SQL over the joined blocks; `zero` is its value for a customer without rows, NULL if unknown."""

    spec: FactSpec
    sql: str
    zero: str = "NULL"


@dataclass(frozen=True, slots=True)
class Block:
    """A relation keyed by `customer`, called `alias` in the SQL of its columns; no relation: its table is absent."""

    alias: str
    relation: str
    columns: Sequence[Column]


def column(
    name: str,
    type_: FactType,
    sql: str,
    source: str,
    description: str = "",
    *,
    known: bool = True,
    zero: str = "NULL",
    unit: str = "",
    learned: str | None = None,
) -> Column:
    """Describe a fact together with its SQL; one that is not `known` is unknown of everybody."""
    spec = FactSpec(name=name, type=type_, source=source, description=description, unit=unit, learned=learned)
    return Column(spec, sql, zero) if known else Column(spec, "NULL")
