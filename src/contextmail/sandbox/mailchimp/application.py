"""The API as one application: its routes, its keys, its errors."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from contextmail.sandbox.http import Reply, Request
from contextmail.sandbox.mailchimp import outbox
from contextmail.sandbox.mailchimp.api import (
    account,
    batch,
    campaigns,
    ecommerce,
    interests,
    members,
    merge_fields,
    reports,
    segments,
    webhooks,
)
from contextmail.sandbox.mailchimp.bodies import body_of
from contextmail.sandbox.mailchimp.call import Call
from contextmail.sandbox.mailchimp.fields import shaped
from contextmail.sandbox.mailchimp.problems import BY_NAME, Problem, named, not_found, not_modelled, of_status
from contextmail.sandbox.mailchimp.state import State

ROOT = "/3.0"
MEMBER = "/lists/{list_id}/members/{subscriber_hash}"
GROUPS = "/lists/{list_id}/interest-categories"
STORE = "/ecommerce/stores/{store_id}"

Handler = Callable[[Call], Any]
"""Answers a document, or None for 204; raises Problem."""

ROUTES: Mapping[str, Handler] = {
    "GET /": account.root,
    "GET /ping": account.ping,
    "GET /lists": account.lists,
    "GET /lists/{list_id}": account.list_,
    "PATCH /lists/{list_id}": account.patch_list,
    "POST /lists/{list_id}": batch.write,
    "GET /lists/{list_id}/members": members.index,
    "POST /lists/{list_id}/members": members.add,
    f"GET {MEMBER}": members.get,
    f"PUT {MEMBER}": members.put,
    f"PATCH {MEMBER}": members.patch,
    f"DELETE {MEMBER}": members.archive,
    f"POST {MEMBER}/actions/delete-permanent": members.delete_permanently,
    f"GET {MEMBER}/tags": members.tags,
    f"POST {MEMBER}/tags": members.set_tags,
    "GET /lists/{list_id}/merge-fields": merge_fields.index,
    "POST /lists/{list_id}/merge-fields": merge_fields.add,
    "GET /lists/{list_id}/merge-fields/{merge_id}": merge_fields.get,
    "PATCH /lists/{list_id}/merge-fields/{merge_id}": merge_fields.patch,
    "DELETE /lists/{list_id}/merge-fields/{merge_id}": merge_fields.delete,
    "GET /lists/{list_id}/segments": segments.index,
    "POST /lists/{list_id}/segments": segments.add,
    "GET /lists/{list_id}/segments/{segment_id}": segments.get,
    "PATCH /lists/{list_id}/segments/{segment_id}": segments.patch,
    "DELETE /lists/{list_id}/segments/{segment_id}": segments.delete,
    "POST /lists/{list_id}/segments/{segment_id}": segments.change_members,
    "GET /lists/{list_id}/segments/{segment_id}/members": segments.members,
    "GET /lists/{list_id}/tag-search": segments.search_tags,
    f"GET {GROUPS}": interests.index,
    f"POST {GROUPS}": interests.add,
    f"GET {GROUPS}/{{interest_category_id}}": interests.get,
    f"DELETE {GROUPS}/{{interest_category_id}}": interests.delete,
    f"GET {GROUPS}/{{interest_category_id}}/interests": interests.interests,
    f"POST {GROUPS}/{{interest_category_id}}/interests": interests.add_interest,
    f"GET {GROUPS}/{{interest_category_id}}/interests/{{interest_id}}": interests.interest,
    f"DELETE {GROUPS}/{{interest_category_id}}/interests/{{interest_id}}": interests.delete_interest,
    "GET /lists/{list_id}/webhooks": webhooks.index,
    "POST /lists/{list_id}/webhooks": webhooks.add,
    "GET /lists/{list_id}/webhooks/{webhook_id}": webhooks.get,
    "PATCH /lists/{list_id}/webhooks/{webhook_id}": webhooks.patch,
    "DELETE /lists/{list_id}/webhooks/{webhook_id}": webhooks.delete,
    "GET /campaigns": campaigns.index,
    "POST /campaigns": campaigns.add,
    "GET /campaigns/{campaign_id}": campaigns.get,
    "PATCH /campaigns/{campaign_id}": campaigns.patch,
    "DELETE /campaigns/{campaign_id}": campaigns.delete,
    "GET /campaigns/{campaign_id}/content": campaigns.content,
    "PUT /campaigns/{campaign_id}/content": campaigns.set_content,
    "GET /campaigns/{campaign_id}/send-checklist": campaigns.send_checklist,
    "POST /campaigns/{campaign_id}/actions/replicate": campaigns.replicate,
    "POST /campaigns/{campaign_id}/actions/schedule": campaigns.schedule,
    "POST /campaigns/{campaign_id}/actions/unschedule": campaigns.unschedule,
    "POST /campaigns/{campaign_id}/actions/send": campaigns.send,
    "POST /campaigns/{campaign_id}/actions/test": campaigns.send_test,
    "GET /templates": account.templates,
    "GET /templates/{template_id}": account.template,
    "GET /templates/{template_id}/default-content": account.template_content,
    "GET /automations": account.automations,
    "GET /automations/{workflow_id}": account.automation,
    "GET /automations/{workflow_id}/emails": account.automation_emails,
    "GET /ecommerce/orders": ecommerce.all_orders,
    "GET /ecommerce/stores": ecommerce.stores,
    f"GET {STORE}": ecommerce.store,
    f"GET {STORE}/customers": ecommerce.customers,
    f"GET {STORE}/customers/{{customer_id}}": ecommerce.customer,
    f"GET {STORE}/products": ecommerce.products,
    f"GET {STORE}/products/{{product_id}}": ecommerce.product,
    f"GET {STORE}/orders": ecommerce.orders,
    f"GET {STORE}/orders/{{order_id}}": ecommerce.order,
    "GET /reports": reports.index,
    "GET /reports/{campaign_id}": reports.get,
    "GET /reports/{campaign_id}/sent-to": reports.sent_to,
    "GET /reports/{campaign_id}/sent-to/{subscriber_hash}": reports.sent_to_one,
    "GET /reports/{campaign_id}/email-activity": reports.email_activity,
    "GET /reports/{campaign_id}/email-activity/{subscriber_hash}": reports.email_activity_of_one,
    "GET /reports/{campaign_id}/unsubscribed": reports.unsubscribed,
}

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
        self._routes: dict[tuple[str, int], list[tuple[tuple[str, ...], str]]] = {}
        for route in ROUTES:
            method, path = route.split(" ")
            names = tuple(path.strip("/").split("/"))
            self._routes.setdefault((method, len(names)), []).append((names, route))

    def route(self, request: Request) -> str:
        """Name a request's route; for what is not modelled its method and first word."""
        if request.path != ROOT and not request.path.startswith(ROOT + "/"):
            return ""
        match = self._match(request)
        return match[0] if match else f"{request.method} /{_names(request)[0]}/..."

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
        match = self._match(request)
        if match is None:
            room = _names(request)[0]
            raise not_modelled(f"{request.method} below /{room}") if room in ROOMS else not_found()
        route, params = match
        body = body_of(request)
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

    def _match(self, request: Request) -> tuple[str, dict[str, str]] | None:
        names = _names(request)
        for pattern, route in self._routes.get((request.method, len(names)), ()):
            pairs = list(zip(pattern, names, strict=True))
            if all(part.startswith("{") or part == name for part, name in pairs):
                return route, {part[1:-1]: unquote(name) for part, name in pairs if part.startswith("{")}
        return None


def _names(request: Request) -> list[str]:
    return request.path[len(ROOT) :].strip("/").split("/")


def _password(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
