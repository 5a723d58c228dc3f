"""A claim belongs to whoever lives: it is kept while a push takes long, and soon free when its worker has died."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from syncing import mortal
from syncing.machine import Fragile, Fuse, Killed
from syncing.world import ADA, BO

from contextmail.model.consent import Act
from contextmail.syncing import Sync, Worker
from contextmail.webhooks import sources

TABLE = "sql:customers"


def test_a_push_that_takes_longer_than_a_claim_is_carried_out_by_one_worker_alone(world, monkeypatch):
    monkeypatch.setattr("contextmail.syncing.claiming.BEAT", timedelta(milliseconds=20))
    push, others, told = world[TABLE].push, [], []

    def slow(one):
        told.append(one.id)
        for _ in range(6):
            world.clock.tick(seconds=30)
            # The claim is renewed in the real time of a machine that may be busy.
            until = time.monotonic() + 30
            while world.store._execute("SELECT due_at FROM outbox WHERE id = ?", one.id)[0][0][:19] < str(
                world.clock() + timedelta(seconds=30)
            ):
                assert time.monotonic() < until
                time.sleep(0.01)
            others.extend(due.id for due in world.store.due(world.clock()))
        return push(one)

    monkeypatch.setattr(world[TABLE], "push", slow)
    world.one_click(ADA)
    world.work()
    assert len(told) == 1 and told[0] not in others
    assert world.held(TABLE) is Act.DENY


def test_whoever_dies_leaves_one_claim_and_it_is_free_after_a_minute(world):
    for platform in world.platforms.values():
        platform.add(BO)
    world.one_click(ADA)
    world.one_click(BO)
    dying = {name: Fragile(platform, Fuse(1, after=False)) for name, platform in world.platforms.items()}
    with pytest.raises(Killed):
        Worker(Sync(world.store, dying, clock=world.clock), sources(world.sealer)).run_once()
    assert len(world.store.pushes("pushing")) == 1
    world.clock.tick(seconds=59)
    world.work()
    assert len(world.store.pushes("pushing")) == 1
    world.clock.tick(seconds=1)
    world.work()
    assert not world.store.pushes("pushing")
    assert {world.held(name, person) for name in world.platforms for person in (ADA, BO)} == {Act.DENY}


def test_nobody_goes_on_renewing_when_all_is_done(world):
    before = threading.active_count()
    world.one_click(ADA)
    world.work()
    assert threading.active_count() == before


def test_what_a_killed_process_had_claimed_is_told_a_minute_later(tmp_path):
    desk = mortal.Desk(tmp_path)
    people = [f"n{number}@example.com" for number in range(40)]
    for person in people:
        desk.add(person)
    _, sync = mortal.worker(tmp_path)
    for person in people:
        mortal.receive(sync, person)
    script = Path(mortal.__file__)
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], cwd=script.parents[2])
    mortal.wait_until_told(sync, 4)
    process.kill()
    process.wait()
    assert len(sync.store.pushes("pushing")) <= 1
    later, _ = mortal.worker(tmp_path, clock=lambda: mortal.utc_now() + timedelta(minutes=1))
    while not later.run_once().idle:
        pass
    assert {act for act, _ in desk.people().values()} == {Act.DENY}
