"""What a colleague orders: forget somebody, release an endpoint that was frozen, take quarantined events again."""

from __future__ import annotations

from contextmail.model.consent import Act, Actor, Suppression, erased, fold
from contextmail.model.endpoint import normalise
from contextmail.syncing.base import Report, Sync
from contextmail.syncing.erasing import begin_erasure, tell_at_once
from contextmail.syncing.following import record
from contextmail.syncing.meaning import own_change
from contextmail.syncing.pushing import push_due
from contextmail.syncing.unread import forget_unread


def erase(sync: Sync, endpoint: str) -> Report:
    """Suppress an endpoint, delete it in every system, and keep only a tombstone; the worker finishes what must wait.

    Raises RecordRejected for what is no address or number; of somebody who was erased before and is back in a system,
    nothing may wait, so what the system raises is raised.
    """
    report, known = Report(), normalise(endpoint)
    if erased(sync.store.changes(sync.store.subject(known))):
        forget_unread(sync, known)
        for name in sync.systems:
            tell_at_once(sync, name, known, Act.ERASE)
            report.told += 1
        return report
    begin_erasure(sync, known)
    push_due(sync, report)
    return report


def endpoints_of(sync: Sync, endpoint: str) -> set[str]:
    """Give an endpoint in its normal form with those that address changes link to it. Raises RecordRejected."""
    known = normalise(endpoint)
    linked = map(sync.store.endpoint, sync.store.linked(sync.store.subject(known)))
    return {known, *(other for other in linked if other)}


def release(sync: Sync, subject: str) -> Report:
    """Let the person's own choices count again for an endpoint that was frozen; its tasks are closed."""
    report, now = Report(), sync.clock()
    with sync.store.transaction():
        frozen = [at for at, kind in fold(sync.store.changes(subject)).suppressed if kind == Suppression.FLAPPING]
        cleared = (
            own_change(Act.CLEAR, subject, at, now, value=Suppression.FLAPPING, actor=Actor.AGENT, method="release")
            for at in frozen
        )
        record(sync, list(cleared), report)
        for task in sync.store.tasks():
            if task.subject == subject and not task.target:
                sync.store.finish(task.id)
    return report


def replay(sync: Sync, *, source: str = "") -> int:
    """Give quarantined events, of one source or of all, back to the worker; return how many."""
    events = sync.store.inbox("quarantined", source=source, limit=10_000)
    with sync.store.transaction():
        for event in events:
            sync.store.settle(event.id, "new", "replayed")
    return len(events)
