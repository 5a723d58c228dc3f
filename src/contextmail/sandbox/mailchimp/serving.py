"""Serve an account until somebody stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from contextmail.sandbox.faults import Faults
from contextmail.sandbox.mailchimp import seeding
from contextmail.sandbox.mailchimp.sandbox import Sandbox


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
        with suppress(KeyboardInterrupt):
            (until or threading.Event()).wait()
