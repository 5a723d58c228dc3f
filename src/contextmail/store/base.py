"""The memory of consent: inbox, ledger, outbox, tasks, secrets. One conformance suite holds every store to this.

Whoever calls thinks in endpoints; the store keeps `subject`, a keyed hash of brand and endpoint, and seals whatever
holds an address. Every method that writes is durable when it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from contextmail.errors import ContextmailError
from contextmail.model.consent import Act, Assurance, Change, Scope
from contextmail.model.event import Push, PushState
from contextmail.model.touch import Touch

InboxState = Literal["new", "done", "quarantined"]


class StoreDownError(ContextmailError):
    """The store cannot be written just now: answer 503, and the sender tries again."""


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """A verified event as it came; `body` is what the sender sent."""

    id: int
    source: str
    account: str
    received_at: datetime
    assurance: Assurance
    body: bytes
    state: InboxState
    reason: str
    tries: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something that only a person can do, by the id of the push that is blocked or the subject that is frozen."""

    id: int
    subject: str
    target: str
    what: str
    made_at: datetime
    done_at: datetime | None


class Consents(Protocol):
    """What is known of everybody's consent at one moment."""

    def subject(self, endpoint: str) -> str:
        """Give the keyed hash of a normalised endpoint within the brand."""
        ...

    def endpoint(self, subject: str) -> str | None:
        """Give the endpoint of a subject; None: it was erased, or nobody has told it to the ledger yet."""
        ...

    def subjects(self) -> Iterator[str]:
        """Stream every subject of whom something is known."""
        ...

    def changes(self, subject: str) -> list[Change]:
        """List the changes of a subject, and what restricts those linked to it."""
        ...


class Ledger(Protocol):
    """What is asked before a message is sent: it knows of every event that was acknowledged, folded or not."""

    def now(self) -> Consents:
        """Give what is known at this moment. Raises StoreDownError."""
        ...

    def touches(self) -> Iterator[Touch]:
        """Stream the touches whose outcomes files have told."""
        ...

    def touches_of(self, customer: str, endpoint: str) -> list[Touch]:
        """List those of a customer and of a normalised endpoint; either may be empty."""
        ...


