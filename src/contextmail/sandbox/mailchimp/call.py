"""One call of the API as its handler sees it: checked parameters, a JSON body, pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from contextmail.sandbox.http import Request
from contextmail.sandbox.mailchimp.model import Audience
from contextmail.sandbox.mailchimp.problems import Problem, invalid, named, not_found
from contextmail.sandbox.mailchimp.state import State

T = TypeVar("T")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_KINDS: Mapping[type, str] = {str: "string", bool: "boolean", dict: "object", list: "array", int: "integer"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call: `params` are the path's, unquoted; `body` is the JSON object that was sent, empty for none."""

    state: State
    query: Mapping[str, str]
    params: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def audience(self) -> Audience:
        """Give the audience of the path. Raises Problem."""
        return found(self.state.lists.get(self.params["list_id"]))

    def flag(self, name: str) -> bool | None:
        """Give a boolean of the query, None where it is absent. Raises Problem, for Python's `True` too."""
        if name not in self.query:
            return None
        if self.query[name] not in _BOOLEANS:
            raise invalid((name, "Schema describes boolean, string found instead"))
        return _BOOLEANS[self.query[name]]

    def moment(self, name: str) -> datetime | None:
        """Give a moment of the query, None where it is absent. Raises Problem."""
        return moment(self.query[name], name) if self.query.get(name) else None

    def one_of(self, name: str, *words: str) -> str:
        """Give a word of the query, empty where it is absent. Raises Problem."""
        word = self.query.get(name, "")
        if word and word not in words:
            raise invalid((name, "Value must be one of: " + ", ".join(words)))
        return word

    def page(
        self, name: str, items: Sequence[T], document: Callable[[T], Mapping[str, Any]], **more: Any
    ) -> dict[str, Any]:
        """Give one page of `items`: ten unless asked, a thousand at most. Raises Problem."""
        count, offset = self._number("count", 10), self._number("offset", 0)
        if count > self.state.limits.page:
            raise invalid(("count", f"Must be less than or equal to {self.state.limits.page}"))
        shown = [document(item) for item in items[offset : offset + count]]
        return {name: shown, **more, "total_items": len(items)}

    def _number(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        if text and not text.isdecimal():
            raise invalid((name, "Schema describes integer, string found instead"))
        return int(text or default)


def found(thing: T | None) -> T:
    """Give the thing, or raise the platform's 404."""
    if thing is None:
        raise not_found()
    return thing


def moment(text: Any, name: str) -> datetime:
    """Read ISO 8601; without a zone it is UTC. Raises Problem."""
    try:
        # A plus sign that nobody quoted comes as a blank.
        read = datetime.fromisoformat(str(text).replace(" 00:00", "+00:00"))
    except ValueError as error:
        raise invalid((name, "This value is not a valid datetime.")) from error
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def iso(at: datetime) -> str:
    """Write a moment as the platform does."""
    return at.isoformat(timespec="seconds")


def body_of(request: Request) -> dict[str, Any]:
    """Read the JSON body, an empty object for none and for the SDK's `null`. Raises Problem."""
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise named("JSONParseError") from error
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise invalid(("", f"Schema describes object, {_kind(body)} found instead"))
    return body


def member_of(body: Mapping[str, Any], name: str, kind: type[T], default: T | None = None) -> T:
    """Give one member of a body; without a default it is required. Raises Problem for another type."""
    value = body.get(name)
    if value is None:
        if default is None:
            raise invalid((name, "This value should not be blank."))
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid((name, f"Schema describes {_KINDS[kind]}, {_kind(value)} found instead"))
    return value


def _kind(value: object) -> str:
    return "NULL" if value is None else _KINDS.get(type(value), "number")


def shaped(document: Any, query: Mapping[str, str]) -> Any:
    """Keep the `fields`, or leave out the `exclude_fields`, as dotted paths. Raises Problem."""
    wanted, unwanted = query.get("fields"), query.get("exclude_fields")
    if wanted and unwanted:
        raise Problem(400, "Requested Fields Invalid", "You can only use one of 'fields' or 'exclude_fields'.")
    if wanted:
        return _kept(document, _tree(wanted, document))
    if unwanted:
        return _without(document, _tree(unwanted, document))
    return document


_Tree = dict[str, "_Tree"]


def _tree(paths: str, document: Any) -> _Tree:
    """Read dotted paths; a path that ends covers everything below it."""
    tree: _Tree = {}
    for path in paths.split(","):
        names = path.strip().split(".")
        # Only the first name can be known wrong: further down a field may be left out where it is empty.
        if names[0] not in document and names[0] != "_links":
            raise Problem(400, "Requested Fields Invalid", f"The requested field {names[0]!r} does not exist.")
        branch = tree
        for name in names:
            branch = branch.setdefault(name, {})
    return tree


def _kept(value: Any, tree: _Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_kept(item, tree) for item in value]
    if isinstance(value, dict):
        return {name: _kept(value[name], branch) for name, branch in tree.items() if name in value}
    return value


def _without(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_without(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without(item, tree[name]) if name in tree else item
        for name, item in value.items()
        if name not in tree or tree[name]
    }
