from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from contextmail import facts
from contextmail.facts import FactsFolder
from contextmail.model.tables import TableMapping

AS_OF = datetime(2024, 6, 1)

Build = Callable[..., FactsFolder]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Write tables as CSV files and build facts of them: `build(orders=("customer,at\\n…", {"customer": …}))`."""

    def run(*, as_of: datetime = AS_OF, options: dict[str, Any] | None = None, **tables: Any) -> FactsFolder:
        mappings = {}
        for name, table in tables.items():
            if isinstance(table, TableMapping):
                mappings[name] = table
                continue
            text, settings = table if isinstance(table, tuple) else (table, {})
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
            header = text.split("\n", 1)[0].split(",")
            columns = settings.pop("columns", {column: column for column in header})
            mappings[name] = TableMapping(path=f"{name}.csv", columns=columns, **settings)
        facts.build(mappings, tmp_path / "facts", as_of=as_of, folder=tmp_path, **(options or {}))
        return FactsFolder.open(tmp_path / "facts")

    return run
