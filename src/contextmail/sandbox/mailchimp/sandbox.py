"""A Mailchimp account on loopback: start it, point a client at its URL, look at what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType

from contextmail.sandbox.calls import Calls
from contextmail.sandbox.faults import Faults
from contextmail.sandbox.front import Front
from contextmail.sandbox.http import LoopbackServer
from contextmail.sandbox.mailchimp.application import ROOT, Mailchimp
from contextmail.sandbox.mailchimp.deliveries import RETRIES, Courier
from contextmail.sandbox.mailchimp.settings import Limits, Readings
from contextmail.sandbox.mailchimp.state import State


class Sandbox:
    """A stateful fake of Mailchimp's Marketing API, for as long as the `with` block lasts.

    `url` ends in `/3.0`; `state` may be filled before or while it runs; `calls` counts; `faults` may be changed;
    `courier` delivers webhooks. With `api_key` only that key is taken. The official SDK comes in by
    `client.api_client.host = sandbox.url` and `client.api_client.server = ""`.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        faults: Faults | None = None,
        limits: Limits | None = None,
        readings: Readings | None = None,
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        api_key: str | None = None,
        webhook_retries: Sequence[float] = RETRIES,
    ) -> None:
        self.state = State(limits, readings, seed=seed, clock=clock)
        self.calls = Calls()
        self.faults = faults or Faults(seed=seed)
        self.courier = Courier(self.state, webhook_retries)
        application = Mailchimp(self.state, api_key)
        self._front = Front(application, self.faults, self.calls, self.state.limits.connections)
        self._server = LoopbackServer(self._front, port)

    @property
    def address(self) -> str:
        """Give where it is listened on, `http://127.0.0.1:8025`."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def url(self) -> str:
        """Give the API's root."""
        return self.address + ROOT

    def __enter__(self) -> Sandbox:
        self._server.start()
        self.courier.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._front.stopping.set()
        self._server.stop()
        self.courier.stop()
