"""/crm/v4/associations: the bonds of a thousand records at once."""

from __future__ import annotations

from contextmail.sandbox.hubspot.associations import PRIMARY
from contextmail.sandbox.hubspot.call import Call, Document, batch, member
from contextmail.sandbox.hubspot.model import ONE
from contextmail.sandbox.hubspot.problems import Problem, not_found


def batch_read(call: Call) -> Document:
    """Read bonds; records that have none are told as errors."""
    kind, other, state = call.kind(), call.kind("other"), call.state
    results, errors = [], []
    for one in call.inputs(state.limits.association_inputs):
        id_ = member(one, "id", str)
        record = state.records[kind].get(id_)
        if record is None or not (tied := _tied(call, kind, record.id, other)):
            message = f"No {ONE[other]} is associated with {ONE[kind]} {id_}."
            context = {"fromObjectId": id_, "fromObjectType": ONE[kind], "toObjectType": ONE[other]}
            row = Problem(404, message).row(**context)
            errors.append({**row, "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"})
        else:
            results.append({"from": {"id": id_}, "to": tied})
    return batch(state, results, errors)


def batch_create(call: Call) -> Document:
    """Tie pairs of records, by the platform's own type where none is named."""
    kind, other = call.kind(), call.kind("other")
    results = []
    for one in call.inputs(call.state.limits.association_creates):
        near, far = (member(member(one, end, dict), "id", str) for end in ("from", "to"))
        _tie(call, kind, near, other, far)
        ends = {"fromObjectId": near, "toObjectId": far}
        results.append({"fromObjectTypeId": kind, "toObjectTypeId": other, **ends, "labels": []})
    return batch(call.state, results)


def batch_archive(call: Call) -> None:
    """Untie records."""
    kind, other = call.kind(), call.kind("other")
    for one in call.inputs(call.state.limits.association_creates):
        for far in member(one, "to", list):
            near = member(member(one, "from", dict), "id", str)
            call.state.associations.cut(kind, near, other, member(far, "id", str))


def _tie(call: Call, kind: str, near: str, other: str, far: str) -> None:
    if call.state.records[kind].get(near) is None or call.state.records[other].get(far) is None:
        raise not_found()
    call.state.associations.tie(kind, near, other, far)


def _tied(call: Call, kind: str, id_: str, other: str) -> list[Document]:
    primary = {type_ for pair in PRIMARY.values() for type_ in pair}
    return [
        {
            "toObjectId": far,
            "associationTypes": [
                {"category": "HUBSPOT_DEFINED", "typeId": type_, "label": "Primary" if type_ in primary else None}
                for type_ in sorted(types)
            ],
        }
        for far, types in call.state.associations.of(kind, id_, other).items()
    ]
