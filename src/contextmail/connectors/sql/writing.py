"""Write a Parquet file into a table of a database: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from contextmail.connectors.sql.engine import connected
from contextmail.engines.base import Engine, literal, quoted
from contextmail.errors import ConfigurationError

Mode = Literal["create", "replace", "append"]
"""What is done where the table is there already: refuse, replace its rows, add to them."""
PAGE = 20_000
"""Rows that are held at a time."""
_WHERE = "--to"
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "BIGINT": sa.BigInteger(),
    "DOUBLE": sa.Double(),
    "BOOLEAN": sa.Boolean(),
    "DATE": sa.Date(),
    "TIMESTAMP": sa.DateTime(),
    "VARCHAR": sa.Text(),
    "VARCHAR[]": sa.JSON(none_as_null=True).with_variant(postgresql.ARRAY(sa.Text), "postgresql"),
}
_KEY = sa.Text().with_variant(sa.String(255), "mysql", "mariadb", "mssql", "oracle")


def write(
    engine: Engine,
    file: Path,
    columns: Mapping[str, str],
    url: str,
    table: str,
    *,
    key: tuple[str, ...],
    mark: str,
    mode: Mode,
    about: str = "",
    progress: Callable[[str, float], None] | None = None,
) -> int:
    """Write `file` to `table` (or `schema.table`); return the number of rows.

    `columns` are the table's, each with its SQL over the file's; `key` are those of the primary key, and `mark` is one
    that no other program's table has: without it, a table that is there is never replaced. `about` is a text, kept
    in `table`_catalogue. Readers see the old rows or the new ones (MySQL, which commits a change of tables at once,
    may show none for a moment). Where a database has no booleans, dates or lists they are 0 or 1, ISO text and JSON.
    Raises ConfigurationError.
    """
    source = f"read_parquet({literal(str(file))}, file_row_number = true)"
    described = engine.rows(f"DESCRIBE SELECT {_select(columns)} FROM {source}")
    made = [_column(str(row[0]), str(row[1]), key) for row in described]
    schema, _, name = table.rpartition(".")
    target = sa.Table(name, sa.MetaData(), *made, schema=schema or None)
    pages = _pages(engine, source, columns, progress)
    with connected(url, where=_WHERE, cure="check the address, and what its user may do") as connection:
        if connection.dialect.name == "sqlite":
            # Left to itself, sqlite3 begins with the first INSERT, after the tables are made.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        there = _looked_at(connection, target, mark, mode)
        if there and mode == "append":
            rows = _insert(connection, target, pages)
        else:
            new = target.to_metadata(sa.MetaData(), name=f"{name}_new")
            new.drop(connection, checkfirst=True)
            new.create(connection)
            rows = _insert(connection, new, pages)
            target.drop(connection, checkfirst=True)
            written = connection.dialect.identifier_preparer
            connection.exec_driver_sql(f"ALTER TABLE {written.format_table(new)} RENAME TO {written.quote(name)}")
        if about:
            beside = sa.Table(
                f"{name}_catalogue", sa.MetaData(), sa.Column("catalogue", sa.Text()), schema=schema or None
            )
            beside.drop(connection, checkfirst=True)
            beside.create(connection)
            connection.execute(beside.insert(), {"catalogue": about})
        connection.commit()
    return rows


def _looked_at(connection: sa.Connection, target: sa.Table, mark: str, mode: Mode) -> bool:
    """Say whether the table is there; refuse one that may not be written to in this way."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(target.name, schema=target.schema):
        return False
    known = {column["name"] for column in inspector.get_columns(target.name, schema=target.schema)}
    what = f"there is a table {target.fullname!r} already"
    if mark not in known:
        raise ConfigurationError(
            f"{what}, and contextmail did not make it", where=_WHERE, cure="name another: URL#TABLE"
        )
    if mode == "create":
        raise ConfigurationError(what, where=_WHERE, cure="--replace its rows, or --append to them")
    if mode == "append" and (absent := [column.name for column in target.columns if column.name not in known]):
        what = f"the table {target.fullname!r} has no column {absent[0]!r}"
        raise ConfigurationError(what, where=_WHERE, cure="--replace it, or name another: URL#TABLE")
    return True


def _insert(connection: sa.Connection, table: sa.Table, pages: Iterator[list[tuple[Any, ...]]]) -> int:
    names, count = table.columns.keys(), 0
    for page in pages:
        rows = [tuple(map(_plain, row)) for row in page]
        if connection.dialect.driver == "psycopg":
            _copy(connection, table, rows)
        else:
            connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])
        count += len(rows)
    return count


def _copy(connection: sa.Connection, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
    """Write rows by PostgreSQL's COPY: several times faster than INSERT."""
    written = connection.dialect.identifier_preparer
    columns = ", ".join(map(written.format_column, table.columns))
    with (
        closing(connection.connection.cursor()) as cursor,
        cursor.copy(f"COPY {written.format_table(table)} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _plain(value: Any) -> Any:
    """Leave out the character that no database's text need hold."""
    return value.replace("\x00", "") if isinstance(value, str) else value


def _pages(
    engine: Engine, source: str, columns: Mapping[str, str], progress: Callable[[str, float], None] | None
) -> Iterator[list[tuple[Any, ...]]]:
    total = engine.rows(f"SELECT count(*) FROM {source}")[0][0]
    for start in range(0, total, PAGE):
        if progress:
            progress("writing to the database", start / total)
        yield engine.rows(
            f"SELECT {_select(columns)} FROM {source} WHERE file_row_number >= {start}"
            f" AND file_row_number < {start + PAGE}"
        )


def _select(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())


def _column(name: str, type_: str, key: tuple[str, ...]) -> sa.Column[Any]:
    return sa.Column(name, _KEY if name in key and type_ == "VARCHAR" else _TYPES[type_], primary_key=name in key)
