"""Requests that come at the same time are answered together: their events share a commit, and each hears of its own."""

import dataclasses
import logging
import sqlite3
from contextlib import closing

import pytest
from webhooks.conftest import ADA, left, mailchimp, standard

from contextmail.webhooks.http import Request
from contextmail.webhooks.receiver import MIB

PEOPLE = [f"n{number}@example.com" for number in range(20)]


@pytest.fixture
def statements(store) -> list[str]:
    """List what is sent to the database from now on."""
    heard: list[str] = []
    store._database._connection.set_trace_callback(heard.append)
    yield heard
    store._database._connection.set_trace_callback(None)


def bodies(store) -> list[bytes]:
    return [event.body for event in store.inbox(limit=1000)]


def test_several_events_share_one_commit(receiver, store, statements) -> None:
    answers = receiver.handle_all([mailchimp(left(person)) for person in PEOPLE])
    assert [answer.status for answer in answers] == [200] * len(PEOPLE)
    assert (statements.count("BEGIN IMMEDIATE"), statements.count("COMMIT")) == (1, 1)
    assert bodies(store) == [left(person) for person in PEOPLE]


def test_one_alone_needs_no_transaction(receiver, store, statements) -> None:
    assert receiver.handle(mailchimp()).status == 200
    assert "BEGIN IMMEDIATE" not in statements
    assert bodies(store) == [left()]


def test_each_hears_of_its_own_and_only_what_is_verified_is_kept(receiver, store) -> None:
    said = b'{"type": "contact.erased"}'
    asked = {
        "good": (mailchimp(left("a@example.com")), 200),
        "another secret": (mailchimp(left("b@example.com"), secret="another-secret-of-length"), 401),
        "another path": (Request("POST", "/hooks/nobody/knows", {}, b""), 404),
        "looking": (dataclasses.replace(mailchimp(), method="GET"), 200),
        "another method": (dataclasses.replace(mailchimp(), method="PUT"), 405),
        "too large": (mailchimp(b"x" * (MIB + 1)), 413),
        "a header of garbage": (dataclasses.replace(mailchimp(), headers={"x-mailchimp-signature": "\xff"}), 401),
        "another source": (standard(said), 200),
        "not understood": (mailchimp(b"\xff\x00"), 200),
    }
    answers = receiver.handle_all([request for request, _ in asked.values()])
    assert dict(zip(asked, (answer.status for answer in answers), strict=True)) == {
        name: status for name, (_, status) in asked.items()
    }
    assert bodies(store) == [left("a@example.com"), said, b"\xff\x00"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_repetition_among_them_is_kept_once_and_both_are_told_so(receiver, store, order) -> None:
    requests = [mailchimp(left(ADA)), mailchimp(left("bo@example.com")), mailchimp(left(ADA))][::order]
    assert [answer.status for answer in receiver.handle_all(requests)] == [200, 200, 200]
    assert [answer.status for answer in receiver.handle_all(requests)] == [200, 200, 200]
    assert sorted(bodies(store)) == sorted([left(ADA), left("bo@example.com")])


def test_while_the_store_is_away_every_good_one_hears_503_and_nothing_is_kept(
    receiver, store, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("contextmail.store.sqlite_consent._PATIENCE", 0.1)
    requests = [mailchimp(left(PEOPLE[0])), mailchimp(secret="another-secret-of-length"), mailchimp(left(PEOPLE[1]))]
    with closing(sqlite3.connect(tmp_path / "consent.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [answer.status for answer in receiver.handle_all(requests)] == [503, 401, 503]
        other.execute("ROLLBACK")
    assert bodies(store) == []
    assert [answer.status for answer in receiver.handle_all(requests)] == [200, 401, 200]


def test_where_one_of_them_cannot_be_kept_none_is(receiver, store, monkeypatch, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    receive, count = store.receive, iter(range(10))

    def fails_at_the_third(*event: object) -> bool:
        if next(count) == 2:
            raise sqlite3.OperationalError(f"no room for {ADA}")
        return receive(*event)

    monkeypatch.setattr(store, "receive", fails_at_the_third)
    answers = receiver.handle_all([mailchimp(left(person)) for person in PEOPLE[:4]])
    assert [answer.status for answer in answers] == [503] * 4
    assert bodies(store) == []
    assert "OperationalError" in caplog.text and ADA not in caplog.text


def test_nobody_is_answered_nothing(receiver) -> None:
    assert receiver.handle_all([]) == []
