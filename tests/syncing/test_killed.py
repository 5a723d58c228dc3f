"""kill -9 of the worker under load: every acknowledged event ends in the ledger once, and every system is told."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from syncing import mortal

from contextmail.model.consent import Act
from contextmail.syncing import utc_now

KILLS, PEOPLE = 4, 120


def test_a_worker_that_is_killed_again_and_again_loses_nothing_and_records_nothing_twice(tmp_path):
    desk = mortal.Desk(tmp_path)
    people = [f"n{number}@example.com" for number in range(PEOPLE)]
    for person in people:
        desk.add(person)
    _, sync = mortal.worker(tmp_path)
    script = Path(mortal.__file__)
    in_the_middle = 0
    for kill in range(KILLS):
        process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], cwd=script.parents[2])
        for person in people[kill::KILLS]:
            mortal.receive(sync, person)
        mortal.wait_until_told(sync, len(sync.store.pushes("done")) + 4)
        process.kill()
        process.wait()
        in_the_middle += bool(sync.store.pushes("waiting") or sync.store.pushes("pushing") or sync.store.inbox("new"))
    assert in_the_middle, "the worker was never killed at work: give it more to do"
    # What the dead had claimed is handed out again after a minute.
    later, later_sync = mortal.worker(tmp_path, clock=lambda: utc_now() + timedelta(minutes=1))
    while not later.run_once().idle:
        pass
    for person in people:
        changes = sync.store.changes(sync.store.subject(person))
        assert [change.act for change in changes if change.source == "standard:crm"] == [Act.DENY]
    held = desk.people()
    assert {act for act, _ in held.values()} == {Act.DENY}
    assert sum(told for _, told in held.values()) <= PEOPLE + KILLS
    assert not later_sync.store.inbox("new") and not later_sync.store.tasks()
