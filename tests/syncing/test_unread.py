"""What nobody understood is searched when somebody is erased, and does not lie there for ever."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from syncing.world import ADA, BO, Event

from contextmail.model.consent import Assurance
from contextmail.syncing import erase, replay
from contextmail.syncing.unread import names

PHONE = "+441632960961"
NAMED = [
    b'{"type": "?", "data": {"endpoint": "ada@example.com"}}',
    b'{"who": "Ada@Example.COM"}',
    b'{"who": "ada\\u0040example.com"}',
    b"type=?&data%5Bemail%5D=ada%40example.com&x=1",
    b"type=?&data[email]=ada@example.com",
    b"\xff garbage <ada@example.com>, and more",
    b"ada@example.com",
    b"mailto:ada@example.com.",
]
NOT_NAMED = [
    b"",
    b"\xff\x00",
    b"type=?&data%5Bemail%5D=da%40example.com",
    b'{"who": "lovelace.ada@example.com"}',
    b'{"who": "x-ada@example.com", "and": "ada@example.com.invalid"}',
    b'{"who": "ada@example.community"}',
]


def unread(world, *bodies: bytes) -> None:
    for number, body in enumerate(bodies):
        world.deliver(Event("standard", "crm", body, f"unread {number}", Assurance.SIGNED))
    world.work()


def kept(world) -> list[bytes]:
    states = ("new", "quarantined", "done")
    return [event.body for state in states for event in world.store.inbox(state, limit=1000) if event.body]


@pytest.mark.parametrize("body", NAMED)
def test_an_address_is_found_however_it_is_written(body):
    assert names(body, ADA)


@pytest.mark.parametrize("body", NOT_NAMED)
def test_another_address_is_not_taken_for_it(body):
    assert not names(body, ADA)


@pytest.mark.parametrize("written", ["+441632960961", "%2B44+1632+960961", "0044 1632-960961", "+44 (0)1632.960961", "441632960961"])  # fmt: skip
def test_a_number_is_found_however_it_is_written(written):
    assert names(f"phone={written}&x=1".encode(), PHONE)
    assert not names(f"phone={written}7&x=1".encode(), PHONE)
    assert not names(b"phone=9441632960961", PHONE)


def test_a_domain_that_is_not_ascii_is_found_in_both_of_its_spellings():
    for body in ("ada@bücher.example", "ada@xn--bcher-kva.example", json.dumps("ada@bücher.example")):
        assert names(body.encode(), "ada@xn--bcher-kva.example")


def test_whoever_is_erased_is_in_no_event_that_nobody_understood_and_the_others_stay(world):
    others = [b'{"who": "bo@example.com"}', *NOT_NAMED[1:]]
    unread(world, *NAMED, *others)
    assert len(world.store.inbox("quarantined", limit=100)) == len(NAMED) + len(others)
    erase(world.sync, "Ada@Example.com")
    assert [event.body for event in world.store.inbox("quarantined", limit=100)] == others
    assert set(kept(world)) == set(others)
    assert replay(world.sync) == len(others)


def test_whoever_is_linked_to_them_is_searched_for_too(world):
    world.store.link(world.subject(ADA), world.subject(BO))
    world.store.append([], [ADA, BO])
    unread(world, b'{"who": "bo@example.com"}')
    erase(world.sync, ADA)
    assert kept(world) == []


def test_who_was_erased_before_is_searched_for_when_it_is_ordered_again(world):
    erase(world.sync, ADA)
    unread(world, NAMED[0])
    assert kept(world) == [NAMED[0]]
    erase(world.sync, ADA)
    assert kept(world) == []


def test_an_event_that_meant_nothing_for_consent_goes_too(world):
    body = b"type=unsubscribe&data[list_id]=L1&data[action]=delete&data[email]=ada%40example.com"
    world.deliver(Event("mailchimp", "L1", body, "1", Assurance.SIGNED))
    world["mailchimp:L1"]._form("profile", world.clock(), email=ADA)
    world.deliver_all()
    world.work()
    assert [event.state for event in world.store.inbox("done")] == ["done", "done"]
    erase(world.sync, ADA)
    assert kept(world) == []


def test_they_are_found_past_a_page(world, monkeypatch):
    monkeypatch.setattr("contextmail.syncing.unread._PAGE", 2)
    unread(world, *NOT_NAMED, *NAMED)
    erase(world.sync, ADA)
    assert kept(world) == NOT_NAMED[1:]


def test_what_nobody_understood_goes_when_its_time_is_over(world):
    unread(world, b'{"who": "bo@example.com"}')
    month, quarter = timedelta(days=30), timedelta(days=90)
    for days, left in ((89, 1), (91, 0)):
        now = world.clock() + timedelta(days=days)
        world.store.prune(raw_before=now - month, unread_before=now - quarter)
        assert len(world.store.inbox("quarantined")) == left
    (event,) = world.store.inbox("done")
    assert event.body == b"" and event.reason.startswith("never understood: ")
    assert not world.deliver(Event("standard", "crm", b"", "unread 0", Assurance.SIGNED))
