"""The API as one application: its routes, its keys, its errors."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from contextmail.sandbox.http import Reply, Request
from contextmail.sandbox.mailchimp import outbox
from contextmail.sandbox.mailchimp.api import account, audience, campaigns, ecommerce, members, reports, segments
from contextmail.sandbox.mailchimp.bodies import body_of, shaped
from contextmail.sandbox.mailchimp.call import Call, Collection, Handler
from contextmail.sandbox.mailchimp.problems import BY_NAME, Problem, named, not_modelled, of_status
from contextmail.sandbox.mailchimp.state import State

ROOT = "/3.0"
LIST = "/lists/{list_id}"
MEMBER = f"{LIST}/members/{{subscriber_hash}}"
SEGMENT = f"{LIST}/segments/{{segment_id}}"
CAMPAIGN = "/campaigns/{campaign_id}"

COLLECTIONS: tuple[Collection[Any], ...] = (
    *(account.LISTS, account.TEMPLATES, account.AUTOMATIONS),
    *(audience.FIELDS, audience.CATEGORIES, audience.INTERESTS, audience.WEBHOOKS, segments.SEGMENTS),
    *(campaigns.CAMPAIGNS, reports.REPORTS, reports.SENT_TO, reports.ACTIVITY, reports.UNSUBSCRIBED),
    *(ecommerce.STORES, ecommerce.CUSTOMERS, ecommerce.PRODUCTS, ecommerce.ORDERS),
)
ROUTES: dict[str, Handler] = {
    **{route: handler for collection in COLLECTIONS for route, handler in collection.routes.items()},
    "GET /": account.root,
    "GET /ping": account.ping,
    "GET /templates/{template_id}/default-content": account.template_content,
    "GET /automations/{workflow_id}/emails": account.automation_emails,
    "GET /ecommerce/orders": ecommerce.all_orders,
    f"POST {LIST}": members.batch,
    f"GET {LIST}/members": members.index,
    f"POST {LIST}/members": members.add,
    f"GET {MEMBER}": members.get,
    f"PUT {MEMBER}": members.put,
    f"PATCH {MEMBER}": members.patch,
    f"DELETE {MEMBER}": members.archive,
    f"POST {MEMBER}/actions/delete-permanent": members.delete_permanently,
    f"GET {MEMBER}/tags": members.tags,
    f"POST {MEMBER}/tags": members.set_tags,
    f"POST {LIST}/merge-fields": audience.add_field,
    f"PATCH {audience.FIELDS.path}": audience.change_field,
    f"DELETE {audience.FIELDS.path}": audience.FIELDS.delete,
    f"POST {LIST}/interest-categories": audience.add_category,
    f"POST {audience.CATEGORIES.path}/interests": audience.add_interest,
    f"GET {LIST}/webhooks": audience.webhooks,
    f"POST {LIST}/webhooks": audience.add_webhook,
    f"PATCH {audience.WEBHOOKS.path}": audience.change_webhook,
    f"DELETE {audience.WEBHOOKS.path}": audience.WEBHOOKS.delete,
    f"DELETE {audience.CATEGORIES.path}": audience.CATEGORIES.delete,
    f"POST {LIST}/segments": segments.add,
    f"PATCH {SEGMENT}": segments.patch,
    f"DELETE {SEGMENT}": segments.delete,
    f"POST {SEGMENT}": segments.change_members,
    f"GET {SEGMENT}/members": segments.members,
    f"GET {LIST}/tag-search": segments.search_tags,
    "POST /campaigns": campaigns.add,
    f"PATCH {CAMPAIGN}": campaigns.patch,
    f"DELETE {CAMPAIGN}": campaigns.CAMPAIGNS.delete,
    f"GET {CAMPAIGN}/content": campaigns.content,
    f"PUT {CAMPAIGN}/content": campaigns.set_content,
    f"GET {CAMPAIGN}/send-checklist": campaigns.send_checklist,
    f"POST {CAMPAIGN}/actions/replicate": campaigns.replicate,
    f"POST {CAMPAIGN}/actions/schedule": campaigns.schedule,
    f"POST {CAMPAIGN}/actions/unschedule": campaigns.unschedule,
    f"POST {CAMPAIGN}/actions/send": campaigns.send,
    f"POST {CAMPAIGN}/actions/test": campaigns.send_test,
}
_PATTERNS = [(route, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]*)", route))) for route in ROUTES]

ROOMS = frozenset(
    """account-exports activity-feed audiences authorized-apps automations batch-webhooks batches campaign-folders
    campaigns connected-sites conversations customer-journeys ecommerce facebook-ads file-manager landing-pages
    lists reporting reports search-campaigns search-members surveys template-folders templates
    verified-domains""".split()
)
"""First words of paths that the platform has, whether or not the sandbox models them."""


class Mailchimp:
    """Mailchimp's Marketing API over a state; with `api_key` it takes that key alone, without one any key."""

    def __init__(self, state: State, api_key: str | None = None) -> None:
        self._state, self._api_key = state, api_key

    def route(self, request: Request) -> str:
        """Name a request's route; for what is not modelled its method and first word."""
        if request.path != ROOT and not request.path.startswith(ROOT + "/"):
            return ""
        match = _match(request)
        return match[0] if match else f"{request.method} /{_room(request)}/..."

    def answer(self, request: Request) -> Reply:
        """Answer a call of the API, or show a page of the outbox."""
        try:
            if not request.path.startswith(ROOT):
                return outbox.page(self._state, request)
            return self._answer(request)
        except Problem as problem:
            return problem.reply()

    def failure(self, status: int) -> Reply:
        """Fail as a fault wants it."""
        return of_status(status).reply()

    def too_many(self) -> Reply:
        """Refuse the eleventh connection, with a body or, at very high volumes, without."""
        limits = self._state.limits
        if not limits.throttle_body:
            return Reply(limits.throttle_status)
        detail = f"You have exceeded the limit of {limits.connections} simultaneous connections."
        return Problem(limits.throttle_status, "Too Many Requests", detail).reply()

    def _answer(self, request: Request) -> Reply:
        self._check_key(request.headers)
        match, room = _match(request), _room(request)
        if match is None:
            raise not_modelled(f"{request.method} below /{room}") if room in ROOMS else named("ResourceNotFound")
        route, params = match
        body = body_of(request.body)
        with self._state.lock:
            document = ROUTES[route](Call(self._state, request.query, params, body))
        if document is None:
            return Reply(204)
        # A GET alone may leave fields out; a write's answer is whole.
        shown = shaped(document, request.query) if request.method == "GET" else document
        return Reply(200, json.dumps(shown).encode())

    def _check_key(self, headers: Mapping[str, str]) -> None:
        trigger = headers.get("x-trigger-error", "")
        if trigger in BY_NAME:
            raise named(trigger)
        kind, _, given = headers.get("authorization", "").partition(" ")
        if not given:
            raise named("APIKeyMissing")
        if self._api_key is not None and self._api_key != (_password(given) if kind == "Basic" else given):
            raise named("APIKeyInvalid")


def _path(request: Request) -> str:
    return "/" + request.path[len(ROOT) :].strip("/")


def _room(request: Request) -> str:
    return _path(request).split("/")[1]


def _match(request: Request) -> tuple[str, dict[str, str]] | None:
    """Find a request's route, and what stands in its path for each name."""
    asked = f"{request.method} {_path(request)}"
    matches = ((route, pattern.fullmatch(asked)) for route, pattern in _PATTERNS)
    found = ((route, match.groupdict()) for route, match in matches if match)
    return next(((route, {name: unquote(text) for name, text in params.items()}) for route, params in found), None)


def _password(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
