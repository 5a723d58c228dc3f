"""Whose an address is: HubSpot's contacts with all of their addresses, found by id, by address, or by what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from contextmail.connectors.consents import spellings
from contextmail.connectors.hubspot.paths import at
from contextmail.connectors.hubspot.transport import PAGE, Query, Transport
from contextmail.errors import PlatformError

_CONTACTS = "/crm/v3/objects/contacts"
_OPTED_OUT = "hs_email_optout"
_PROPERTIES = ("email", "hs_additional_emails", "hs_email_hard_bounce_reason_enum")
_SEARCHED = 200
"""Rows of a search's page, the most that HubSpot gives."""


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
            rows = self._since(since, properties)
        for row in rows:
            yield _person(row, marks=marks)

    def erase(self, person: Person) -> None:
        """Delete a contact for good."""
        self._transport.send("POST", f"{_CONTACTS}/gdpr-delete", body={"objectId": person.id})

    def _since(self, since: datetime, properties: list[str]) -> Iterator[Any]:
        # By id, not by page: contacts that change meanwhile move no others, and a search ends after 10,000 rows.
        last = "0"
        milliseconds = str(int(since.replace(tzinfo=UTC).timestamp() * 1000))
        while True:
            filters = [_filter("lastmodifieddate", "GTE", milliseconds), _filter("hs_object_id", "GT", last)]
            rows = self._search(filters, properties)
            yield from rows
            if len(rows) < _SEARCHED:
                return
            last = rows[-1]["id"]

    def _by_additional(self, email: str) -> Person | None:
        for row in self._search([_filter("hs_additional_emails", "CONTAINS_TOKEN", email)], list(_PROPERTIES)):
            found = _person(row, asked=email)
            if email.lower() in map(str.lower, found.addresses):
                return found
        return None

    def _search(self, filters: list[dict[str, str]], properties: list[str]) -> list[Any]:
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": properties,
            "limit": _SEARCHED,
        }
        return self._transport.send("POST", f"{_CONTACTS}/search", body=body).get("results") or []

    def _one(self, key: str, query: Query, *, asked: str) -> Person | None:
        try:
            row = self._transport.send("GET", at(f"{_CONTACTS}/{{}}", key), query=query)
        except PlatformError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        return _person(row, asked=asked)


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


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
