"""What every room of the consent store stands on: a database, the seal, and how times and scopes are written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

from contextmail.model.consent import Scope
from contextmail.store.sealing import Sealer


class Database(Protocol):
    """Run SQL with `?` for values. A statement alone is durable when it returns. Raises StoreDownError."""

    def execute(self, sql: str, *values: object) -> list[Any]:
        """Run one statement and give its rows."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Make what is within one commit; one within another can fail alone."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def utc_now() -> datetime:
    """Give the time, UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class Room:
    """A part of the store; `clock` gives the time of what the store itself notes, UTC without a zone."""

    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], datetime] = utc_now) -> None:
        self._database, self._sealer, self._clock = database, sealer, clock

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything within one commit: all of it, or nothing; methods within join it."""
        return self._database.transaction()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _execute(self, sql: str, *values: object) -> list[Any]:
        return self._database.execute(sql, *values)


def text_of(at: datetime | None) -> str | None:
    """Write a time so that texts sort as times do."""
    return at.isoformat(sep=" ", timespec="microseconds") if at else None


def time_of(text: str | None) -> datetime | None:
    """Read a time back."""
    return datetime.fromisoformat(text) if text else None


def parts_of(scope: Scope) -> tuple[str, str, str, str]:
    """Give the four columns of a scope."""
    return scope.channel, scope.purpose, scope.list, scope.topic
