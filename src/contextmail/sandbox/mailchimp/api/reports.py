"""/reports: who got a campaign and what they did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from contextmail.sandbox.mailchimp.call import Call, found, iso
from contextmail.sandbox.mailchimp.model import Campaign, Receipt
from contextmail.sandbox.mailchimp.state import State


def index(call: Call) -> dict[str, Any]:
    """List the reports of sent campaigns."""
    since, before = call.moment("since_send_time"), call.moment("before_send_time")
    sent = [
        campaign
        for campaign in map(call.state.campaigns.get, call.state.reports)
        if campaign is not None
        and campaign.send_at is not None
        and (since is None or campaign.send_at > since)
        and (before is None or campaign.send_at < before)
    ]
    return call.page("reports", sent, lambda campaign: _summary(call.state, campaign))


def get(call: Call) -> dict[str, Any]:
    """Read a report."""
    _report(call)
    return _summary(call.state, _campaign(call))


def sent_to(call: Call) -> dict[str, Any]:
    """List whom a campaign was sent to."""
    shown = list(_report(call).values())
    return call.page("sent_to", shown, lambda receipt: _delivery(call, receipt), campaign_id=_campaign(call).id)


def sent_to_one(call: Call) -> dict[str, Any]:
    """Read what became of one recipient's e-mail."""
    return _delivery(call, found(_report(call).get(call.params["subscriber_hash"])))


def email_activity(call: Call) -> dict[str, Any]:
    """List what recipients did, since a moment if asked; those who did nothing are listed too."""
    since = call.moment("since")
    shown = list(_report(call).values())
    return call.page("emails", shown, lambda receipt: _activity(call, receipt, since), campaign_id=_campaign(call).id)


def email_activity_of_one(call: Call) -> dict[str, Any]:
    """Read what one recipient did."""
    return _activity(call, found(_report(call).get(call.params["subscriber_hash"])), call.moment("since"))


def unsubscribed(call: Call) -> dict[str, Any]:
    """List those whom a campaign made unsubscribe."""
    gone = [receipt for receipt in _report(call).values() if receipt.unsubscribed_at is not None]
    return call.page("unsubscribes", gone, lambda receipt: _unsubscribe(call, receipt), campaign_id=_campaign(call).id)


def _campaign(call: Call) -> Campaign:
    return found(call.state.campaigns.get(call.params["campaign_id"]))


def _report(call: Call) -> dict[str, Receipt]:
    return found(call.state.reports.get(_campaign(call).id))


def _summary(state: State, campaign: Campaign) -> dict[str, Any]:
    receipts = state.reports[campaign.id].values()
    audience = state.lists[campaign.list_id]
    opens, clicks = [len(one.opens) for one in receipts], [len(one.clicks) for one in receipts]
    sent = max(len(receipts), 1)
    return {
        "id": campaign.id,
        "campaign_title": campaign.settings.get("title", ""),
        "type": campaign.type,
        "list_id": audience.id,
        "list_is_active": True,
        "list_name": audience.name,
        "subject_line": campaign.settings.get("subject_line", ""),
        "preview_text": campaign.settings.get("preview_text", ""),
        "emails_sent": len(receipts),
        "abuse_reports": sum(one.reason == "Reported as spam" for one in receipts),
        "unsubscribed": sum(one.unsubscribed_at is not None for one in receipts),
        "send_time": iso(campaign.send_at or campaign.created_at),
        "bounces": {
            "hard_bounces": sum(one.bounce == "hard" for one in receipts),
            "soft_bounces": sum(one.bounce == "soft" for one in receipts),
            "syntax_errors": 0,
        },
        "opens": {
            "opens_total": sum(opens),
            "unique_opens": sum(map(bool, opens)),
            "open_rate": sum(map(bool, opens)) / sent,
            **_last("last_open", (at for one in receipts for at in one.opens)),
        },
        "clicks": {
            "clicks_total": sum(clicks),
            "unique_clicks": sum(map(bool, clicks)),
            "unique_subscriber_clicks": sum(map(bool, clicks)),
            "click_rate": sum(map(bool, clicks)) / sent,
            **_last("last_click", (at for one in receipts for at, _ in one.clicks)),
        },
        "delivery_status": {"enabled": False},
    }


def _last(name: str, moments: Iterable[datetime]) -> dict[str, str]:
    last = max(moments, default=None)
    return {name: iso(last)} if last else {}


def _who(call: Call, receipt: Receipt) -> dict[str, Any]:
    campaign = _campaign(call)
    return {
        "email_id": receipt.key,
        "email_address": receipt.email,
        "campaign_id": campaign.id,
        "list_id": campaign.list_id,
        "list_is_active": True,
    }


def _profile(call: Call, receipt: Receipt) -> dict[str, Any]:
    audience = call.state.lists[_campaign(call).list_id]
    return {"merge_fields": audience.tagged_values(receipt.values), "vip": receipt.vip}


def _delivery(call: Call, receipt: Receipt) -> dict[str, Any]:
    return {
        **_who(call, receipt),
        **_profile(call, receipt),
        "status": receipt.bounce or "sent",
        "open_count": len(receipt.opens),
        "absplit_group": "",
        "gmt_offset": 0,
        **_last("last_open", receipt.opens),
    }


def _activity(call: Call, receipt: Receipt, since: datetime | None) -> dict[str, Any]:
    deeds = [("open", at, "") for at in receipt.opens] + [("click", at, url) for at, url in receipt.clicks]
    shown = sorted((deed for deed in deeds if since is None or deed[1] > since), key=lambda deed: deed[1])
    activity = [
        {"action": action, "timestamp": iso(at), "ip": "127.0.0.1"} | ({"url": url} if url else {})
        for action, at, url in shown
    ]
    return {**_who(call, receipt), "activity": activity}


def _unsubscribe(call: Call, receipt: Receipt) -> dict[str, Any]:
    when = _last("timestamp", [receipt.unsubscribed_at] if receipt.unsubscribed_at else [])
    return {**_who(call, receipt), **_profile(call, receipt), **when, "reason": receipt.reason}
