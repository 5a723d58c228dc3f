"""What stands before a platform's API: counting, the limit of connections, faults."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from contextmail.sandbox.faults import Fault, Faults, Kind
from contextmail.sandbox.http import Reply, Request

HTML_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


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
            self._spans: dict[str, tuple[float, float]] = {}

    def __getitem__(self, route: str) -> int:
        """Give the number of calls of a route."""
        return self.counts[route]

    @property
    def total(self) -> int:
        """Give the number of all calls."""
        return self.counts.total()

    def stretch(self, *, least: int = 1) -> float:
        """Give the seconds in which routes of at least `least` calls were being called, the first call to the last."""
        spans = sorted(span for route, span in self._spans.items() if self.counts[route] >= least)
        seconds = reached = 0.0
        for first, last in spans:
            seconds += max(0.0, last - max(first, reached))
            reached = max(reached, last)
        return seconds

    def begin(self, route: str) -> tuple[float, int]:
        """Count a call; give its start, and how many are under way with it."""
        now = time.perf_counter()
        with self._lock:
            self.counts[route] += 1
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            return now, self.under_way

    def end(self, route: str, started: float, status: int) -> None:
        """Count a call's end."""
        now = time.perf_counter()
        with self._lock:
            self.under_way = max(0, self.under_way - 1)
            self.statuses[route, status] += 1
            self.busy_seconds += now - started
            first, _ = self._spans.get(route, (started, now))
            self._spans[route] = (min(first, started), now)


class Application(Protocol):
    """A platform's API: routes are patterns, so that calls can be counted and faults aimed."""

    def route(self, request: Request) -> str:
        """Name the route of a request, `GET /lists/{list_id}`; empty for a page that is no part of the API."""

    def answer(self, request: Request) -> Reply:
        """Do the work."""

    def failure(self, status: int) -> Reply:
        """Give the platform's own body for an error of its own."""

    def too_many(self) -> Reply:
        """Refuse one connection too many."""


@dataclass(slots=True)
class Front:
    """Answer requests as `application` would on a bad day."""

    application: Application
    faults: Faults
    calls: Calls
    connections: int
    stopping: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: Request) -> Reply | None:
        """Answer one request; None hangs up."""
        route = self.application.route(request)
        if not route:
            return self.application.answer(request)
        started, under_way = self.calls.begin(route)
        status = 0
        try:
            reply = self._answer(request, route) if under_way <= self.connections else self.application.too_many()
            status = reply.status if reply else 0
        finally:
            self.calls.end(route, started, status)
        return reply

    def _answer(self, request: Request, route: str) -> Reply | None:
        due = time.perf_counter() + self.faults.latency
        fault = self.faults.strike(route)
        worked = fault is None or fault.done or fault.kind is Kind.SLOW
        reply = self.application.answer(request) if worked else None
        if fault is not None:
            self.stopping.wait(fault.seconds)
            reply = self._failed(fault, reply)
        self.stopping.wait(max(0.0, due - time.perf_counter()))
        return reply

    def _failed(self, fault: Fault, reply: Reply | None) -> Reply | None:
        match fault.kind:
            case Kind.SLOW:
                return reply
            case Kind.ERROR:
                return self.application.failure(fault.status)
            case Kind.EMPTY:
                return Reply(fault.status)
            case Kind.HTML:
                return Reply(fault.status, HTML_PAGE, "text/html")
        return None
