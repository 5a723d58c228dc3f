"""contextmail work as a process of its own: it sweeps at times, and a signal ends it after what it is at."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contextmail import wiring
from contextmail.config import load
from contextmail.connectors.consents import new_secret
from contextmail.model.consent import Act, Assurance

SETTINGS = """\
brand = "Bramble"

[consent]
sweep_minutes = 0.005

[consent.systems."sql:customers"]
kind = "sql"
url = "sqlite:///shop.db"
table = "customers"
endpoint = "email"
permitted = "ok"
yes = 1
no = 0
"""
SERVICE = '[consent.systems."webhook:desk"]\nkind = "webhook"\nurl = "http://127.0.0.1:{port}/"\n'
SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def office(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, keys, and a table of two customers."""
    monkeypatch.setenv("CONTEXTMAIL_LOOKUP_KEY", "an invented lookup key of the tests")
    monkeypatch.setenv("CONTEXTMAIL_SEAL_KEYS", "A" * 43 + "=")
    (desk / "contextmail.toml").write_text(SETTINGS)
    with closing(sqlite3.connect(desk / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, ok INTEGER)")
        shop.executemany("INSERT INTO customers (email, ok) VALUES (?, 1)", [["ada@example.com"], ["bo@example.com"]])
    return desk


@contextmanager
def working(office: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the worker until the block ends."""
    command = [sys.executable, "-m", "contextmail", "work"]
    with subprocess.Popen(command, cwd=office, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so; a minute at most."""
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def ended(process: subprocess.Popen[str], by: signal.Signals) -> tuple[int, str]:
    process.send_signal(by)
    out, _ = process.communicate(timeout=30)
    return process.returncode, out


def denied(office: Path, endpoint: str) -> bool:
    with closing(wiring.consent_store(load(office))) as store:
        return any(change.act is Act.DENY for change in store.changes(store.subject(endpoint)))


def write(office: Path, statement: str) -> None:
    with closing(sqlite3.connect(office / "shop.db", timeout=30)) as shop, shop:
        shop.execute(statement)


@pytest.mark.parametrize("by", SIGNALS, ids=lambda one: one.name)
def test_it_sweeps_again_and_again_and_ends_cleanly(office: Path, by: signal.Signals) -> None:
    with working(office) as process:
        for person in ("ada@example.com", "bo@example.com"):
            assert not denied(office, person)
            write(office, f"UPDATE customers SET ok = 0 WHERE email = '{person}'")
            until(lambda person=person: denied(office, person))
        code, out = ended(process, by)
    assert code == 0
    assert "Traceback" not in out and "example.com" not in out


@pytest.fixture
def slow_service(office: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], threading.Event]]:
    """A service of the company's own that answers when it is let: what it was told, and the gate."""
    told: list[str] = []
    gate = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append(body["data"]["endpoint"])
            gate.wait(30)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = SETTINGS.replace("0.005", "15") + SERVICE.format(port=server.server_address[1])
    (office / "contextmail.toml").write_text(settings)
    with closing(wiring.consent_store(load(office))) as store:
        store.set_secret("webhook", "desk", new_secret())
    yield told, gate
    gate.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("by", SIGNALS, ids=lambda one: one.name)
def test_what_it_is_at_is_done_before_it_ends_and_the_rest_is_for_the_next(
    office: Path, slow_service: tuple[list[str], threading.Event], by: signal.Signals
) -> None:
    told, gate = slow_service
    people = [f"n{number}@example.com" for number in range(5)]
    with closing(wiring.consent_store(load(office))) as store:
        for person in people:
            said = {"type": "consent.changed", "data": {"endpoint": person, "choice": "denied", "actor": "person"}}
            store.receive("standard", "crm", person, Assurance.SIGNED, json.dumps(said).encode(), datetime(2026, 6, 1))
        with working(office) as process:
            until(lambda: bool(told))
            process.send_signal(by)
            time.sleep(0.3)
            assert process.poll() is None, "it did not wait for what it was at"
            gate.set()
            out, _ = process.communicate(timeout=30)
        assert process.returncode == 0 and "Traceback" not in out
        assert len(told) == 1
        assert [push.state for push in store.pushes() if push.target == "webhook:desk"].count("done") == 1
        assert store.pushes("pushing") == []
    once = subprocess.run(
        [sys.executable, "-m", "contextmail", "work", "--once"], cwd=office, env=os.environ, timeout=60
    )
    assert once.returncode == 0
    assert sorted(told) == sorted(people)


def test_a_signal_ends_a_long_sweep_which_begins_again_where_it_did(office: Path) -> None:
    with closing(sqlite3.connect(office / "shop.db")) as shop, shop:
        rows = [[f"n{number}@example.com"] for number in range(50_000)]
        shop.executemany("INSERT INTO customers (email, ok) VALUES (?, 0)", rows)
    with working(office) as process, closing(wiring.consent_store(load(office))) as store:
        until(lambda: store.position() > 0)
        code, _ = ended(process, signal.SIGTERM)
        assert code == 0
        assert 0 < store.position() < 50_000
        assert store.watermark("sql:customers") is None
