"""work, status, reconcile, inbox, forget: consent kept in step with a table of the company's own."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from cli.conftest import Run

from contextmail import wiring
from contextmail.config import load
from contextmail.model.consent import Act, Actor, Assurance, Change, Scope, Suppression

SETTINGS = """\
brand = "Bramble"

[consent.systems."sql:customers"]
kind = "sql"
url = "sqlite:///shop.db"
table = "customers"
endpoint = "email"
permitted = "ok"
yes = 1
no = 0
deletes = true
"""


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


def customers(office: Path) -> dict[str, int]:
    with closing(sqlite3.connect(office / "shop.db")) as shop:
        return dict(shop.execute("SELECT email, ok FROM customers"))


def receive(office: Path, body: bytes, key: str = "1") -> None:
    with closing(wiring.consent_store(load(office))) as store:
        store.receive("standard", "crm", key, Assurance.SIGNED, body, datetime(2026, 6, 1))


def leaves(endpoint: str) -> bytes:
    said = {"type": "consent.changed", "data": {"endpoint": endpoint, "choice": "denied", "actor": "person"}}
    return json.dumps(said).encode()


def test_an_opt_out_goes_from_the_inbox_to_the_table(office, run: Run):
    receive(office, leaves("ada@example.com"))
    assert json.loads(run("status", "--format", "json").out)["new"] == 1
    assert run("work", "--once").code == 0
    assert customers(office) == {"ada@example.com": 0, "bo@example.com": 1}
    told = run("status")
    assert told.code == 0
    assert "every withdrawal was told everywhere" in told.out
    assert "ada@" not in told.out


def test_what_nobody_understands_needs_a_person_and_can_be_taken_again(office, run: Run):
    receive(office, b"not JSON")
    assert run("work", "--once").code == 1
    assert run("status").code == 1
    listed = run("inbox", "list")
    assert (listed.code, "not JSON" in listed.out) == (1, True)
    assert json.loads(run("inbox", "list", "--format", "json").out)[0]["from"] == "standard:crm"
    assert run("inbox", "list", "--source", "mailchimp").code == 0
    assert "1 event" in run("inbox", "replay").out
    assert json.loads(run("status", "--format", "json").out)["new"] == 1


def test_a_withdrawal_that_cannot_be_told_shows_its_age(office, run: Run):
    receive(office, leaves("ada@example.com"))
    (office / "shop.db").rename(office / "away.db")
    (office / "shop.db").mkdir()
    run("work", "--once")
    found = json.loads(run("status", "--format", "json").out)
    assert found["unsynced_withdrawals"] == 1
    assert 0 <= found["oldest_unsynced_withdrawal_seconds"] < 60


def test_drift_is_listed_by_a_dry_run_and_repaired_by_the_next(office, run: Run):
    receive(office, leaves("ada@example.com"))
    run("work", "--once")
    with closing(sqlite3.connect(office / "shop.db")) as shop, shop:
        shop.execute("UPDATE customers SET ok = 1")
    listed = run("reconcile", "--dry-run", "--format", "json")
    assert listed.code == 1
    assert [(one["system"], one["holds"], one["wanted"]) for one in json.loads(listed.out)["drift"]] == [
        ("sql:customers", "grant", "deny")
    ]
    assert customers(office)["ada@example.com"] == 1
    assert "1 drift" in run("reconcile", "--full").out
    assert customers(office)["ada@example.com"] == 0
    assert run("reconcile", "--full").code == 0


def test_whoever_is_forgotten_is_gone(office, run: Run):
    receive(office, leaves("ada@example.com"))
    run("work", "--once")
    assert run("forget", "-", "--yes", stdin=b"Ada@example.com\n").code == 0
    assert customers(office) == {"bo@example.com": 1}
    assert b"ada@" not in (office / ".contextmail" / "consent.db").read_bytes()
    assert run("forget", "no address", "--yes").code == 2


def test_a_colleague_closes_a_task(office, run: Run):
    with closing(wiring.consent_store(load(office))) as store:
        store.ask(store.subject("ada@example.com"), "mailchimp:L1", "an SMS opt-out: take the number out by hand")
        (task,) = store.tasks()
    assert run("status").code == 1
    assert run("consent", "done", str(task.id)).code == 0
    assert run("status").code == 0
    assert "there is no open task 99" in run("consent", "done", "99").err


def test_who_is_not_frozen_needs_no_release(office, run: Run):
    assert "it was not frozen" in run("consent", "release", "ada@example.com").out


def test_who_was_switched_back_and_forth_is_released_by_a_colleague(office, run: Run):
    at = datetime(2026, 6, 1)
    with wiring.sync(load(office)) as sync:
        subject = sync.store.subject("ada@example.com")
        scope, made = Scope("email", "marketing"), {"received_at": at, "at": at, "actor": Actor.PERSON}
        sync.store.append(
            [
                Change("1", subject, Act.GRANT, scope, evidence="form", **made),
                Change("2", subject, Act.SUPPRESS, scope, at, at, value=Suppression.FLAPPING),
            ],
            ["ada@example.com"],
        )
    assert "no" in run("consent", "why-not", "email", "ada@example.com").out
    assert "released" in run("consent", "release", "ada@example.com").out
    assert "yes" in run("consent", "why-not", "email", "ada@example.com").out
