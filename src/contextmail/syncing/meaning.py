"""What the ledger wants every system to hold, and whether it does. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contextmail.model.consent import (
    Act,
    Actor,
    Change,
    Choice,
    Scope,
    Standing,
    Suppression,
    Trust,
    Verdict,
    permission,
)
from contextmail.model.consent_story import explain
from contextmail.model.event import Notice

RESTRICTIVE = frozenset({Act.DENY, Act.SUPPRESS, Act.RESTRICT, Act.ERASE})
STATES = frozenset({Act.GRANT, Act.PEND, Act.NEVER, Act.DENY, Act.SUPPRESS})
"""What a system can be seen to hold."""
_PERMISSIVE = frozenset({Act.GRANT, Act.PEND})
_RAISING_ELSEWHERE = frozenset({Act.CLEAR, Act.UNRESTRICT, Act.RETRACT})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What systems are to be told of one scope, and the change that it rests on."""

    act: Act
    value: str
    change: Change

    @property
    def restricts(self) -> bool:
        """Say whether it takes permission away."""
        return self.act in RESTRICTIVE


def wanted(standing: Standing, scope: Scope) -> Wanted | None:
    """Say what a system is to hold within `scope`: a withdrawal, or a person's proven grant; None: leave it alone.

    What is merely unknown, pending or looked up is no withdrawal: telling it would take away what a system may well
    have been given. A full mailbox passes, and most systems know no way back.
    """
    held = permission(standing, scope)
    reasons = {reason.code: reason.change for reason in reversed(held.reasons) if reason.change}
    for code in ("denied", "erased", "restricted"):
        if code in reasons:
            return Wanted(Act.DENY, "", reasons[code])
    for kind in Suppression:
        if kind in reasons and kind is not Suppression.SOFT_BOUNCE:
            return Wanted(Act.SUPPRESS, kind, reasons[kind])
    proof = reasons.get("granted")
    if held.verdict is Verdict.ALLOW and held.choice is Choice.GRANTED and proof and proof.evidence:
        return Wanted(Act.GRANT, "", proof)
    return None


def said(notice: Notice) -> str:
    """Write what a system says as the store keeps it: `deny`, `grant`, `suppress=hard_bounce`."""
    return f"{notice.act}={notice.value}" if notice.value else str(notice.act)


def agrees(value: str, want: Wanted) -> bool:
    """Say whether a system that says `value` needs not be told."""
    return bool(value) and (value in _PERMISSIVE) is not want.restricts


def contradicts(value: str, want: Wanted) -> bool:
    """Say whether a system that says `value` holds more than is wanted; one that still asks the person does, too."""
    return want.restricts and value in _PERMISSIVE


def holds(notices: Iterable[Notice], want: Wanted, scope: Scope) -> bool | None:
    """Say whether a system that answers with `notices` holds what is wanted within `scope`; None: it is silent.

    A withdrawal is for all that lies within its scope; a grant lifts nothing narrower that stands against it.
    """
    held = [(notice.scope, notice.act) for notice in notices]
    around = {act for at, act in held if at.covers(scope)}
    if not want.restricts:
        return around <= _PERMISSIVE if around else None
    within = {act for at, act in held if scope.covers(at)} | (around - _PERMISSIVE)
    return not _PERMISSIVE & within if within else None


def is_own(notice: Notice, act: Act) -> bool:
    """Say whether a read-back shows no more than the push before it did; all else is news."""
    return notice.act in _PERMISSIVE if act is Act.GRANT else notice.act is Act.DENY


def as_change(notice: Notice, subject: str, received_at: datetime, ref: str) -> Change:
    """Make the change that a notice is; the same facts give the same id, so that a repetition adds nothing.

    `ref` tells apart what has no date that counts: the event's number, or the time of the sweep.
    """
    at = notice.at.isoformat() if notice.at and notice.trust is Trust.SOURCE else ref
    return Change(
        id=digest(notice.source, subject, notice.act, notice.scope, notice.value, notice.actor, notice.assurance, at),
        subject=subject,
        act=notice.act,
        scope=notice.scope,
        received_at=received_at,
        at=notice.at,
        value=notice.value,
        source=notice.source,
        actor=notice.actor,
        method=notice.method,
        assurance=notice.assurance,
        trust=notice.trust,
        strength=notice.strength,
        obtained=notice.obtained,
        evidence=notice.evidence,
    )


def own_change(
    act: Act, subject: str, scope: Scope, now: datetime, *, value: str = "", actor: Actor = Actor.SYSTEM, method: str
) -> Change:
    """Make a change of contextmail's own, or of a colleague through it."""
    return Change(
        id=digest("contextmail", subject, act, scope, value, actor, now.isoformat()),
        subject=subject,
        act=act,
        scope=scope,
        received_at=now,
        at=now,
        value=value,
        source="contextmail",
        actor=actor,
        method=method,
    )


def digest(*parts: object) -> str:
    """Give an id to a combination of texts."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def affected(new: Iterable[Change], known: Iterable[Change]) -> set[Scope]:
    """List the scopes in which new changes may have moved the permission.

    What clears or lifts says where it reaches, and what it uncovers was said at narrower scopes.
    """
    new, scopes = list(new), {change.scope for change in known}
    below = {s for change in new if change.act in _RAISING_ELSEWHERE for s in scopes if change.scope.covers(s)}
    return below | {change.scope for change in new}


def flips(changes: Iterable[Change], scope: Scope, now: datetime, limit: int) -> bool:
    """Say whether the permission changed sides more than `limit` times within the hour, or since it was released."""
    changes = list(changes)
    released = (c.received_at for c in changes if c.act is Act.CLEAR and c.value == Suppression.FLAPPING)
    since = max([now - timedelta(hours=1), *released])
    if sum(change.received_at > since for change in changes) <= limit:
        return False
    steps = (step for step in explain(changes, scope) if step.change.received_at > since)
    return sum((step.before is Verdict.DENY) is not (step.after is Verdict.DENY) for step in steps) > limit
