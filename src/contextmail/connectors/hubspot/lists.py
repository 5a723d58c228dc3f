"""Lists as segments: whom a draft targets, who is in one, and static ones of ours. Their names are unique in a portal.

A draft that includes the lists 12 and 34, and excludes 56, targets `12,34,-56`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from contextmail.connectors.calling import batches, unless_gone
from contextmail.connectors.hubspot.transport import Transport
from contextmail.errors import CapabilityError

CHANGES = 100
"""Contacts that one call adds or removes: as many as one call finds by their addresses."""
_NAMED = 500
"""Lists of a search's page, the most that HubSpot gives."""
CONTACTS = "0-1"
"""HubSpot's id of the kind of object that a list of contacts holds."""

_LISTS = "/crm/v3/lists"
_CONTACTS = "/crm/v3/objects/contacts/batch/read"


def target_of(to: Mapping[str, Any]) -> str:
    """Give the lists that a draft targets; empty: none is chosen yet.

    Raises CapabilityError for contacts that are chosen one by one, and for lists of the older kind.
    """
    lists = to.get("contactIlsLists") or {}
    chosen = [str(one) for one in lists.get("include") or ()]
    if not chosen and (to.get("contactLists") or {}).get("include"):
        raise CapabilityError("the draft targets lists of the older kind", cure="choose its lists again in HubSpot")
    if (to.get("contactIds") or {}).get("include"):
        cure = "in HubSpot: put them into a list, and choose that in the draft"
        raise CapabilityError("the draft targets contacts that are chosen one by one", cure=cure)
    return ",".join([*chosen, *(f"-{one}" for one in lists.get("exclude") or ())] if chosen else [])


def segment_keys(transport: Transport, segment: str) -> Iterator[str]:
    """Stream the ids of the contacts of a list, or of those of several that are in none of the excluded ones."""
    each = segment.split(",")
    if len(each) == 1:
        yield from keys(transport, each[0])
        return
    left = {key for one in each if one.startswith("-") for key in keys(transport, one[1:])}
    yield from set[str]().union(*(keys(transport, one) for one in each if not one.startswith("-"))) - left


def keys(transport: Transport, id_: str) -> Iterator[str]:
    """Stream the ids of the contacts of one list."""
    for page in transport.pages(f"{_LISTS}/{id_}/memberships", query={"limit": 250}):
        for one in page:
            yield str(one["recordId"])


def named(transport: Transport) -> Iterator[tuple[str, str]]:
    """Stream the id and the name of each list of contacts."""
    offset: int | None = 0
    while offset is not None:
        page = transport.send("POST", f"{_LISTS}/search", body={"query": "", "offset": offset, "count": _NAMED})
        for one in page.get("lists") or ():
            if one.get("objectTypeId", CONTACTS) == CONTACTS:
                yield str(one["listId"]), str(one.get("name") or "")
        offset = page["offset"] if page.get("hasMore") else None


def find(transport: Transport, name: str) -> str | None:
    """Look for a list of exactly this name."""
    path = f"{_LISTS}/object-type-id/{CONTACTS}/name/{quote(name, safe='')}"
    found = unless_gone(lambda: transport.send("GET", path))
    return None if found is None else _id(found)


def create(transport: Transport, name: str, emails: Iterable[str]) -> str:
    """Create a static list; one whose creation went unanswered is looked for before it is created again."""
    body = {"name": name, "objectTypeId": CONTACTS, "processingType": "MANUAL"}
    made = transport.once(
        lambda: _id(transport.send("POST", f"{_LISTS}/", body=body, repeat=False)), lambda: find(transport, name)
    )
    change(transport, made, add=emails, remove=())
    return made


def change(transport: Transport, id_: str, *, add: Iterable[str], remove: Iterable[str]) -> None:
    """Remove addresses, and add others; whoever is in it twice or out of it twice is so once.

    Only a contact's primary address adds it: under another it was somebody else before a merge, about whom less is known.
    """
    for how, emails, primary in (("remove", remove, False), ("add", add, True)):
        for found in ids_of(transport, emails, primary=primary):
            if found:
                transport.send("PUT", f"{_LISTS}/{id_}/memberships/{how}", body=found)


def delete(transport: Transport, id_: str) -> None:
    """Delete a list; the contacts stay. One that is gone is gone."""
    unless_gone(lambda: transport.send("DELETE", f"{_LISTS}/{id_}"))


def ids_of(transport: Transport, emails: Iterable[str], *, primary: bool) -> Iterator[list[str]]:
    """Stream the ids of the contacts of these addresses, 100 at a time; whom there is not is left out.

    `primary`: and whoever has the address beside another that is not asked for.
    """
    body = {"idProperty": "email", "properties": ["email"]}

    def found(some: list[str]) -> list[str]:
        asked = set(map(str.lower, some))
        answer = transport.one_batch(_CONTACTS, [{"id": email} for email in some], body=body)
        return [
            str(one["id"])
            for one in answer.results
            if not primary or str(one["properties"].get("email")).lower() in asked
        ]

    return transport.in_order(found, batches(emails, CHANGES))


def _id(answer: Mapping[str, Any]) -> str:
    """Give a list's id; some answers wrap the list."""
    return str((answer.get("list") or answer)["listId"])
