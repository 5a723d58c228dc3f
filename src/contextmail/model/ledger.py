"""What the ledger of consent tells the facts of one endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What holds for one endpoint, channel and purpose; `status` is granted, pending, denied or empty.

    `only` is the one channel that the person asked for; at most `most` messages in `days` days are wanted (0: unsaid).
    """

    endpoint: str
    channel: str
    purpose: str
    status: str
    at: datetime | None
    obtained: str
    only: str
    most: int
    days: int
