"""What can go wrong on the way to a platform, by setting: the same faults at every run of the same calls."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Kind(StrEnum):
    """Name a way to fail; `Fault.done` says whether the work was done all the same."""

    DROP = "drop"  # the connection ends without an answer
    TIMEOUT = "timeout"  # nothing comes for `seconds`, then the connection ends
    ERROR = "error"  # `status`, with the platform's own kind of body
    EMPTY = "empty"  # `status`, without a body
    HTML = "html"  # `status`, with the page of a proxy
    SLOW = "slow"  # the right answer, `seconds` late


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `on` is a pattern for method and route such as `POST /lists/{list_id}` or `PUT *`.

    It lets `skip` matching calls pass, then strikes at most `times` (None: for ever), each with chance `share`.
    """

    kind: Kind
    on: str = "*"
    status: int = 500
    seconds: float = 0.0
    done: bool = False
    times: int | None = 1
    skip: int = 0
    share: float = 1.0


class Faults:
    """Some faults and a latency in seconds that every call takes; may be changed while the sandbox runs."""

    def __init__(self, *faults: Fault, latency: float = 0.0, seed: int = 0) -> None:
        self.latency = latency
        self._seed = seed
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Plan one more fault."""
        with self._lock:
            self._planned.append(_Planned(fault, random.Random(f"{self._seed}:{len(self._planned)}")))

    def clear(self) -> None:
        """Let everything go well from now on; the latency stays."""
        with self._lock:
            self._planned.clear()

    def strike(self, route: str) -> Fault | None:
        """Give the fault that this call meets, if any; each call counts."""
        with self._lock:
            struck = [planned.fault for planned in self._planned if planned.strikes(route)]
        return struck[0] if struck else None


@dataclass(slots=True)
class _Planned:
    fault: Fault
    chance: random.Random
    seen: int = 0
    struck: int = 0

    def strikes(self, route: str) -> bool:
        if not fnmatchcase(route, self.fault.on):
            return False
        self.seen += 1
        if self.seen <= self.fault.skip or self.struck == self.fault.times:
            return False
        if self.chance.random() >= self.fault.share:
            return False
        self.struck += 1
        return True
