"""Whose an address is: HubSpot's contacts with all of their addresses, found by id, by address, or by what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contextmail.connectors.calling import unless_gone
from contextmail.connectors.consents import spellings
from contextmail.connectors.hubspot.paths import at
from contextmail.connectors.hubspot.records import changed_with, search
from contextmail.connectors.hubspot.transport import PAGE, Query, Transport

_CONTACTS = "/crm/v3/objects/contacts"
_OPTED_OUT = "hs_email_optout"
_PROPERTIES = ("email", "hs_additional_emails", "hs_email_hard_bounce_reason_enum")


@dataclass(frozen=True, slots=True)
class Person:
    """A contact. `addresses`: the primary one first; `former`: primary ones of before, where its history was read."""

    id: str
    addresses: tuple[str, ...]
    former: tuple[str, ...]
    bounced: bool
    left_nothing: bool
    """HubSpot marks no opt-out of its primary address; False where it does, or was not asked, or does not say."""
    asked: str = ""
    """The address by which it was found, as HubSpot may write it."""


class People:
    """Find contacts, and delete them for good."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def by_id(self, id_: str) -> Person | None:
        """Give a contact, or the one that it was merged into, with its former addresses; None: it is not there."""
        query = {"properties": ",".join(_PROPERTIES), "propertiesWithHistory": "email"}
        return self._one(id_, query, asked="")

    def by_address(self, endpoint: str) -> Person | None:
        """Give the contact of an address, be it an additional one; None: there is none."""
        for email in spellings(endpoint):
            query = {"properties": ",".join(_PROPERTIES), "idProperty": "email"}
            # Whether this finds an additional address is not documented: so that is searched for, too.
            if found := self._one(email, query, asked=email) or self._by_additional(email):
                return found
        return None

    def changed(self, since: datetime | None, types: Sequence[int]) -> Iterator[Person]:
        """Stream the contacts that changed since then, None: all; marked by the subscription types, too."""
        marks = [_OPTED_OUT, *(f"{_OPTED_OUT}_{of}" for of in types)]
        properties = [*_PROPERTIES, *marks]
        if since is None:
            rows = self._transport.rows(_CONTACTS, query={"limit": PAGE, "properties": ",".join(properties)})
        else:
            rows = changed_with(self._transport, "contacts", since, properties)
        for row in rows:
            yield _person(row, marks=marks)

    def erase(self, person: Person) -> None:
        """Delete a contact for good."""
        self._transport.send("POST", f"{_CONTACTS}/gdpr-delete", body={"objectId": person.id})

    def _by_additional(self, email: str) -> Person | None:
        holds = [("hs_additional_emails", "CONTAINS_TOKEN", email)]
        for row in search(self._transport, "contacts", holds, _PROPERTIES):
            found = _person(row, asked=email)
            if email.lower() in map(str.lower, found.addresses):
                return found
        return None

    def _one(self, key: str, query: Query, *, asked: str) -> Person | None:
        row = unless_gone(lambda: self._transport.send("GET", at(f"{_CONTACTS}/{{}}", key), query=query))
        return None if row is None else _person(row, asked=asked)


def _person(row: Any, *, marks: Sequence[str] = (), asked: str = "") -> Person:
    values = row.get("properties") or {}
    written = [values.get("email") or "", *(values.get("hs_additional_emails") or "").split(";")]
    addresses = tuple(dict.fromkeys(address.strip() for address in written if address.strip()))
    history = (row.get("propertiesWithHistory") or {}).get("email") or ()
    now = {address.lower() for address in addresses}
    former = [str(one.get("value") or "") for one in history]
    return Person(
        id=str(row["id"]),
        addresses=addresses,
        former=tuple(address for address in former if address and address.lower() not in now),
        bounced=bool(values.get("hs_email_hard_bounce_reason_enum")),
        left_nothing=bool(marks) and _OPTED_OUT in values and "true" not in map(values.get, marks),
        asked=asked,
    )
