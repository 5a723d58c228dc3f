"""What stands before a platform's API: counting, the limit of connections, faults."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from contextmail.sandbox.calls import Calls
from contextmail.sandbox.faults import Fault, Faults, Kind
from contextmail.sandbox.http import Reply, Request

HTML_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Application(Protocol):
    """A platform's API: routes are patterns, so that calls can be counted and faults aimed."""

    def route(self, request: Request) -> str:
        """Name the route of a request, `GET /lists/{list_id}`; empty for a page that is no part of the API."""
        ...

    def answer(self, request: Request) -> Reply:
        """Do the work."""
        ...

    def failure(self, status: int) -> Reply:
        """Give the platform's own body for an error of its own."""
        ...

    def too_many(self) -> Reply:
        """Refuse one connection too many."""
        ...


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
        if self.faults.latency:
            self.stopping.wait(self.faults.latency)
        fault = self.faults.strike(route)
        if fault is None:
            return self.application.answer(request)
        reply = self.application.answer(request) if fault.done or fault.kind is Kind.SLOW else None
        if fault.seconds:
            self.stopping.wait(fault.seconds)
        return reply if fault.kind is Kind.SLOW else self._failed(fault)

    def _failed(self, fault: Fault) -> Reply | None:
        match fault.kind:
            case Kind.ERROR:
                return self.application.failure(fault.status)
            case Kind.EMPTY:
                return Reply(fault.status)
            case Kind.HTML:
                return Reply(fault.status, HTML_PAGE, "text/html")
        return None
