"""Errors in the platform's own shape: problem documents with a title and a detail."""

from __future__ import annotations

import json
from collections.abc import Iterable

from contextmail.sandbox.http import Reply

TYPE = "https://mailchimp.com/developer/marketing/docs/errors/"
INVALID = "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
WRONG_KEY = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
BY_NAME = {
    "APIKeyMissing": (401, "API Key Missing", "Your request did not include an API key."),
    "APIKeyInvalid": (401, "API Key Invalid", WRONG_KEY),
    "BadRequest": (400, "Bad Request", "Your request could not be processed."),
    "InvalidAction": (400, "Invalid Action", "The action requested was not valid for this resource."),
    "InvalidResource": (400, "Invalid Resource", "The resource submitted could not be validated."),
    "JSONParseError": (400, "JSON Parse Error", "We encountered an unspecified JSON parsing error."),
    "Forbidden": (403, "Forbidden", "You are not permitted to access this resource."),
    "UserDisabled": (403, "User Disabled", "This account has been disabled."),
    "ResourceNotFound": (404, "Resource Not Found", "The requested resource could not be found."),
    "MethodNotAllowed": (405, "Method Not Allowed", "The requested method and resource are not compatible."),
    "RequestedFieldsInvalid": (400, "Requested Fields Invalid", "The fields requested from this resource are invalid."),
    "TooManyRequests": (429, "Too Many Requests", "You have exceeded the limit of 10 simultaneous connections."),
    "InternalServerError": (500, "Internal Server Error", "An unexpected internal error has occurred."),
}
"""The glossary of errors; a request names one of them in `X-Trigger-Error` to be given it."""


class Problem(Exception):
    """A refusal: `errors` are (field, message) pairs."""

    def __init__(self, status: int, title: str, detail: str, errors: Iterable[tuple[str, str]] = ()) -> None:
        self.status, self.title, self.detail = status, title, detail
        self.errors = tuple(errors)
        super().__init__(f"{title}: {detail}")

    def reply(self) -> Reply:
        """Write it as the platform does; its content type is not `application/json`."""
        told = {"type": TYPE, "title": self.title, "status": self.status, "detail": self.detail}
        document: dict[str, object] = {**told, "instance": "00000000-0000-4000-8000-000000000000"}
        if self.errors:
            document["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        return Reply(self.status, json.dumps(document).encode(), "application/problem+json; charset=utf-8")


def named(name: str) -> Problem:
    """Give a problem of the glossary. Raises KeyError."""
    return Problem(*BY_NAME[name])


def of_status(status: int) -> Problem:
    """Give a problem for a status, as a fault makes it."""
    known = {of: title for of, title, _ in BY_NAME.values()}
    title = known.get(status, "Service Unavailable" if status > 500 else "Bad Request")
    return Problem(status, title, "The sandbox was told to fail here.")


def bad_request(detail: str) -> Problem:
    """Refuse a request for a reason of its own."""
    return Problem(400, "Bad Request", detail)


def invalid(field: str, message: str) -> Problem:
    """Refuse a resource for one of its fields."""
    return Problem(400, "Invalid Resource", INVALID, [(field, message)])


def not_modelled(what: str) -> Problem:
    """Say that the platform has it and the sandbox has not."""
    detail = f"{what} exists on the platform; this sandbox does not model it."
    return Problem(501, "Not Modelled By The Sandbox", detail)
