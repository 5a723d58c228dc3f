"""Serve an account until somebody stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable
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

    Calls `ready` once it listens, and returns when `until` is set; without it, at the first KeyboardInterrupt.
    Raises OSError where the port is taken.
    """
    with Sandbox(port, faults=Faults(latency=latency, seed=seed), seed=seed) as sandbox:
        if shop is not None:
            seeding.gift_shop(sandbox.state, shop, draft)
        else:
            seeding.invented_shop(sandbox.state, people)
        if ready is not None:
            ready(sandbox)
        (until or threading.Event()).wait()
