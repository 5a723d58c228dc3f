"""Forget somebody in contextmail's own files: facts, what was pulled, plans and runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from contextmail.engines.base import Engine, listed, literal, quoted
from contextmail.errors import RecordRejected
from contextmail.model.endpoint import normalise
from contextmail.planning.folder import PLAN, read_plan, seal_again
from contextmail.store.runs import Runs

_WHO = ("customer", "key", "email", "endpoint", "phone")
"""Columns that say of whom a row is."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows went, and from how many files."""

    rows: int
    files: int


def forget_in_files(endpoints: Collection[str], runs: Runs, *folders: Path) -> Forgotten:
    """Remove every row of whoever has one of the normalised `endpoints` from `folders` and from all runs.

    `folders` are of facts, of what was pulled, of plans; one that is not there is passed over.

    A plan stays valid without them. Raises UnsafePlanError for a plan that was altered, as nothing vouches for it.
    """
    from contextmail.engines.duckdb import DuckDBEngine

    there = [folder for folder in (*folders, *(runs.folder(run.run) for run in runs.all())) if folder.is_dir()]
    with closing(DuckDBEngine(memory_limit="512MB")) as engine:
        plans = {folder: read_plan(folder) for folder in there if (folder / PLAN).is_file()}
        gone = [count for folder in there for count in _forget_in(engine, folder, set(endpoints))]
    for folder, plan in plans.items():
        seal_again(plan, folder)
    return Forgotten(sum(gone), len(gone))


def _forget_in(engine: Engine, folder: Path, endpoints: set[str]) -> Iterator[int]:
    """Remove the rows of one folder; customer 17 of one system may be somebody else than that of another."""
    files = (file for pattern in ("*.parquet", "*/*.jsonl") for file in sorted(folder.glob(pattern)))
    tables = [_Table(engine, file) for file in files]
    who = endpoints.union(*(table.ids(endpoints) for table in tables))
    yield from filter(None, [table.forget(who) for table in tables])


class _Table:
    """A file of rows about people: Parquet, or newline JSON as it was pulled."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine, self._file = engine, file
        self._relation = f"read_parquet({literal(str(file))})"
        if file.suffix == ".jsonl":
            self._columns = set(_WHO)
        else:
            self._columns = {name for name, *_ in engine.rows(f"DESCRIBE SELECT * FROM {self._relation}")} & set(_WHO)

    def ids(self, endpoints: set[str]) -> set[str]:
        """Give the customers and keys that have one of the endpoints."""
        if self._file.suffix == ".jsonl":
            return {str(row[name]) for row in self._lines() if _is_of(row, endpoints) for name in _ids(row)}
        ids = sorted(_ids(self._columns))
        if not ids or ids == sorted(self._columns):
            return set()
        columns = ", ".join(f"{quoted(name)}::VARCHAR" for name in ids)
        found = self._engine.rows(f"SELECT {columns} FROM {self._relation} WHERE {self._are(endpoints)}")
        return {value for row in found for value in row if value}

    def forget(self, who: set[str]) -> int:
        """Write the file again without the rows of `who`; give how many went."""
        rest = self._file.with_name(f".{self._file.name}.rest")
        count = self._copy_lines(rest, who) if self._file.suffix == ".jsonl" else self._copy_rows(rest, who)
        if count:
            rest.chmod(self._file.stat().st_mode)
            rest.replace(self._file)
        rest.unlink(missing_ok=True)
        return count

    def _copy_lines(self, rest: Path, who: set[str]) -> int:
        count = 0
        with rest.open("w", encoding="utf-8") as out:
            for row in self._lines():
                if _is_of(row, who):
                    count += 1
                else:
                    out.write(json.dumps(row) + "\n")
        return count

    def _copy_rows(self, rest: Path, who: set[str]) -> int:
        if not self._columns:
            return 0
        count = int(self._engine.rows(f"SELECT count(*) FROM {self._relation} WHERE {self._are(who)}")[0][0])
        if count:
            query = f"SELECT * FROM {self._relation} WHERE NOT coalesce({self._are(who)}, false)"
            self._engine.rows(f"COPY ({query}) TO {literal(str(rest))} (FORMAT parquet, COMPRESSION zstd)")
        return count

    def _are(self, who: set[str]) -> str:
        among = listed(sorted(who))
        plain = (
            "CASE WHEN {0}::VARCHAR LIKE '%@%' THEN lower(trim({0}::VARCHAR)) ELSE regexp_replace("
            "regexp_replace(replace({0}::VARCHAR, '(0)', ''), '[^0-9+]', '', 'g'), '^00', '+') END"
        )
        return "(" + " OR ".join(
            f"{quoted(name) + '::VARCHAR' if name in _ids(self._columns) else plain.format(quoted(name))} IN {among}"
            for name in sorted(self._columns)
        ) + ")"  # fmt: skip

    def _lines(self) -> Iterator[dict[str, object]]:
        with self._file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def _ids(columns: Iterable[str]) -> set[str]:
    return {"customer", "key"}.intersection(columns)


def _is_of(row: dict[str, object], who: set[str]) -> bool:
    return any(str(row.get(name)) in who or _plain(str(row.get(name))) in who for name in _WHO)


def _plain(text: str) -> str:
    try:
        return normalise(text)
    except RecordRejected:
        return ""
