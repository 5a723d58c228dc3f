"""What a client sent, as the platform checks it, and which parts of an answer it asked for by `fields`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from contextmail.sandbox.mailchimp.problems import Problem, invalid, named

T = TypeVar("T")
_KINDS: Mapping[type, str] = {str: "string", bool: "boolean", dict: "object", list: "array", int: "integer"}
_Tree = dict[str, "_Tree"]


def body_of(raw: bytes) -> dict[str, Any]:
    """Read a JSON body, an empty object for none and for the SDK's `null`. Raises Problem."""
    try:
        body = json.loads(raw or b"null")
    except ValueError as error:
        raise named("JSONParseError") from error
    return member_of({"": body}, "", dict, {})


def member_of(body: Any, name: str, kind: type[T], default: T | None = None) -> T:
    """Give one member of a body; without a default it is required. Raises Problem for another type."""
    if not isinstance(body, Mapping):
        raise invalid(name, f"Schema describes object, {_kind(body)} found instead")
    value = body.get(name)
    if value is None:
        if default is None:
            raise invalid(name, "This value should not be blank.")
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid(name, f"Schema describes {_KINDS[kind]}, {_kind(value)} found instead")
    return value


def one_of(name: str, word: str, words: Iterable[str]) -> str:
    """Give the word if it is one of these. Raises Problem."""
    if word not in words:
        raise invalid(name, "Value must be one of: " + ", ".join(known for known in words if known))
    return word


def _kind(value: object) -> str:
    return "NULL" if value is None else _KINDS.get(type(value), "number")


def moment(text: Any, name: str) -> datetime:
    """Read ISO 8601; without a zone it is UTC. Raises Problem."""
    try:
        # A plus sign that nobody quoted comes as a blank.
        read = datetime.fromisoformat(str(text).replace(" 00:00", "+00:00"))
    except ValueError as error:
        raise invalid(name, "This value is not a valid datetime.") from error
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def shaped(document: Any, query: Mapping[str, str]) -> Any:
    """Keep the `fields`, or leave out the `exclude_fields`, as dotted paths. Raises Problem."""
    wanted, unwanted = query.get("fields"), query.get("exclude_fields")
    if wanted and unwanted:
        raise _refused("You can only use one of 'fields' or 'exclude_fields'.")
    if wanted:
        return _kept(document, _tree(wanted, document))
    return _without(document, _tree(unwanted, document)) if unwanted else document


def _refused(detail: str) -> Problem:
    return Problem(400, "Requested Fields Invalid", detail)


def _tree(paths: str, document: Any) -> _Tree:
    """Read dotted paths; a path that ends covers everything below it."""
    tree: _Tree = {}
    for path in paths.split(","):
        names = path.strip().split(".")
        # Only the first name can be known wrong: further down a field may be left out where it is empty.
        if names[0] not in document and names[0] != "_links":
            raise _refused(f"The requested field {names[0]!r} does not exist.")
        branch = tree
        for name in names:
            branch = branch.setdefault(name, {})
    return tree


def _kept(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_kept(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    # A thousand contacts of a page come by here, each with a dozen names that end.
    present = ((name, branch) for name, branch in tree.items() if name in value)
    return {name: _kept(value[name], branch) if branch else value[name] for name, branch in present}


def _without(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_without(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    kept = ((name, item) for name, item in value.items() if tree.get(name) != {})
    return {name: _without(item, tree[name]) if name in tree else item for name, item in kept}
