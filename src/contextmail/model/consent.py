"""Consent: dated changes, their fold, and the permission that follows. Pure: no clock, no store, no network.

A change says one thing about one endpoint. The standing of an endpoint is the fold of all of its changes; it keeps,
for each scope, only the latest withdrawal and the latest grant, so the order and the repetition of changes do not
matter. Permission is computed from the standing and never stored. After the remove-biased sets of Shapiro et al.,
"Conflict-free Replicated Data Types" (2011): of a withdrawal and a grant at the same time the withdrawal holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent_words import LOOKED_UP, Act, Actor, Assurance, Obtained, Suppression, Trust

__all__ = [
    "LOOKED_UP",
    "OF_THE_ENDPOINT",
    "Act",
    "Actor",
    "Assurance",
    "Change",
    "Choice",
    "Obtained",
    "Permission",
    "Reason",
    "Scope",
    "Standing",
    "Suppression",
    "Trust",
    "Verdict",
    "erased",
    "fold",
    "permission",
    "restrictions",
]

_BY_A_COLLEAGUE = frozenset({Actor.AGENT})
_BY_THE_PLATFORM = frozenset({Actor.PLATFORM, Actor.AGENT})

_MAY_CLEAR: dict[str, frozenset[Actor]] = {
    Suppression.HARD_BOUNCE: _BY_THE_PLATFORM,
    Suppression.SOFT_BOUNCE: _BY_THE_PLATFORM,
    Suppression.INVALID: _BY_THE_PLATFORM,
    Suppression.PLATFORM: _BY_THE_PLATFORM,
    Suppression.CARRIER_STOP: frozenset({Actor.PERSON}),
    Suppression.DNC_NATIONAL: frozenset({Actor.PLATFORM}),
    Suppression.DNC_INTERNAL: frozenset({Actor.PERSON, Actor.AGENT}),
}
"""Who makes the counter-event of a suppression; a colleague alone where it is not named, as of a complaint."""

_MAY_RAISE = {
    Act.GRANT: frozenset({Actor.PERSON}),
    Act.UNRESTRICT: frozenset({Actor.PERSON, Actor.AGENT}),
    Act.RETRACT: frozenset({Actor.PERSON, Actor.AGENT, Actor.SYSTEM, Actor.PLATFORM}),
}
_RAISING = {*_MAY_RAISE, Act.CLEAR}

OF_THE_ENDPOINT = frozenset(
    {
        Suppression.HARD_BOUNCE, Suppression.SOFT_BOUNCE, Suppression.INVALID, Suppression.DNC_NATIONAL,
        Suppression.WRONG_PERSON, Suppression.REASSIGNED,
    }
)  # fmt: skip
"""Suppressions of one address or number: they stay behind when the person moves to another."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Say how far a change reaches; an empty part means all of it: `all > channel > list > topic`, by purpose."""

    channel: str = ""
    purpose: str = ""
    list: str = ""
    topic: str = ""

    def covers(self, other: Scope) -> bool:
        """Say whether `other` lies within this scope (a scope covers itself)."""
        return (
            self.channel in ("", other.channel)
            and self.purpose in ("", other.purpose)
            and self.list in ("", other.list)
            and self.topic in ("", other.topic)
        )

    def __str__(self) -> str:
        return "/".join(part for part in (self.channel, self.purpose, self.list, self.topic) if part) or "all"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that somebody said or did about one endpoint, with its provenance. Times are UTC without a zone.

    `subject` stands for brand and endpoint: a keyed hash, so that a ledger can be read without an address.
    """

    id: str
    subject: str
    act: Act
    scope: Scope
    received_at: datetime
    at: datetime | None = None
    """When it happened, by the source's clock; None: not said."""
    value: str = ""
    source: str = ""
    """The system and account: `mailchimp:LIST`, `one-click`, `import:FILE`."""
    actor: Actor = Actor.SYSTEM
    method: str = ""
    """How: `one-click`, `link`, `preference-centre`, `stop-reply`, `spoken`, `form`, `api`, `poll` …"""
    assurance: Assurance = Assurance.SIGNED
    trust: Trust = Trust.SOURCE
    strength: str = ""
    """Of a grant: `implied`, `explicit` or `confirmed`."""
    obtained: str = ""
    evidence: str = ""
    """Where the proof lies: a source's event id, the wording of a form; never an address."""

    @property
    def lowers(self) -> bool:
        """Say whether the change can only take permission away."""
        return self.act in (Act.DENY, Act.SUPPRESS, Act.RESTRICT, Act.ERASE)

    @property
    def counts_at(self) -> datetime:
        """Give the time that the fold uses: never later than the receipt; a withdrawal of doubtful date: the receipt."""
        if self.at is None or (self.lowers and self.trust is not Trust.SOURCE):
            return self.received_at
        return min(self.at, self.received_at)

    @property
    def refused(self) -> str:
        """Say why the change may not raise permission; empty: it may, or does not try to."""
        if self.act not in _RAISING:
            return ""
        if self.actor not in self._may_raise():
            if self.act is Act.GRANT:
                return f"made by the {self.actor}, not by the person: it may lower and never raise"
            return f"the {self.actor} cannot {self.act} {self.value or 'it'}"
        if self.at is None or self.trust is Trust.NONE:
            return f"a {self.act} without a date cannot raise"
        if self.assurance is Assurance.UNSIGNED:
            return f"an unsigned {self.act} cannot raise before it is read back"
        return ""

    def _may_raise(self) -> frozenset[Actor]:
        if self.act is Act.CLEAR:
            return _MAY_CLEAR.get(self.value, _BY_A_COLLEAGUE)
        return _MAY_RAISE[self.act]


