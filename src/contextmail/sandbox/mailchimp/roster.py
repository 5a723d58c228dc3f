"""The members of an audience, hundreds of thousands of them: found by key, paged by index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextmail.sandbox.mailchimp.model import Member

CACHED_VIEWS = 8


class Roster:
    """Members in the order in which they came; `changed` must follow every change of one."""

    def __init__(self) -> None:
        self._by_key: dict[str, Member] = {}
        self._views: dict[Hashable, list[Member]] = {}
        self._counts: Counter[str] | None = None

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._by_key.values())

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> Member:
        return self._by_key[key]

    def get(self, key: str) -> Member | None:
        """Give the member of that key."""
        return self._by_key.get(key)

    def put(self, member: Member) -> None:
        """Add a member, or replace the one of the same key."""
        self._by_key[member.key] = member
        self.changed()

    def remove(self, key: str) -> None:
        """Take a member out. Raises KeyError."""
        del self._by_key[key]
        self.changed()

    def changed(self) -> None:
        """Note that a member has changed: views and counts are made anew."""
        self._views.clear()
        self._counts = None

    def counts(self) -> Counter[str]:
        """Count the members by status."""
        counts = self._counts
        if counts is None:
            counts = self._counts = Counter(member.status for member in self)
        return counts

    def view(
        self, name: Hashable, keep: Callable[[Member], bool] | None, order: Callable[[Member], str] | None = None
    ) -> list[Member]:
        """List the members that `keep` keeps, by `order`; the list is kept under `name` until something changes."""
        members = self._views.get(name)
        if members is None:
            members = list(self) if keep is None else [member for member in self if keep(member)]
            if order is not None:
                members.sort(key=order)
            if len(self._views) >= CACHED_VIEWS:
                self._views.clear()
            self._views[name] = members
        return members
