"""What the receiver has acknowledged counts at once, before any worker has taken it, and nothing is written for it."""

from __future__ import annotations

import logging

import pytest
from syncing.world import ADA, BO, MARKETING, NEWS, Event

from contextmail.model.consent import Act, Actor, Assurance, Scope, Verdict
from contextmail.store.permissions import permitted, refused, snapshot
from contextmail.syncing.hearing import Hearing
from contextmail.webhooks import sources

AUDIENCE, SERVICE, TABLE, TOLD = "mailchimp:L1", "standard:crm", "sql:customers", "webhook:shop"


@pytest.fixture
def ledger(world) -> Hearing:
    return Hearing(world.store, sources(world.sealer))


@pytest.mark.parametrize("way", ["one-click", "signed", "unsigned", "standard"])
def test_an_opt_out_counts_from_its_acknowledgement_on(world, ledger, way):
    assert permitted(ledger, ADA, MARKETING).verdict is Verdict.ASK
    if way == "one-click":
        world.one_click(ADA)
    else:
        world[AUDIENCE].signed = way == "signed"
        world[SERVICE if way == "standard" else AUDIENCE].choose(ADA, Act.DENY)
        world.deliver_all()
    before = [platform.told[:] for platform in world.platforms.values()]
    for platform in world.platforms.values():
        platform.away = True
    assert permitted(ledger, "Ada@Example.com", MARKETING).verdict is Verdict.DENY
    assert permitted(ledger, BO, MARKETING).verdict is Verdict.ASK
    assert refused(ledger, MARKETING, [ADA, BO]) == {ADA}
    assert [platform.told for platform in world.platforms.values()] == before
    assert len(world.store.inbox("new")) == 1 and not world.changes(ADA, Act.DENY)
    for platform in world.platforms.values():
        platform.away = False
    world.work()
    assert permitted(ledger, ADA, MARKETING).verdict is Verdict.DENY


def test_the_facts_hear_of_somebody_whom_the_ledger_has_never_seen(world, ledger):
    world.one_click("new@example.org")
    held = {(row.endpoint, row.purpose): row.status for row in snapshot(ledger)}
    assert held["new@example.org", "marketing"] == "denied"
    assert held["new@example.org", "service"] == ""


def test_a_withdrawal_follows_an_address_change_that_nobody_has_folded(world, ledger):
    world.one_click(ADA)
    world.work()
    world[SERVICE].move(ADA, BO)
    world[SERVICE].move(BO, "cy@example.org")
    world.deliver_all()
    assert refused(ledger, MARKETING, [ADA, BO, "cy@example.org", "di@example.org"]) == {ADA, BO, "cy@example.org"}


def test_a_withdrawal_that_nobody_has_folded_follows_an_address_change_of_long_ago(world, ledger):
    world.store.link(world.subject(ADA), world.subject(BO))
    world.one_click(ADA)
    assert permitted(ledger, BO, MARKETING).verdict is Verdict.DENY


def test_what_raises_waits_for_the_worker(world, ledger):
    world.one_click(ADA)
    world.work()
    world.clock.tick(hours=1)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.deliver_all()
    assert permitted(ledger, ADA, MARKETING).verdict is Verdict.DENY
    world.work()
    assert permitted(ledger, ADA, MARKETING).verdict is Verdict.ALLOW


def test_a_late_opt_out_does_not_undo_a_newer_choice(world, ledger):
    world[SERVICE].choose(ADA, Act.DENY)
    late = world[SERVICE].wire.pop()
    world.clock.tick(days=1)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.deliver_all()
    world.work()
    world.deliver(late)
    assert permitted(ledger, ADA, MARKETING).verdict is Verdict.ALLOW


def test_what_nobody_understands_stops_no_answer_and_no_address_is_logged(world, ledger, caplog, monkeypatch):
    def broken(*given):
        raise RuntimeError(ADA)

    world.deliver(Event("nobody", "knows", b"", "1", Assurance.SIGNED))
    world.deliver(Event("standard", "crm", b"\xff", "2", Assurance.SIGNED))
    data = b'{"type": "consent.changed", "data": {"endpoint": "no address", "choice": "denied"}}'
    world.deliver(Event("standard", "crm", data, "3", Assurance.SIGNED))
    world.one_click(BO)
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("contextmail.webhooks.standard.Standard.parse", broken)
    assert refused(ledger, MARKETING, [ADA, BO]) == {BO}
    assert "RuntimeError" in caplog.text and ADA not in caplog.text


def test_a_topic_that_somebody_left_a_second_ago_refuses_that_topic_alone(world, ledger):
    world.one_click(ADA, NEWS)
    assert refused(ledger, NEWS, [ADA]) == {ADA}
    assert refused(ledger, MARKETING, [ADA]) == set()


def test_every_event_counts_however_many_there_are(world, ledger):
    leavers = [f"n{number}@example.com" for number in range(1_200)]
    with world.store.transaction():
        for person in leavers:
            world.one_click(person)
    assert refused(ledger, MARKETING, [*leavers, ADA]) == set(leavers)


def test_a_preference_and_a_suppression_are_heard_too(world, ledger):
    at = "2026-06-02T09:00:00Z"
    for kind, more in (("preference.changed", {"prefer": "only=sms"}), ("endpoint.suppressed", {"kind": "complaint"})):
        data = {"endpoint": ADA, "actor": str(Actor.PERSON), **more}
        world[SERVICE]._send({"type": kind, "timestamp": at, "data": data})
    world.deliver_all()
    (row,) = [one for one in snapshot(ledger) if (one.endpoint, one.purpose) == (ADA, "marketing")]
    assert (row.status, row.only) == ("denied", "sms")
    assert permitted(ledger, ADA, Scope("email", "marketing")).reasons[0].code == "complaint"
