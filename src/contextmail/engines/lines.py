"""Bring rows that arrive one by one into the engine: newline JSON on disk, then one table; memory stays bounded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from contextmail.engines.base import Engine, Row, literal, quoted

PAGE = 20_000
"""Rows that Python holds at a time."""
_as_json = json.JSONEncoder(default=str).encode


def load_lines(
    engine: Engine, table: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]], temp: Path
) -> None:
    """Make a temporary table from rows, each a mapping of column to value; `columns` gives the engine's types."""
    path = temp / f"{table}.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(_as_json(row) + "\n")
    types = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in columns.items())
    engine.rows(
        f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS SELECT * FROM read_json({literal(str(path))},"
        f" format='newline_delimited', columns={{{types}}})"
    )
    path.unlink()


def pages(engine: Engine, table: str, key: str) -> Iterator[Row]:
    """Stream the rows of a table or relation, its column `key` first, in the order of that key, which is unique."""
    last: str | None = None
    while True:
        after = "" if last is None else f"WHERE {quoted(key)} > {literal(last)}"
        page = engine.rows(f"SELECT {quoted(key)}, * FROM {table} {after} ORDER BY {quoted(key)} LIMIT {PAGE}")
        yield from (row[1:] for row in page)
        if len(page) < PAGE:
            return
        last = page[-1][0]
