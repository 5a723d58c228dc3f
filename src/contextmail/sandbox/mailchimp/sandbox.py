"""A Mailchimp account on loopback: start it, point a client at its URL, look at what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from contextmail.sandbox.faults import Faults
from contextmail.sandbox.mailchimp import seeding
from contextmail.sandbox.mailchimp.application import ROOT, Mailchimp
from contextmail.sandbox.mailchimp.deliveries import RETRIES, courier
from contextmail.sandbox.mailchimp.settings import Limits, Readings
from contextmail.sandbox.mailchimp.state import State
from contextmail.sandbox.running import Running, wait


class Sandbox(Running):
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
        super().__init__(
            Mailchimp(self.state, api_key),
            courier(self.state, webhook_retries),
            faults or Faults(seed=seed),
            connections=self.state.limits.connections,
            port=port,
        )

    @property
    def url(self) -> str:
        """Give the API's root."""
        return self.address + ROOT


def serve(
    port: int = 8025,
    *,
    people: int = 500,
    shop: Path | None = None,
    draft: Path | None = None,
    latency: float = 0.0,
    seed: int = 0,
    ready: Callable[[Sandbox], None] | None = None,
    until: threading.Event | None = None,
) -> None:
    """Serve an account on loopback with invented people, or with those of `shop` (a customers.csv).

    `draft` is a message's file to make a draft of; `latency` is in seconds, for every call. Calls `ready` once it
    listens, and returns when `until` is set or somebody presses Ctrl-C. Raises OSError where the port is taken,
    TemplateError for a draft that cannot be read.
    """
    with Sandbox(port, faults=Faults(latency=latency, seed=seed), seed=seed) as sandbox:
        state = sandbox.state
        audience = seeding.invented_shop(state, people) if shop is None else seeding.gift_shop(state, shop)
        if draft is not None:
            seeding.add_draft(state, audience, draft)
        if ready is not None:
            ready(sandbox)
        wait(until)
