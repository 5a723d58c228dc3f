"""Contact properties of ours: texts in a group of their own, each told by its label as well as by its name.

A property has no default: the neutral text stands in the token, and in the property's description for a person to read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from contextmail.connectors.base import AudienceField
from contextmail.connectors.calling import unless_gone
from contextmail.connectors.hubspot.transport import Transport
from contextmail.errors import CapabilityError, PlatformError, UnsafePlanError

GROUP = "contextmail"
LONGEST = 65_536
"""Characters that a text property holds."""

_ALL = "/crm/v3/properties/contacts"
_GROUPS = f"{_ALL}/groups"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_OTHERS = "rename or remove it in HubSpot: Settings > Properties > Contact properties"


def audience_field(found: Mapping[str, Any]) -> AudienceField:
    """Read a contact property; one whose values HubSpot keeps to itself is of the type `read only`."""
    metadata = found.get("modificationMetadata") or {}
    plain = found.get("type") == "string" and not metadata.get("readOnlyValue")
    name = str(found.get("name", ""))
    return AudienceField(
        id=name,
        tag=name,
        name=found.get("label") or "",
        type="text" if plain else "read only" if metadata.get("readOnlyValue") else str(found.get("type", "")),
        default=(found.get("description") or "") if found.get("groupName") == GROUP else "",
        public=bool(found.get("formField")),
    )


def create(transport: Transport, tag: str, name: str, default: str) -> AudienceField:
    """Create a text property that is on no form; one of this name and label that is there is taken.

    Raises CapabilityError for a name that HubSpot does not take, UnsafePlanError where it is somebody else's.
    """
    if not _NAME.fullmatch(tag) or is_platforms_own(tag):
        raise CapabilityError(f"{tag!r} is no name of a property of ours: a-z, 0-9 and _", where="HubSpot properties")
    if there := find(transport, tag, name):
        return there
    _make_group(transport)
    body = {
        "name": tag, "label": name, "description": default, "groupName": GROUP,
        "type": "string", "fieldType": "text", "formField": False,
    }  # fmt: skip

    def make() -> AudienceField:
        return audience_field(transport.send("POST", _ALL, body=body, repeat=False))

    try:
        made = transport.once(make, lambda: find(transport, tag, name))
    except PlatformError as error:
        if error.status == HTTPStatus.CONFLICT and (there := find(transport, tag, name)):
            return there
        raise
    return _writable(made)


def find(transport: Transport, tag: str, name: str) -> AudienceField | None:
    """Look for the property of that name. Raises UnsafePlanError for one of another label, or that is read only."""
    definition = unless_gone(lambda: transport.send("GET", f"{_ALL}/{tag}"))
    if definition is None:
        return None
    found = audience_field(definition)
    if found.name != name:
        what = f"the property {tag} is somebody else's: it has another label"
        raise UnsafePlanError(what, where="HubSpot properties", cure=_OTHERS)
    return _writable(found)


def delete(transport: Transport, field: AudienceField) -> None:
    """Delete a property with its values; one that is gone is gone. Raises UnsafePlanError as `find` does."""
    if find(transport, field.tag, field.name):
        transport.send("DELETE", f"{_ALL}/{field.tag}")


def is_platforms_own(name: str) -> bool:
    """Say whether HubSpot itself keeps the property: opt-outs, bounces and their like are never written by us."""
    return name.startswith("hs_")


def _make_group(transport: Transport) -> None:
    try:
        transport.send("POST", _GROUPS, body={"name": GROUP, "label": GROUP})
    except PlatformError as error:
        if error.status != HTTPStatus.CONFLICT:
            raise


def _writable(field: AudienceField) -> AudienceField:
    if field.type != "text":
        what = f"the property {field.tag} is of the type {field.type}, and texts cannot be written to it"
        raise UnsafePlanError(what, where="HubSpot properties", cure=_OTHERS)
    return field
