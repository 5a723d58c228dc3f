"""Keep events that arrive at the same time in one commit: nearly all of a commit is waiting for the disk."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextlib import nullcontext
from datetime import datetime

from contextmail.model.consent import Assurance
from contextmail.store.base import ConsentStore

Arrival = tuple[str, str, str, Assurance, bytes, datetime]
"""What `ConsentStore.receive` takes."""


class Arrivals:
    """Let one thread after the other write: whoever comes first writes for all who have come by then."""

    def __init__(self, store: ConsentStore) -> None:
        self._store = store
        self._waiting: list[tuple[Arrival, Future[bool]]] = []
        self._coming, self._writing = threading.Lock(), threading.Lock()

    def keep(self, *arrival: *Arrival) -> bool:
        """Keep an event, durably when it returns; False: it was here before. Raises StoreDownError."""
        kept: Future[bool] = Future()
        with self._coming:
            self._waiting.append((arrival, kept))
        with self._writing:
            if not kept.done():
                self._write()
        return kept.result()

    def _write(self) -> None:
        with self._coming:
            batch, self._waiting = self._waiting, []
        try:
            # A single statement is a commit by itself.
            with self._store.transaction() if len(batch) > 1 else nullcontext():
                new = [self._store.receive(*arrival) for arrival, _ in batch]
        except BaseException as error:  # noqa: BLE001  # each thread raises it for its own sender
            for _, kept in batch:
                kept.set_exception(error)
        else:
            for (_, kept), is_new in zip(batch, new, strict=True):
                kept.set_result(is_new)
