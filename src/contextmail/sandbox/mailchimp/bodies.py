"""JSON bodies, read as the platform checks them: by type, with its words for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from contextmail.sandbox.http import Request
from contextmail.sandbox.mailchimp.problems import invalid, named

T = TypeVar("T")
_KINDS: Mapping[type, str] = {str: "string", bool: "boolean", dict: "object", list: "array", int: "integer"}


def body_of(request: Request) -> dict[str, Any]:
    """Read the JSON body, an empty object for none and for the SDK's `null`. Raises Problem."""
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise named("JSONParseError") from error
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise invalid(("", f"Schema describes object, {_kind(body)} found instead"))
    return body


def member_of(body: Any, name: str, kind: type[T], default: T | None = None) -> T:
    """Give one member of a body; without a default it is required. Raises Problem for another type."""
    if not isinstance(body, Mapping):
        raise invalid((name, f"Schema describes object, {_kind(body)} found instead"))
    value = body.get(name)
    if value is None:
        if default is None:
            raise invalid((name, "This value should not be blank."))
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid((name, f"Schema describes {_KINDS[kind]}, {_kind(value)} found instead"))
    return value


def _kind(value: object) -> str:
    return "NULL" if value is None else _KINDS.get(type(value), "number")
