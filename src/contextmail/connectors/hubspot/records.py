"""Records of any kind: all of them, those that changed, by id, and which belong to which.

What changed is searched for, since nothing else can ask by time: by windows of ids, because a search ends after 10,000
rows and pages of what moves lose some; for the ids alone, because a search takes 3,000 characters. A search sees a change
some seconds late: whoever asks again by time asks from a little earlier on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from contextmail.connectors.calling import batches
from contextmail.connectors.hubspot.times import milliseconds
from contextmail.connectors.hubspot.transport import PAGE, Transport
from contextmail.errors import AuthenticationError

Record = Mapping[str, Any]
"""As HubSpot gives it: `id`, `properties`, perhaps `archived` and `archivedAt`."""
Values = Mapping[str, str | None]

ASSOCIATED = 1000
"""Records whose associations one call reads, the most that HubSpot takes."""

_SEARCHED = 200
"""Rows of a search's page, the most that HubSpot gives."""
_IN_A_URL = 4000
"""Characters of property names that go into a URL; more of them are asked for in bodies."""


def values(record: Record) -> Values:
    """Give a record's properties."""
    found: Values = record.get("properties") or {}
    return found


def listed(transport: Transport, kind: str, names: Collection[str], *, archived: bool = False) -> Iterator[Record]:
    """Stream all records of a kind, with properties; or those that are archived."""
    path, told = f"/crm/v3/objects/{kind}", ",".join(names)
    query: dict[str, str | int | bool] = {"limit": PAGE, "archived": archived}
    if len(told) <= _IN_A_URL:
        return transport.rows(path, query={**query, "properties": told})
    return by_id(transport, kind, (str(one["id"]) for one in transport.rows(path, query=query)), names)


def by_id(transport: Transport, kind: str, ids: Iterable[str], names: Collection[str]) -> Iterator[Record]:
    """Stream records by their ids, in their order; those that are gone are left out."""

    def part(some: list[str]) -> list[Record]:
        found = read(transport, kind, some, names)
        return [found[one] for one in some if one in found]

    return chain.from_iterable(transport.in_order(part, batches(ids, PAGE)))


def read(transport: Transport, kind: str, ids: Iterable[str], names: Collection[str]) -> dict[str, Record]:
    """Read records by their ids; those that are gone are left out, one that was merged stands under its old id too."""
    asked = [*names, "hs_merged_object_ids"]
    found = dict[str, Record]()
    for part in batches(ids, PAGE):
        body = {"properties": asked}
        answer = transport.one_batch(f"/crm/v3/objects/{kind}/batch/read", [{"id": one} for one in part], body=body)
        for row in answer.results:
            found |= dict.fromkeys([str(row["id"]), *merged(row)], row)
    return found


def merged(record: Record) -> list[str]:
    """Give the ids of the records that were merged into this one."""
    ids = (values(record).get("hs_merged_object_ids") or "").split(";")
    return [one for one in ids if one and one != str(record["id"])]


def changed(transport: Transport, kind: str, since: datetime) -> Iterator[str]:
    """Stream the ids of the records of a kind that changed since then."""
    return (str(one["id"]) for one in changed_with(transport, kind, since, ["hs_object_id"]))


def changed_with(transport: Transport, kind: str, since: datetime, names: Collection[str]) -> Iterator[Record]:
    """Stream the records of a kind that changed since then, with a few properties."""
    name, last = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate", "0"
    while True:
        filters = [(name, "GTE", str(milliseconds(since))), ("hs_object_id", "GT", last)]
        rows = search(transport, kind, filters, names)
        yield from rows
        if len(rows) < _SEARCHED:
            return
        last = str(rows[-1]["id"])


def search(
    transport: Transport, kind: str, filters: Iterable[tuple[str, str, str]], names: Collection[str]
) -> list[Record]:
    """Give up to 200 records of a kind, by id, of which every filter holds: property, operator, value."""
    wanted = [{"propertyName": name, "operator": operator, "value": value} for name, operator, value in filters]
    body = {
        "filterGroups": [{"filters": wanted}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": list(names),
        "limit": _SEARCHED,
    }
    return transport.send("POST", f"/crm/v3/objects/{kind}/search", body=body).get("results") or []


def related(transport: Transport, kind: str, other: str, ids: list[str]) -> dict[str, list[str]]:
    """Give the records of another kind that each of up to 1,000 records belongs to, the primary one first."""
    found: defaultdict[str, set[tuple[bool, int]]] = defaultdict(set)
    asked: list[Any] = [{"id": one} for one in ids]
    while asked:
        # An id that belongs to none comes as an error of its row.
        answer = transport.one_batch(f"/crm/v4/associations/{kind}/{other}/batch/read", asked)
        asked = []
        for row in answer.results:
            id_ = str(row["from"]["id"])
            for one in row.get("to") or ():
                primary = any(type_.get("label") == "Primary" for type_ in one.get("associationTypes") or ())
                found[id_].add((not primary, int(one["toObjectId"])))
            if after := ((row.get("paging") or {}).get("next") or {}).get("after"):
                asked.append({"id": id_, "after": after})
    return {id_: [str(one) for _, one in sorted(those)] for id_, those in found.items()}


def may_read(transport: Transport, kind: str) -> bool:
    """Say whether the token may read records of a kind."""
    try:
        transport.send("GET", f"/crm/v3/objects/{kind}", query={"limit": 1})
    except AuthenticationError:
        return False
    return True
