"""Open a company's table wherever it lies: CSV, Parquet, a DuckDB or SQLite file, or a SELECT over any of them.

A CSV file is read as text, each value as it stands: what a column means is decided by its role, never guessed
per file. A SQLite file is read through `sqlite3`, row by row, so that no extension is needed. What lies in any other
database was fetched into a Parquet file before (`connectors.sql.fetching`).
"""

from __future__ import annotations

import csv
import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from contextmail.engines.base import Engine, literal, quoted
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.model.tables import TableMapping

_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file as it is written, for finding the lines of its broken rows."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]

    def open(self, errors: str = "replace") -> IO[str]:
        """Open it as text, unpacked, with its line ends as they are."""
        if self.path.suffix == ".gz":
            return gzip.open(self.path, "rt", encoding=self.encoding, errors=errors, newline="")
        return self.path.open(encoding=self.encoding, errors=errors, newline="")

    def records(self, errors: str = "replace") -> Iterator[tuple[int, list[str]]]:
        """Yield the line on which each record begins (from 1, the header left out) and its values."""
        with self.open(errors) as text:
            reader = csv.reader(text, delimiter=self.delimiter)
            next(reader, None)
            line = reader.line_num + 1
            for record in reader:
                yield line, record
                line = reader.line_num + 1


@dataclass(frozen=True, slots=True)
class Source:
    """A table that can be read: a relation of the engine and its columns with their types."""

    table: str
    relation: str
    columns: dict[str, str]
    name: str
    """The file as a person would name it, or `sql`."""
    csv: CsvFile | None = None


def place(table: str) -> str:
    """Name the settings of a table: `orders` is `[tables.orders]`, `systems.crm.orders` stands as it is."""
    return f"[{table}]" if "." in table else f"[tables.{table}]"


def rejects(table: str) -> str:
    """Name the engine's table of what could not be split into columns; it takes no name that needs quotes."""
    return f"rejects_{table.replace('.', '_')}"


def open_source(
    engine: Engine, table: str, mapping: TableMapping, folder: Path, temp: Path, wanted: str | None
) -> Source:
    """Open a table; `wanted` is a text that names every column that will be used; None: all are.

    Raises ConfigurationError if there is no such file, table, or readable header.
    """
    where = place(table)
    relation = quoted(f"raw_{table}")
    if mapping.sql:
        with _explained(
            "the SELECT does not run",
            f"{where} sql",
            "correct it; files are named relative to the settings file",
        ):
            engine.rows(f"CREATE TEMP TABLE {relation} AS {mapping.sql.strip().rstrip(';')}")
        return Source(table, relation, _columns(engine, relation), "sql")
    if mapping.url:
        return _from_url(engine, table, mapping, folder, temp, wanted)
    name, _, inner = mapping.path.partition("::")
    path = folder / name
    many = path.suffix in (".parquet", ".pq") and any(character in name for character in "*?[")
    if not many and not path.is_file():
        cure = "paths are relative to the settings file"
        raise ConfigurationError(f"no such file: {name}", where=f"{where} path", cure=cure)
    if inner or path.suffix in (".db", ".sqlite", ".sqlite3", ".duckdb"):
        return _from_database(engine, table, path, inner, temp, wanted)
    if path.suffix in (".parquet", ".pq"):
        with _explained(f"{name} cannot be read as Parquet", f"{where} path", "check that the file is whole"):
            engine.rows(f"CREATE TEMP VIEW {relation} AS SELECT * FROM read_parquet({literal(str(path))})")
        return Source(
            table, relation, _columns(engine, relation), mapping.table or ("the query" if mapping.query else name)
        )
    file = csv_file(path, mapping, where)
    with _explained(f"{name} cannot be read as CSV", f"{where} path", "save it as UTF-8, or say its `encoding`"):
        load_csv(engine, table, file, wanted)
    return Source(table, relation, _columns(engine, relation), name, file)


