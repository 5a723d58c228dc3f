"""The platform's documents of an audience and its contacts; what is not known is left out, never invented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contextmail.sandbox.mailchimp import recipients
from contextmail.sandbox.mailchimp.call import iso
from contextmail.sandbox.mailchimp.model import Audience, Member, MergeField, Segment, Webhook
from contextmail.sandbox.mailchimp.state import State

TAGS_SHOWN = 50
NOWHERE = {
    "latitude": 0,
    "longitude": 0,
    "gmtoff": 0,
    "dstoff": 0,
    "country_code": "",
    "timezone": "",
    "region": "",
}


def of_list(state: State, audience: Audience) -> dict[str, Any]:
    """Write an audience."""
    counts = audience.members.counts()
    campaigns = [campaign for campaign in state.campaigns.values() if campaign.list_id == audience.id]
    sent = [campaign.send_at for campaign in campaigns if campaign.status == "sent" and campaign.send_at]
    stats = {
        "member_count": counts["subscribed"],
        "total_contacts": len(audience.members) - counts["archived"] - counts["cleaned"],
        "unsubscribe_count": counts["unsubscribed"],
        "cleaned_count": counts["cleaned"],
        "campaign_count": len(campaigns),
        "merge_field_count": len(audience.fields),
    }
    return {
        "id": audience.id,
        "web_id": audience.web_id,
        "name": audience.name,
        "contact": {
            "company": audience.name,
            "address1": "1 Example Road",
            "city": "London",
            "state": "",
            "zip": "N1 1AA",
            "country": "GB",
            "phone": "",
        },
        "permission_reminder": "You get this because you asked for it.",
        "use_archive_bar": True,
        "campaign_defaults": {
            "from_name": audience.from_name,
            "from_email": audience.from_email,
            "subject": "",
            "language": "en",
        },
        "date_created": iso(audience.created_at),
        "list_rating": 3,
        "email_type_option": False,
        "double_optin": audience.double_optin,
        "has_welcome": False,
        "marketing_permissions": False,
        "visibility": "prv",
        "modules": [],
        "stats": stats | ({"campaign_last_sent": iso(max(sent))} if sent else {}),
    }


def of_member(audience: Audience, member: Member, *, money: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write a contact; `money` is what the stores know of them."""
    values, signed_up = audience.tagged_values(member.values), iso(member.signed_up_at)
    document: dict[str, Any] = {
        "id": member.key,
        "email_address": member.email,
        "unique_email_id": member.short_id,
        "contact_id": member.key[::-1],
        "full_name": f"{values.get('FNAME', '')} {values.get('LNAME', '')}".strip(),
        "web_id": member.web_id,
        "email_type": member.email_type,
        "status": member.status,
        "consents_to_one_to_one_messaging": True,
        "merge_fields": values,
        "stats": {"avg_open_rate": 0, "avg_click_rate": 0} | ({"ecommerce_data": money} if money else {}),
        "ip_signup": "",
        "timestamp_signup": signed_up,
        "ip_opt": "127.0.0.1",
        "timestamp_opt": signed_up,
        "member_rating": member.rating,
        "last_changed": iso(member.changed_at),
        "language": member.language,
        "vip": member.vip,
        "email_client": "",
        "location": dict(NOWHERE),
        "source": "API - Generic",
        "tags_count": len(member.segments),
        "tags": [{"id": id_, "name": audience.segments[id_].name} for id_ in member.segments[:TAGS_SHOWN]],
        "list_id": audience.id,
    }
    if audience.categories:
        document["interests"] = {
            id_: id_ in member.interests for category in audience.categories.values() for id_ in category.interests
        }
    if member.status == "unsubscribed" and member.unsubscribe_reason:
        document["unsubscribe_reason"] = member.unsubscribe_reason
    if member.sms_status:
        document["sms_phone_number"] = member.sms_phone
        document["sms_subscription_status"] = member.sms_status
    return document


def of_field(audience: Audience, field: MergeField) -> dict[str, Any]:
    """Write a merge field."""
    return {
        "merge_id": field.id,
        "tag": field.tag,
        "name": field.name,
        "type": field.type,
        "required": field.required,
        "default_value": field.default,
        "public": field.public,
        "display_order": field.order,
        "options": {"size": 25, **field.options} if field.type == "text" else dict(field.options),
        "help_text": field.help_text,
        "list_id": audience.id,
    }


def of_segment(
    state: State, audience: Audience, segment: Segment, statuses: frozenset[str] = recipients.SUBSCRIBED
) -> dict[str, Any]:
    """Write a segment, counted over members of these statuses."""
    static = {
        "condition_type": "StaticSegment",
        "field": "static_segment",
        "op": "static_is",
        "value": segment.id,
    }
    conditions = [static] if segment.type == "static" else [dict(condition) for condition in segment.conditions]
    return {
        "id": segment.id,
        "name": segment.name,
        "member_count": len(recipients.of_segment(state, audience, segment, statuses)),
        "type": segment.type,
        "created_at": iso(segment.created_at),
        "updated_at": iso(segment.updated_at),
        "options": {"match": segment.match, "conditions": conditions},
        "list_id": audience.id,
    }


def of_webhook(audience: Audience, webhook: Webhook) -> dict[str, Any]:
    """Write a webhook; its secret is shown once, by the call that makes it."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": dict(webhook.events),
        "sources": dict(webhook.sources),
        "signing_enabled": bool(webhook.secret),
        "list_id": audience.id,
    }
