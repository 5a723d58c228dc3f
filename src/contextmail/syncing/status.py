"""How consent stands: what waits, since when, and what only a person can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from contextmail.model.event import Push
from contextmail.store.base import InboxEvent, Task
from contextmail.syncing.base import Sync
from contextmail.syncing.meaning import RESTRICTIVE

HOUR, BEFORE = timedelta(hours=1), timedelta(weeks=4)
SUDDENLY = 3
"""So many times the busiest hour before are more than a campaign makes."""
MOST = 1000
"""Quarantined events that are looked at; more are as bad as these."""


@dataclass(frozen=True, slots=True)
class Status:
    """How consent stands at `at`; subjects are the ledger's hashes, never addresses."""

    at: datetime
    tasks: list[Task]
    unsynced: list[Push]
    """Withdrawals and erasures that a system was not told of yet, the oldest first."""
    waiting: int
    """All pushes that are still to be carried out."""
    blocked: list[Push]
    quarantined: list[InboxEvent]
    new: int
    """Events that were not taken yet, MOST at most."""
    swept: dict[str, datetime | None]
    """System -> when its last sweep that ended well began."""
    withdrew: int
    """People who withdrew within the last hour."""
    busiest: int
    """People who withdrew in the busiest hour of the four weeks before."""
    alarm: str
    """What is to be looked into because suddenly many withdraw; every withdrawal counts all the same."""

    @property
    def oldest_withdrawal(self) -> float | None:
        """Give the age of the oldest withdrawal that some system was not told of, in seconds: the figure to watch."""
        made = [push.made_at for push in self.unsynced if push.made_at]
        return (self.at - min(made)).total_seconds() if made else None

    @property
    def frozen(self) -> list[Task]:
        """List the tasks that are about an endpoint itself, not about a system: frozen, or in doubt."""
        return [task for task in self.tasks if not task.target]

    @property
    def needs_a_person(self) -> bool:
        """Say whether something stands still until somebody looks."""
        return bool(self.tasks or self.quarantined or self.alarm)


def status(sync: Sync) -> Status:
    """Look at the store; no system is called."""
    store, now = sync.store, sync.clock()
    # A system's clock may be ahead.
    withdrew = sum(store.withdrawals(now - HOUR, now + HOUR))
    busiest = max(store.withdrawals(now - BEFORE, now - HOUR), default=0)
    sudden = withdrew >= sync.options.alarm and withdrew > SUDDENLY * busiest
    blocked, open_ = store.pushes("blocked"), [*store.pushes("waiting"), *store.pushes("pushing")]
    asked = {(task.subject, task.target) for task in store.tasks()}
    # A blocked push whose task somebody has closed was done by hand.
    blocked = [push for push in blocked if (push.subject, push.target) in asked]
    return Status(
        at=now,
        tasks=store.tasks(),
        unsynced=sorted((p for p in [*open_, *blocked] if p.act in RESTRICTIVE), key=lambda push: push.id),
        waiting=len(open_),
        blocked=blocked,
        quarantined=store.inbox("quarantined", limit=MOST),
        new=len(store.inbox("new", limit=MOST)),
        swept={name: store.watermark(name) for name, system in sync.systems.items() if system.readable},
        withdrew=withdrew,
        busiest=busiest,
        alarm=f"{withdrew} people withdrew within an hour, at most {busiest} before: find out why" if sudden else "",
    )
