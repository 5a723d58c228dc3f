"""How many calls may go in ten seconds: counted by the whole process, so that other tools find room too.

Sources: HubSpot's page "API usage guidelines and limits": the limit is a private app's, over a rolling window; search
has one of its own (5 a second) and so have associations; search answers without headers.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from hashlib import sha256

from contextmail.model.hubspot import RATES, HubspotOptions

SEARCHES = 5
"""Searches that an account allows in a second."""

_WINDOW = 10.0
_ASSOCIATIONS = {100: 100, 190: 150}
"""Calls that an app may make in ten seconds -> calls about associations."""


class Budget:
    """Let `share` of so many calls through in a rolling window of `seconds`."""

    def __init__(
        self,
        allowed: int,
        share: float,
        seconds: float = _WINDOW,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.daily: tuple[int, int] | None = None
        """How many calls a day allows, and how many are left; None: no answer has said."""
        self._share, self.seconds = share, seconds
        self.most = max(1, int(allowed * share))
        """Calls that are let through in the window."""
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._sent = deque[float]()
        self._not_before = 0.0

    def take(self) -> None:
        """Wait until one more call may go."""
        while wait := self._wait():
            self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """Let nothing through for so long: the platform asks for it."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer what the app is allowed, and hold back where other tools have used it up."""
        said = {name: _number(headers.get(f"X-HubSpot-RateLimit-{name}")) for name in _HEADERS}
        allowed, left, interval = said["Max"], said["Remaining"], said["Interval-Milliseconds"]
        if said["Daily"] is not None and said["Daily-Remaining"] is not None:
            self.daily = said["Daily"], said["Daily-Remaining"]
        if not allowed or left is None:
            return
        with self._lock:
            self.most = max(1, int(allowed * self._share))
            self.seconds = interval / 1000 if interval else self.seconds
        if left < allowed * (1 - self._share):
            self.pause(self.seconds / 10)

    def _wait(self) -> float:
        """Take a place, or give the seconds until there may be one."""
        with self._lock:
            now = self._clock()
            while self._sent and self._sent[0] <= now - self.seconds:
                self._sent.popleft()
            full = len(self._sent) >= self.most
            wait = max(self._not_before - now, self._sent[0] + self.seconds - now if full else 0.0)
            if wait > 0:
                return wait
            self._sent.append(now)
            return 0.0


class Budgets:
    """The budgets of one token: every call takes from `calls`, searches and associations from one of their own too."""

    def __init__(self, options: HubspotOptions) -> None:
        allowed = RATES[options.tier]
        self.calls = Budget(allowed, options.rate_share)
        self._searches = Budget(SEARCHES, options.rate_share, 1.0)
        self._associations = Budget(_ASSOCIATIONS[allowed], options.rate_share)

    def take(self, path: str) -> None:
        """Wait until a call to a path may go."""
        for budget in self._of(path):
            budget.take()

    def pause(self, path: str, seconds: float) -> None:
        """Let no call of the kind of `path` through for so long."""
        self._of(path)[0].pause(seconds)

    def _of(self, path: str) -> tuple[Budget, ...]:
        if path.endswith("/search"):
            return self._searches, self.calls
        return (self._associations, self.calls) if path.startswith("/crm/v4/associations/") else (self.calls,)


_HEADERS = ("Max", "Remaining", "Interval-Milliseconds", "Daily", "Daily-Remaining")
_budgets: dict[str, Budgets] = {}
_one_at_a_time = threading.Lock()


def budgets_of(url: str, token: str, options: HubspotOptions) -> Budgets:
    """Give the process's budgets for a token: it stands for the portal and the app, whose limit it is."""
    key = sha256(f"{url} {token}".encode()).hexdigest()
    with _one_at_a_time:
        return _budgets.setdefault(key, Budgets(options))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
