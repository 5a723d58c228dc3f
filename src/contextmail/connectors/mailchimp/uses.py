"""Where contact fields are used: drafts, scheduled campaigns, templates and automations, as far as the API reads them.

Of a template it reads the editable sections only, and of a customer journey nothing. Every audience's drafts are read:
one that has chosen no audience yet may be for any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from http import HTTPStatus

from contextmail.connectors.calling import unless_gone
from contextmail.connectors.mailchimp.shapes import Automation, Campaign, Template
from contextmail.connectors.mailchimp.transport import Transport

_HAS_NONE = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)
_UNSENT = ("save", "paused", "schedule", "sending")
_TAG = re.compile(r"\*\|(.*?)\|\*")
_WORD = re.compile(r"[A-Z][A-Z0-9_]*")

_Found = tuple[str, str]
"""Where, and all of its texts together."""


def tags_in_use(transport: Transport) -> Iterator[tuple[str, str]]:
    """Stream (tag, where) for each word in a merge tag; words that are no field, such as IF, come too."""
    for where, texts in transport.in_order(lambda read: read(), _places(transport)):
        for tag in sorted({word for inside in _TAG.findall(texts) for word in _WORD.findall(inside)}):
            yield tag, where


def _places(transport: Transport) -> Iterator[Callable[[], _Found]]:
    """List what reads each place, so that several are read at the same time."""
    fields = ["campaigns.id", "campaigns.settings", "total_items"]
    for state in _UNSENT:
        drafts: Iterable[Campaign] = transport.rows("campaigns.list", "campaigns", status=state, fields=fields)
        for draft in drafts:
            yield partial(_campaign, transport, f"campaign {draft['id']} ({state})", draft["id"], draft.get("settings"))
    templates: Iterable[Template] = transport.rows("templates.list", "templates", type="user")
    for template in templates:
        yield partial(_template, transport, template["id"])
    automations: Iterable[Automation] = transport.rows("automations.list", "automations")
    for automation in automations:
        emails = transport.call("automations.list_all_workflow_emails", workflow_id=automation["id"])
        for email in emails.get("emails") or ():
            where = f"automation {automation['id']}, e-mail {email['id']}"
            yield partial(_campaign, transport, where, email["id"], email.get("settings"))


def _campaign(transport: Transport, where: str, campaign: str, settings: object) -> _Found:
    return where, json.dumps([settings, _read(transport, "campaigns.get_content", campaign_id=campaign)])


def _template(transport: Transport, template: int) -> _Found:
    content = _read(transport, "templates.get_default_content_for_template", template_id=str(template))
    return f"template {template}", json.dumps(content)


def _read(transport: Transport, name: str, **arguments: str) -> object:
    """Read a content; one that is gone by now, or that has none yet, uses nothing."""
    return unless_gone(lambda: transport.call(name, **arguments), means=_HAS_NONE) or {}
