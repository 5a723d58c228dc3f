"""Who got which marketing e-mail, and what they did with it.

The events of e-mails are the only place that names recipients, of version 1 and so until September 2027; each is of an
address. Where there are none, each contact still tells of the latest e-mail that it got: then others are not counted.
Sources: HubSpot's pages "Email events" and "Marketing emails".
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from contextmail.connectors.base import Touch
from contextmail.connectors.calling import batches, unless_gone
from contextmail.connectors.hubspot.paths import ENDED
from contextmail.connectors.hubspot.records import Record, values
from contextmail.connectors.hubspot.times import moment
from contextmail.connectors.hubspot.transport import PAGE, Transport
from contextmail.errors import AuthenticationError

LATEST = "the latest marketing e-mail"
"""The campaign of every touch that a contact tells of."""
TOLD = "hs_email_last_send_date hs_email_last_open_date hs_email_last_click_date".split()
"""What a contact tells of the latest e-mail that it got."""

_EVENTS = "/email/public/v1/events"
_MOST = 1000
_LATE = timedelta(days=30)
"""How long after its sending an e-mail may still be opened for the first time, as good as always."""
_ONCE = ("BATCH_EMAIL", "AB_EMAIL")
"""Types that are sent once; of any other, people get some long after it was published."""


def has_events(transport: Transport) -> bool:
    """Say whether this portal tells recipients: its version of the API, and the scope of the token."""
    try:
        return unless_gone(lambda: transport.send("GET", _EVENTS, query={"limit": 1}), means=ENDED) is not None
    except AuthenticationError:
        return False


def touches(transport: Transport, since: datetime | None, skip: Collection[str]) -> Iterator[Touch]:
    """Stream a touch for each recipient of each e-mail that was sent, the earliest first.

    With `since`, those that were sent since then and up to 30 days before it, for openings come late; and automated
    ones.
    """
    for email, at, campaigns in _sent(transport, since):
        if email not in skip:
            for campaign in campaigns:
                yield from _touches(transport, email, at, campaign)


def latest(contacts: Iterable[Record]) -> Iterator[Touch]:
    """Stream the latest e-mail of each contact; they are one campaign."""
    for record in contacts:
        sent, opened, clicked = (moment(values(record).get(name)) for name in TOLD)
        if sent:
            did = [at is not None and at >= sent for at in (opened, clicked)]
            yield Touch(str(record["id"]), sent, "email", LATEST, None, any(did), did[1])


def _sent(transport: Transport, since: datetime | None) -> list[tuple[str, datetime, list[str]]]:
    """List e-mails that were sent, with the ids that their events go by."""
    found = []
    for one in transport.rows("/marketing/v3/emails", query={"limit": PAGE}):
        at = moment(one.get("publishDate"))
        ids = one.get("allEmailCampaignIds") or [one.get("primaryEmailCampaignId")]
        recent = since is None or one.get("type") not in _ONCE or (at is not None and at >= since - _LATE)
        if at and any(ids) and recent:
            found.append((str(one["id"]), at, [str(id_) for id_ in ids if id_]))
    return sorted(found, key=lambda one: (one[1], one[0]))


def _touches(transport: Transport, email: str, at: datetime, campaign: str) -> Iterator[Touch]:
    """Join who was sent an e-mail with what they did; those who did something are held in memory, the rest is not."""
    did = {type_: {_who(one) for one in _events(transport, campaign, type_)} for type_ in ("OPEN", "CLICK", "BOUNCE")}
    sent = ((_who(one), moment(one.get("created")) or at) for one in _events(transport, campaign, "SENT"))
    for part in batches(filter(operator.itemgetter(0), sent), PAGE):
        keys = _keys(transport, [who for who, _ in part])
        for who, moment_ in part:
            # Who clicked has opened it, whether or not the picture that counts openings was loaded.
            seen, clicked = who in did["OPEN"] or who in did["CLICK"], who in did["CLICK"]
            for key in keys.get(who, ()):
                yield Touch(key, moment_, "email", email, who not in did["BOUNCE"], seen, clicked)


def _events(transport: Transport, campaign: str, type_: str) -> Iterator[Any]:
    query: dict[str, str | int | bool] = {"campaignId": campaign, "eventType": type_, "limit": _MOST}
    while True:
        page = transport.send("GET", _EVENTS, query=query)
        yield from page.get("events") or ()
        if not page.get("hasMore"):
            return
        query["offset"] = page["offset"]


def _who(event: Any) -> str:
    return str(event.get("recipient") or "").strip().lower()


def _keys(transport: Transport, addresses: list[str]) -> dict[str, list[str]]:
    """Find the contacts of addresses; one that is nobody's any more is left out."""
    body = {"idProperty": "email", "properties": ["email", "hs_additional_emails"]}
    inputs = [{"id": one} for one in dict.fromkeys(addresses)]
    answer = transport.one_batch("/crm/v3/objects/contacts/batch/read", inputs, body=body)
    keys: dict[str, list[str]] = {}
    for record in answer.results:
        own = values(record)
        more = (own.get("hs_additional_emails") or "").split(";")
        for address in {one.strip().lower() for one in chain([own.get("email") or ""], more)}:
            keys.setdefault(address, []).append(str(record["id"]))
    return {address: sorted(set(ids)) for address, ids in keys.items()}
