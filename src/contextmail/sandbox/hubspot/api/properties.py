"""/crm/v3/properties: what can be written on records of a kind, and in which group it stands."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from contextmail.sandbox.hubspot.call import Call, Document, batch, found, member, told
from contextmail.sandbox.hubspot.model import Property
from contextmail.sandbox.hubspot.problems import Problem

TYPES = {"string", "number", "date", "datetime", "enumeration", "bool", "phone_number"}
FIELD_TYPES = set("textarea text date file number select radio checkbox booleancheckbox html phonenumber".split())
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def index(call: Call) -> Document:
    """List a kind's properties, all at once."""
    return {"results": [_document(one) for one in call.state.properties[call.kind()].values()]}


def get(call: Call) -> Document:
    """Read a property."""
    return _document(found(call.state.properties[call.kind()].get(call.params["name"])))


def add(call: Call) -> Document:
    """Define a property."""
    return _document(_add(call, call.body))


def batch_add(call: Call) -> Document:
    """Define properties; the first fault refuses the rest."""
    return batch(call.state, [_document(_add(call, one)) for one in call.inputs(call.state.limits.batch)])


def change(call: Call) -> Document:
    """Change a property's label, description, group, field type or options."""
    held = call.state.properties[call.kind()]
    made = found(held.get(call.params["name"]))
    new = _read(call, {**_document(made), **call.body, "name": made.name})
    held[made.name] = replace(new, own=made.own, read_only=made.read_only)
    return _document(held[made.name])


def archive(call: Call) -> None:
    """Delete a property, and its values with it."""
    kind, name = call.kind(), call.params["name"]
    made = call.state.properties[kind].get(name)
    if made is not None and not made.own:
        raise Problem(400, f"The property {name} is HubSpot's own and cannot be archived.")
    if made is not None:
        del call.state.properties[kind][name]
        for record in call.state.records[kind]:
            record.values.pop(name, None)


def groups(call: Call) -> Document:
    """List a kind's groups."""
    return {"results": [_group(name, label) for name, label in call.state.groups[call.kind()].items()]}


def add_group(call: Call) -> Document:
    """Make a group."""
    held, name = call.state.groups[call.kind()], call.given("name", str)
    if name in held:
        raise Problem(409, f"A property group named '{name}' already exists.", category="OBJECT_ALREADY_EXISTS")
    held[name] = call.given("label", str)
    return _group(name, held[name])


def _add(call: Call, body: Any) -> Property:
    kind, state = call.kind(), call.state
    made = _read(call, body)
    held = state.properties[kind]
    if made.name in held:
        message = f'A property named "{made.name}" already exists.'
        raise Problem(409, message, category="OBJECT_ALREADY_EXISTS")
    if sum(one.own for one in held.values()) >= state.limits.properties:
        raise Problem(400, f"The account has its {state.limits.properties} properties of {kind} already.")
    held[made.name] = made
    return made


def _read(call: Call, body: Any) -> Property:
    name, label, group = (member(body, word, str) for word in ("name", "label", "groupName"))
    type_, field_type = member(body, "type", str), member(body, "fieldType", str)
    if not _NAME.fullmatch(name):
        raise Problem(400, f"{name}: a name has lower-case letters, digits and _, and begins with a letter.")
    if group not in call.state.groups[call.kind()]:
        raise Problem(400, f"The property group {group} does not exist.")
    if type_ not in TYPES or field_type not in FIELD_TYPES:
        raise Problem(400, f"{type_} with {field_type} is no type of property.")
    options = [
        {name: member(one, name, str) for name in ("label", "value")} for one in member(body, "options", list, [])
    ]
    text = member(body, "description", str, "")
    return Property(
        name,
        label,
        group,
        type_,
        field_type,
        options,
        False,
        bool(body.get("hasUniqueValue")),
        True,
        text,
        bool(body.get("formField")),
    )


def _group(name: str, label: str) -> Document:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def _document(made: Property) -> Document:
    names = "name label description groupName=group type fieldType=field_type hasUniqueValue=unique"
    locked = {"archivable": made.own, "readOnlyDefinition": not made.own, "readOnlyValue": made.read_only}
    options = [{"hidden": False, "displayOrder": -1, **option} for option in made.options]
    more = {"hubspotDefined": not made.own, "modificationMetadata": locked, "options": options}
    return told(
        made, names, **more, archived=False, hidden=False, calculated=False, displayOrder=-1, formField=made.on_forms
    )
