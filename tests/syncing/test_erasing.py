"""Erasure: suppressed first, deleted everywhere, a tombstone last, and nothing brings them back."""

from __future__ import annotations

import pytest
from syncing.machine import Fragile, Fuse, Killed
from syncing.world import ADA, BO, MARKETING, Held, folder, small_world

from contextmail.connectors.consents import Pushed
from contextmail.errors import PlatformError, RecordRejected
from contextmail.model.consent import Act, Actor, Verdict
from contextmail.model.event import Notice
from contextmail.reconciling import reconcile
from contextmail.syncing import Report, Sync, apply_notices, erase

AUDIENCE, SERVICE, TABLE, TOLD = "mailchimp:L1", "standard:crm", "sql:customers", "webhook:shop"
SYSTEMS = (AUDIENCE, SERVICE, TABLE, TOLD)


def assert_gone(world, endpoint=ADA):
    assert {world.held(name, endpoint) for name in SYSTEMS} == {None}
    assert world.store.endpoint(world.subject(endpoint)) is None
    assert [change.act for change in world.changes(endpoint)] == [Act.ERASE]
    assert not world.store.pushes(subject=world.subject(endpoint))
    assert endpoint.encode() not in b"".join(event.body for event in world.store.inbox("done", limit=1000))


def test_each_system_is_told_to_suppress_before_it_is_told_to_delete(world):
    world[SERVICE].choose(ADA, Act.DENY)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.deliver_all()
    world.work()
    report = erase(world.sync, "Ada@Example.com ")
    assert not report.waiting and not report.blocked
    assert [told.act for told in world[TOLD].told][-2:] == [Act.DENY, Act.ERASE]
    assert_gone(world)


def test_an_event_can_ask_for_it_and_its_own_body_goes_too(world):
    world[SERVICE]._send({"type": "contact.erased", "data": {"endpoint": ADA}})
    world.deliver_all()
    world.work()
    assert_gone(world)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_that_is_away_is_waited_for_while_the_person_is_already_suppressed(world, name):
    world[name].away = True
    erase(world.sync, ADA)
    assert world.may(ADA).verdict is Verdict.DENY
    assert world.store.endpoint(world.subject(ADA)) == ADA
    world[name].away = False
    world.clock.tick(hours=2)
    world.work()
    assert_gone(world)


@pytest.mark.parametrize("after", [True, False])
def test_the_worker_finishes_it_wherever_it_was_killed(after):
    kills = 0
    while True:
        with folder() as room:
            world, fuse = small_world(room), Fuse(3 * kills + 1, after)
            systems = {name: Fragile(platform, fuse) for name, platform in world.platforms.items()}
            try:
                erase(Sync(Fragile(world.store, fuse), systems, world.sync.options, world.clock), ADA)
            except Killed:
                kills += 1
            if not world.changes(ADA, Act.RESTRICT) and not world.changes(ADA, Act.ERASE):
                assert erase(world.sync, ADA).told
            for _ in range(3):
                world.clock.tick(hours=2)
                world.work()
            assert_gone(world)
            world.close()
            if fuse.left > 0:
                break
    assert kills > 10


def test_whoever_is_linked_to_them_goes_with_them(world):
    for name in SYSTEMS:
        world[name].add("ada@example.org")
    world[SERVICE]._send({"type": "endpoint.changed", "data": {"endpoint": ADA, "new_endpoint": "ada@example.org"}})
    world.deliver_all()
    world.work()
    erase(world.sync, ADA)
    assert_gone(world)
    assert_gone(world, "ada@example.org")


def test_a_later_import_or_webhook_brings_nothing_back(world):
    erase(world.sync, ADA)
    world.clock.tick(days=1)
    report = Report()
    row = Notice(ADA, Act.GRANT, MARKETING, "import:old.csv", world.clock(), actor=Actor.IMPORT)
    with world.store.transaction():
        apply_notices(world.sync, [row], report, received_at=world.clock())
    world[SERVICE].choose(ADA, Act.GRANT, actor=Actor.SYSTEM)
    world.deliver_all()
    world.work()
    assert report.erased == 1
    assert {event.body for event in world.store.inbox("done")} == {b""}
    assert [change.act for change in world.changes(ADA)] == [Act.ERASE]
    assert world.store.endpoint(world.subject(ADA)) is None


@pytest.mark.parametrize("name", [AUDIENCE, SERVICE, TABLE])
def test_a_system_that_holds_them_anew_is_told_no_by_the_sweep_and_nothing_of_them_is_kept(world, name):
    erase(world.sync, ADA)
    world.clock.tick(days=1)
    world[name].contacts[ADA, MARKETING] = Held(Act.GRANT, world.clock(), Actor.IMPORT)
    assert [one.system for one in reconcile(world.sync).drift] == [name]
    assert world.held(name) is Act.DENY
    assert not world.store.pushes()
    assert world.store.endpoint(world.subject(ADA)) is None


def test_what_a_system_does_not_take_of_somebody_who_was_erased_is_a_task(world, monkeypatch):
    erase(world.sync, ADA)
    world[TABLE].contacts[ADA, MARKETING] = Held(Act.GRANT, world.clock(), Actor.IMPORT)
    monkeypatch.setattr(world[TABLE], "push", lambda _: Pushed("blocked", "by hand only"))
    reconcile(world.sync)
    (task,) = world.store.tasks()
    assert (task.subject, task.target) == (world.subject(ADA), TABLE)
    assert "by hand only" in task.what and ADA not in task.what


def test_whoever_is_back_in_a_system_can_be_erased_again(world):
    erase(world.sync, ADA)
    world[TABLE].add(ADA)
    world[TABLE].add("")
    erase(world.sync, ADA)
    assert_gone(world)
    assert world.held(TABLE, "") is Act.GRANT


def test_who_signs_up_anew_is_a_new_record(world):
    erase(world.sync, ADA)
    world.clock.tick(days=1)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.settle()
    assert world.may(ADA).verdict is Verdict.ALLOW


def test_what_is_no_address_is_refused(world):
    with pytest.raises(RecordRejected):
        erase(world.sync, "no address")


def test_whoever_had_moved_on_before_they_were_erased_is_erased_where_they_are(world):
    world[SERVICE].move(ADA, "ada@example.org")
    erase(world.sync, ADA)
    world.deliver_all()
    world.settle()
    assert_gone(world, "ada@example.org")


def test_an_address_that_was_erased_takes_nothing_from_one_that_changes_to_it(world):
    erase(world.sync, ADA)
    world[TOLD].add(BO)
    world[TOLD].away = True
    world.one_click(BO)
    world.work()
    world[SERVICE].add(BO)
    world[SERVICE].move(BO, ADA)
    world.deliver_all()
    world.work()
    world.settle()
    assert world.held(TOLD, BO) is Act.DENY
    assert [change.act for change in world.changes(ADA)] == [Act.ERASE]


def test_one_who_cannot_be_told_no_does_not_hide_what_others_have_said(world, monkeypatch):
    monkeypatch.setattr("contextmail.reconciling._BATCH", 1)
    erase(world.sync, ADA)
    for endpoint, act in ((ADA, Act.GRANT), (BO, Act.DENY)):
        world[TABLE].contacts[endpoint, MARKETING] = Held(act, world.clock(), Actor.PERSON)

    def refuse(push):
        raise PlatformError("Forbidden", status=403)

    monkeypatch.setattr(world[TABLE], "push", refuse)
    assert reconcile(world.sync).failed == {TABLE: "PlatformError"}
    assert world.may(BO).verdict is Verdict.DENY
