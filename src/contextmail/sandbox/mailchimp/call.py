"""One call of the API as its handler sees it: checked parameters, a JSON body, pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from contextmail.sandbox.mailchimp.model import Audience
from contextmail.sandbox.mailchimp.problems import invalid, not_found
from contextmail.sandbox.mailchimp.state import State

T = TypeVar("T")
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
