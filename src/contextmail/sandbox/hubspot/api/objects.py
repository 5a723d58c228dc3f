"""/crm/v3/objects: records of every kind, one at a time or a hundred; merge and deletion for good."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from contextmail.sandbox.hubspot.associations import other_kind
from contextmail.sandbox.hubspot.call import Call, Document, batch, member, paging, told
from contextmail.sandbox.hubspot.definitions import OTHERS_TOLD, SHOWN, checked
from contextmail.sandbox.hubspot.model import BY_NAME, ONE, Record
from contextmail.sandbox.hubspot.problems import Problem, not_found, wrong_value
from contextmail.sandbox.hubspot.state import API

Write = Callable[[], Document]
MISSING = "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid."


def index(call: Call) -> Document:
    """List records by id, a page at a time; the deleted ones where they are asked for."""
    kind, state = call.kind(), call.state
    count, after = call.number("limit", 10, state.limits.page), call.number("after", 0)
    held = state.records[kind]
    if call.asked("archived") == "true":
        shown = sorted((one for one in held.archived.values() if int(one.id) >= after), key=lambda one: int(one.id))
    else:
        shown = held.page(after, count + 1)
    documents = [_asked(call, kind, record) for record in shown[:count]]
    return {"results": documents, **({"paging": paging(shown[count].id)} if len(shown) > count else {})}


def get(call: Call) -> Document:
    """Read one record, by its id or by `idProperty`."""
    kind = call.kind()
    return _asked(call, kind, _one(call, kind, call.params["id"], call.asked("idProperty")))


def add(call: Call) -> Document:
    """Make a record, with its associations. Refused with 409 where a unique value is taken."""
    return _creating(call, call.kind(), call.body)()


def change(call: Call) -> Document:
    """Write properties of a record."""
    kind = call.kind()
    record = _one(call, kind, call.params["id"], call.asked("idProperty"))
    return _changing(call, kind, record, call.body)()


def archive(call: Call) -> None:
    """Delete a record; that it is not there is no error."""
    kind = call.kind()
    if record := call.state.records[kind].get(call.params["id"]):
        call.state.remove(kind, record)


def batch_archive(call: Call) -> None:
    """Delete up to a hundred records."""
    kind = call.kind()
    for one in call.inputs(call.state.limits.batch):
        if record := call.state.records[kind].get(member(one, "id", str)):
            call.state.remove(kind, record)


def batch_read(call: Call) -> Document:
    """Read up to a hundred records; those that are not there are told as errors."""
    kind = call.kind()
    by, missing, results = call.given("idProperty", str, ""), [], []
    for one in call.inputs(call.state.limits.batch):
        id_ = member(one, "id", str)
        try:
            results.append(document(call, kind, _one(call, kind, id_, by), call.strings("properties")))
        except Problem:
            missing.append(id_)
    if not missing:
        return batch(call.state, results)
    row = Problem(404, MISSING.format(ONE[kind].upper())).row()
    return batch(call.state, results, [{**row, "context": {"ids": missing}}])


def batch_create(call: Call) -> Document:
    """Make up to a hundred records."""
    kind = call.kind()
    return _rows(call, lambda one: _creating(call, kind, one))


def batch_update(call: Call) -> Document:
    """Write properties of up to a hundred records."""
    kind = call.kind()
    return _rows(call, lambda one: _changing(call, kind, _one(call, kind, member(one, "id", str), _by(one)), one))


def batch_upsert(call: Call) -> Document:
    """Write up to a hundred records that a unique property names; those that are not there are made."""
    kind, state = call.kind(), call.state

    def prepare(one: Document) -> Write:
        by, id_ = member(one, "idProperty", str), member(one, "id", str)
        if by not in state.properties[kind] or not state.properties[kind][by].unique:
            raise Problem(400, f"{by} is not a unique property.")
        record = state.find_by(kind, by, id_)
        if record is not None:
            change = _changing(call, kind, record, one)
            return lambda: {**change(), "new": False}
        create = _creating(call, kind, {**one, "properties": {by: id_, **member(one, "properties", dict)}})
        return lambda: {**create(), "new": True}

    return _rows(call, prepare)


def merge(call: Call) -> Document:
    """Merge a record into another: not to be undone, and the opt-out is that of the primary's address."""
    kind, state = call.kind(), call.state
    primary, other = (_one(call, kind, call.given(name, str)) for name in ("primaryObjectId", "objectIdToMerge"))
    if primary is other:
        raise Problem(400, "A record cannot be merged with itself.")
    if len(primary.merged) + len(other.merged) + 2 > state.limits.merges:
        raise Problem(414, f"At most {state.limits.merges} records can be merged into one.")
    survivor = state.merge(kind, primary, other)
    return document(call, kind, survivor)


def gdpr_delete(call: Call) -> None:
    """Delete a contact for good: the address, known or not, cannot be written again."""
    kind, state, id_ = call.kind(), call.state, call.given("objectId", str)
    by = call.given("idProperty", str, "")
    record = state.find_by(kind, by, id_) if by else state.records[kind].get(id_)
    if by == "email":
        state.blocked.add(id_.lower())
    elif record is None:
        raise not_found()
    if record is not None:
        state.blocked |= {address.lower() for address in record.addresses}
        state.remove(kind, record)
        del state.records[kind].archived[record.id]
        state.emit("contact.privacyDeletion", record.id)


