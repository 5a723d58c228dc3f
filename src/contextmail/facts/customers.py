"""Facts from the customers table: name, address, attributes, and every further column."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from contextmail.engines.base import Engine, literal, quoted
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.facts.ages import Ages
from contextmail.facts.block import Block, Column, column
from contextmail.facts.reading import Table
from contextmail.facts.rows import load_rows
from contextmail.language.names import first_name
from contextmail.model.fact import FactType as T
from contextmail.model.message import Channel

_PLAIN = {
    "email": "address",
    "phone": "number",
    "country": "country",
    "time_zone": "time zone",
    "account": "account (company) that they belong to",
    "preferred_channel": "channel that they asked for",
}

_UNMAPPED = "not mapped in [tables.customers]"


def build_customers(
    engine: Engine, table: Table | None, *, ages: Ages, taken: Collection[str], temp: Path, notes: list[str]
) -> Block:
    """Make the table `customers` and its facts; `taken` are names of facts that other tables give.

    Where a customer has several rows the last in the order of their values counts, and the note says so.
    Raises ConfigurationError for a date or age of a fact that is not there.
    """
    if table is None:
        return Block("c", "", [*_plain(None), *_names(None)])
    further = _further(table, taken, notes)
    _check_learned(table, further)
    _one_each(engine, table, notes)
    _clean_names(engine, table, temp)
    columns = [*_plain(table), *_names(table)]
    for name, (source_column, type_) in further.items():
        columns.append(_aged(table, name, f"c.{quoted(source_column)}", type_, ages))
        if f"learned_{name}" in table.roles:
            when = f"c.{quoted(f'learned_{name}')}::DATE"
            columns.append(column(f"{name}_learned", T.DATE, when, table.said(), f"when {name} was learned"))
    return Block("c", "customers", columns)


def fact_name(text: str) -> str:
    """Write a column's name as a fact's: `Member since` -> `Member_since`."""
    name = re.sub(r"\W+", "_", text).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def _further(table: Table, taken: Collection[str], notes: list[str]) -> dict[str, tuple[str, T]]:
    """Give the facts of further columns: name -> column and type."""
    found: dict[str, tuple[str, T]] = {}
    for source_column, type_ in table.further.items():
        name = fact_name(source_column)
        if name in taken or name in found or name in ("customer", "as_of", ""):
            notes.append(
                f"customers: the column {source_column!r} is left out: {name!r} is another fact already;"
                " map it under another name"
            )
        else:
            found[name] = (source_column, type_)
    return found


def _check_learned(table: Table, further: Collection[str]) -> None:
    for key in ("learned", "max_age"):
        for fact in getattr(table.mapping, key):
            if fact not in further:
                cure = did_you_mean(fact, further) or f"the further columns are {', '.join(further)}"
                raise ConfigurationError(f"no fact {fact!r}", where=f"[tables.customers.{key}]", cure=cure)


def _one_each(engine: Engine, table: Table, notes: list[str]) -> None:
    every = ", ".join(f"{quoted(role)} DESC NULLS LAST" for role in table.roles)
    engine.rows(
        f"CREATE TEMP TABLE customer_rows AS SELECT * REPLACE (customer::VARCHAR AS customer) FROM {table.relation}"
        f" QUALIFY row_number() OVER (PARTITION BY customer::VARCHAR ORDER BY {every}) = 1"
    )
    kept, rows = engine.rows(f"SELECT (SELECT count(*) FROM customer_rows), (SELECT count(*) FROM {table.relation})")[0]
    if rows > kept:
        notes.append(f"customers: {rows - kept} rows repeat a customer; one row of each was kept")


def _clean_names(engine: Engine, table: Table, temp: Path) -> None:
    """Clean each distinct name once, a first name's column before a full name's, and join it."""
    given, full = table.column("first_name", "NULL::VARCHAR"), table.column("name", "NULL::VARCHAR")
    pairs = engine.rows(
        f"SELECT DISTINCT {given}, {full} FROM customer_rows WHERE coalesce({given}, {full}) IS NOT NULL ORDER BY ALL"
    )
    rows = ((one, two, first_name(one) or first_name(two)) for one, two in pairs)
    load_rows(engine, "clean_names", ("given", "full_name", "clean"), rows, temp)
    engine.rows(
        "CREATE TEMP TABLE customers AS SELECT c.*, n.clean AS clean_first_name"
        " FROM customer_rows c LEFT JOIN clean_names n"
        f" ON n.given IS NOT DISTINCT FROM {_of(given)} AND n.full_name IS NOT DISTINCT FROM {_of(full)}"
    )
    engine.rows("DROP TABLE customer_rows")


def _of(column_sql: str) -> str:
    return column_sql if column_sql.startswith("NULL") else f"c.{column_sql}"


def _plain(table: Table | None) -> list[Column]:
    """Describe the roles that are facts as they stand."""
    obtained = {f"{channel}_obtained": f"how the {channel} address or number was obtained" for channel in Channel}
    columns = []
    for role, about in {**_PLAIN, **obtained}.items():
        known = table is not None and table.has(role)
        source = table.said(role) if table and known else _UNMAPPED
        columns.append(column(role, T.TEXT, f"c.{quoted(role)}::VARCHAR", source, about, known=known))
    return columns


def _names(table: Table | None) -> list[Column]:
    mapped = table is not None and (table.has("name") or table.has("first_name"))
    source = table.said("first_name", "name") if table and mapped else _UNMAPPED
    about, known = "clean first name; unknown where there is doubt", "a clean first name is known"
    is_known = "c.clean_first_name IS NOT NULL" if mapped else "false"
    return [
        column("first_name", T.TEXT, "c.clean_first_name", source, about, known=mapped),
        column("name_known", T.BOOL, is_known, source, known, zero="false"),
    ]


def _aged(table: Table, name: str, sql: str, type_: T, ages: Ages) -> Column:
    """Describe a further column; where it is mapped when it was learned, each customer's ages from that day."""
    if f"learned_{name}" not in table.roles:
        return column(name, type_, sql, table.said())
    if (days := ages.of(name)) is not None:
        today = f"TIMESTAMP {literal(str(ages.clock))}::DATE"
        sql = f"CASE WHEN date_diff('day', c.{quoted(f'learned_{name}')}::DATE, {today}) <= {days} THEN {sql} END"
    return column(name, type_, sql, table.said(), learned=f"{name}_learned")
