"""Which fields of an audience hold names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from contextmail.connectors.base import AudienceField

_CALLED = {
    "first": {"fname", "firstname", "givenname", "forename", "vorname", "prenom"},
    "last": {"lname", "lastname", "surname", "familyname", "nachname"},
    "full": {"name", "fullname", "customername", "contactname"},
}
"""What such fields are called, in small letters without signs."""
_FACTS = {"first_name": "first", "last_name": "last", "name": "full"}


class NameFields(NamedTuple):
    """The tags of the fields that hold a first name, a last name, a whole name; "" for none."""

    first: str
    last: str
    full: str


def name_fields(fields: tuple[AudienceField, ...], facts: Mapping[str, str]) -> NameFields:
    """Find them by what the company says that they are (`facts`: field -> fact), else by what they are called."""
    found: dict[str, str] = {}
    for tag, fact in facts.items():
        if fact in _FACTS and any(field.tag == tag for field in fields):
            found.setdefault(_FACTS[fact], tag)
    for field in fields:
        called = re.sub(r"[\W_]", "", field.tag.casefold())
        for kind, names in _CALLED.items():
            if called in names and field.tag not in found.values():
                found.setdefault(kind, field.tag)
    return NameFields(found.get("first", ""), found.get("last", ""), found.get("full", ""))