@contextmanager
def _explained(what: str, where: str, cure: str) -> Iterator[None]:
    """Say of an engine's error which file or setting it is about, and what to do."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(f"{what}: {error.what}", where=where, cure=cure) from None


def _columns(engine: Engine, relation: str) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in engine.rows(f"DESCRIBE SELECT * FROM {relation}")}


def csv_file(path: Path, mapping: TableMapping, where: str) -> CsvFile:
    """Look at how a CSV file is written. Raises ConfigurationError for one without a header that names each column once."""
    encoding = mapping.encoding.lower()
    plain = CsvFile(path, "utf-8-sig" if encoding in ("utf-8", "utf8") else encoding, mapping.delimiter or ",", ())
    try:
        with plain.open() as text:
            first = text.readline()
    except LookupError:
        what, cure = f"unknown encoding {mapping.encoding!r}", "utf-8, utf-16 or latin-1"
        raise ConfigurationError(what, where=f"{where} encoding", cure=cure) from None
    except OSError as error:
        what = f"{path.name} cannot be read: {error}"
        raise ConfigurationError(what, where=f"{where} path", cure="check that the file is whole") from None
    delimiter = mapping.delimiter or max(_DELIMITERS, key=first.count)
    columns = next(csv.reader([first], delimiter=delimiter), [])
    if not columns or len(set(columns)) < len(columns) or not all(columns):
        what = f"the first line of {path.name} does not name each column once" if first else f"{path.name} is empty"
        cure = "begin it with a line of column names, each of them once"
        raise ConfigurationError(what, where=f"{where} path", cure=cure)
    return CsvFile(path, plain.encoding, delimiter, tuple(columns))


def load_csv(engine: Engine, table: str, file: CsvFile, wanted: str | None) -> None:
    """Load the columns that `wanted` names, all of them text; what cannot be split into columns is set apart."""
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in file.columns)
    used = [column for column in file.columns if wanted is None or column in wanted] or list(file.columns[:1])
    encoding = "utf-8" if file.encoding.startswith("utf-8") else file.encoding
    engine.rows(
        f"CREATE TEMP TABLE {quoted(f'raw_{table}')} AS SELECT {', '.join(map(quoted, used))} FROM read_csv("
        f"{literal(str(file.path))}, auto_detect=false, header=true, delim={literal(file.delimiter)}, quote='\"',"
        f" escape='\"', columns={{{columns}}}, encoding={literal(encoding)}, store_rejects=true,"
        f" rejects_scan={literal(rejects(table).replace('rejects', 'scan', 1))},"
        f" rejects_table={literal(rejects(table))})"
    )


def _from_database(engine: Engine, table: str, path: Path, inner: str, temp: Path, wanted: str | None) -> Source:
    where = f"{place(table)} path"
    if not inner:
        cure = f"write {path.name}::orders for its table `orders`"
        raise ConfigurationError("the table inside the database is not named", where=where, cure=cure)
    relation = quoted(f"raw_{table}")
    with path.open("rb") as file:
        is_sqlite = file.read(16) == b"SQLite format 3\x00"
    if is_sqlite:
        _from_sqlite(engine, table, path, inner, "", temp, wanted, where)
    else:
        base = f"file_{table}"
        with _explained(f"{path.name} is no DuckDB or SQLite database", where, "other files are named without `::`"):
            engine.rows(f"ATTACH {literal(str(path))} AS {quoted(base)} (READ_ONLY)")
        named = f"SELECT table_name FROM information_schema.tables WHERE table_catalog = {literal(base)}"
        _refuse_absent(inner, [str(row[0]) for row in engine.rows(named)], path, where)
        engine.rows(f"CREATE TEMP VIEW {relation} AS SELECT * FROM {quoted(base)}.{quoted(inner)}")
    return Source(table, relation, _columns(engine, relation), f"{path.name}::{inner}")


def _from_url(
    engine: Engine, table: str, mapping: TableMapping, folder: Path, temp: Path, wanted: str | None
) -> Source:
    where = f"{place(table)} url"
    kind, _, file = mapping.url.partition(":///")
    if kind not in ("sqlite", "sqlite+pysqlite") or not file:
        cure = "`contextmail facts build` or wiring.build_facts does"
        raise ConfigurationError("nobody has fetched this table from its database", where=where, cure=cure)
    path = folder / file
    if not path.is_file():
        raise ConfigurationError(f"no such file: {file}", where=where, cure="paths are relative to the settings file")
    name = _from_sqlite(engine, table, path, mapping.table, mapping.query, temp, wanted, where)
    return Source(table, quoted(f"raw_{table}"), _columns(engine, quoted(f"raw_{table}")), name)


def _from_sqlite(
    engine: Engine, table: str, path: Path, inner: str, query: str, temp: Path, wanted: str | None, where: str
) -> str:
    """Load a table of a SQLite file, or what a query gives; return its name as a person would say it."""
    file = _sqlite_to_csv(path, inner, query, temp / f"{table}.csv", where)
    with _explained(f"{path.name} cannot be read", where, "name each column of the query once (AS)"):
        # Whoever writes a query names what it gives as the roles are called.
        load_csv(engine, table, file, None if query else wanted)
    return f"{path.name}::{inner}" if inner else f"a query of {path.name}"


def _refuse_absent(inner: str, tables: list[str], path: Path, where: str) -> None:
    if inner not in tables:
        cure = did_you_mean(inner, tables) or f"its tables are {', '.join(tables) or 'none'}"
        raise ConfigurationError(f"{path.name} has no table {inner!r}", where=where, cure=cure)


def _sqlite_to_csv(path: Path, inner: str, query: str, target: Path, where: str) -> CsvFile:
    """Stream a table of a SQLite file, or what a query gives, to a temporary CSV file."""
    named = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
    try:
        with (
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            if inner:
                _refuse_absent(inner, [row[0] for row in database.execute(named)], path, where)
            rows = database.execute(query or f"SELECT * FROM {quoted(inner)}")
            columns = tuple(column[0] for column in rows.description or ())
            writer = csv.writer(out)
            writer.writerow(columns)
            writer.writerows(["" if value is None else value for value in row] for row in rows)
    except sqlite3.Error as error:
        what = f"{path.name} cannot be read as SQLite: {error}"
        cure = "correct the query" if query else "check that the file is whole"
        if query and isinstance(error, sqlite3.OperationalError):
            what, where = f"{path.name} refuses it: {error}", where.replace(" url", " query")
        raise ConfigurationError(what, where=where, cure=cure) from None
    return CsvFile(target, "utf-8", ",", columns)
