"""What the receiver answers, whatever comes: paths, methods, sizes, a store that is away; and what it logs."""

import dataclasses
import logging
import sqlite3
from contextlib import closing

import pytest
from webhooks.conftest import ADA, LIST, TOKEN, left, mailchimp, standard

from contextmail.webhooks import sources
from contextmail.webhooks.http import Request
from contextmail.webhooks.receiver import MIB

HOOK = f"/hooks/mailchimp/{LIST}/{TOKEN}"
NOWHERE = ["/", "", "/hooks", "/hooks/", "/hooks/mailchimp", f"/hooks/klaviyo/{LIST}", f"{HOOK}/more", "/u", "/u/", "/u/a/b",
           f"/hooks/mailchimp/a%0Ab/{TOKEN}", f"/hooks/mailchimp/a\nb/{TOKEN}", "/hooks/one-click/x/y", "//", "/../etc"]  # fmt: skip


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_elsewhere_there_is_nothing(receiver, path, method) -> None:
    assert receiver.handle(Request(method, path, mailchimp().headers, left())).status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [HOOK, "/hooks/mailchimp/unknown/unknown", "/hooks/standard/crm"])
def test_looking_at_a_hook_is_answered_200_and_does_nothing(receiver, store, method, path) -> None:
    request = dataclasses.replace(mailchimp(), method=method, path=path)
    assert receiver.handle(request).status == 200
    assert store.inbox() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", ""])
def test_no_other_method_does_anything(receiver, store, method) -> None:
    assert receiver.handle(dataclasses.replace(mailchimp(), method=method)).status == 405
    assert store.inbox() == []


def test_a_body_is_kept_up_to_the_limit_and_refused_beyond_it(receiver, store) -> None:
    assert receiver.handle(mailchimp(b"x" * MIB)).status == 200
    assert receiver.handle(mailchimp(b"x" * (MIB + 1))).status == 413
    assert len(store.inbox()) == 1


@pytest.mark.parametrize("body", [b"", b"not a form", b"\xff\x00", b"type=unheard-of&data[list_id]=x", b"a" * 100_000])
def test_what_is_verified_and_not_understood_is_kept_for_the_worker(receiver, store, body) -> None:
    assert receiver.handle(mailchimp(body)).status == 200
    assert [event.body for event in store.inbox()] == [body]


def test_two_events_that_are_not_understood_are_two_events(receiver, store) -> None:
    for body in (b"one", b"two", b"one"):
        receiver.handle(mailchimp(body))
    assert [event.body for event in store.inbox()] == [b"one", b"two"]


def test_what_cannot_be_kept_is_answered_503_so_that_it_comes_again(receiver, store, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("contextmail.store.sqlite_consent._PATIENCE", 0.1)
    with closing(sqlite3.connect(tmp_path / "consent.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert receiver.handle(mailchimp()).status == 503
        other.execute("ROLLBACK")
    assert receiver.handle(mailchimp()).status == 200
    assert len(store.inbox()) == 1


def test_a_mistake_of_our_own_is_answered_503_and_its_message_goes_nowhere(receiver, monkeypatch, caplog) -> None:
    def broken(key: str) -> str:
        raise RuntimeError(f"a bug that tells of {ADA}")

    monkeypatch.setattr(receiver._store, "subject", broken)
    answer = receiver.handle(mailchimp())
    assert answer.status == 503
    assert "RuntimeError" in caplog.text and ADA not in caplog.text + answer.body.decode()


def test_a_log_holds_neither_address_nor_path_nor_header_nor_body(receiver, store, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    for request in (
        mailchimp(),
        mailchimp(),
        mailchimp(secret="another-secret-of-length"),
        dataclasses.replace(mailchimp(), headers={"x-mailchimp-signature": f"t={ADA}"}),
        standard(b"{}", known=ADA),
    ):
        answer = receiver.handle(request)
        assert ADA.encode() not in answer.body
    assert len(caplog.records) == 5
    for secret in (ADA, "ada%40", TOKEN, "hooks/", "v1="):
        assert secret not in caplog.text


def test_the_key_of_a_kept_event_is_a_keyed_hash_since_it_is_made_of_an_address(receiver, store, sealer) -> None:
    receiver.handle(mailchimp())
    source = sources(sealer)["mailchimp"]
    plain = source.verify(mailchimp(secret=""), LIST, [], store).dedupe
    kept = store._execute("SELECT dedupe FROM inbox")[0][0]
    assert kept == store.subject(plain) != plain
