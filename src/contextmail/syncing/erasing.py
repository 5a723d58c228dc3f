"""Erasure: suppress first, delete everywhere, and keep only a tombstone, last. What was begun is finished by the worker."""

from __future__ import annotations

from collections.abc import Iterable

from contextmail.connectors.consents import Pushed
from contextmail.model.consent import Act, Actor, Scope, erased
from contextmail.model.event import Push
from contextmail.syncing.base import Sync
from contextmail.syncing.meaning import own_change
from contextmail.syncing.unread import forget_unread

LEDGER = "ledger"
"""The target of the last push of an erasure: contextmail's own memory."""
EVERYTHING = Scope()


def begin_erasure(sync: Sync, endpoint: str) -> str:
    """Suppress a normalised endpoint and those linked to it, and enqueue their deletion; return its subject.

    Safe to repeat: what waits is not asked twice, and to delete again what is gone does nothing.
    """
    store, now = sync.store, sync.clock()
    subject = store.subject(endpoint)
    with store.transaction():
        store.append(
            [own_change(Act.RESTRICT, subject, EVERYTHING, now, actor=Actor.PERSON, method="erasure")], [endpoint]
        )
        for one in (*store.linked(subject), subject):
            pending = {p.target for p in store.pushes(subject=one) if p.act is Act.ERASE and p.state in _OPEN}
            targets = [name for name in sync.systems if name not in pending]
            change = own_change(Act.ERASE, one, EVERYTHING, now, actor=Actor.PERSON, method="erasure").id
            store.enqueue((name, one, Act.DENY, EVERYTHING, "", change) for name in targets)
            store.enqueue((name, one, Act.ERASE, EVERYTHING, "", change) for name in targets)
        store.enqueue([(LEDGER, subject, Act.ERASE, EVERYTHING, "", change)])
    return subject


def forget_again(sync: Sync, subjects: Iterable[str]) -> None:
    """Drop what came in of subjects that were erased before: only their tombstones stay."""
    for subject in subjects:
        known = sync.store.changes(subject)
        # Not of somebody else's by an address change: what is still to be told of this one must stay.
        tombs = [change for change in known if change.act is Act.ERASE and change.subject == subject]
        if tombs and erased(known):
            sync.store.erase(tombs[-1])


def tell_at_once(sync: Sync, system: str, endpoint: str, act: Act, scope: Scope = EVERYTHING) -> Pushed:
    """Tell a system of somebody who was erased, without the outbox: nothing of them may be kept for later."""
    subject = sync.store.subject(endpoint)
    return sync.systems[system].push(Push(0, system, subject, endpoint, act, scope, "", 0, subject, "pushing", 1, ""))


_OPEN = ("waiting", "pushing")


def bury(sync: Sync, push: Push) -> str:
    """Leave only the tombstone, once every system has deleted the endpoint; else say what it waits for."""
    store = sync.store
    asked = {(task.subject, task.target) for task in store.tasks()}
    for subject in (push.subject, *store.linked(push.subject)):
        for other in store.pushes(subject=subject):
            ours = other.act is not Act.ERASE or other.target == LEDGER or other.state in ("done", "dropped")
            by_hand = other.state == "blocked" and (subject, other.target) not in asked
            if not (ours or by_hand):
                return f"waits for {other.target}"
    for subject in (push.subject, *store.linked(push.subject)):
        if endpoint := store.endpoint(subject):
            forget_unread(sync, endpoint)
    now = sync.clock()
    store.erase(own_change(Act.ERASE, push.subject, EVERYTHING, now, actor=Actor.PERSON, method="erasure"))
    return ""
