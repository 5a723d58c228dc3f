"""What every sandbox has: it listens on loopback, injects faults, counts calls and delivers webhooks."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any, Self

from contextmail.sandbox.courier import Courier
from contextmail.sandbox.faults import Faults
from contextmail.sandbox.front import Application, Calls, Front
from contextmail.sandbox.http import LoopbackServer


class Running:
    """A platform's fake, for as long as the `with` block lasts: `calls` counts, `faults` may be changed meanwhile."""

    def __init__(
        self, application: Application, courier: Courier[Any], faults: Faults, *, connections: int, port: int
    ) -> None:
        self.calls, self.faults, self.courier = Calls(), faults, courier
        self._front = Front(application, faults, self.calls, connections)
        self._server = LoopbackServer(self._front, port)

    @property
    def address(self) -> str:
        """Give where it is listened on, `http://127.0.0.1:8025`."""
        return f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        self._server.start()
        self.courier.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._front.stopping.set()
        self._server.stop()
        self.courier.stop()


def wait(until: threading.Event | None) -> None:
    """Return when `until` is set, or somebody presses Ctrl-C."""
    with suppress(KeyboardInterrupt):
        (until or threading.Event()).wait()
