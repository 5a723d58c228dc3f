"""The records of one kind: by id, in the order of their ids, and after a merge still by their old ids."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from contextmail.sandbox.hubspot.model import Record


class Records:
    """Records by id. An id that was merged into another gives the survivor."""

    def __init__(self) -> None:
        self._held: dict[str, Record] = {}
        self._order: list[int] = []
        self._survivors: dict[str, str] = {}
        self.archived: dict[str, Record] = {}
        """Records that were deleted, and may be restored: of those, the API still tells."""

    def __iter__(self) -> Iterator[Record]:
        """Give all of them."""
        return iter(self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def get(self, id_: str) -> Record | None:
        """Give the record of an id, or the one that it was merged into."""
        while id_ in self._survivors:
            id_ = self._survivors[id_]
        return self._held.get(id_)

    def page(self, first: int, count: int) -> list[Record]:
        """Give `count` records with ids of at least `first`."""
        start = bisect_left(self._order, first)
        return [self._held[str(number)] for number in self._order[start : start + count]]

    def put(self, record: Record) -> None:
        """Take a new record, whose id is the highest."""
        self._held[record.id] = record
        self._order.append(int(record.id))

    def drop(self, record: Record, survivor: Record | None = None) -> None:
        """Let a record go, into another where it was merged."""
        del self._held[record.id]
        del self._order[bisect_right(self._order, int(record.id)) - 1]
        if survivor is not None:
            self._survivors[record.id] = survivor.id
        else:
            self.archived[record.id] = record
