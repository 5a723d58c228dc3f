"""One call of the API as its handler sees it, and what most handlers do: list things by page, and read one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from contextmail.sandbox.mailchimp.bodies import member_of, moment, one_of
from contextmail.sandbox.mailchimp.model import Audience
from contextmail.sandbox.mailchimp.problems import invalid, named
from contextmail.sandbox.mailchimp.state import State

T = TypeVar("T")
Document = dict[str, Any]
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


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

    def given(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Give one member of the body; without a default it is required. Raises Problem."""
        return member_of(self.body, name, kind, default)

    def flag(self, name: str) -> bool | None:
        """Give a boolean of the query, None where it is absent. Raises Problem, for Python's `True` too."""
        if name not in self.query:
            return None
        if self.query[name] not in _BOOLEANS:
            raise invalid(name, "Schema describes boolean, string found instead")
        return _BOOLEANS[self.query[name]]

    def moment(self, name: str) -> datetime | None:
        """Give a moment of the query, None where it is absent. Raises Problem."""
        return moment(self.query[name], name) if self.query.get(name) else None

    def one_of(self, name: str, *words: str) -> str:
        """Give a word of the query, empty where it is absent. Raises Problem."""
        return one_of(name, self.query.get(name, ""), ("", *words))

    def page(self, name: str, items: Sequence[T], document: Callable[[Call, T], Document], **more: Any) -> Document:
        """Give one page of `items`: ten unless asked, a thousand at most. Raises Problem."""
        count, offset = self._number("count", 10), self._number("offset", 0)
        if count > self.state.limits.page:
            raise invalid("count", f"Must be less than or equal to {self.state.limits.page}")
        shown = [document(self, item) for item in items[offset : offset + count]]
        return {name: shown, **more, "total_items": len(items)}

    def _number(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        if text and not text.isdecimal():
            raise invalid(name, "Schema describes integer, string found instead")
        return int(text or default)


Handler = Callable[[Call], Any]
"""Answers a document, or None for 204; raises Problem."""


@dataclass(frozen=True)
class Collection(Generic[T]):
    """Things of one kind: the API lists them a page at a time under `name`, and `path` is that of a single one.

    `held` gives them by id, `document` writes one, and `chosen` leaves out what the query does not ask for.
    """

    name: str
    path: str
    held: Callable[[Call], dict[Any, T]]
    document: Callable[[Call, T], Document]
    chosen: Callable[[Call, Iterable[T]], Iterable[T]] = lambda _call, things: things

    @property
    def routes(self) -> dict[str, Handler]:
        """Give the two routes that every collection has."""
        return {f"GET {self.path.rpartition('/')[0]}": self.index, f"GET {self.path}": self.get}

    def index(self, call: Call) -> Document:
        """List them, a page at a time, which tells the first parameter of its path, too."""
        more = dict(list(call.params.items())[:1])
        return call.page(self.name, list(self.chosen(call, self.held(call).values())), self.document, **more)

    def one(self, call: Call) -> T:
        """Give the one of the path. Raises Problem."""
        return self.held(call)[self._id(call)]

    def get(self, call: Call) -> Document:
        """Read one."""
        return self.document(call, self.one(call))

    def delete(self, call: Call) -> None:
        """Delete one."""
        del self.held(call)[self._id(call)]

    def _id(self, call: Call) -> str | int:
        key, held = call.params[self.path.rpartition("{")[2].rstrip("}")], self.held(call)
        if key in held:
            return key
        if key.isdecimal() and int(key) in held:
            return int(key)
        raise named("ResourceNotFound")


class Shape:
    """How things of one kind are written: their attributes by the API's names, and what is the same for all.

    `names` are words such as `tag`, or `default_value=default` where the API's name is another. A moment is written in
    ISO 8601; what is None is left out.
    """

    def __init__(self, names: str, **fixed: Any) -> None:
        pairs = [name.partition("=") for name in names.split()]
        self._attributes = {told: attribute or told for told, _, attribute in pairs}
        self._fixed = fixed

    def __call__(self, _call: Call, thing: object, **more: Any) -> Document:
        """Write one, with what is `more` than its attributes."""
        document = dict(self._fixed)
        for told, attribute in self._attributes.items():
            value = getattr(thing, attribute)
            if value is not None:
                document[told] = iso(value) if isinstance(value, datetime) else value
        return document | more


def found(thing: T | None) -> T:
    """Give the thing, or raise the platform's 404."""
    if thing is None:
        raise named("ResourceNotFound")
    return thing


@lru_cache(maxsize=4096)
def iso(at: datetime) -> str:
    """Write a moment as the platform does."""
    return at.isoformat(timespec="seconds")
