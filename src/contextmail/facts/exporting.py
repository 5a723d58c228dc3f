"""Export facts to a database: a table keyed by customer, for one indexed read in a service."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from typing import Any

from contextmail.engines.base import literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError, MissingExtraError
from contextmail.facts.folder import FactsFolder
from contextmail.model.fact import Catalogue, FactType

TABLE = "contextmail_facts"
_PAGE = 50_000

_SQLITE = {
    FactType.INT: "INTEGER",
    FactType.FLOAT: "REAL",
    FactType.BOOL: "INTEGER",
    FactType.DATE: "TEXT",
    FactType.TIMESTAMP: "TEXT",
    FactType.TEXT: "TEXT",
    FactType.SET: "TEXT",
}
_POSTGRES = {
    FactType.INT: "BIGINT",
    FactType.FLOAT: "DOUBLE PRECISION",
    FactType.BOOL: "BOOLEAN",
    FactType.DATE: "DATE",
    FactType.TIMESTAMP: "TIMESTAMP",
    FactType.TEXT: "TEXT",
    FactType.SET: "TEXT[]",
}


def export(
    folder: FactsFolder, url: str, *, table: str = TABLE, progress: Callable[[str, float], None] | None = None
) -> int:
    """Write the facts to `sqlite:PATH` or `postgresql://…` as `table`, one row per customer; return their number.

    Beside its facts a row has `facts_as_of`, so that a campaign knows how old they are. The table is replaced in one transaction: readers see the old facts or the new ones. `table`_catalogue holds the
    catalogue as JSON. SQLite has no dates, booleans and lists: they are ISO text, 0 or 1, and JSON.
    Raises ConfigurationError for another URL or a database that cannot be written, MissingExtraError without psycopg.
    """
    pages = _pages(folder, progress or _silent)
    if url.startswith("sqlite:"):
        _to_sqlite(folder.catalogue, pages, url.removeprefix("sqlite:"), table)
    elif url.startswith(("postgresql:", "postgres:")):
        _to_postgres(folder.catalogue, pages, url, table)
    else:
        cure = "write sqlite:facts.db or postgresql://user@host/database"
        raise ConfigurationError(f"facts cannot be written to {url.split(':')[0]}:", where="--to", cure=cure)
    return folder.catalogue.customers


def _silent(_stage: str, _share: float) -> None:
    pass


def _pages(folder: FactsFolder, progress: Callable[[str, float], None]) -> Iterator[list[tuple[Any, ...]]]:
    """Read the rows page by page, so that memory does not grow with the customers."""
    columns = ", ".join(map(quoted, ["customer", *folder.catalogue.facts]))
    file = literal(str(folder.parquet))
    built = f"TIMESTAMP {literal(str(folder.catalogue.as_of))}"
    with DuckDBEngine() as engine:
        for start in range(0, folder.catalogue.customers, _PAGE):
            progress("writing to the database", start / folder.catalogue.customers)
            yield engine.rows(
                f"SELECT {columns}, {built} AS facts_as_of FROM read_parquet({file}, file_row_number = true)"
                f" WHERE file_row_number >= {start} AND file_row_number < {start + _PAGE}"
            )
    progress("writing to the database", 1.0)


def _columns(catalogue: Catalogue, types: dict[FactType, str]) -> str:
    facts = [f"{quoted(name)} {types[spec.type]}" for name, spec in catalogue.facts.items()]
    return ", ".join(["customer TEXT PRIMARY KEY", *facts, f"facts_as_of {types[FactType.TIMESTAMP]}"])


def _to_sqlite(catalogue: Catalogue, pages: Iterator[list[tuple[Any, ...]]], path: str, table: str) -> None:
    new, places = quoted(f"{table}_new"), ", ".join("?" * (len(catalogue.facts) + 2))
    about = quoted(f"{table}_catalogue")
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute(f"DROP TABLE IF EXISTS {new}")
            database.execute(f"CREATE TABLE {new} ({_columns(catalogue, _SQLITE)}) WITHOUT ROWID")
            for page in pages:
                database.executemany(
                    f"INSERT INTO {new} VALUES ({places})", ([_plain(value) for value in row] for row in page)
                )
            database.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
            database.execute(f"ALTER TABLE {new} RENAME TO {quoted(table)}")
            database.execute(f"DROP TABLE IF EXISTS {about}")
            database.execute(f"CREATE TABLE {about} (catalogue TEXT)")
            database.execute(f"INSERT INTO {about} VALUES (?)", (catalogue.model_dump_json(),))
            database.execute("COMMIT")
    except sqlite3.Error as error:
        raise ConfigurationError(f"SQLite says: {error}", where=f"--to sqlite:{path}", cure="check the path") from None


def _plain(value: Any) -> Any:
    """Write a value as SQLite can hold it."""
    match value:
        case bool():
            return int(value)
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case list() | tuple():
            return json.dumps(list(value), ensure_ascii=False)
    return value


def _to_postgres(catalogue: Catalogue, pages: Iterator[list[tuple[Any, ...]]], url: str, table: str) -> None:
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise MissingExtraError("psycopg", "postgres") from error
    new, about = quoted(f"{table}_new"), quoted(f"{table}_catalogue")
    try:
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {new}".encode())
            cursor.execute(f"CREATE TABLE {new} ({_columns(catalogue, _POSTGRES)})".encode())
            with cursor.copy(f"COPY {new} FROM STDIN".encode()) as copy:
                for page in pages:
                    for row in page:
                        copy.write_row([_without_nul(value) for value in row])
            cursor.execute(f"DROP TABLE IF EXISTS {quoted(table)}".encode())
            cursor.execute(f"ALTER TABLE {new} RENAME TO {quoted(table)}".encode())
            cursor.execute(f"DROP TABLE IF EXISTS {about}".encode())
            cursor.execute(f"CREATE TABLE {about} (catalogue JSONB)".encode())
            cursor.execute(f"INSERT INTO {about} VALUES (%s)".encode(), (catalogue.model_dump_json(),))
    except psycopg.Error as error:
        # The URL may hold a password, so it is not repeated.
        what = f"PostgreSQL says: {str(error).strip().splitlines()[0]}"
        raise ConfigurationError(what, where="--to postgresql", cure="check the address and permissions") from None


def _without_nul(value: Any) -> Any:
    """Leave out the character that PostgreSQL's text cannot hold."""
    return value.replace("\x00", "") if isinstance(value, str) else value
