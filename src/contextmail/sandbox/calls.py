"""What a client did to a sandbox: calls by route, how many at once, how long the connections were busy."""

from __future__ import annotations

import threading
import time
from collections import Counter


class Calls:
    """Counts by route, such as `GET /lists/{list_id}/members`; safe to read while calls run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Count from zero; calls under way still end."""
        with self._lock:
            self.counts: Counter[str] = Counter()
            self.statuses: Counter[tuple[str, int]] = Counter()
            """By route and HTTP status; 0 is a connection that ended without an answer."""
            self.under_way = 0
            self.peak = 0
            self.busy_seconds = 0.0
            self._first = self._last = 0.0

    def __getitem__(self, route: str) -> int:
        """Give the number of calls of a route."""
        return self.counts[route]

    @property
    def total(self) -> int:
        """Give the number of all calls."""
        return sum(self.counts.values())

    @property
    def wall_seconds(self) -> float:
        """Give the time from the first call's begin to the last one's end."""
        return self._last - self._first

    def busy_share(self, connections: int) -> float:
        """Give the share of `connections` that were busy, over the wall time; 0 before the first call has ended."""
        return self.busy_seconds / (connections * self.wall_seconds) if self.wall_seconds > 0 else 0.0

    def begin(self, route: str) -> tuple[float, int]:
        """Count a call; give its start, and how many are under way with it."""
        now = time.perf_counter()
        with self._lock:
            self.counts[route] += 1
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            self._first = self._first or now
            return now, self.under_way

    def end(self, route: str, started: float, status: int) -> None:
        """Count a call's end."""
        now = time.perf_counter()
        with self._lock:
            self.under_way = max(0, self.under_way - 1)
            self.statuses[route, status] += 1
            self.busy_seconds += now - started
            self._last = now
