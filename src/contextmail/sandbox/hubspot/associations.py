"""Which record belongs to which: pairs of records with the types of their bond."""

from __future__ import annotations

from collections import defaultdict

from contextmail.sandbox.hubspot.problems import Problem

TYPES = {
    ("contacts", "companies"): (279, 280),
    ("contacts", "deals"): (4, 3),
    ("contacts", "orders"): (508, 507),
    ("companies", "deals"): (342, 341),
    ("companies", "orders"): (510, 509),
    ("deals", "line_items"): (19, 20),
    ("orders", "line_items"): (513, 514),
    ("tasks", "contacts"): (204, 203),
    ("tasks", "companies"): (192, 191),
    ("notes", "contacts"): (202, 201),
}
"""The platform's own types, there and back."""
PRIMARY = {("contacts", "companies"): (1, 2), ("deals", "companies"): (5, 6)}
"""Further types, labelled Primary, of the first company."""

Bonds = dict[str, dict[str, set[int]]]


class Associations:
    """All bonds of a portal, kept in both directions."""

    def __init__(self) -> None:
        self._held: defaultdict[tuple[str, str], Bonds] = defaultdict(dict)

    def of(self, kind: str, id_: str, other: str) -> dict[str, set[int]]:
        """Give the other records that one belongs to, with the types of each bond."""
        return self._held[kind, other].get(id_, {})

    def tie(self, kind: str, id_: str, other: str, other_id: str) -> None:
        """Tie two records; a contact's or deal's first company is its primary one."""
        there, back = _types(kind, other)
        first = not self._held[kind, other].get(id_)
        more = PRIMARY.get((kind, other), (0, 0)) if first else (0, 0)
        for near, near_id, far, far_id, types in (
            (kind, id_, other, other_id, {there, more[0]}),
            (other, other_id, kind, id_, {back, more[1]}),
        ):
            self._held[near, far].setdefault(near_id, {}).setdefault(far_id, set()).update(types - {0})

    def cut(self, kind: str, id_: str, other: str, other_id: str) -> None:
        """Untie two records."""
        self._held[kind, other].get(id_, {}).pop(other_id, None)
        self._held[other, kind].get(other_id, {}).pop(id_, None)

    def move(self, kind: str, old: str, new: str) -> None:
        """Give a record's bonds to another, as a merge does."""
        for near, far in [pair for pair in self._held if pair[0] == kind]:
            for other_id in list(self._held[near, far].get(old, {})):
                self.cut(kind, old, far, other_id)
                self.tie(kind, new, far, other_id)

    def drop(self, kind: str, id_: str) -> None:
        """Untie a record from everything."""
        for near, far in [pair for pair in self._held if pair[0] == kind]:
            for other_id in list(self._held[near, far].get(id_, {})):
                self.cut(kind, id_, far, other_id)


def other_kind(kind: str, type_id: int) -> str:
    """Give the kind at the other end of a bond of a type. Raises Problem for a type that the kind lacks."""
    for (near, far), (there, back) in [*TYPES.items(), *PRIMARY.items()]:
        if (near, there) == (kind, type_id):
            return far
        if (far, back) == (kind, type_id):
            return near
    raise Problem(400, f"The association type {type_id} does not exist for {kind}.")


def _types(kind: str, other: str) -> tuple[int, int]:
    if (kind, other) in TYPES:
        return TYPES[kind, other]
    return TYPES.get((other, kind), (0, 0))[::-1]
