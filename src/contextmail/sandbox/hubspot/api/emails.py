"""/marketing/v3/emails: marketing e-mails and their drafts, where the tier has them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from contextmail.sandbox.hubspot.call import Call, Document, found, member, told
from contextmail.sandbox.hubspot.model import Email
from contextmail.sandbox.hubspot.problems import Problem, forbidden

WRITTEN = frozenset(
    """name subject from to content language campaign subcategory sendOnPublish publishDate archived activeDomain
    subscriptionDetails businessUnitId webversion testing rssData jitterSendTime state feedbackSurveyId""".split()
)
USUAL = {"subcategory": "batch", "sendOnPublish": True, "language": "en", "activeDomain": "example.org"}
USUAL |= {"type": "BATCH_EMAIL", "archived": False, "isTransactional": False}


def index(call: Call) -> Document:
    """List e-mails, a page at a time, the latest first where it is asked for."""
    held = list(_emails(call).values())
    if call.asked("sort") == "-createdAt":
        held.reverse()
    return {"total": len(held), **call.page(held, _document, 100)}


def get(call: Call) -> Document:
    """Read an e-mail; the sandbox keeps one version, which is its draft as well."""
    return _document(_email(call))


def add(call: Call) -> Document:
    """Make a draft."""
    _emails(call)
    name, body = call.given("name", str), _written(call)
    made = call.state.add_email(name)
    made.body |= body
    return _document(made)


def clone(call: Call) -> Document:
    """Copy an e-mail as a draft of its own."""
    source = found(_emails(call).get(call.given("id", str)))
    made = call.state.add_email("", programmable=source.programmable)
    made.body = copy.deepcopy(source.body)
    made.body["name"] = call.given("cloneName", str, f"{source.body['name']} (clone)")
    return _document(made)


def patch(call: Call) -> Document:
    """Change a draft: what is named is replaced; content keeps what is not named, widgets by setting."""
    email, body = _email(call), _written(call)
    content, held = body.get("content", {}), email.body["content"]
    if call.state.readings.email_patch == "deep" and "widgets" in content:
        content["widgets"] = _merged(held.get("widgets", {}), content["widgets"])
    email.body |= {**body, "content": {**held, **content}}
    email.updated_at = call.state.now()
    return _document(email)


def delete(call: Call) -> None:
    """Delete an e-mail."""
    del call.state.emails[_email(call).id]


def publish(call: Call) -> None:
    """Send an e-mail: for Enterprise alone."""
    if call.state.tier != "enterprise":
        raise forbidden("marketing-email", "transactional-email")
    _email(call).state = "PUBLISHED"


def _emails(call: Call) -> dict[str, Email]:
    if call.state.tier in ("free", "starter"):
        raise forbidden("content")
    return call.state.emails


def _email(call: Call) -> Email:
    return found(_emails(call).get(call.params["email_id"]))


def _written(call: Call) -> dict[str, Any]:
    """Check what is written of an e-mail, as far as the sandbox reads it again. Raises Problem."""
    if call.body.keys() - WRITTEN:
        raise Problem(400, f"Invalid input JSON: an object with some of {sorted(WRITTEN)} was expected.")
    widgets = member(call.given("content", dict, {}), "widgets", dict, {})
    for widget in widgets.values():
        member(widget, "body", dict, {})
    for reached in call.given("to", dict, {}).values():
        if isinstance(reached, dict):
            member(reached, "include", list, [])
            member(reached, "exclude", list, [])
    number = member(call.given("subscriptionDetails", dict, {}), "subscriptionId", str, "0")
    if not number.isdecimal():
        raise Problem(400, f"The subscription type {number} does not exist.")
    return copy.deepcopy({name: value for name, value in call.body.items() if value is not None})


def _merged(held: Any, given: Any) -> Any:
    if isinstance(held, Mapping) and isinstance(given, Mapping):
        return {**held, **{name: _merged(held.get(name), value) for name, value in given.items()}}
    return given


def _document(email: Email) -> Document:
    mode = "DESIGN_MANAGER" if email.programmable else "DRAG_AND_DROP"
    more = {"isPublished": email.state == "PUBLISHED", "emailTemplateMode": mode}
    names = "id state createdAt=created_at updatedAt=updated_at"
    return {**USUAL, **copy.deepcopy(email.body), **told(email, names, **more)}
