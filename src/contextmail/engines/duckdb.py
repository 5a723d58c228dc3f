"""DuckDB, the embedded engine; the one home of the library, which is loaded when an engine is opened.

Only `execute(sql).fetchall()` and SQL text are used: they work alike in 1.5 and 2.0.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self

from contextmail.engines.base import Row, literal
from contextmail.errors import ConfigurationError, MissingExtraError

_LONGEST = 400
_DATA_ERROR = re.compile(r"(?:Conversion|Out of Range) Error|Original Line:|Could not ")
_WHERE = re.compile(
    r"Line: \d+|Expected Number of Columns: \d+ Found: \d+|column \"[^\"]+\"|source column \w+|to '?(?!INVALID)[A-Z][A-Z0-9]+\b"
)
"""What is said of a value that does not fit, without the value: it may be an address."""


class DuckDBEngine:
    """An in-memory DuckDB that spills to `temp` when it needs more than `memory_limit`.

    It loads no extension, and its clock is UTC. Use it as a context manager, or call `close`.
    Raises MissingExtraError without the library.
    """

    def __init__(
        self, *, memory_limit: str = "", threads: int = 0, temp: Path | None = None, folder: Path = Path()
    ) -> None:
        try:
            import duckdb
        except ModuleNotFoundError as error:
            raise MissingExtraError("duckdb", "cli") from error
        self._library = duckdb
        spilled = tempfile.mkdtemp(prefix="contextmail-", dir=temp)
        self._remove = weakref.finalize(self, shutil.rmtree, spilled, ignore_errors=True)
        self._connection = duckdb.connect(":memory:")
        settings: dict[str, str | int | bool] = {
            "temp_directory": spilled,
            "threads": threads or os.cpu_count() or 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "enable_progress_bar": False,
            "TimeZone": "UTC",
            # Where relative paths of a user's SELECT begin; a comma would end the path.
            "file_search_path": "" if "," in str(folder.resolve()) else str(folder.resolve()),
        }
        if memory_limit:
            settings["memory_limit"] = memory_limit
        for name, value in settings.items():
            self.rows(f"SET {name} = {literal(value)}")

    def rows(self, sql: str) -> list[Row]:
        """Run one statement and return its rows. Raises ConfigurationError with what DuckDB says is wrong."""
        try:
            return self._connection.execute(sql).fetchall()
        except self._library.Error as error:
            raise ConfigurationError(_said(str(error))) from error

    def close(self) -> None:
        """Free memory and remove what was spilled to disk."""
        self._connection.close()
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _said(text: str) -> str:
    """Give what is wrong and the names that DuckDB suggests, without our statement and what it quotes of values or at length."""
    words = " ".join(text.split("\n\nLINE ")[0].split())
    if _DATA_ERROR.search(words):
        places = ", ".join(dict.fromkeys(_WHERE.findall(words))).replace("to '", "to ")
        return f"{words.partition(':')[0]}: a value does not fit{places and f' ({places})'}"
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
