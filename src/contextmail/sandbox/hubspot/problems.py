"""Errors in the platform's own shape: a message, a category, sometimes what is wrong in detail."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from contextmail.sandbox.http import Reply

CORRELATION = "00000000-0000-4000-8000-000000000000"
CATEGORIES = {
    400: "VALIDATION_ERROR",
    401: "INVALID_AUTHENTICATION",
    403: "MISSING_SCOPES",
    404: "OBJECT_NOT_FOUND",
    409: "CONFLICT",
    423: "LOCKED",
    429: "RATE_LIMITS",
    477: "MIGRATION_IN_PROGRESS",
}
SCOPES = "This app hasn't been granted all required scopes to make this call."


class Problem(Exception):
    """A refusal: `errors` are its details, `more` further members of the document; a `category` of None is left out."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Iterable[Mapping[str, Any]] = (),
        *,
        category: str | None = "",
        **more: Any,
    ) -> None:
        self.status, self.message, self.more = status, message, more
        self.errors = [dict(error) for error in errors]
        self.category = CATEGORIES.get(status, "INTERNAL_ERROR") if category == "" else category
        self.headers: dict[str, str] = {}
        super().__init__(message)

    def document(self) -> dict[str, Any]:
        """Write it as the platform does."""
        told = {"status": "error", "message": self.message, "correlationId": CORRELATION, "category": self.category}
        document = {**told, "errors": self.errors or None, **self.more}
        return {name: value for name, value in document.items() if value is not None}

    def row(self, **context: str) -> dict[str, Any]:
        """Write it as one row's error in a batch of which the rest was done."""
        told = {"status": "error", "category": self.category, "message": self.message, "errors": self.errors}
        return {**told, "context": {name: [value] for name, value in context.items()}, "links": {}}

    def reply(self) -> Reply:
        """Answer with it."""
        return reply(self.status, self.document(), self.headers)


def reply(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer JSON."""
    return Reply(status, json.dumps(document).encode(), "application/json;charset=utf-8", headers or {})


def not_found(what: str = "resource not found") -> Problem:
    """Refuse what is not there."""
    return Problem(404, what)


def wrong_value(name: str, code: str, message: str) -> Problem:
    """Refuse a property's value, as `Property values were not valid: [...]`."""
    told = [{"isValid": False, "message": message, "error": code, "name": name, "localizedErrorMessage": message}]
    error = {"message": message, "code": code, "context": {"propertyName": [name]}}
    return Problem(400, f"Property values were not valid: {json.dumps(told)}", [error])


def forbidden(*scopes: str) -> Problem:
    """Refuse for a scope, or for a tier that cannot have it."""
    error = {"message": "One or more of the following scopes are required.", "context": {"requiredScopes": scopes}}
    return Problem(403, SCOPES, [error])


def too_many(policy: str, *, seconds: int | None = None) -> Problem:
    """Refuse a call too many: the documented shape, but for search, which has its own (both were recorded)."""
    message = f"You have reached your {policy.lower()} limit."
    if policy == "SECONDLY":
        problem = Problem(429, message)
    else:
        problem = Problem(429, message, category=None, errorType="RATE_LIMIT", policyName=policy, groupName="sandbox")
    if seconds is not None:
        problem.headers["Retry-After"] = str(seconds)
    return problem
