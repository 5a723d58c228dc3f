"""Claim pushes one by one, and keep hold of each while it is carried out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from contextmail.model.event import Push
from contextmail.store.base import StoreDownError
from contextmail.syncing.base import Sync

BEAT = timedelta(seconds=15)
"""How often a claim is renewed: three times in vain before it lapses."""
HUNG = timedelta(minutes=10)
"""A push that takes longer is left to another worker: every connector gives up long before."""
_LOG = logging.getLogger(__name__)


def claims(sync: Sync, *, stop: Callable[[], bool] = lambda: False) -> Iterator[Push]:
    """Claim what is due, the withdrawals first, each when the one before is done. Raises StoreDownError.

    A worker that dies leaves one claim behind, which lapses a minute later.
    """
    while not stop() and (due := sync.store.due(sync.clock(), limit=1)):
        yield due[0]


@contextmanager
def held(sync: Sync, push: Push) -> Iterator[None]:
    """Renew a claim for as long as it takes: no other worker carries it out meanwhile."""
    over = threading.Event()

    def renew() -> None:
        for _ in range(HUNG // BEAT):
            if over.wait(BEAT.total_seconds()):
                return
            try:
                sync.store.renew(push.id, sync.clock())
            except StoreDownError as error:
                _LOG.warning("a claim could not be renewed: %s", error)

    beating = threading.Thread(target=renew, daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
