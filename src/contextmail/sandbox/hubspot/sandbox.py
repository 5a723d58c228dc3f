"""A HubSpot portal on loopback: start it, point a client at its URL, look at what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from contextmail.sandbox.faults import Faults
from contextmail.sandbox.hubspot import outbox, seeding
from contextmail.sandbox.hubspot.application import HubSpot
from contextmail.sandbox.hubspot.deliveries import RETRIES, App, courier
from contextmail.sandbox.hubspot.settings import Limits, Readings, Tier
from contextmail.sandbox.hubspot.state import State
from contextmail.sandbox.running import Running, wait

TOKEN = "pat-eu1-sandbox"
CONNECTIONS = 1000


class Sandbox(Running):
    """A stateful fake of HubSpot's API, for as long as the `with` block lasts.

    `url` is where `https://api.hubapi.com` would be; `token` is the bearer token that it takes; `state` may be filled
    before or while it runs; `calls` counts by legacy path, such as `POST /crm/v3/objects/contacts/batch/read`,
    whichever notation was called; `courier` delivers to `app` what it subscribed to. The official SDK comes in by
    `HubSpot(access_token=sandbox.token, host=sandbox.url)`.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        faults: Faults | None = None,
        limits: Limits | None = None,
        readings: Readings | None = None,
        tier: Tier = "professional",
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        token: str = TOKEN,
        webhook_retries: Sequence[float] = RETRIES,
    ) -> None:
        self.state = State(limits, readings, tier=tier, seed=seed, clock=clock)
        self.token, self.app = token, App()
        super().__init__(
            HubSpot(self.state, token),
            courier(self.state, self.app, webhook_retries),
            faults or Faults(seed=seed),
            connections=CONNECTIONS,
            port=port,
        )

    @property
    def url(self) -> str:
        """Give the API's root: HubSpot's paths begin at the host."""
        return self.address

    def outbox(self, email_id: str) -> list[outbox.Copy]:
        """Give what each recipient of an e-mail would receive. Raises KeyError, TemplateError."""
        with self.state.lock:
            return outbox.copies(self.state, self.state.emails[email_id])


def serve(
    port: int = 8026,
    *,
    people: int = 500,
    shop: Path | None = None,
    draft: Path | None = None,
    latency: float = 0.0,
    seed: int = 0,
    ready: Callable[[Sandbox], None] | None = None,
    until: threading.Event | None = None,
) -> None:
    """Serve a portal on loopback with invented people, or with those of `shop` (a customers.csv), and their deals.

    `draft` is a message's file to make an e-mail of; `latency` is in seconds, for every call. Calls `ready` once it
    listens, and returns when `until` is set or somebody presses Ctrl-C. Raises OSError where the port is taken,
    TemplateError for a draft that cannot be read.
    """
    with Sandbox(port, faults=Faults(latency=latency, seed=seed), seed=seed) as sandbox:
        everybody = seeding.portal(sandbox.state, people if shop is None else shop)
        if draft is not None:
            seeding.add_draft(sandbox.state, everybody, draft)
        if ready is not None:
            ready(sandbox)
        wait(until)
