"""How many calls an account may make: in ten seconds, in a day, and searches in a second."""

from __future__ import annotations

import threading
import time
from collections import deque

from contextmail.sandbox.hubspot.problems import Problem, too_many
from contextmail.sandbox.hubspot.state import State


class Rates:
    """Count calls in rolling windows; a refused call does not count."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {"all": deque(), "search": deque(), "associations": deque()}
        self._today = 0

    def check(self, route: str) -> dict[str, str]:
        """Count a call, and give the headers that tell what is left. Raises Problem for one too many."""
        limits, associations = self._state.limits, "/associations" in route
        with self._lock:
            if route.endswith("/search") and "/objects/" in route:
                # Search tells nothing about what is left.
                self._take("search", limits.searches, 1.0, "SECONDLY")
                return {}
            # Associations have a limit of their own, of the same size.
            which = "associations" if associations else "all"
            left = self._take(which, limits.calls, limits.window, "TEN_SECONDLY_ROLLING")
            self._today += 1
            if self._today > limits.daily:
                raise self._refusal("DAILY", limits.window)
        told = {"Max": limits.calls, "Remaining": left, "Interval-Milliseconds": int(limits.window * 1000)}
        told |= {"Daily": limits.daily, "Daily-Remaining": limits.daily - self._today}
        return {f"X-HubSpot-RateLimit-{name}": str(value) for name, value in told.items()}

    def _take(self, which: str, most: int, window: float, policy: str) -> int:
        calls, now = self._calls[which], time.monotonic()
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= most:
            raise self._refusal(policy, window)
        calls.append(now)
        return most - len(calls)

    def _refusal(self, policy: str, window: float) -> Problem:
        return too_many(policy, seconds=max(1, round(window)) if self._state.readings.retry_after else None)
