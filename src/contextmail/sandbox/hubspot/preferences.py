"""What addresses chose: it belongs to the address, not to a contact, and outlives the contact's deletion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from contextmail.sandbox.hubspot.model import Change, Choice, Definition, Wish


class Preferences:
    """Subscription types, and the choices of each address."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.definitions: dict[int, Definition] = {}
        self.changes: list[Change] = []
        """Every change in its order, as the timeline tells it."""
        self._choices: dict[tuple[str, int], Choice] = {}

    def choice(self, email: str, subscription: int) -> Choice | None:
        """Give what an address chose for a type, None where it never did."""
        return self._choices.get((email.lower(), subscription))

    def opted_out(self, email: str) -> Choice | None:
        """Give the choice to get nothing at all, None where it was not made."""
        choice = self._choices.get((email.lower(), 0))
        return choice if choice is not None and choice.status == "UNSUBSCRIBED" else None

    def left(self, email: str, subscription: int) -> bool:
        """Tell whether an address left a type, or everything."""
        choice = self.choice(email, subscription)
        return self.opted_out(email) is not None or (choice is not None and choice.status == "UNSUBSCRIBED")

    def choose(
        self, email: str, subscription: int, status: Wish, source: str, legal_basis: str = "", explanation: str = ""
    ) -> None:
        """Record a choice; 0 is everything."""
        now = self._now()
        self._choices[email.lower(), subscription] = Choice(status, now, source, legal_basis, explanation)
        self.changes.append(Change(email, subscription, status, source, now))

    def lift_all(self, email: str) -> None:
        """End an opt-out of everything."""
        self._choices.pop((email.lower(), 0), None)
