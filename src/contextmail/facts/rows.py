"""Bring rows that Python computed into the engine: clean names, rates, dictionaries."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from contextmail.engines.base import Engine, literal, quoted


def load_rows(
    engine: Engine, table: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]], temp: Path
) -> None:
    """Make a temporary table of text columns from rows; None and the empty text are NULL."""
    path = temp / f"{table}.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    nulls = ", ".join(f"nullif({quoted(name)}, '') AS {quoted(name)}" for name in columns)
    engine.rows(
        f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS SELECT {nulls} FROM read_csv({literal(str(path))},"
        f" auto_detect=false, header=true, delim=',', quote='\"', escape='\"', columns={{{types}}})"
    )
    path.unlink()
