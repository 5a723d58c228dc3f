"""What the platform still wants before it would send a campaign."""

from __future__ import annotations

from typing import Any

from contextmail.sandbox.mailchimp import recipients
from contextmail.sandbox.mailchimp.model import Campaign
from contextmail.sandbox.mailchimp.state import State


def items(state: State, campaign: Campaign) -> list[dict[str, Any]]:
    """List the checks of a campaign; one of type `error` keeps it from being sent."""
    settings = campaign.settings
    audience = state.lists.get(campaign.list_id)
    count = len(recipients.of_campaign(state, campaign)) if audience else 0
    named = f"{count} recipients of {audience.name}" if audience else "No audience"
    sender = f"{settings.get('from_name', '')} <{settings.get('reply_to', '')}>"
    checks = [
        ("Audience", named, "success" if count else "error"),
        ("Subject line", settings.get("subject_line") or "No subject", _grade(settings.get("subject_line"))),
        ("From", sender, _grade(settings.get("from_name") and settings.get("reply_to"))),
        (
            "Preview text",
            settings.get("preview_text") or "No preview text",
            _grade(settings.get("preview_text"), "warning"),
        ),
        ("HTML email", "There is content" if campaign.html else "No content", _grade(campaign.html)),
        ("Plain-text email", "There is a plain-text version", "success"),
        ("Unsubscribe link", _footer(campaign), _grade("*|UNSUB|*" in campaign.html, "warning")),
    ]
    return [
        {"type": grade, "id": 500 + number, "heading": heading, "details": details}
        for number, (heading, details, grade) in enumerate(checks)
    ]


def ready(state: State, campaign: Campaign) -> bool:
    """Tell whether nothing keeps a campaign from being sent."""
    return all(item["type"] != "error" for item in items(state, campaign))


def _grade(there: object, otherwise: str = "error") -> str:
    return "success" if there else otherwise


def _footer(campaign: Campaign) -> str:
    if "*|UNSUB|*" in campaign.html:
        return "There is an unsubscribe link"
    return "There is no unsubscribe link: the platform adds a footer of its own"
