"""What every engine can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

Row = tuple[Any, ...]


class Engine(Protocol):
    """Run SQL over many customers; results leave as rows, or as Parquet by `COPY`."""

    def rows(self, sql: str) -> list[Row]:
        """Run one statement and return its rows; a statement without a result gives an engine's own answer.

        Raises ConfigurationError with the engine's message.
        """
        ...

    def close(self) -> None:
        """Free memory and remove what was spilled to disk."""
        ...


def quoted(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | float | None) -> str:
    """Write a value as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def listed(values: Iterable[str]) -> str:
    """Write strings as what `IN` takes, a list in brackets; of none, the empty string's."""
    return f"({', '.join(map(literal, values)) or literal('')})"
