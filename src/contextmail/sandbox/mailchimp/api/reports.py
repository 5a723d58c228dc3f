"""/reports: who got a campaign and what they did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from contextmail.sandbox.mailchimp.api.campaigns import CAMPAIGNS
from contextmail.sandbox.mailchimp.call import Call, Collection, Document, Shape, found, iso
from contextmail.sandbox.mailchimp.model import Campaign, Receipt

_REPORT = Shape("id type list_id send_time=send_at", list_is_active=True, delivery_status={"enabled": False})
_RECEIPT = Shape("email_id=key email_address=email", list_is_active=True)


def _sent(call: Call) -> dict[str, Campaign]:
    campaigns = call.state.campaigns
    return {id_: campaigns[id_] for id_ in call.state.reports if id_ in campaigns and campaigns[id_].send_at}


def _receipts(call: Call) -> dict[str, Receipt]:
    return found(call.state.reports.get(CAMPAIGNS.one(call).id))


def _gone(call: Call) -> dict[str, Receipt]:
    return {key: one for key, one in _receipts(call).items() if one.unsubscribed_at}


def _summary(call: Call, campaign: Campaign) -> Document:
    receipts = call.state.reports[campaign.id].values()
    opens = [at for one in receipts for at in one.opens]
    clicks = [at for one in receipts for at, _ in one.clicks]
    openers, clickers = sum(bool(one.opens) for one in receipts), sum(bool(one.clicks) for one in receipts)
    sent = max(len(receipts), 1)
    opened = {"opens_total": len(opens), "unique_opens": openers, "open_rate": openers / sent}
    clicked = {"clicks_total": len(clicks), "unique_clicks": clickers, "unique_subscriber_clicks": clickers}
    bounces = {f"{kind}_bounces": sum(one.bounce == kind for one in receipts) for kind in ("hard", "soft")}
    settings = campaign.settings
    return _REPORT(
        call,
        campaign,
        campaign_title=settings.get("title", ""),
        subject_line=settings.get("subject_line", ""),
        preview_text=settings.get("preview_text", ""),
        list_name=call.state.lists[campaign.list_id].name,
        emails_sent=len(receipts),
        abuse_reports=sum(one.reason == "Reported as spam" for one in receipts),
        unsubscribed=sum(one.unsubscribed_at is not None for one in receipts),
        bounces={**bounces, "syntax_errors": 0},
        opens={**opened, **_last("last_open", opens)},
        clicks={**clicked, "click_rate": clickers / sent, **_last("last_click", clicks)},
    )


def _last(name: str, moments: Iterable[datetime]) -> dict[str, str]:
    last = max(moments, default=None)
    return {name: iso(last)} if last else {}


def _who(call: Call, receipt: Receipt) -> Document:
    campaign = CAMPAIGNS.one(call)
    return _RECEIPT(call, receipt, campaign_id=campaign.id, list_id=campaign.list_id)


def _contact(call: Call, receipt: Receipt) -> Document:
    audience = call.state.lists[CAMPAIGNS.one(call).list_id]
    return {**_who(call, receipt), "merge_fields": audience.tagged_values(receipt.values), "vip": receipt.vip}


def _delivery(call: Call, receipt: Receipt) -> Document:
    did = {"status": receipt.bounce or "sent", "open_count": len(receipt.opens), **_last("last_open", receipt.opens)}
    return {**_contact(call, receipt), **did, "absplit_group": "", "gmt_offset": 0}


def _activity(call: Call, receipt: Receipt) -> Document:
    """Tell what a recipient did, since a moment if asked; one who did nothing is told, too."""
    since = call.moment("since")
    deeds = [("open", at, "") for at in receipt.opens] + [("click", at, url) for at, url in receipt.clicks]
    shown = sorted((deed for deed in deeds if since is None or deed[1] > since), key=lambda deed: deed[1])
    activity = [
        {"action": action, "timestamp": iso(at), "ip": "127.0.0.1"} | ({"url": url} if url else {})
        for action, at, url in shown
    ]
    return {**_who(call, receipt), "activity": activity}


def _unsubscribe(call: Call, receipt: Receipt) -> Document:
    when = {"timestamp": iso(receipt.unsubscribed_at)} if receipt.unsubscribed_at else {}
    return {**_contact(call, receipt), **when, "reason": receipt.reason}


REPORTS = Collection("reports", "/reports/{campaign_id}", _sent, _summary)
SENT_TO = Collection("sent_to", "/reports/{campaign_id}/sent-to/{subscriber_hash}", _receipts, _delivery)
ACTIVITY = Collection("emails", "/reports/{campaign_id}/email-activity/{subscriber_hash}", _receipts, _activity)
UNSUBSCRIBED = Collection("unsubscribes", "/reports/{campaign_id}/unsubscribed/{subscriber_hash}", _gone, _unsubscribe)
