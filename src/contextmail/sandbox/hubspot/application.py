"""The API as one application: its routes in both notations, its token, its limits, its errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from contextmail.sandbox.http import Reply, Request
from contextmail.sandbox.hubspot.api import (
    account,
    associations,
    emails,
    lists,
    objects,
    preferences,
    properties,
    search,
)
from contextmail.sandbox.hubspot.call import Call, Handler
from contextmail.sandbox.hubspot.model import BY_NAME
from contextmail.sandbox.hubspot.problems import Problem, not_found, reply
from contextmail.sandbox.hubspot.rates import Rates
from contextmail.sandbox.hubspot.state import State

OBJECTS = "/crm/v3/objects/{kind}"
TIES = "/crm/v4/associations/{kind}/{other}/batch"
PROPERTIES = "/crm/v3/properties/{kind}"
LIST = "/crm/v3/lists/{list_id}"
EMAIL = "/marketing/v3/emails/{email_id}"
WISHES = "/communication-preferences/v4/statuses"

# The order decides where two patterns fit: the one with more fixed words stands first.
ROUTES: dict[str, Handler] = {
    "GET /account-info/v3/details": account.details,
    "GET /crm/v3/owners": account.owners,
    "GET /crm/v3/pipelines/{kind}": account.pipelines,
    f"POST {OBJECTS}/batch/read": objects.batch_read,
    f"POST {OBJECTS}/batch/create": objects.batch_create,
    f"POST {OBJECTS}/batch/update": objects.batch_update,
    f"POST {OBJECTS}/batch/upsert": objects.batch_upsert,
    f"POST {OBJECTS}/batch/archive": objects.batch_archive,
    f"POST {OBJECTS}/search": search.search,
    f"POST {OBJECTS}/merge": objects.merge,
    f"POST {OBJECTS}/gdpr-delete": objects.gdpr_delete,
    f"GET {OBJECTS}": objects.index,
    f"POST {OBJECTS}": objects.add,
    f"GET {OBJECTS}/{{id}}": objects.get,
    f"PATCH {OBJECTS}/{{id}}": objects.change,
    f"DELETE {OBJECTS}/{{id}}": objects.archive,
    f"POST {TIES}/read": associations.batch_read,
    f"POST {TIES}/create": associations.batch_create,
    f"POST {TIES}/associate/default": associations.batch_create,
    f"POST {TIES}/archive": associations.batch_archive,
    f"GET {PROPERTIES}/groups": properties.groups,
    f"POST {PROPERTIES}/groups": properties.add_group,
    f"POST {PROPERTIES}/batch/create": properties.batch_add,
    f"GET {PROPERTIES}": properties.index,
    f"POST {PROPERTIES}": properties.add,
    f"GET {PROPERTIES}/{{name}}": properties.get,
    f"PATCH {PROPERTIES}/{{name}}": properties.change,
    f"DELETE {PROPERTIES}/{{name}}": properties.archive,
    "POST /crm/v3/lists": lists.add,
    "GET /crm/v3/lists": lists.index,
    "POST /crm/v3/lists/search": lists.search,
    "GET /crm/v3/lists/object-type-id/{kind}/name/{name}": lists.by_name,
    f"GET {LIST}": lists.get,
    f"DELETE {LIST}": lists.delete,
    f"GET {LIST}/memberships": lists.members,
    f"PUT {LIST}/memberships/add": lists.add_members,
    f"PUT {LIST}/memberships/remove": lists.remove_members,
    f"PUT {LIST}/memberships/add-and-remove": lists.move_members,
    "GET /marketing/v3/emails": emails.index,
    "POST /marketing/v3/emails": emails.add,
    "POST /marketing/v3/emails/clone": emails.clone,
    f"GET {EMAIL}": emails.get,
    f"PATCH {EMAIL}": emails.patch,
    f"DELETE {EMAIL}": emails.delete,
    f"GET {EMAIL}/draft": emails.get,
    f"PATCH {EMAIL}/draft": emails.patch,
    f"POST {EMAIL}/publish": emails.publish,
    "GET /communication-preferences/v3/definitions": preferences.definitions,
    "GET /communication-preferences/v4/definitions": preferences.definitions,
    f"POST {WISHES}/batch/read": preferences.batch_read,
    f"POST {WISHES}/batch/write": preferences.batch_write,
    f"POST {WISHES}/batch/unsubscribe-all": preferences.batch_leave_all,
    f"POST {WISHES}/batch/unsubscribe-all/read": preferences.batch_wide,
    f"GET {WISHES}/{{email}}": preferences.statuses,
    f"POST {WISHES}/{{email}}": preferences.set_status,
    f"GET {WISHES}/{{email}}/unsubscribe-all": preferences.wide,
    f"POST {WISHES}/{{email}}/unsubscribe-all": preferences.leave_all,
    "GET /email/public/v1/subscriptions/timeline": preferences.timeline,
}
CREATED = (objects.add, objects.batch_create, properties.add, properties.batch_add, properties.add_group, emails.add)
"""Handlers that answer 201."""
ARRAYS = (lists.add_members, lists.remove_members)
"""Handlers that take an array."""
_PATTERNS = [(route, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route))) for route in ROUTES]
_DATE = r"2026-0[39]"
_DATED = (
    (re.compile(rf"/(crm|marketing)/(\w+)/{_DATE}(?=/|$)"), r"/\1/{}/\2"),
    (re.compile(rf"/(communication-preferences|account-info)/{_DATE}(?=/)"), r"/\1/{}"),
)
"""Where the dated paths have their date, and the legacy ones their version."""


class HubSpot:
    """HubSpot's API over a state; a call without the token is turned away."""

    def __init__(self, state: State, token: str) -> None:
        self._state, self._token, self._rates = state, token, Rates(state)

    def route(self, request: Request) -> str:
        """Name a request's route as its legacy path, with the kind of object; for what is not modelled, its path."""
        match = _match(request)
        if match is None:
            return f"{request.method} {request.path}"
        route, params, _ = match
        return re.sub(r"{(kind|other)}", lambda name: BY_NAME.get(params[name[1]], name[0]), route)

    def answer(self, request: Request) -> Reply:
        """Answer a call."""
        try:
            return self._answer(request)
        except Problem as problem:
            return problem.reply()

    def failure(self, status: int) -> Reply:
        """Fail as a fault wants it; a 477 says when to come again."""
        problem = Problem(status, "The sandbox was told to fail here.")
        if status == 477:
            problem.headers["Retry-After"] = "1"
        return problem.reply()

    def too_many(self) -> Reply:
        """Refuse one connection too many; the platform counts calls, not connections."""
        return Problem(429, "Too many connections.").reply()

    def _answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {self._token}":
            raise Problem(401, "Authentication credentials not found. This API supports OAuth 2.0 authentication.")
        match = _match(request)
        if match is None or (match[2] != "dated" and not self._state.readings.legacy_paths):
            raise not_found("The requested path does not exist, or this sandbox does not model it.")
        route, params, version = match
        headers = self._rates.check(self.route(request))
        query: dict[str, list[str]] = {}
        for name, value in request.pairs or request.query.items():
            query.setdefault(name, []).append(value)
        handler, body = ROUTES[route], _body(request.body)
        if not isinstance(body, list if handler in ARRAYS else dict):
            raise Problem(400, "Invalid input JSON: it is no object, or no array where one was expected.")
        with self._state.lock:
            answer = handler(Call(self._state, query, params, body, version))
        if answer is None:
            return Reply(204, headers=headers)
        created = 201 if handler in CREATED else 200
        return reply(207 if answer.get("numErrors") else created, answer, headers)


def _body(sent: bytes) -> Any:
    try:
        return json.loads(sent) if sent else {}
    except ValueError as error:
        raise Problem(400, "Invalid input JSON: it cannot be read.") from error


def _match(request: Request) -> tuple[str, Mapping[str, str], str] | None:
    """Find a request's route, what stands in its path for each name, and its version: v3, v4 or dated."""
    path = request.path.rstrip("/")
    asked = [f"{request.method} {path}"]
    for pattern, legacy in _DATED:
        if pattern.match(path):
            asked = [f"{request.method} {pattern.sub(legacy.format(version), path)}" for version in ("v4", "v3")]
    for one in asked:
        for route, pattern in _PATTERNS:
            if match := pattern.fullmatch(one):
                params = {name: unquote(text) for name, text in match.groupdict().items()}
                return route, params, "dated" if len(asked) > 1 else one.split("/")[2]
    return None
