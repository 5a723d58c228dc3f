"""/crm/v3/lists: lists of records, and who is on them."""

from __future__ import annotations

from collections.abc import Sequence

from contextmail.sandbox.hubspot.call import Call, Document, found, told
from contextmail.sandbox.hubspot.model import BY_NAME, KINDS, RecordList
from contextmail.sandbox.hubspot.problems import Problem
from contextmail.sandbox.hubspot.state import stamp


def add(call: Call) -> Document:
    """Make a list; no two have the same name."""
    name, processing = call.given("name", str), call.given("processingType", str)
    kind = BY_NAME.get(call.given("objectTypeId", str), "")
    if not kind or processing not in ("MANUAL", "SNAPSHOT", "DYNAMIC"):
        raise Problem(400, "A list needs an objectTypeId, and MANUAL, SNAPSHOT or DYNAMIC.")
    if any(one.name.lower() == name.lower() for one in call.state.lists.values()):
        raise Problem(400, f"A list named '{name}' exists already.", subCategory="ILS.DUPLICATE_LIST_NAMES")
    return {"list": _document(call.state.add_list(name, kind, processing=processing))}


def index(call: Call) -> Document:
    """Read lists by id."""
    held = (call.state.lists.get(id_) for id_ in call.words("listIds"))
    return {"lists": [_document(one) for one in held if one is not None]}


def search(call: Call) -> Document:
    """Find lists whose name holds a word, page by page."""
    word, offset = call.given("query", str, "").lower(), call.given("offset", int, 0)
    types = call.strings("processingTypes") or ["MANUAL", "SNAPSHOT", "DYNAMIC"]
    held = [one for one in call.state.lists.values() if word in one.name.lower() and one.processing in types]
    end = offset + min(call.given("count", int, 20), 500)
    shown = [{**_document(one), "additionalProperties": {}} for one in held[offset:end]]
    return {"lists": shown, "total": len(held), "offset": min(end, len(held)), "hasMore": end < len(held)}


def get(call: Call) -> Document:
    """Read a list."""
    return {"list": _document(_list(call))}


def by_name(call: Call) -> Document:
    """Read the list of a name."""
    wanted = (call.kind(), call.params["name"])
    return {"list": _document(found(next((o for o in call.state.lists.values() if (o.kind, o.name) == wanted), None)))}


def delete(call: Call) -> None:
    """Delete a list."""
    del call.state.lists[_list(call).id]


def members(call: Call) -> Document:
    """List the ids of the records on a list."""
    held = _list(call).members
    page = call.page(
        list(held),
        lambda id_: {"recordId": id_, "membershipTimestamp": stamp(held[id_])},
        call.state.limits.memberships,
    )
    return {**page, "total": len(held)}


def add_members(call: Call) -> Document:
    """Put records on a list."""
    return _moved(call, call.body, ())


def remove_members(call: Call) -> Document:
    """Take records off a list."""
    return _moved(call, (), call.body)


def move_members(call: Call) -> Document:
    """Put some records on a list and take others off."""
    return _moved(call, call.given("recordIdsToAdd", list, []), call.given("recordIdsToRemove", list, []))


def _moved(call: Call, coming: Sequence[object], going: Sequence[object]) -> Document:
    held, most = _list(call), call.state.limits.membership_changes
    if held.processing == "DYNAMIC":
        raise Problem(400, f"List {held.id} is DYNAMIC: its members come from its filters.")
    if len(coming) + len(going) > most:
        raise Problem(400, f"At most {most} records at once.")
    records = {str(id_): call.state.records[held.kind].get(str(id_)) for id_ in coming}
    new = [one.id for one in records.values() if one is not None and one.id not in held.members]
    gone = [str(id_) for id_ in going if held.members.pop(str(id_), None)]
    call.state.join(held, *new)
    held.updated_at = call.state.now()
    missing = [id_ for id_, record in records.items() if record is None]
    # `recordsIdsAdded`: so the platform spells it.
    return {"recordsIdsAdded": new, "recordIdsRemoved": gone, "recordIdsMissing": missing}


def _list(call: Call) -> RecordList:
    return found(call.state.lists.get(call.params["list_id"]))


def _document(held: RecordList) -> Document:
    names = "listId=id name processingType=processing createdAt=created_at updatedAt=updated_at"
    more = {"objectTypeId": KINDS[held.kind], "size": len(held.members)}
    return told(held, names, listVersion=1, processingStatus="COMPLETE", **more)