def document(call: Call, kind: str, record: Record, names: Collection[str] = ()) -> Document:
    """Write a record: the properties that were asked for, or the usual ones; unknown ones are left out."""
    state, usual = call.state, SHOWN.get(kind, OTHERS_TOLD).split()
    wanted = [*names, *(name for name in usual if not names or name.endswith("date") or name == "hs_object_id")]
    known = (name for name in dict.fromkeys(wanted) if name in state.properties[kind])
    properties = {name: state.value(kind, record, name) for name in known}
    times = "id createdAt=created_at updatedAt=updated_at"
    if record.id in state.records[kind].archived:
        return told(record, f"{times} archivedAt=updated_at", properties=properties, archived=True)
    return told(record, times, properties=properties, archived=False)


def _asked(call: Call, kind: str, record: Record) -> Document:
    written = document(call, kind, record, call.words("properties"))
    ties = {}
    for other in (BY_NAME[name] for name in call.words("associations") if name in BY_NAME):
        type_ = f"{ONE[kind]}_to_{ONE[other]}"
        if ids := call.state.associations.of(kind, record.id, other):
            ties[other.replace("_", " ")] = {"results": [{"id": id_, "type": type_} for id_ in ids]}
    return {**written, "associations": ties} if ties else written


def _by(one: Document) -> str:
    return member(one, "idProperty", str, "")


def _one(call: Call, kind: str, id_: str, by: str = "") -> Record:
    state = call.state
    record = state.find_by(kind, by, id_) if by and by != "hs_object_id" else state.records[kind].get(id_)
    if record is None:
        raise not_found()
    return record


def _values(call: Call, kind: str, body: Any, record: Record | None = None) -> dict[str, str]:
    """Check the properties of a write. Raises Problem."""
    state, given = call.state, member(body, "properties", dict)
    for name in given:
        if name not in state.properties[kind]:
            raise wrong_value(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    values = {name: checked(state.properties[kind][name], value, state.limits.text) for name, value in given.items()}
    for name, value in values.items():
        if state.properties[kind][name].unique and value:
            other = state.find_by(kind, name, value)
            if other is not None and other is not record:
                raise Problem(409, f"{ONE[kind].capitalize()} already exists. Existing ID: {other.id}")
    if kind == "contacts" and values.get("email", "").lower() in state.blocked:
        raise wrong_value("email", "BLOCKLISTED", "This address was deleted for good and cannot be used again.")
    return values


def _changing(call: Call, kind: str, record: Record, body: Any) -> Write:
    """Check a change; what is given writes it. Raises Problem."""
    values = _values(call, kind, body, record)

    def write() -> Document:
        call.state.change(kind, record, values, source=API)
        return _traced(document(call, kind, record, values), body)

    return write


def _creating(call: Call, kind: str, body: Any) -> Write:
    """Check a new record; what is given makes it. Raises Problem."""
    state, values = call.state, _values(call, kind, body)
    if kind in ("tasks", "notes") and "hs_timestamp" not in values:
        raise wrong_value("hs_timestamp", "REQUIRED", "The property hs_timestamp is required.")
    if kind == "contacts":
        values["hs_marketable_status"] = "true" if state.readings.api_contacts_are_marketing else "false"
    # The type of a bond alone tells of which kind its other end is.
    ties = [
        (other_kind(kind, member(type_, "associationTypeId", int)), str(member(tie, "to", dict).get("id")))
        for tie in member(body, "associations", list, [])
        for type_ in member(tie, "types", list)
    ]
    for other, id_ in ties:
        if state.records[other].get(id_) is None:
            raise Problem(400, f"The {ONE[other]} {id_} to associate with does not exist.")

    def write() -> Document:
        record = state.add(kind, values, source=API)
        for other, id_ in ties:
            state.associations.tie(kind, record.id, other, id_)
        return _traced(document(call, kind, record, values), body)

    return write


def _traced(written: Document, body: Document) -> Document:
    return {**written, "objectWriteTraceId": _trace(body)} if _trace(body) else written


def _trace(one: Document) -> str:
    return member(one, "objectWriteTraceId", str, "")


def _rows(call: Call, prepare: Callable[[Document], Write]) -> Document:
    """Write row by row: what is not there is told beside the rest; other faults only where every row has its trace.

    Without a unique objectWriteTraceId for each row, and with rows named by e-mail, a fault refuses the whole batch.
    """
    inputs: list[Document] = call.inputs(call.state.limits.batch)
    keys = [str(one.get("id") or member(one, "properties", dict, {}).get("email", at)) for at, one in enumerate(inputs)]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise Problem(400, f"Duplicate IDs found in batch input: {twice}. IDs must be unique")
    traces = {_trace(one) for one in inputs} - {""}
    forgiving = len(traces) == len(inputs) and all(_by(one) != "email" for one in inputs)
    writes, errors = [], []
    for one in inputs:
        try:
            writes.append(prepare(one))
        except Problem as problem:
            if not forgiving and problem.status != 404:
                raise
            names = {"ids": str(one.get("id", "")), "objectWriteTraceId": _trace(one)}
            errors.append(problem.row(**{name: value for name, value in names.items() if value}))
    return batch(call.state, [write() for write in writes], errors)
