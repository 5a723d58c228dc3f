"""The members of an audience, hundreds of thousands of them: found by key, paged by index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, Protocol, TypeVar

CACHED_VIEWS = 8


class Keyed(Protocol):
    """Something with a key and a status."""

    key: str
    status: str


M = TypeVar("M", bound=Keyed)


class Roster(Generic[M]):
    """Members in the order in which they came; `changed` must follow every change of one."""

    def __init__(self) -> None:
        self._by_key: dict[str, M] = {}
        self._views: dict[Hashable, tuple[int, list[M]]] = {}
        self._version = 0
        self._counts: tuple[int, Counter[str]] = (-1, Counter())

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[M]:
        return iter(self._by_key.values())

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> M:
        return self._by_key[key]

    def get(self, key: str) -> M | None:
        """Give the member of that key."""
        return self._by_key.get(key)

    def put(self, member: M) -> None:
        """Add a member, or replace the one of the same key."""
        self._by_key[member.key] = member
        self.changed()

    def remove(self, key: str) -> M:
        """Take a member out. Raises KeyError."""
        self.changed()
        return self._by_key.pop(key)

    def changed(self) -> None:
        """Note that a member has changed: filtered pages are made anew."""
        self._version += 1

    def counts(self) -> Counter[str]:
        """Count the members by status."""
        version, counts = self._counts
        if version != self._version:
            counts = Counter(member.status for member in self)
            self._counts = (self._version, counts)
        return counts

    def view(
        self, name: Hashable, keep: Callable[[M], bool] | None, order: Callable[[M], str] | None = None
    ) -> list[M]:
        """List the members that `keep` keeps, by `order`; the list is kept under `name` until something changes."""
        version, members = self._views.get(name, (-1, []))
        if version != self._version:
            members = list(self) if keep is None else [member for member in self if keep(member)]
            if order is not None:
                members.sort(key=order)
            if len(self._views) >= CACHED_VIEWS:
                self._views.clear()
            self._views[name] = (self._version, members)
        return members
