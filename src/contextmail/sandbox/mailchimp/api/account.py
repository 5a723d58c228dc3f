"""/, /ping, /lists, /templates and /automations: what the account is and has."""

from __future__ import annotations

from collections.abc import Iterable

from contextmail.sandbox.mailchimp.api.campaigns import DEFAULTS
from contextmail.sandbox.mailchimp.call import Call, Collection, Document, Shape, iso
from contextmail.sandbox.mailchimp.model import Audience, Automation, Campaign, Template

ADDRESS = {"address1": "1 Example Road", "city": "London", "state": "", "zip": "N1 1AA", "country": "GB", "phone": ""}
OWNER = {"first_name": "Petra", "last_name": "Newcomb", "email": "owner@example.com", "username": "owner@example.com"}


def ping(_call: Call) -> Document:
    """Say that all is well."""
    return {"health_status": "Everything's Chimpy!"}


def root(call: Call) -> Document:
    """Say whose key it is."""
    return {
        "account_id": "5e1f00d0c0ffee",
        "login_id": "1",
        "account_name": call.state.account_name,
        **OWNER,
        "role": "owner",
        "pricing_plan_type": "pay_as_you_go",
        "account_timezone": "Europe/London",
        "pro_enabled": False,
        "total_subscribers": sum(audience.members.counts()["subscribed"] for audience in call.state.lists.values()),
    }


def template_content(call: Call) -> Document:
    """Read what a template holds; the sandbox's are one section."""
    return {"sections": {"body": TEMPLATES.one(call).html}}


def automation_emails(call: Call) -> Document:
    """List a classic automation's e-mails; their content is read as a campaign's."""
    held = AUTOMATIONS.one(call)
    shown = [_email(call, held, position, email) for position, email in enumerate(held.emails, 1)]
    return {"emails": shown, "total_items": len(shown)}


_LIST = Shape(
    "id web_id name date_created=created_at double_optin",
    permission_reminder="You get this because you asked for it.",
    visibility="prv",
    list_rating=3,
    use_archive_bar=True,
    **dict.fromkeys(("email_type_option", "has_welcome", "marketing_permissions"), False),
)


def _list(call: Call, audience: Audience) -> Document:
    counts = audience.members.counts()
    campaigns = [campaign for campaign in call.state.campaigns.values() if campaign.list_id == audience.id]
    sent = [campaign.send_at for campaign in campaigns if campaign.status == "sent" and campaign.send_at]
    stats = {
        "member_count": counts["subscribed"],
        "total_contacts": len(audience.members) - counts["archived"] - counts["cleaned"],
        "unsubscribe_count": counts["unsubscribed"],
        "cleaned_count": counts["cleaned"],
        "campaign_count": len(campaigns),
        "merge_field_count": len(audience.fields),
        **({"campaign_last_sent": iso(max(sent))} if sent else {}),
    }
    sender = {"from_name": audience.from_name, "from_email": audience.from_email, "subject": "", "language": "en"}
    contact = {"company": audience.name, **ADDRESS}
    return _LIST(call, audience, contact=contact, campaign_defaults=sender, stats=stats)


_EMAIL = Shape("id web_id create_time=created_at status emails_sent=sent content_type")


def _email(call: Call, held: Automation, position: int, email: Campaign) -> Document:
    settings = {name: value for name, value in {**DEFAULTS, **email.settings}.items() if name != "folder_id"}
    where = {"workflow_id": held.id, "position": position, "recipients": {"list_id": held.list_id}}
    return _EMAIL(call, email, settings=settings, **where)


_AUTOMATION = Shape("id create_time=created_at start_time=created_at", status="sending", emails_sent=0)


def _automation(call: Call, one: Automation) -> Document:
    recipients = {"list_id": one.list_id, "list_is_active": True}
    return _AUTOMATION(call, one, recipients=recipients, settings={"title": one.title})


_TEMPLATE = Shape(
    "id name date_created=created_at date_edited=created_at",
    type="user",
    content_type="html",
    drag_and_drop=False,
    responsive=True,
    active=True,
)


def _users(call: Call, templates: Iterable[Template]) -> Iterable[Template]:
    return templates if call.one_of("type", "user", "base", "gallery") in ("", "user") else ()


LISTS = Collection("lists", "/lists/{list_id}", lambda call: call.state.lists, _list)
TEMPLATES = Collection(
    "templates", "/templates/{template_id}", lambda call: call.state.templates, _TEMPLATE, chosen=_users
)
AUTOMATIONS = Collection("automations", "/automations/{workflow_id}", lambda call: call.state.automations, _automation)
