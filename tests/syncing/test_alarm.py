"""Many who suddenly withdraw raise an alarm, and every one of their withdrawals counts all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncing.world import MARKETING, World

from contextmail.model.consent import Act, Verdict
from contextmail.model.consent_options import ConsentOptions
from contextmail.syncing import Worker, status
from contextmail.webhooks import sources


@pytest.fixture
def wary(world: World) -> World:
    """The world, with an alarm at twenty within an hour."""
    world.sync = replace(world.sync, options=ConsentOptions(alarm=20))
    world.worker = Worker(world.sync, sources(world.sealer))
    return world


def leave(world: World, count: int, name: str) -> None:
    with world.store.transaction():
        for number in range(count):
            world.one_click(f"{name}{number}@example.com")
    world.work()


def test_fewer_than_the_setting_are_no_alarm(wary):
    leave(wary, 19, "a")
    found = status(wary.sync)
    assert (found.withdrew, found.busiest, found.alarm) == (19, 0, "")
    assert not found.needs_a_person


def test_suddenly_many_are_an_alarm_for_an_hour_and_all_of_them_count(wary):
    leave(wary, 20, "a")
    found = status(wary.sync)
    assert found.alarm.startswith("20 people withdrew within an hour, at most 0 before") and found.needs_a_person
    assert {wary.may(f"a{number}@example.com").verdict for number in range(20)} == {Verdict.DENY}
    assert not found.unsynced and not found.frozen
    wary.clock.tick(minutes=61)
    assert (status(wary.sync).alarm, status(wary.sync).busiest) == ("", 20)


@pytest.mark.parametrize(("count", "alarmed"), [(30, False), (31, True)])
def test_it_is_measured_by_the_busiest_hour_of_the_weeks_before(wary, count, alarmed):
    leave(wary, 10, "a")
    wary.clock.tick(days=20)
    leave(wary, count, "b")
    assert bool(status(wary.sync).alarm) is alarmed


def test_what_was_long_ago_is_forgotten(wary):
    leave(wary, 10, "a")
    wary.clock.tick(days=29)
    leave(wary, 20, "b")
    assert status(wary.sync).alarm


def test_the_same_people_who_say_it_twice_are_counted_once(wary):
    leave(wary, 15, "a")
    wary.clock.tick(minutes=3)
    leave(wary, 15, "a")
    assert status(wary.sync).withdrew == 15


def test_who_left_long_ago_and_is_found_by_a_first_sweep_is_no_alarm(wary):
    for number in range(200):
        wary["sql:customers"].add(f"n{number}@example.com", Act.DENY)
    wary.store.set_watermark("sql:customers", wary.clock().replace(year=2020))
    wary.sweep()
    assert wary.may("n1@example.com", MARKETING).verdict is Verdict.DENY
    assert status(wary.sync).alarm == ""
