"""What comes in and what goes out: a notice of somebody's consent before it is a change, and a push to a system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contextmail.model.consent import Act, Actor, Assurance, Scope, Trust

PushState = Literal["waiting", "pushing", "done", "blocked", "dropped"]
RECORD, ERASED = "record:", "erased:"
"""What stands before a system's own id of a person, in a notice whose endpoint only that system knows: it is read back."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a system says of one endpoint, in plain words: it holds an address, so it is never logged.

    `moved_to` is set where an address was changed for another: what restricts either restricts both.
    """

    endpoint: str
    act: Act
    scope: Scope
    source: str
    at: datetime | None = None
    value: str = ""
    actor: Actor = Actor.SYSTEM
    method: str = ""
    assurance: Assurance = Assurance.SIGNED
    trust: Trust = Trust.SOURCE
    strength: str = ""
    obtained: str = ""
    evidence: str = ""
    moved_to: str = ""
    read_back: bool = False
    """The source cannot say who did it, or nobody signed it: read the contact there before it may raise anything."""
    after: datetime | None = None
    """Where `at` is only the latest that it can have been: the earliest; None: `at` is when it was."""


@dataclass(frozen=True, slots=True)
class Push:
    """Something that a target is to be told of one endpoint. `position` is the ledger's when it was decided."""

    id: int
    target: str
    subject: str
    endpoint: str
    act: Act
    """DENY, GRANT, SUPPRESS, ERASE."""
    scope: Scope
    value: str
    position: int
    change: str
    """The id of the change behind it: the idempotency key of the push."""
    state: PushState
    tries: int
    """How often it was handed out."""
    reason: str
    made_at: datetime | None = None
    began_at: datetime | None = None
    """When it was handed out last; with `ended_at`, when its outcome came, this tells an echo."""
    ended_at: datetime | None = None
