"""Facts and decisions as tables of a database, for one indexed read in a service and for reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from contextmail.connectors.sql.writing import Mode, write
from contextmail.engines.base import literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts.folder import FactsFolder

Progress = Callable[[str, float], None]


def export_facts(folder: FactsFolder, url: str, table: str, *, progress: Progress | None = None) -> int:
    """Write the facts to `table` of the database at `url`, one row per customer; return their number.

    Beside its facts a row has `facts_as_of`, so that a campaign knows how old they are, and `table`_catalogue holds the
    catalogue as JSON. Facts that were written there before are replaced, in one transaction; a table that has no
    `facts_as_of` is not ours and is left alone. Raises ConfigurationError.
    """
    catalogue = folder.catalogue
    columns = {name: quoted(name) for name in ("customer", *catalogue.facts)} | {
        "facts_as_of": _moment(catalogue.as_of)
    }
    with DuckDBEngine() as engine:
        return write(
            engine,
            folder.parquet,
            columns,
            url,
            table,
            key=("customer",),
            mark="facts_as_of",
            mode="replace",
            about=catalogue.model_dump_json(),
            progress=progress,
        )


def export_decisions(file: Path, message: str, as_of: datetime, url: str, table: str, *, mode: Mode = "create") -> int:
    """Write decisions (the Parquet file of `decide`) to `table` of the database at `url`; return their number.

    A row has message, decided_as_of (the clock), customer, outcome, reason, until, to, and variants: the index of each
    edit's text in the order of the edits, as text (`0,2,1`). A table that is there is refused unless `mode` says
    `replace` or `append`. Raises ConfigurationError.
    """
    with DuckDBEngine() as engine:
        edits = [
            str(row[0])
            for row in engine.rows(f"DESCRIBE SELECT * FROM read_parquet({literal(str(file))})")
            if str(row[0]).startswith("edit_")
        ]
        columns = {"message": literal(message), "decided_as_of": _moment(as_of)}
        columns |= {name: quoted(name) for name in ("customer", "outcome", "reason", "until", "to")}
        columns |= {"variants": f"concat_ws(',', {', '.join(edits)})" if edits else "''"}
        key = ("message", "decided_as_of", "customer")
        return write(engine, file, columns, url, table, key=key, mark="decided_as_of", mode=mode)


def _moment(at: datetime) -> str:
    return f"TIMESTAMP {literal(str(at.replace(tzinfo=None)))}"