class ConsentStore(Protocol):
    """Keep consent. Safe for several threads and processes.

    Its `changes` are what the worker has folded by now; whoever decides on a message asks a `Ledger`.
    """

    # inbox
    def receive(self, source: str, account: str, dedupe: str, assurance: Assurance, body: bytes, at: datetime) -> bool:
        """Keep an event before it is acknowledged; False: it was here before. Raises StoreDownError."""
        ...

    def inbox(
        self, state: InboxState = "new", *, source: str = "", after: int = 0, limit: int = 100
    ) -> list[InboxEvent]:
        """List events of a state, the oldest first, from behind the id `after`, bodies unsealed."""
        ...

    def untied(self, *, after: int = 0, limit: int = 100) -> list[InboxEvent]:
        """List events whose body is kept and that are in quarantine, or done and tied to no subject."""
        ...

    def drop(self, event: int, reason: str) -> None:
        """Drop the body of an event that nobody will take any more; its key stays."""
        ...

    def settle(self, event: int, state: InboxState, reason: str = "", *, subjects: Iterable[str] = ()) -> None:
        """Say what became of an event and whom it spoke of (its body goes when they are erased); `new` for a replay."""
        ...

    # ledger
    def subject(self, endpoint: str) -> str:
        """Give the keyed hash of a normalised endpoint within the store's brand."""
        ...

    def endpoint(self, subject: str) -> str | None:
        """Give the endpoint of a subject, None: it was erased or never known."""
        ...

    def append(self, changes: Iterable[Change], endpoints: Iterable[str] = ()) -> int:
        """Add changes (a known id is passed over), remember endpoints; return how many were new."""
        ...

    def link(self, one: str, other: str) -> None:
        """Remember that two subjects are one person's by an address change: what restricts either restricts both."""
        ...

    def linked(self, subject: str) -> list[str]:
        """List the other subjects of the same person, however many address changes away."""
        ...

    def changes(self, subject: str) -> list[Change]:
        """List the changes of a subject, and what restricts those linked to it (`restrictions`), oldest first."""
        ...

    def position(self) -> int:
        """Give the number of the ledger's last change."""
        ...

    def withdrawals(self, since: datetime, until: datetime) -> list[int]:
        """Count who withdrew in each hour of the clock, by when it happened; hours without any are left out."""
        ...

    def subjects_since(self, position: int) -> list[str]:
        """List the subjects that changed after a position, with those linked to them."""
        ...

    def subjects(self) -> Iterator[str]:
        """Stream every subject of the ledger."""
        ...

    # outbox
    def enqueue(self, pushes: Iterable[tuple[str, str, Act, Scope, str, str]]) -> int:
        """Add (target, subject, act, scope, value, change id); a newer decision for the same scope replaces a waiting one."""
        ...

    def due(self, now: datetime, *, limit: int = 100) -> list[Push]:
        """Claim what is to be pushed now, withdrawals and erasures first; a claim lapses after a minute."""
        ...

    def renew(self, push: int, now: datetime) -> None:
        """Let a claim last another minute from now."""
        ...

    def pushed(self, push: int, state: PushState, reason: str = "", *, again_at: datetime | None = None) -> None:
        """Say what became of a push; `waiting` with the time of the next try."""
        ...

    def pushes(self, state: PushState | None = None, *, subject: str = "") -> list[Push]:
        """List pushes, for `status` and to tell an echo."""
        ...

    # observations
    def observed(self, system: str, subject: str, scope: Scope) -> tuple[str, datetime | None] | None:
        """Give what a system was last seen to say, and since when by its own clock."""
        ...

    def observe(self, system: str, subject: str, scope: Scope, value: str, at: datetime | None) -> None:
        """Remember what a system says."""
        ...

    # touches
    def keep_touch(self, touch: Touch, subject: str, received_at: datetime) -> bool:
        """Keep a touch; False: it was here before. `subject` is that of its endpoint, empty: it has none."""
        ...

    def touches(self) -> Iterator[Touch]:
        """Stream every touch; its endpoint is there where its customer is not, and where it bars somebody from it."""
        ...

    def touches_of(self, customer: str, subject: str) -> list[Touch]:
        """List the touches of a customer and of an endpoint's subject; either may be empty."""
        ...

    # tasks, secrets, watermarks
    def ask(self, subject: str, target: str, what: str) -> None:
        """Leave a task for a person; the same open task is not asked twice."""
        ...

    def tasks(self, *, subject: str = "", open_only: bool = True) -> list[Task]:
        """List tasks, of one subject or of all."""
        ...

    def finish(self, task: int) -> None:
        """Close a task."""
        ...

    def secrets(self, source: str, account: str, now: datetime) -> Sequence[str]:
        """Give the secrets that are valid: the current one first, the one before until it lapses."""
        ...

    def set_secret(self, source: str, account: str, secret: str, *, keep_old_until: datetime | None = None) -> None:
        """Keep a new secret, sealed; the one before stays valid until then, or not at all."""
        ...

    def forget_secret(self, source: str, account: str) -> None:
        """Drop every secret of a source's account."""
        ...

    def accounts(self) -> list[tuple[str, str]]:
        """List source and account of every secret that is kept."""
        ...

    def watermark(self, name: str) -> datetime | None:
        """Give the time up to which a sweep has seen everything."""
        ...

    def set_watermark(self, name: str, at: datetime) -> None:
        """Remember it."""
        ...

    # erasure and retention
    def erase(self, tombstone: Change) -> None:
        """Drop everything of the tombstone's subject and its links (endpoint, changes, raw events) but the tombstone."""
        ...

    def prune(self, *, raw_before: datetime, unread_before: datetime | None = None) -> int:
        """Drop the raw bodies of events that are done and were received before then, and pushes that ended before then.

        What is in quarantine goes by `unread_before`; None: it stays. Keys stay, so that a repetition is known.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything within one commit: all of it, or nothing."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
