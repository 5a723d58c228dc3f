"""Connections that the whole process shares.

Mailchimp allows ten at the same time to one user, over all of the user's keys. Which keys belong to one user cannot be
seen from outside, so everything that goes to one host passes one gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock


class Gate:
    """Let at most `most` through at the same time."""

    def __init__(self, most: int) -> None:
        self._most, self._inside = most, 0
        self._changed = Condition()

    def lower(self, most: int) -> None:
        """Let fewer through from now on; the fewest that anybody asked for holds."""
        with self._changed:
            self._most = min(self._most, most)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Wait for a place, and hold it."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self._most)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify()


_gates: dict[str, Gate] = {}
_one_at_a_time = Lock()


def gate_of(host: str, most: int) -> Gate:
    """Give the process's gate to a host; `most` can lower it and never raise it."""
    with _one_at_a_time:
        gate = _gates.setdefault(host, Gate(most))
    gate.lower(most)
    return gate
