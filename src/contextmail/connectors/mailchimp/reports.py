"""Who got which campaign, what they did with it, and who unsubscribed on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from contextmail.connectors.base import Consent, Touch
from contextmail.connectors.mailchimp.shapes import Campaign, Recipient
from contextmail.connectors.mailchimp.transport import Transport
from contextmail.connectors.mailchimp.values import key_of, moment, written

_LATE = timedelta(days=30)
"""How long after its sending a campaign may still be opened for the first time, as good as always."""


def touches(transport: Transport, audience: str, since: datetime | None, skip: Collection[str]) -> Iterator[Touch]:
    """Stream a touch for each recipient of each sent campaign, the earliest campaign first."""
    for campaign, at in _sent(transport, audience, since):
        if campaign not in skip:
            yield from _touches(transport, campaign, at)


def unsubscribed(transport: Transport, audience: str, since: datetime | None) -> Iterator[Consent]:
    """Stream a refusal for each unsubscription, dated; a contact itself says only when it last changed."""
    fields = [f"unsubscribes.{name}" for name in ("email_id", "email_address", "timestamp", "reason")]
    for campaign, _ in _sent(transport, audience, since):
        found: Iterable[Recipient] = transport.rows(
            "reports.get_unsubscribed_list_for_campaign",
            "unsubscribes",
            campaign_id=campaign,
            fields=[*fields, "total_items"],
        )
        for one in found:
            at = moment(one.get("timestamp"))
            if at is None or since is None or at >= since:
                email = one.get("email_address", "")
                yield Consent(_key(one), email, "email", "denied", at, one.get("reason") or "unsubscribed")


def _sent(transport: Transport, audience: str, since: datetime | None) -> Iterator[tuple[str, datetime]]:
    query = {"since_send_time": written(since - _LATE)} if since else {}
    found: Iterable[Campaign] = transport.rows(
        "campaigns.list",
        "campaigns",
        list_id=audience,
        status="sent",
        sort_field="send_time",
        sort_dir="ASC",
        fields=["campaigns.id", "campaigns.send_time", "total_items"],
        **query,
    )
    for campaign in found:
        if at := moment(campaign.get("send_time")):
            yield campaign["id"], at


def _touches(transport: Transport, campaign: str, at: datetime) -> Iterator[Touch]:
    """Join who was sent a campaign with what they did; those who did something are held in memory, the rest is not."""
    opened, clicked = set[str](), set[str]()
    active: Iterable[Recipient] = transport.rows(
        "reports.get_email_activity_for_campaign",
        "emails",
        campaign_id=campaign,
        fields=["emails.email_id", "emails.email_address", "emails.activity.action", "total_items"],
    )
    for one in active:
        actions = {activity.get("action") for activity in one.get("activity") or ()}
        if "open" in actions:
            opened.add(_key(one))
        if "click" in actions:
            clicked.add(_key(one))
    sent: Iterable[Recipient] = transport.rows(
        "reports.get_campaign_recipients",
        "sent_to",
        campaign_id=campaign,
        fields=["sent_to.email_id", "sent_to.email_address", "sent_to.status", "total_items"],
    )
    for one in sent:
        key = _key(one)
        # Who clicked has opened it, whether or not the picture that counts openings was loaded.
        seen = key in opened or key in clicked
        yield Touch(key, at, "email", campaign, one.get("status", "sent") == "sent", seen, key in clicked)


def _key(one: Recipient) -> str:
    return one.get("email_id") or key_of(one.get("email_address", ""))
