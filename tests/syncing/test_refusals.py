"""A withdrawal that a system refuses is seen by a colleague at once, and tried again for a day all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from syncing.world import ADA, MARKETING

from contextmail.connectors.consents import Pushed
from contextmail.errors import ConfigurationError, PlatformError
from contextmail.model.consent import Act
from contextmail.syncing import erase, status
from contextmail.syncing.pushing import REFUSALS

SERVICE, TABLE = "standard:crm", "sql:customers"
REFUSED = [PlatformError("Forbidden", status=403, detail=ADA), ConfigurationError("no such column"), KeyError(ADA)]


class Refusing:
    """Let a platform refuse every push, or only the first so many, and note when it was asked."""

    def __init__(self, world, name, error, monkeypatch, *, times=10**6):
        self.asked, push = [], world[name].push

        def refuse(one):
            self.asked.append(world.clock())
            if len(self.asked) <= times:
                raise error
            return push(one)

        monkeypatch.setattr(world[name], "push", refuse)


def days(world, count=3):
    """Let the worker look every ten minutes."""
    for _ in range(count * 144):
        world.clock.tick(minutes=10)
        world.work()


@pytest.mark.parametrize("error", REFUSED, ids=lambda error: type(error).__name__)
def test_a_refused_withdrawal_is_tried_again_and_is_a_task_until_it_is_carried_out(world, error, monkeypatch):
    Refusing(world, TABLE, error, monkeypatch, times=3)
    world.one_click(ADA)
    world.work()
    (task,) = world.store.tasks()
    assert (task.subject, task.target) == (world.subject(ADA), TABLE) and ADA not in task.what
    assert [push.target for push in status(world.sync).unsynced] == [TABLE]
    assert status(world.sync).needs_a_person
    days(world, 1)
    assert world.held(TABLE) is Act.DENY
    assert not world.store.tasks() and not status(world.sync).unsynced


def test_it_is_tried_less_and_less_often_and_given_up_after_a_day(world, monkeypatch):
    refusing = Refusing(world, TABLE, REFUSED[0], monkeypatch)
    world.one_click(ADA)
    world.work()
    days(world)
    pauses = [later - earlier for earlier, later in zip(refusing.asked, refusing.asked[1:], strict=False)]
    assert len(refusing.asked) == REFUSALS
    assert max(pauses[:2]) < timedelta(minutes=30) <= min(pauses[8:])
    assert timedelta(hours=10) < refusing.asked[-1] - refusing.asked[0] < timedelta(hours=48)
    (task,) = world.store.tasks()
    assert task.what == "deny for email/marketing: Forbidden"
    assert [push.target for push in status(world.sync).blocked] == [TABLE]


def test_a_refusal_after_days_of_absence_is_not_the_end(world, monkeypatch):
    world[TABLE].away = True
    world.one_click(ADA)
    world.work()
    days(world)
    world[TABLE].away = False
    Refusing(world, TABLE, REFUSED[0], monkeypatch, times=1)
    days(world, 1)
    assert world.held(TABLE) is Act.DENY and not world.store.tasks()


def test_one_task_says_what_is_the_matter_now(world, monkeypatch):
    Refusing(world, TABLE, REFUSED[0], monkeypatch, times=1)
    world.one_click(ADA)
    world.work()
    monkeypatch.undo()
    Refusing(world, TABLE, PlatformError("Not Found", status=404), monkeypatch)
    world.clock.tick(minutes=5)
    world.work()
    (task,) = world.store.tasks()
    assert "Not Found" in task.what and "tried again" in task.what


def test_a_refused_grant_waits_for_a_colleague(world, monkeypatch):
    world.one_click(ADA)
    world.settle()
    refusing = Refusing(world, TABLE, REFUSED[0], monkeypatch)
    world.clock.tick(days=1)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.deliver_all()
    world.work()
    days(world, 1)
    assert len(refusing.asked) == 1
    assert [task.what for task in world.store.tasks()] == ["grant for email/marketing: Forbidden"]


def test_a_task_goes_when_the_person_has_changed_their_mind_meanwhile(world, monkeypatch):
    Refusing(world, TABLE, REFUSED[0], monkeypatch, times=1)
    world.one_click(ADA)
    world.work()
    assert world.store.tasks()
    world.clock.tick(seconds=5)
    world[SERVICE].choose(ADA, Act.GRANT)
    world.deliver_all()
    world.work()
    days(world, 1)
    assert not world.store.tasks() and not status(world.sync).unsynced
    assert world.held(TABLE) is Act.GRANT


def test_what_only_a_person_can_do_is_not_tried_again(world, monkeypatch):
    told = []
    monkeypatch.setattr(world[TABLE], "push", lambda push: told.append(push) or Pushed("blocked", "by hand only"))
    world.one_click(ADA)
    world.work()
    days(world, 1)
    assert len(told) == 1
    assert [task.what for task in world.store.tasks()] == ["deny for email/marketing: by hand only"]


def test_an_erasure_that_is_refused_is_tried_again_while_the_person_stays_suppressed(world, monkeypatch):
    Refusing(world, TABLE, REFUSED[0], monkeypatch, times=4)
    erase(world.sync, ADA)
    assert world.store.tasks()
    days(world, 1)
    assert world.held(TABLE, ADA, MARKETING) is None
    assert [change.act for change in world.changes(ADA)] == [Act.ERASE]
    assert not world.store.tasks() and not world.store.pushes()
