"""Keep consent in step: what came in goes into the ledger, and from there to every other system."""

from __future__ import annotations

from contextmail.syncing.base import Drift, Report, Sync, utc_now
from contextmail.syncing.by_hand import endpoints_of, erase, release, replay
from contextmail.syncing.pushing import push_due
from contextmail.syncing.recording import apply_notices
from contextmail.syncing.status import Status, status
from contextmail.syncing.worker import Worker

__all__ = [
    "Drift",
    "Report",
    "Status",
    "Sync",
    "Worker",
    "apply_notices",
    "endpoints_of",
    "erase",
    "push_due",
    "release",
    "replay",
    "status",
    "utc_now",
]
