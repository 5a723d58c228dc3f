"""Fetch mapped tables from databases: streamed as newline JSON, a page to a line, which the engine turns to Parquet.

A database's numbers, truths, times and lists stay what they are; all else is text, exact decimals among it, and
is read as the column's role asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import sqlalchemy as sa

from contextmail.connectors.sql.engine import connected
from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.model.tables import TableMapping

PAGE = 500
"""Rows that are held at a time."""
_TYPES: dict[frozenset[type], str] = {
    frozenset({bool}): "BOOLEAN",
    frozenset({int}): "BIGINT",
    frozenset({float}): "DOUBLE",
    frozenset({int, float}): "DOUBLE",
    frozenset({datetime}): "TIMESTAMP",
    frozenset({date}): "DATE",
    frozenset({date, datetime}): "TIMESTAMP",
    frozenset({list}): "VARCHAR[]",
}


@contextmanager
def fetched(
    tables: Mapping[str, TableMapping],
    urls: Mapping[str, str],
    beside: Path,
    progress: Callable[[str, float], None] | None = None,
) -> Iterator[dict[str, TableMapping]]:
    """Give `tables` with those of `urls` (table -> URL with its password) as files, which are removed afterwards.

    The files lie in a folder beside `beside` that only its owner reads. Raises ConfigurationError, naming the table,
    for a database, table or query that is not to be read.
    """
    beside.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{beside.name}.fetching-", dir=beside.parent) as folder:
        files = {}
        with DuckDBEngine(memory_limit="512MB", temp=Path(folder)) as engine:
            for name, url in urls.items():
                file = _fetch(engine, name, tables[name], url, Path(folder).resolve(), progress)
                files[name] = tables[name].model_copy(update={"path": str(file), "url": ""})
        yield {**tables, **files}


def _fetch(
    engine: Engine,
    name: str,
    mapping: TableMapping,
    url: str,
    folder: Path,
    progress: Callable[[str, float], None] | None,
) -> Path:
    lines, file = folder / f"{name}.jsonl", folder / f"{name}.parquet"
    where = f"[tables.{name}] {'query' if mapping.query else 'table'}"
    cure = "correct the query or the url; may the url's user read this?"

    def tell(count: int) -> None:
        if progress:
            progress(f"{name}: {count:,} rows fetched", 0.0)

    with connected(url, where=where, cure=cure) as connection, _asked(connection, mapping, where) as rows:
        names = list(rows.keys())
        if len(set(names)) < len(names):
            raise ConfigurationError("two of its columns have one name", where=where, cure="name each column once: AS")
        # A lone surrogate in a name is no reason to lose the table.
        with lines.open("w", encoding="utf-8", errors="replace", newline="\n") as out:
            types = _write(rows, len(names), out, tell)
    columns = ", ".join(f"c{at}: '{type_}[]'" for at, type_ in enumerate(types))
    read = ", ".join(f"unnest(c{at}) AS {quoted(name)}" for at, name in enumerate(names))
    engine.rows(
        f"COPY (SELECT {read} FROM read_json({literal(str(lines))}, format='newline_delimited', columns={{{columns}}}))"
        f" TO {literal(str(file))} (FORMAT parquet)"
    )
    lines.unlink()
    return file


def _asked(connection: sa.Connection, mapping: TableMapping, where: str) -> sa.CursorResult[Any]:
    streamed = connection.execution_options(stream_results=True, yield_per=PAGE, no_parameters=True)
    if mapping.query:
        # It is passed on as it stands: `:name` and `%` in it are no parameters.
        return streamed.exec_driver_sql(mapping.query)
    schema, _, name = mapping.table.rpartition(".")
    inspector = sa.inspect(connection)
    if not inspector.has_table(name, schema=schema or None):
        known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        cure = did_you_mean(name, known) or f"its tables are {', '.join(known) or 'none'}"
        raise ConfigurationError(f"there is no table {mapping.table!r}", where=where, cure=cure)
    return streamed.execute(sa.select(sa.literal_column("*")).select_from(sa.table(name, schema=schema or None)))


def _write(rows: sa.CursorResult[Any], columns: int, out: IO[str], tell: Callable[[int], None]) -> list[str]:
    """Write a line of JSON for each page, its columns as lists; return the engine's type of each column."""
    kinds: list[set[type]] = [set() for _ in range(columns)]
    count = 0
    for page in rows.partitions():
        line = {}
        for at, (kind, column) in enumerate(zip(kinds, zip(*page, strict=True), strict=True)):
            here = set(map(type, column))
            if int in here and any(isinstance(value, int) and abs(value) >= 2**63 for value in column):
                kind.add(str)
            kind |= here
            line[f"c{at}"] = [_finite(value) for value in column] if float in here else column
        out.write(_JSON(line) + "\n")
        count += len(page)
        tell(count)
    return [_TYPES.get(frozenset(kind - {type(None)}), "VARCHAR") for kind in kinds]


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not isfinite(value) else value


def _plain(value: object) -> object:
    match value:
        case datetime():
            return (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat()
        case date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case set() | frozenset() | tuple():
            return list(value)
    return str(value)


_JSON = json.JSONEncoder(default=_plain, ensure_ascii=False, check_circular=False).encode
