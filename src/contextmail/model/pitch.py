"""A product of the company's that a message pitches, and what people who have it bought next."""

from __future__ import annotations

from typing import NamedTuple


class Pitch(NamedTuple):
    """A place of a block's text, `start` to `end`, that names a product or leads to it."""

    product: str
    """Its id in the company's own tables."""
    name: str
    """As a sentence can have it."""
    start: int
    end: int


class BoughtNext(NamedTuple):
    """A product that buyers of another one bought in a later order, counted from the order lines that were kept."""

    product: str
    name: str
    people: int
    """The support: buyers of the other product who bought this one later."""
    of: int
    """All buyers of the other product."""
    lift: float
    """How many times as many they are, of each hundred, as those of all buyers who bought this one."""
    surely: float
    """The lower bound of `lift`: chance alone gives more than that in one of twenty pairs."""

    @property
    def share(self) -> float:
        """Give the confidence: the share of the other product's buyers who bought this one later."""
        return self.people / self.of