@dataclass(slots=True)
class Standing:
    """What holds of one endpoint: the latest change of each kind and scope. Made by `fold` only."""

    denied: dict[Scope, Change] = field(default_factory=dict)
    granted: dict[Scope, Change] = field(default_factory=dict)
    implied: dict[Scope, Change] = field(default_factory=dict)
    """Grants that nobody spoke: a purchase, an inquiry. They fill a silence, and lift nothing."""
    pending: dict[Scope, Change] = field(default_factory=dict)
    never: dict[Scope, Change] = field(default_factory=dict)
    suppressed: dict[tuple[Scope, str], Change] = field(default_factory=dict)
    cleared: dict[tuple[Scope, str], Change] = field(default_factory=dict)
    restricted: Change | None = None
    unrestricted: Change | None = None
    erased: Change | None = None
    preferences: dict[str, Change] = field(default_factory=dict)
    given: Change | None = None
    """The person gave us the endpoint; it does not matter who else has looked it up."""
    looked_up: Change | None = None


class Verdict(StrEnum):
    """Say whether a message may go: `ask` where nothing is on record and the law leaves it to the sender's regime."""

    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


class Choice(StrEnum):
    """Name what the person has chosen in one scope."""

    UNKNOWN = "unknown"
    NEVER = "never"
    PENDING = "pending"
    GRANTED = "granted"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Reason:
    """Say one reason of a permission, and the change that it rests on (None: the default of the channel)."""

    code: str
    text: str
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be done in one scope, why, and what the person chose there."""

    verdict: Verdict
    choice: Choice
    reasons: tuple[Reason, ...]


def fold(changes: Iterable[Change]) -> Standing:
    """Fold changes, in any order and however often each, into what holds."""
    known = list(changes)
    retracted = {change.value for change in known if change.act is Act.RETRACT and not change.refused}
    standing = Standing()
    for change in known:
        # Only what was never sure can be taken back.
        if change.id in retracted and change.assurance is Assurance.UNSIGNED:
            continue
        if not change.refused:
            _add(standing, change)
        if change.obtained in LOOKED_UP:
            standing.looked_up = _later(standing.looked_up, change)
        elif change.obtained and change.actor is Actor.PERSON and change.assurance is not Assurance.UNSIGNED:
            standing.given = _later(standing.given, change)
    return standing


def _add(standing: Standing, change: Change) -> None:
    by_scope = {
        Act.GRANT: standing.implied if change.strength == "implied" else standing.granted,
        Act.PEND: standing.pending,
        Act.NEVER: standing.never,
        Act.DENY: standing.denied,
    }
    match change.act:
        case Act.GRANT | Act.PEND | Act.NEVER | Act.DENY:
            kept = by_scope[change.act]
            kept[change.scope] = _later(kept.get(change.scope), change)
        case Act.SUPPRESS | Act.CLEAR:
            pairs = standing.suppressed if change.act is Act.SUPPRESS else standing.cleared
            key = (change.scope, change.value)
            pairs[key] = _later(pairs.get(key), change)
        case Act.RESTRICT:
            standing.restricted = _later(standing.restricted, change)
        case Act.UNRESTRICT:
            standing.unrestricted = _later(standing.unrestricted, change)
        case Act.ERASE:
            standing.erased = _later(standing.erased, change)
        case Act.PREFER:
            name = change.value.partition("=")[0]
            kept_one = standing.preferences.get(name)
            # What the person said is not overwritten by what a machine or a file says of them.
            if kept_one is None or _spoken(kept_one) == _spoken(change):
                standing.preferences[name] = _later(kept_one, change)
            elif _spoken(change):
                standing.preferences[name] = change
        case Act.RETRACT:
            pass


def _later(one: Change | None, other: Change) -> Change:
    """Give the later of two; of two at the same time always the same one, whichever came first."""
    if one is None:
        return other
    return max(one, other, key=lambda c: (c.counts_at, c.value, c.id))


def _spoken(change: Change) -> bool:
    return change.actor in (Actor.PERSON, Actor.AGENT) and change.assurance is not Assurance.UNSIGNED


def erased(changes: Iterable[Change]) -> bool:
    """Say whether nothing may be recorded of an endpoint: it was erased, and the person has not granted anew since."""
    standing = fold(changes)
    return standing.erased is not None and not any(_after_erasure(standing, standing.granted.values()))


def _after_erasure(standing: Standing, grants: Iterable[Change]) -> Iterable[Change]:
    """Give the grants that an erasure leaves: what was granted before it is gone, however late it comes in."""
    erased = standing.erased
    return (grant for grant in grants if erased is None or grant.counts_at > erased.counts_at)


def restrictions(changes: Iterable[Change]) -> list[Change]:
    """List what restricts an endpoint and goes with the person to another address or number of theirs.

    Not what they have taken back themselves in the same scope, nor what is of the endpoint alone, as a bounce is.
    """
    standing = fold(changes)
    denied = [
        denial
        for at, denial in standing.denied.items()
        if at not in standing.granted or standing.granted[at].counts_at <= denial.counts_at
    ]
    suppressed = [change for at, kind, change in _uncleared(standing) if kind not in OF_THE_ENDPOINT]
    privacy = [change for change in (standing.erased, _restriction(standing)) if change]
    return [*denied, *suppressed, *privacy, *standing.preferences.values()]


def permission(standing: Standing, scope: Scope) -> Permission:
    """Compute what may be done within `scope`: the most restrictive of all that holds there, with every reason.

    `scope` names the channel and the purpose of a message, and its list and topic if it has them. A grant lifts a
    withdrawal when it is later, at the same or a narrower scope, and covers what is asked.
    """
    choice, said = _choice(standing, scope)
    denials = [*_privacy(standing, scope), *_suppressions(standing, scope)]
    if choice is Choice.DENIED:
        denials += said
    if standing.looked_up and not standing.given and choice is not Choice.GRANTED and _reaches_out(scope):
        denials.append(Reason("looked-up", "the person did not give us this address or number", standing.looked_up))
    if denials:
        return Permission(Verdict.DENY, choice, tuple(denials))
    if choice is Choice.GRANTED:
        return Permission(Verdict.ALLOW, choice, said)
    return Permission(*_default(scope, choice), said or (Reason("no-record", "nothing is on record"),))


def _reaches_out(scope: Scope) -> bool:
    """Say whether a message wants something of the person; every call and every text message does."""
    return scope.channel not in _SILENT or scope.purpose not in _ASKED_FOR


_SILENT = (Channel.EMAIL, Channel.POSTAL)
_ASKED_FOR = (Purpose.SERVICE, Purpose.TRANSACTIONAL)


def _default(scope: Scope, choice: Choice) -> tuple[Verdict, Choice]:
    if scope.purpose in _ASKED_FOR:
        return Verdict.ALLOW, choice
    # Text messages and calls need a yes beforehand nearly everywhere (TCPA, ePrivacy Directive art. 13).
    silent = scope.channel in _SILENT and choice is Choice.UNKNOWN
    return (Verdict.ASK if silent else Verdict.DENY), choice


def _choice(standing: Standing, scope: Scope) -> tuple[Choice, tuple[Reason, ...]]:
    grants = _grants(standing.granted, standing, scope)
    denied = tuple(
        Reason("denied", f"withdrawn for {at}", denial)
        for at, denial in sorted(standing.denied.items())
        if at.covers(scope)
        and not any(at.covers(grant.scope) and grant.counts_at > denial.counts_at for grant in grants)
    )
    if denied:
        return Choice.DENIED, denied
    if grants := grants or _grants(standing.implied, standing, scope):
        latest = max(grants, key=lambda c: (c.counts_at, c.id))
        return Choice.GRANTED, (Reason("granted", f"granted for {latest.scope}", latest),)
    for kept, choice, text in (
        (standing.pending, Choice.PENDING, "asked and not confirmed"),
        (standing.never, Choice.NEVER, "never asked for it"),
    ):
        found = [change for at, change in sorted(kept.items()) if at.covers(scope)]
        if found:
            return choice, (Reason(str(choice), text, found[0]),)
    return Choice.UNKNOWN, ()


def _grants(kept: dict[Scope, Change], standing: Standing, scope: Scope) -> list[Change]:
    return list(_after_erasure(standing, (grant for at, grant in kept.items() if at.covers(scope))))


def _suppressions(standing: Standing, scope: Scope) -> Iterable[Reason]:
    for at, kind, change in _uncleared(standing):
        if at.covers(scope):
            yield Reason(kind, f"suppressed: {kind.replace('_', ' ')}", change)


def _uncleared(standing: Standing) -> Iterable[tuple[Scope, str, Change]]:
    for (at, kind), change in sorted(standing.suppressed.items()):
        cleared = any(
            name == kind and where.covers(at) and clear.counts_at > change.counts_at
            for (where, name), clear in standing.cleared.items()
        )
        if not cleared:
            yield at, kind, change


def _privacy(standing: Standing, scope: Scope) -> Iterable[Reason]:
    if standing.erased is not None:
        # Only what the person says anew, after it, makes a new record; what they order then needs no further grant.
        known = scope.purpose in _ASKED_FOR
        grants = (grant for at, grant in standing.granted.items() if known or at.covers(scope))
        if not any(_after_erasure(standing, grants)):
            yield Reason("erased", "erased at the person's wish", standing.erased)
    if restricted := _restriction(standing):
        yield Reason("restricted", "processing is restricted", restricted)


def _restriction(standing: Standing) -> Change | None:
    restricted, lifted = standing.restricted, standing.unrestricted
    return None if restricted and lifted and lifted.counts_at > restricted.counts_at else restricted
