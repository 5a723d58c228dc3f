"""One call of the API as its handler sees it, and what most handlers do: page through things, answer row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from contextmail.sandbox.hubspot.model import BY_NAME
from contextmail.sandbox.hubspot.problems import Problem, not_found
from contextmail.sandbox.hubspot.state import State, stamp

T = TypeVar("T")
Document = dict[str, Any]
_KINDS: dict[type, str] = {str: "string", int: "integer", list: "array", dict: "object", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call: `params` are the path's, unquoted; `query` has every value of each name; `body` is the JSON sent."""

    state: State
    query: Mapping[str, Sequence[str]]
    params: Mapping[str, str]
    body: Any
    version: str = "v3"

    def asked(self, name: str, default: str = "") -> str:
        """Give one value of the query."""
        return self.query.get(name, (default,))[-1]

    def words(self, name: str) -> list[str]:
        """Give a list in the query, repeated or with commas."""
        return [word for text in self.query.get(name, ()) for word in text.split(",") if word]

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """Give a number of the query. Raises Problem."""
        text = self.asked(name) or str(default)
        if not text.isdecimal() or (most is not None and int(text) > most):
            raise Problem(400, f"{name} must be a number of at most {most}.")
        return int(text)

    def given(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Give one member of the body; without a default it is required. Raises Problem."""
        return member(self.body, name, kind, default)

    def kind(self, name: str = "kind") -> str:
        """Give the kind of object that the path names, by any of its names. Raises Problem."""
        if self.params[name] not in BY_NAME:
            raise Problem(400, f"Unable to infer object type from: {self.params[name]}")
        return BY_NAME[self.params[name]]

    def inputs(self, most: int, kind: type = dict) -> list[Any]:
        """Give a batch's inputs. Raises Problem where they are too many."""
        inputs: list[Any] = self.given("inputs", list)
        if len(inputs) > most:
            raise Problem(400, f"The maximum batch size is {most}: {len(inputs)} inputs were sent.")
        if not all(isinstance(one, kind) for one in inputs):
            raise Problem(400, f"Invalid input JSON: inputs must be {_KINDS[kind]}s.")
        return inputs

    def strings(self, name: str) -> list[str]:
        """Give a list of texts in the body, empty where it is absent. Raises Problem."""
        given = self.given(name, list, [])
        if not all(isinstance(one, str) for one in given):
            raise Problem(400, f"Invalid input JSON: {name} must be strings.")
        return given

    def page(self, items: Sequence[T], write: Callable[[T], Document], most: int) -> Document:
        """Give one page of things that are counted off: `after` is how many came before. Raises Problem."""
        start, count = self.number("after", 0), self.number("limit", min(most, 100), most)
        answer: Document = {"results": [write(item) for item in items[start : start + count]]}
        if start + count < len(items):
            answer["paging"] = paging(start + count)
        return answer


Handler = Callable[[Call], Any]
"""Answers a document, or None for 204; raises Problem."""


def member(body: Any, name: str, kind: type[T], default: T | None = None) -> T:
    """Give one member of a JSON object; without a default it is required. Raises Problem."""
    if not isinstance(body, Mapping):
        raise Problem(400, "Invalid input JSON: an object was expected.")
    value = body.get(name)
    if value is None:
        if default is None:
            raise Problem(400, f"Invalid input JSON: some required fields were not set: [{name}]")
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Problem(400, f"Invalid input JSON: {name} must be {_KINDS[kind]}.")
    return value


def told(thing: object, names: str, **more: Any) -> Document:
    """Write a thing: its attributes by the API's names (`groupName=group` where they differ), and what is `more`."""
    pairs = (name.partition("=") for name in names.split())
    values = {name: getattr(thing, attribute or name) for name, _, attribute in pairs}
    return {name: stamp(one) if isinstance(one, datetime) else one for name, one in values.items()} | more


def paging(after: object) -> Document:
    """Say where the next page begins."""
    return {"next": {"after": str(after), "link": f"?after={after}"}}


def batch(state: State, results: Sequence[Document], errors: Iterable[Document] = ()) -> Document:
    """Answer a batch; with errors in some rows it is a 207."""
    now, failed = stamp(state.now()), list(errors)
    answer = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    return {**answer, "numErrors": len(failed), "errors": failed} if failed else answer


def found(thing: T | None) -> T:
    """Give the thing, or raise the platform's 404."""
    if thing is None:
        raise not_found()
    return thing
