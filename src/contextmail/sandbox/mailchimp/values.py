"""Merge values as the platform takes them: checked by type, text cut at 255 bytes without a word."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from contextmail.sandbox.mailchimp.model import Audience, MergeField
from contextmail.sandbox.mailchimp.problems import Problem
from contextmail.sandbox.mailchimp.settings import Limits, Readings

_SHAPES = {
    "date": (re.compile(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}"), "Please enter the date."),
    "birthday": (
        re.compile(r"(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])"),
        "Please enter a month (01-12) and a day (01-31)",
    ),
    "zip": (re.compile(r"\d{5}"), "Please enter a complete zip code"),
    "url": (re.compile(r"https?://\S+"), "Please enter a valid URL."),
    "imageurl": (re.compile(r"https?://\S+"), "Please enter a valid image URL."),
}


def taken(
    audience: Audience,
    before: Mapping[int, Any],
    given: Mapping[str, Any],
    limits: Limits,
    readings: Readings,
    *,
    validate: bool,
) -> dict[int, Any]:
    """Give the values by field id after a write of values by tag. Raises Problem with an error per field."""
    fields = {field.tag: field for field in audience.fields.values()}
    values, errors = dict(before), []
    for tag, raw in given.items():
        field = fields.get(tag.upper())
        if field is None:
            if readings.unknown_tags == "rejected":
                errors.append((tag, "This merge field does not exist."))
            continue
        value, message = _value(field, raw, limits)
        if message:
            errors.append((tag, message))
        elif value == "":
            values.pop(field.id, None)
        else:
            values[field.id] = value
    if validate:
        missing = (field for field in fields.values() if field.required and field.id not in values)
        errors += [(field.tag, "Please enter a value") for field in missing]
    if errors:
        raise Problem(400, "Invalid Resource", "Your merge fields were invalid.", errors)
    return values


def _value(field: MergeField, raw: Any, limits: Limits) -> tuple[Any, str]:
    if raw is None or raw == "":
        return "", ""
    if field.type == "address":
        complete = isinstance(raw, dict) and all(raw.get(part) for part in ("addr1", "city", "state", "zip"))
        return (raw, "") if complete else ("", "Please enter a complete address")
    if field.type == "number":
        return _number(raw)
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        return "", "Data did not match any of the schemas described in anyOf."
    text = str(raw)
    if field.type in ("radio", "dropdown"):
        known = text in field.options.get("choices", ())
        return (text, "") if known else ("", "Value must be one of the choices")
    shape, message = _SHAPES.get(field.type, (None, ""))
    if shape is not None:
        return (text, "") if shape.fullmatch(text) else ("", message)
    # Bytes, not characters; half a character at the end is dropped.
    return text.encode(errors="replace")[: limits.text_bytes].decode(errors="ignore"), ""


def _number(raw: Any) -> tuple[Any, str]:
    try:
        number = float(raw)
    except (TypeError, ValueError):
        return "", "Please enter a number"
    if not math.isfinite(number):
        return "", "Please enter a number"
    return (int(number) if number.is_integer() else number), ""
