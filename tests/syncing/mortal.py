"""A worker in a process of its own, which a test kills: `mortal.py FOLDER`."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from contextmail.connectors.consents import Pushed
from contextmail.model.consent import Act, Actor, Assurance, Scope
from contextmail.model.event import Notice, Push
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore
from contextmail.syncing import Sync, Worker, utc_now
from contextmail.webhooks import sources

MARKETING = Scope("email", "marketing")
SEALER = ("an invented lookup key of the tests", ["A" * 43 + "="])


class Desk:
    """A system on disk that notes each time it was told."""

    name, readable = "desk:1", True

    def __init__(self, folder: Path) -> None:
        self._file = sqlite3.connect(folder / "desk.db", timeout=10, isolation_level=None)
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS people (endpoint TEXT PRIMARY KEY, act TEXT, since TEXT, told INT)"
        )

    def add(self, endpoint: str) -> None:
        self._file.execute("INSERT INTO people VALUES (?, 'grant', '2026-01-01', 0)", [endpoint])

    def push(self, push: Push) -> Pushed:
        told = "UPDATE people SET act = ?, since = ?, told = told + 1 WHERE endpoint = ?"
        return Pushed(
            "done" if self._file.execute(told, [push.act, utc_now().isoformat(), push.endpoint]).rowcount else "absent"
        )

    def read(self, endpoint: str) -> list[Notice]:
        rows = self._file.execute("SELECT act, since FROM people WHERE endpoint = ?", [endpoint])
        return [
            Notice(endpoint, Act(act), MARKETING, self.name, datetime.fromisoformat(since), actor=Actor.PLATFORM, assurance=Assurance.READ_BACK)
            for act, since in rows
        ]  # fmt: skip

    def sweep(self, *, since: datetime | None) -> Iterator[Notice]:
        return iter(())

    def people(self) -> dict[str, tuple[str, int]]:
        return {name: (act, told) for name, act, told in self._file.execute("SELECT endpoint, act, told FROM people")}

    def close(self) -> None:
        self._file.close()


def worker(folder: Path, clock: Callable[[], datetime] = utc_now) -> tuple[Worker, Sync]:
    sealer = Sealer(*SEALER)
    store = SqliteConsentStore(folder / "consent.db", sealer, clock=clock)
    sync = Sync(store, {Desk.name: Desk(folder)}, clock=clock)
    return Worker(sync, sources(sealer)), sync


def receive(sync: Sync, person: str) -> None:
    """Let a service of the company's own tell that somebody left."""
    data = {"endpoint": person, "channel": "email", "purpose": "marketing", "choice": "denied", "actor": "person"}
    now = utc_now()
    body = json.dumps({"type": "consent.changed", "timestamp": f"{now.isoformat()}Z", "data": data})
    assert sync.store.receive("standard", "crm", person, Assurance.SIGNED, body.encode(), now)


def wait_until_told(sync: Sync, count: int) -> None:
    """Wait until so many pushes are done; a minute at most."""
    until = time.monotonic() + 60
    while len(sync.store.pushes("done")) < count:
        assert time.monotonic() < until, "the worker does nothing"
        time.sleep(0.005)


if __name__ == "__main__":
    worker(Path(sys.argv[1]))[0].run(threading.Event(), pause=0.01)
