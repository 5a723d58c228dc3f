"""What contacts chose for each type of subscription, as rows of consent.

Whoever chose a type for marketing has granted marketing; who left one has refused that type alone, by its name. An
opt-out of everything is told by the contact itself, of its primary address. What a merge or a colleague has put beside
that address keeps its own choices, which HubSpot does not look at any more: what they refuse, the contact refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Literal

from contextmail.connectors.base import Consent
from contextmail.connectors.calling import batches
from contextmail.connectors.hubspot.choices import Choices, definitions
from contextmail.connectors.hubspot.paths import at
from contextmail.connectors.hubspot.records import Record, values
from contextmail.connectors.hubspot.times import moment
from contextmail.connectors.hubspot.transport import PAGE, Transport
from contextmail.model.hubspot import HubspotOptions

_STATUSES = "/communication-preferences/v4/statuses"
_CHANNEL = {"channel": "EMAIL"}
_SAYS: dict[str, Literal["granted", "denied"]] = {"SUBSCRIBED": "granted", "UNSUBSCRIBED": "denied"}


def consents(transport: Transport, contacts: Iterable[Record], options: HubspotOptions) -> Iterator[Consent]:
    """Stream them: 100 contacts a call on `enterprise`, else one a call and `statuses` contacts at most."""
    types = {str(one["id"]): one for one in definitions(transport)}
    others: list[tuple[str, str]] = []
    people = _people(contacts, others)
    found = (
        transport.in_order(lambda part: _batch(transport, part), batches(people, PAGE))
        if options.tier == "enterprise"
        else transport.in_order(lambda one: [_one(transport, *one)], islice(people, options.statuses))
    )
    for answers in found:
        for key, email, rows in answers:
            yield from _consents(key, email, rows, types)
    for _ in people:
        pass  # Of those beyond the limit the further addresses alone are looked at.
    choices = Choices(transport)
    for (key, email), of_all in zip(
        others, transport.in_order(lambda one: choices.of_all(one[1]), others), strict=True
    ):
        if of_all.left:
            yield Consent(key, email, "email", "denied", of_all.at, "a further address opted out")
    for key, email, rows in transport.in_order(lambda one: _one(transport, *one), others):
        yield from (one for one in _consents(key, email, rows, types) if one.status == "denied")


def _people(contacts: Iterable[Record], others: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Stream the ids of contacts with their primary addresses, and note the further ones."""
    for one in contacts:
        key, own = str(one["id"]), values(one)
        others += [(key, email) for email in (own.get("hs_additional_emails") or "").split(";") if email]
        if email := own.get("email"):
            yield key, email


def _one(transport: Transport, key: str, email: str) -> tuple[str, str, list[Any]]:
    answer = transport.send("GET", at(f"{_STATUSES}/{{}}", email), query=_CHANNEL)
    return key, email, answer.get("results") or []


def _batch(transport: Transport, people: list[tuple[str, str]]) -> list[tuple[str, str, list[Any]]]:
    keys = {email.lower(): key for key, email in people}
    emails = [email for _, email in people]
    answer = transport.one_batch(f"{_STATUSES}/batch/read", emails, query=_CHANNEL)
    told = ((str(one.get("subscriberIdString") or ""), one.get("statuses") or []) for one in answer.results)
    return [(keys[email.lower()], email, rows) for email, rows in told if email.lower() in keys]


def _consents(key: str, email: str, rows: list[Any], types: dict[str, Any]) -> Iterator[Consent]:
    granted: list[Consent] = []
    for row in rows:
        if status := _SAYS.get(str(row.get("status"))):
            type_ = types.get(str(row.get("subscriptionId")), {})
            name = str(type_.get("name") or row.get("subscriptionName") or row.get("subscriptionId")).lower()
            how = str(row.get("legalBasis") or row.get("source") or name)
            said = Consent(key, email, "email", status, moment(row.get("timestamp")), how, name)
            yield said
            if status == "granted" and str(type_.get("purpose") or "").lower() == "marketing":
                granted.append(said)
    if granted:
        first = min(granted, key=lambda one: (one.at is None, one.at or 0))
        yield Consent(key, email, "email", "granted", first.at, first.source)
