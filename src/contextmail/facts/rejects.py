"""Find the lines of broken rows in the file that a person would open.

The engine reads in parallel and counts records, not lines; so only when something is broken the file is read a second
time, in order, by Python's own csv reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from contextmail.engines.base import Engine, Row, quoted
from contextmail.facts.roles import Role
from contextmail.facts.sources import CsvFile, Source

_SPLIT = {
    "MISSING COLUMNS": "too few values",
    "TOO MANY COLUMNS": "too many values",
    "UNQUOTED VALUE": "a quote that is not closed",
    "INVALID ENCODING": "characters that are not of the file's encoding",
    "LINE SIZE OVER MAXIMUM": "too long a line",
}


@dataclass(frozen=True, slots=True, order=True)
class Broken:
    """A row that was skipped. What it holds is not repeated: it may be an address."""

    line: int
    """From 1; 0: the table has no lines."""
    what: str
    file: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


def find_lines(
    engine: Engine,
    source: Source,
    rows: str,
    reason: str,
    roles: Mapping[str, Role],
    unsplit: list[Row],
    *,
    limit: int,
) -> list[Broken]:
    """List the broken rows in the order of the file, at most `limit` of each sort.

    `rows` is the relation of all rows with raw columns, `reason` SQL that names the role that breaks a row, `unsplit`
    what the engine could not split into columns: its record number, error and text.
    """
    used = list(source.columns)
    raw = ", ".join(f"coalesce({quoted(f'raw.{column}')}::VARCHAR, '')" for column in used)
    found = engine.rows(f"SELECT {reason} AS reason, {raw} FROM {rows} WHERE reason IS NOT NULL LIMIT {limit}")
    words = {role: _words(role, how) for role, how in roles.items()}
    if source.csv is None:
        counts = Counter(str(row[0]) for row in found)
        return [Broken(0, f"{count} rows: {words.get(role, role)}", source.name) for role, count in counts.items()]
    wanted = {tuple(row[1:]): words.get(str(row[0]), str(row[0])) for row in found}
    broken = _matching(source.csv, used, wanted, source.name, limit) if wanted else []
    return sorted([*broken, *_unsplit(source.csv, unsplit, source.name)])


def _words(role: str, how: Role) -> str:
    return f"{role} is not {how.kind}" if not how.needed else f"{role} is empty or not {how.kind}"


def _matching(
    file: CsvFile, used: list[str], wanted: Mapping[tuple[str, ...], str], name: str, limit: int
) -> list[Broken]:
    positions = [file.columns.index(column) for column in used]
    broken: list[Broken] = []
    for line, record in file.records():
        if len(record) == len(file.columns):
            what = wanted.get(tuple(record[position] for position in positions))
            if what is not None:
                broken.append(Broken(line, what, name))
                if len(broken) == limit:
                    break
    return broken


def _unsplit(file: CsvFile, unsplit: list[Row], name: str) -> list[Broken]:
    """Find the lines of records that could not be split: at or after the engine's record number, by their text."""
    pending = {int(line): (str(error), str(text).split("\n")[0].rstrip("\r")) for line, error, text in unsplit}
    if not pending:
        return []
    broken, waiting = [], sorted(pending.items())
    with file.open() as lines:
        for number, line in enumerate(lines, 1):
            while waiting and waiting[0][0] <= number:
                _record, (error, text) = waiting[0]
                if error != "INVALID ENCODING" and line.rstrip("\r\n") != text:
                    break
                broken.append(Broken(number, _SPLIT.get(error, error.lower()), name))
                waiting.pop(0)
                break
            if not waiting:
                break
    return broken + [Broken(record, _SPLIT.get(error, error.lower()), name) for record, (error, _) in waiting]
