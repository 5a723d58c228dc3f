"""/lists/{list_id}/merge-fields: thirty to an audience, tags of ten characters."""

from __future__ import annotations

import re
from typing import Any

from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.call import Call, found
from contextmail.sandbox.mailchimp.documents import of_field
from contextmail.sandbox.mailchimp.model import MergeField
from contextmail.sandbox.mailchimp.problems import Problem, invalid

TYPES = "text number address phone date url imageurl radio dropdown birthday zip".split()
_TAG = re.compile(r"[A-Z0-9_]+")


def index(call: Call) -> dict[str, Any]:
    """List the fields in their order."""
    audience = call.audience
    kind, required = call.one_of("type", *TYPES), call.flag("required")
    shown = [
        field
        for field in sorted(audience.fields.values(), key=lambda field: (field.order, field.id))
        if (not kind or field.type == kind) and (required is None or field.required is required)
    ]
    return call.page("merge_fields", shown, lambda field: of_field(audience, field), list_id=audience.id)


def get(call: Call) -> dict[str, Any]:
    """Read a field."""
    return of_field(call.audience, _field(call))


def add(call: Call) -> dict[str, Any]:
    """Add a field; without a tag it gets one."""
    audience, limit = call.audience, call.state.limits.merge_fields
    name, kind = member_of(call.body, "name", str), member_of(call.body, "type", str)
    if kind not in TYPES:
        raise invalid(("type", "Value must be one of: " + ", ".join(TYPES)))
    if len(audience.fields) >= limit:
        raise Problem(400, "Bad Request", f"This audience has reached the limit of {limit} merge fields.")
    tag = _tag(call, member_of(call.body, "tag", str, f"MMERGE{audience.next_field}"))
    made = call.state.add_field(audience, tag, name, type=kind)
    _change(made, call)
    counts = {"merge_field_limit": limit, "total_items": len(audience.fields)}
    return of_field(audience, made) | counts


def patch(call: Call) -> dict[str, Any]:
    """Change a field; a new tag renames it for all contacts."""
    field = _field(call)
    tag = member_of(call.body, "tag", str, field.tag)
    if tag.upper() != field.tag:
        field.tag = _tag(call, tag)
    field.name = member_of(call.body, "name", str, field.name)
    _change(field, call)
    return of_field(call.audience, field)


def delete(call: Call) -> None:
    """Delete a field, and with it every contact's value."""
    # Values are kept by id, and ids never come back: they need no clearing.
    del call.audience.fields[_field(call).id]


def _field(call: Call) -> MergeField:
    number = call.params["merge_id"]
    return found(call.audience.fields.get(int(number)) if number.isdecimal() else None)


def _tag(call: Call, given: str) -> str:
    tag, longest = given.upper(), call.state.limits.tag_length
    if not _TAG.fullmatch(tag) or len(tag) > longest:
        raise invalid(("tag", f"Merge tags are letters, digits and underscores, {longest} characters or fewer."))
    if call.audience.field_tagged(tag) or tag == "EMAIL":
        raise Problem(400, "Bad Request", f'A Merge Field with the tag "{tag}" already exists for this list.')
    return tag


def _change(field: MergeField, call: Call) -> None:
    field.required = member_of(call.body, "required", bool, field.required)
    field.public = member_of(call.body, "public", bool, field.public)
    field.default = member_of(call.body, "default_value", str, field.default)
    field.order = member_of(call.body, "display_order", int, field.order)
    field.options = member_of(call.body, "options", dict, dict(field.options))
    field.help_text = member_of(call.body, "help_text", str, field.help_text)
