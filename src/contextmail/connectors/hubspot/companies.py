"""What stands behind contacts: the company that each belongs to, their deals, and who owns the relationship."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from contextmail.connectors.hubspot.records import Record, Values, may_read, read, related, values
from contextmail.connectors.hubspot.transport import PAGE, Transport


class Companies:
    """The primary company of contacts, with properties of it; none where the token may not read companies."""

    def __init__(self, transport: Transport, names: Collection[str]) -> None:
        self._transport, self._names = transport, [*names, "hubspot_owner_id"]

    def of(self, contacts: list[str]) -> dict[str, Record]:
        """Give each of up to 1,000 contacts' company. Raises AuthenticationError where mapped ones may not be read."""
        if not self._readable:
            return {}
        first = {who: ids[0] for who, ids in related(self._transport, "contacts", "companies", contacts).items()}
        records = read(self._transport, "companies", sorted(set(first.values())), self._names)
        return {who: records[id_] for who, id_ in first.items() if id_ in records}

    @cached_property
    def _readable(self) -> bool:
        # What is mapped must be there: a refusal is then an error, and not silence.
        return len(self._names) > 1 or may_read(self._transport, "companies")


class Deals:
    """Properties of the deals of contacts: of each property, the value of the latest deal that has one."""

    def __init__(self, transport: Transport, names: Collection[str]) -> None:
        self._transport, self._names = transport, names

    def of(self, contacts: list[str]) -> dict[str, Values]:
        """Give each of up to 1,000 contacts' values."""
        if not self._names:
            return {}
        ids = related(self._transport, "contacts", "deals", contacts)
        wanted = sorted({one for those in ids.values() for one in those})
        found = read(self._transport, "deals", wanted, [*self._names, "closedate", "createdate"])
        return {who: self._latest([found[one] for one in those if one in found]) for who, those in ids.items()}

    def _latest(self, deals: list[Record]) -> Values:
        """Lay deals over each other, the latest on top: by the day that they close, else by that they were made."""
        laid = sorted(map(values, deals), key=lambda one: one.get("closedate") or one.get("createdate") or "")
        return {name: value for deal in laid for name in self._names if (value := deal.get(name))}


def owners(transport: Transport) -> dict[str, str]:
    """Give the name of each owner by id, of those who have left too; without a name, the part before the @."""
    found = {}
    for archived in (True, False):
        for one in transport.rows("/crm/v3/owners", query={"limit": PAGE, "archived": archived}):
            name = " ".join(part for part in (one.get("firstName"), one.get("lastName")) if part)
            found[str(one["id"])] = name or str(one.get("email") or "").partition("@")[0]
    return found
