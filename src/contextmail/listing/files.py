"""Read a list from CSV, and write one that a dialler, a letter shop and a spreadsheet can take."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.lines import pages
from contextmail.errors import ConfigurationError
from contextmail.facts.rejects import Broken, find_lines
from contextmail.facts.sources import CsvFile, Source, csv_file, load_csv
from contextmail.model.tables import TableMapping

KEY = "printf('%010d', rowid)"
"""SQL of the key of a row: its place in the file."""


def load_list(engine: Engine, path: Path) -> tuple[CsvFile, list[Broken]]:
    """Make the table `listed` of a CSV file, each value as it stands, with a `key`; list what could not be split.

    Raises ConfigurationError for a file that is not there or has no heading.
    """
    if not path.is_file():
        raise ConfigurationError("no such file", where=str(path), cure="give a CSV file with a line of column names")
    file = csv_file(path, TableMapping(path=str(path)), str(path))
    load_csv(engine, "list", file, None)
    engine.rows(f"CREATE OR REPLACE TEMP VIEW listed AS SELECT *, {KEY} AS key FROM raw_list")
    unsplit = engine.rows("SELECT line, error_type::VARCHAR, csv_line FROM rejects_list")
    if not unsplit:
        return file, []
    source = Source("list", "raw_list", dict.fromkeys(file.columns, "VARCHAR"), path.name, file)
    nothing = ", ".join(f"NULL AS {quoted(f'raw.{column}')}" for column in file.columns)
    return file, find_lines(engine, source, f"(SELECT {nothing} WHERE false)", "NULL", {}, unsplit, limit=len(unsplit))


def write_csv(engine: Engine, query: str, out: Path, delimiter: str) -> None:
    """Write the rows of a query to a CSV file, which takes the place of an older one once it is whole."""
    with replaced(out) as target:
        engine.rows(f"COPY ({query}) TO {literal(str(target))} (FORMAT csv, HEADER, DELIMITER {literal(delimiter)})")


def write_scripts(engine: Engine, parts: Sequence[str], folder: Path) -> None:
    """Write the texts of the table `texts` to a file each, named by the row: `0000000017.txt`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for key, *rest in pages(engine, "texts", "key"):
        texts = rest[-len(parts) :]
        (folder / f"{key}.txt").write_text("\n\n".join(text for text in texts if text) + "\n", "utf-8")


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """Give a file beside `out`, for its owner alone, that takes its place if all goes well."""
    out.parent.mkdir(parents=True, exist_ok=True)
    target = out.parent / f".{out.name}.{os.getpid()}"
    try:
        yield target
        target.chmod(0o600)
        with target.open("rb") as written:
            os.fsync(written.fileno())
        target.replace(out)
    finally:
        target.unlink(missing_ok=True)
