"""/, /ping, /lists, /templates and /automations: what the account is and has."""

from __future__ import annotations

from typing import Any

from contextmail.sandbox.mailchimp.api.campaigns import DEFAULTS
from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.call import Call, found, iso
from contextmail.sandbox.mailchimp.documents import of_list
from contextmail.sandbox.mailchimp.model import Automation, Campaign, Template
from contextmail.sandbox.mailchimp.state import key_of

ANY_STATUS = ("save", "paused", "sending")


def ping(_call: Call) -> dict[str, Any]:
    """Say that all is well."""
    return {"health_status": "Everything's Chimpy!"}


def root(call: Call) -> dict[str, Any]:
    """Say whose key it is."""
    state = call.state
    return {
        "account_id": "5e1f00d0c0ffee",
        "login_id": "1",
        "account_name": state.account_name,
        "email": "owner@example.com",
        "first_name": "Petra",
        "last_name": "Newcomb",
        "username": "owner@example.com",
        "role": "owner",
        "pricing_plan_type": "pay_as_you_go",
        "account_timezone": "Europe/London",
        "pro_enabled": False,
        "total_subscribers": sum(audience.members.counts()["subscribed"] for audience in state.lists.values()),
    }


def lists(call: Call) -> dict[str, Any]:
    """List audiences, those that hold an address or a store if asked."""
    state, email, stored = call.state, call.query.get("email", ""), call.flag("has_ecommerce_store")
    with_store = {store.list_id for store in state.stores.values()}
    shown = [
        audience
        for audience in state.lists.values()
        if (not email or key_of(email) in audience.members)
        and (stored is None or (audience.id in with_store) is stored)
    ]
    limits = {"may_create": False, "max_instances": len(state.lists), "current_total_instances": len(state.lists)}
    return call.page("lists", shown, lambda audience: of_list(state, audience), constraints=limits)


def list_(call: Call) -> dict[str, Any]:
    """Read an audience."""
    return of_list(call.state, call.audience)


def patch_list(call: Call) -> dict[str, Any]:
    """Rename an audience, or change whether it asks twice."""
    audience = call.audience
    audience.name = member_of(call.body, "name", str, audience.name)
    audience.double_optin = member_of(call.body, "double_optin", bool, audience.double_optin)
    return of_list(call.state, audience)


def templates(call: Call) -> dict[str, Any]:
    """List templates."""
    kind = call.one_of("type", "user", "base", "gallery")
    shown = [template for template in call.state.templates.values() if not kind or template.type == kind]
    return call.page("templates", shown, _template_document)


def template(call: Call) -> dict[str, Any]:
    """Read a template."""
    return _template_document(_template(call))


def template_content(call: Call) -> dict[str, Any]:
    """Read what a template holds; the sandbox's are one section."""
    return {"sections": {"body": _template(call).html}}


def automations(call: Call) -> dict[str, Any]:
    """List classic automations."""
    status = call.one_of("status", *ANY_STATUS)
    shown = [one for one in call.state.automations.values() if not status or one.status == status]
    return call.page("automations", shown, _automation_document)


def automation(call: Call) -> dict[str, Any]:
    """Read a classic automation."""
    return _automation_document(_automation(call))


def automation_emails(call: Call) -> dict[str, Any]:
    """List a classic automation's e-mails; their content is read as a campaign's."""
    held = _automation(call)
    shown = [_email_document(held, position, email) for position, email in enumerate(held.emails, 1)]
    return {"emails": shown, "total_items": len(shown)}


def _template(call: Call) -> Template:
    number = call.params["template_id"]
    return found(call.state.templates.get(int(number)) if number.isdecimal() else None)


def _automation(call: Call) -> Automation:
    return found(call.state.automations.get(call.params["workflow_id"]))


def _template_document(one: Template) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": one.type,
        "name": one.name,
        "drag_and_drop": False,
        "responsive": True,
        "category": "",
        "date_created": iso(one.created_at),
        "date_edited": iso(one.created_at),
        "created_by": "Petra Newcomb",
        "active": True,
        "content_type": "html",
    }


def _automation_document(one: Automation) -> dict[str, Any]:
    return {
        "id": one.id,
        "create_time": iso(one.created_at),
        "start_time": iso(one.created_at),
        "status": one.status,
        "emails_sent": 0,
        "recipients": {"list_id": one.list_id, "list_is_active": True},
        "settings": {"title": one.title},
    }


def _email_document(held: Automation, position: int, email: Campaign) -> dict[str, Any]:
    settings = {name: value for name, value in {**DEFAULTS, **email.settings}.items() if name != "folder_id"}
    return {
        "id": email.id,
        "web_id": email.web_id,
        "workflow_id": held.id,
        "position": position,
        "create_time": iso(email.created_at),
        "status": email.status,
        "emails_sent": email.sent,
        "content_type": email.content_type,
        "recipients": {"list_id": held.list_id},
        "settings": settings,
    }
