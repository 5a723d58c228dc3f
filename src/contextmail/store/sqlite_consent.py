"""The consent store in one SQLite file: durable at every commit, safe for several threads and processes."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from contextmail.store.base import StoreDownError
from contextmail.store.consent.inbox import Inbox
from contextmail.store.consent.ledger import Ledger
from contextmail.store.consent.memory import Memory
from contextmail.store.consent.outbox import Outbox
from contextmail.store.consent.room import utc_now
from contextmail.store.consent.touches import Touches
from contextmail.store.places import refuse_unfit
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite import connect

_PATIENCE = 5.0
"""Seconds for which a writer waits for its turn."""
_PAUSE = 0.002
"""Seconds between two tries, at most."""
_DOWN = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_PROTOCOL")  # fmt: skip


class Writer:
    """One connection for the threads of a process, one at a time, that takes turns with other processes.

    SQLite's own way of waiting is unfair: it sleeps ever longer, so whoever has waited longest comes last (3 s at
    worst with eight writers). Here every try comes after an equally short pause, drawn at random.
    """

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, "consent", threads=True)
        self._connection.execute("PRAGMA busy_timeout = 0")
        self._turn = threading.RLock()
        self._depth = 0

    def execute(self, sql: str, *values: object) -> list[Any]:
        """Run one statement and give its rows. Raises StoreDownError."""
        with self._alone():
            return self._patiently(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is within one commit; one within another can fail alone. Raises StoreDownError."""
        with self._alone():
            level = self._depth
            self._patiently("BEGIN IMMEDIATE" if level == 0 else f"SAVEPOINT level{level}")
            self._depth += 1
            try:
                yield
                self._patiently("COMMIT" if level == 0 else f"RELEASE level{level}")
            except BaseException:
                # A full disk ends a transaction by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK" if level == 0 else f"ROLLBACK TO level{level}")
                raise
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Close the connection."""
        with self._alone():
            self._connection.close()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=_PATIENCE):
            raise StoreDownError("another thread keeps the store")
        try:
            yield
        finally:
            self._turn.release()

    def _patiently(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as error:
                name = getattr(error, "sqlite_errorname", "")
                if not name.startswith(_DOWN):
                    raise
                if not name.startswith("SQLITE_BUSY") or self._connection.in_transaction or time.monotonic() > until:
                    raise StoreDownError(f"the store cannot be used just now: {error}") from error
            time.sleep(random.uniform(0, _PAUSE))


class SqliteConsentStore(Inbox, Ledger, Outbox, Memory, Touches):
    """The consent store in the file `path`.

    With `production`, raises ConfigurationError for a path that does not last: temporary, read-only, on a network.
    """

    def __init__(
        self, path: Path, sealer: Sealer, *, production: bool = False, clock: Callable[[], datetime] = utc_now
    ) -> None:
        if production:
            refuse_unfit(path)
        super().__init__(Writer(path), sealer, clock)
        self.hold_to_key()
