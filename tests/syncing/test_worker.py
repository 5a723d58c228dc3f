"""What the worker does beside the failure modes: outages, doubt, freezing, and going on where it was killed."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from syncing.world import ADA, BO, MARKETING, Event, Held

from contextmail.errors import AuthenticationError, PlatformError
from contextmail.model.consent import Act, Actor, Assurance, Scope, Suppression, Verdict, fold
from contextmail.reconciling import reconcile
from contextmail.store.permissions import refused
from contextmail.syncing import release, replay, status
from contextmail.syncing.hearing import Hearing

AUDIENCE, SERVICE, TABLE, TOLD = "mailchimp:L1", "standard:crm", "sql:customers", "webhook:shop"
SYSTEMS = (AUDIENCE, SERVICE, TABLE, TOLD)


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_outage_of_days_loses_no_withdrawal(world, name):
    world[name].away = True
    world.one_click(ADA)
    for _ in range(72):
        world.clock.tick(hours=1)
        world.work()
    assert world.held(name) is Act.GRANT
    found = status(world.sync)
    assert found.needs_a_person and found.oldest_withdrawal == timedelta(hours=71).total_seconds()
    world[name].away = False
    world.clock.tick(hours=1)
    world.work()
    assert world.held(name) is Act.DENY
    assert not status(world.sync).needs_a_person


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_outage_of_days_pushes_no_withdrawal_that_the_person_has_taken_back(world, name):
    origin = SERVICE if name != SERVICE else AUDIENCE
    world[name].away = True
    world[origin].choose(ADA, Act.DENY)
    world.deliver_all()
    world.work()
    world.clock.tick(days=2)
    world[origin].choose(ADA, Act.GRANT)
    world.deliver_all()
    world.work()
    world[name].away = False
    world.clock.tick(hours=2)
    world.work()
    assert (world.held(name), world[name].writes) == (Act.GRANT, 0)
    assert Act.DENY not in {told.act for told in world[name].told}


def test_a_grant_that_waits_is_dropped_when_the_person_leaves_meanwhile(world):
    world.one_click(ADA)
    world.work()
    world[TOLD].away = True
    world.clock.tick(minutes=1)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.deliver_all()
    world.work()
    world.clock.tick(minutes=1)
    world.one_click(ADA)
    world.work()
    world[TOLD].away = False
    world.clock.tick(hours=2)
    world.work()
    assert Act.GRANT not in {told.act for told in world[TOLD].told}


@pytest.mark.parametrize("dated", [True, False])
def test_a_stale_poll_does_not_kill_a_newer_grant(world, dated):
    world[TABLE].choose(ADA, Act.DENY)
    if not dated:
        world[TABLE].contacts[ADA, MARKETING].since = None
    world.sweep()
    world[TABLE].grants = None
    world.clock.tick(days=1)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.settle()
    assert world.held(TABLE) is Act.DENY
    assert world.may(ADA).verdict is Verdict.ALLOW


def test_a_person_who_leaves_within_seconds_of_our_push_is_not_taken_for_its_echo(world):
    world.one_click(ADA)
    world.work()
    echo = world[SERVICE].wire.pop()
    world.clock.tick(seconds=5)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.clock.tick(seconds=5)
    world[SERVICE].choose(ADA, Act.DENY)
    grant, denial = world[SERVICE].wire
    world[SERVICE].wire = []
    for event in (denial, echo, grant):
        world.deliver(event)
        world.work()
    world.settle()
    assert {world.held(name) for name in SYSTEMS} == {Act.DENY}
    assert world.clock().replace(tzinfo=None) > max(change.counts_at for change in world.changes(ADA, Act.DENY))


def test_the_echo_of_our_own_push_is_not_recorded(world):
    world.one_click(ADA)
    world.work()
    assert world[SERVICE].wire and world[AUDIENCE].wire
    world.deliver_all()
    world.work()
    assert [change.source for change in world.changes(ADA, Act.DENY)] == ["one-click"]


def test_a_contact_that_cannot_be_read_back_keeps_nobody_waiting(world):
    world[AUDIENCE].signed = False
    world[AUDIENCE].away = True
    for number in range(120):
        world[AUDIENCE]._form("subscribe", world.clock(), email=f"n{number}@example.com")
    world[SERVICE].choose(ADA, Act.DENY)
    world.deliver_all()
    world.work()
    world.clock.tick(minutes=1)
    world.work()
    assert world.held(TABLE) is Act.DENY
    assert len(world.store.inbox("new", limit=500)) == 120
    world.clock.tick(days=2)
    world.work()
    assert len(world.store.inbox("quarantined", limit=500)) == 120
    world[AUDIENCE].away = False
    assert replay(world.sync) == 120
    world.work()
    assert not world.store.inbox("quarantined")


@pytest.mark.parametrize("error", [PlatformError("Refused", detail=ADA), AuthenticationError("the key is refused")])
def test_a_refusal_becomes_a_task_without_an_address_and_a_refused_key_is_tried_again(world, error, monkeypatch):
    def refuses(push):
        raise error

    monkeypatch.setattr(world[TABLE], "push", refuses)
    world.one_click(ADA)
    for _ in range(8):
        world.work()
        world.clock.tick(hours=2)
    (task,) = world.store.tasks()
    assert task.target == TABLE and ADA not in task.what
    monkeypatch.undo()
    world.settle()
    assert world.held(TABLE) is Act.DENY


def test_what_a_system_cannot_hold_becomes_a_task(world):
    world.one_click(ADA, Scope("email", "marketing", topic="news"))
    world.work()
    assert {task.target for task in world.store.tasks()} == {AUDIENCE, TABLE}
    assert {push.target for push in status(world.sync).blocked} == {AUDIENCE, TABLE}
    for task in world.store.tasks():
        world.store.finish(task.id)
    assert not status(world.sync).needs_a_person


def test_an_address_that_changes_takes_its_withdrawals_along(world):
    world.one_click(ADA)
    world.settle()
    for name in SYSTEMS:
        world[name].add("ada@example.org")
    world[SERVICE]._send({"type": "endpoint.changed", "data": {"endpoint": ADA, "new_endpoint": "ada@example.org"}})
    world.deliver_all()
    world.work()
    assert {world.held(name, "ada@example.org") for name in SYSTEMS} == {Act.DENY}
    world.add = None
    world.one_click("ada@example.org", Scope("email"))
    world.work()
    assert world.may(ADA, Scope("email")).verdict is Verdict.DENY


def test_an_endpoint_that_flips_too_often_is_frozen_until_a_colleague_releases_it(world):
    for turn in range(world.sync.options.flips + 2):
        world.clock.tick(minutes=2)
        world[SERVICE].choose(ADA, Act.GRANT if turn % 2 else Act.DENY)
        world.deliver_all()
        world.work()
    assert len(status(world.sync).frozen) == 1
    assert world.held(SERVICE) is Act.DENY
    assert Suppression.FLAPPING in {reason.code for reason in world.may(ADA).reasons}
    world.clock.tick(minutes=2)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.deliver_all()
    world.work()
    assert world.held(SERVICE) is Act.DENY
    release(world.sync, world.subject(ADA))
    world.work()
    assert world.may(ADA).verdict is Verdict.ALLOW
    assert not status(world.sync).frozen


def test_a_dry_run_lists_drift_and_leaves_everything_as_it_was(world):
    world.one_click(ADA)
    world.settle()
    world.clock.tick(days=1)
    for name in (AUDIENCE, TABLE):
        world[name].contacts[ADA, MARKETING] = Held(Act.GRANT, world.clock(), Actor.IMPORT)
    before = (world.store.position(), world.store.watermark(TABLE), len(world.store.pushes()))
    world.clock.tick(minutes=1)
    drift = reconcile(world.sync, dry_run=True).drift
    assert [(one.system, one.holds, one.wanted) for one in drift] == [
        (AUDIENCE, "grant", "deny"),
        (TABLE, "grant", "deny"),
    ]
    assert (world.store.position(), world.store.watermark(TABLE), len(world.store.pushes())) == before
    assert [one.system for one in reconcile(world.sync).drift] == [AUDIENCE, TABLE]


def test_no_address_is_logged(world, caplog):
    caplog.set_level(logging.DEBUG)
    world[TABLE].away = True
    world[AUDIENCE].away = True
    world[AUDIENCE].signed = False
    world[AUDIENCE].choose(ADA, Act.DENY)
    world.deliver(
        Event("standard", "crm", b'{"type": "?", "data": {"endpoint": "ada@example.com"}}', "1", Assurance.SIGNED)
    )
    world.deliver_all()
    for _ in range(8):
        world.work()
        reconcile(world.sync)
        world.clock.tick(hours=5)
    assert caplog.records
    assert "@" not in caplog.text.replace("@example", "@") and ADA not in caplog.text


def test_a_withdrawal_is_told_before_the_grants_that_were_there_first(world):
    for number in range(150):
        world[TABLE].add(f"n{number}@example.com", Act.DENY)
        world[SERVICE].choose(f"n{number}@example.com", Act.GRANT)
    world[TABLE].add(BO)
    world.deliver_all()
    world.worker.run_once()
    world.one_click(BO)
    world.worker.run_once()
    assert world.held(TABLE, BO) is Act.DENY
    assert len(world.store.pushes("waiting")) > 50


def test_a_webhook_that_is_gone_is_a_task_until_it_is_back(world):
    gone = {"mailchimp:L1": "its webhook is gone"}
    watched = replace(world.sync, missing=lambda: gone)
    assert reconcile(watched, dry_run=True).missing == gone and not world.store.tasks()
    for _ in range(2):
        reconcile(watched)
    assert [(task.target, task.what) for task in world.store.tasks()] == list(gone.items())
    gone.clear()
    reconcile(watched)
    assert not world.store.tasks()


def test_whoever_left_one_list_is_not_asked_there_again_by_a_wider_grant(world):
    world.one_click(ADA, Scope("email", "marketing", "L1"))
    world.clock.tick()
    world.one_click(ADA)
    world.work()
    world.clock.tick(hours=1)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.deliver_all()
    world.work()
    assert world.may(ADA).verdict is Verdict.ALLOW
    assert Act.GRANT in {told.act for told in world[TOLD].told}
    assert Act.GRANT not in {told.act for told in world[AUDIENCE].told}


def test_a_service_that_tells_a_grant_back_as_the_persons_own_is_not_told_again(world):
    world.one_click(ADA)
    world.work()
    world.clock.tick(minutes=5)
    for _ in range(4):
        world[TOLD].hooks = "standard"
        world[TOLD]._tell(ADA, Act.GRANT, MARKETING, world.clock.tick(seconds=20), Actor.PERSON)
        world.deliver_all()
        world.work()
    assert [told.act for told in world[TOLD].told].count(Act.GRANT) == 1


def test_what_a_person_asked_for_goes_with_them_to_another_address(world):
    data = {"endpoint": ADA, "prefer": "only=sms", "actor": "person"}
    world[SERVICE]._send({"type": "preference.changed", "timestamp": "2026-06-01T09:00:00Z", "data": data})
    world[SERVICE].move(ADA, BO)
    world.deliver_all()
    world.work()
    assert fold(world.changes(BO)).preferences["only"].value == "only=sms"


def test_an_address_that_is_known_by_a_change_alone_is_refused_before_anybody_was_told(world):
    world.one_click(ADA)
    world.work()
    world.store.link(world.subject(ADA), world.subject(BO))
    assert refused(Hearing(world.store, {}), MARKETING, [BO]) == {BO}
