"""What the ledger permits, for many endpoints at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from contextmail.errors import RecordRejected
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Choice, Permission, Scope, Standing, Verdict, fold, permission, restrictions
from contextmail.model.endpoint import normalise
from contextmail.model.ledger import Known
from contextmail.store.base import Consents, Ledger

_SAYS_NO_NO = ("granted", "no-record", Choice.PENDING, Choice.NEVER)
"""Reasons that leave the word to the platform that delivers: it knows better than the ledger who has confirmed since."""
_FEW = 5_000
"""Endpoints up to which each is looked up; beyond, those that the ledger knows are read first."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the ledger holds of one endpoint within a scope; `only` and the cap (`most` in `days`) are what they asked for."""

    endpoint: str
    refused: bool
    follows: bool
    """The refusal is the person's, and holds at their other endpoints too."""
    only: str
    most: str
    days: str


def permitted(ledger: Ledger, endpoint: str, scope: Scope) -> Permission:
    """Say, just before a message is sent, whether it may go to an address or number, and why.

    `scope` names the channel and purpose of the message, and its list and topic if it has them. Whatever the receiver
    has acknowledged counts. Raises RecordRejected for an endpoint that is none, StoreDownError.
    """
    consents = ledger.now()
    return permission(fold(consents.changes(consents.subject(normalise(endpoint)))), scope)


def refused(ledger: Ledger, scope: Scope, endpoints: Iterable[str]) -> set[str]:
    """Give those of `endpoints`, as they are written there, that the ledger does not permit within `scope`.

    Of whom nothing is on record the ledger says nothing: the platform's own list decides. Raises StoreDownError.
    """
    consents = ledger.now()
    known = set(consents.subjects())
    return {endpoint for endpoint in endpoints if known and _is_refused(consents, scope, endpoint, known)}


def held(ledger: Ledger, scope: Scope, endpoints: Collection[str]) -> Iterator[Held]:
    """Say what the ledger holds of normalised endpoints; those of which it knows nothing are left out.

    Raises StoreDownError.
    """
    consents = ledger.now()
    known = set(consents.subjects()) if len(endpoints) > _FEW else None
    for endpoint in endpoints:
        subject = consents.subject(endpoint)
        changes = consents.changes(subject) if known is None or subject in known else ()
        if changes:
            standing = fold(changes)
            most, _, days = _value(standing, "most").partition("/")
            refuses_, follows = permission(standing, scope), permission(fold(restrictions(changes)), scope)
            yield Held(endpoint, _denies(refuses_), _denies(follows), _value(standing, "only"), most, days)


def _is_refused(consents: Consents, scope: Scope, endpoint: str, known: set[str]) -> bool:
    try:
        subject = consents.subject(normalise(endpoint))
    except RecordRejected:
        return False
    return subject in known and refuses(consents, subject, scope)


def refuses(consents: Consents, subject: str, scope: Scope) -> bool:
    """Say whether a message within `scope` may not go to a subject; the one question of plan, apply and worker."""
    return _denies(permission(fold(consents.changes(subject)), scope))


def _denies(held: Permission) -> bool:
    return held.verdict is Verdict.DENY and any(reason.code not in _SAYS_NO_NO for reason in held.reasons)


def snapshot(ledger: Ledger) -> Iterator[Known]:
    """Stream what the ledger says of every endpoint that it knows, by channel and purpose, for the facts."""
    consents = ledger.now()
    for subject in consents.subjects():
        endpoint = consents.endpoint(subject)
        if endpoint is None:
            continue
        standing = fold(consents.changes(subject))
        channels = (Channel.EMAIL,) if "@" in endpoint else (Channel.SMS, Channel.VOICE, Channel.CALL)
        for channel in channels:
            for purpose in Purpose:
                yield _known(endpoint, standing, channel, purpose)


def _known(endpoint: str, standing: Standing, channel: Channel, purpose: Purpose) -> Known:
    held = permission(standing, Scope(channel, purpose))
    said = held.choice if held.choice in (Choice.GRANTED, Choice.PENDING) else ""
    decisive = held.reasons[0].change
    found = standing.given or standing.looked_up
    most, _, days = _value(standing, "most").partition("/")
    return Known(
        endpoint,
        channel,
        purpose,
        "denied" if _denies(held) else said,
        decisive.counts_at if decisive else None,
        found.obtained if found else "",
        _value(standing, "only"),
        int(most or 0),
        int(days or 0),
    )


def _value(standing: Standing, name: str) -> str:
    kept = standing.preferences.get(name)
    return kept.value.partition("=")[2] if kept else ""
