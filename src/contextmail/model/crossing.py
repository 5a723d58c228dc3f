"""Which of two planned messages goes first, and until when the other one waits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

PLANNED, CLEAR = "planned_messages", "clear_at"
"""The fact that lists what is planned for a customer, and the one that a campaign makes of it."""


class Crossing(BaseModel):
    """A message among others that are planned for the same people: the higher priority goes first, then the earlier.

    Another one is written as the fact `planned_messages` has it: `2026-06-05T09:00:00 5 autumn`, that is its time (UTC),
    its priority, and the id of its campaign, which may be absent.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    priority: int
    planned_at: datetime | None
    days: int
    """How far apart two messages must be so that they do not cross."""

    def at(self, clock: datetime) -> datetime:
        """Say when the message goes out: when it is planned, and not before the clock."""
        return max(utc(self.planned_at or clock), clock)

    def clear_at(self, planned: Collection[str] | None, clock: datetime) -> datetime | None:
        """Say when the last of those that go first has gone out: the clock where there is none, None: unknown.

        Raises ValueError for an entry that is written otherwise.
        """
        if planned is None:
            return None
        window, at, first = timedelta(days=self.days), self.at(clock), clock
        for entry in planned:
            when, priority, campaign = _read(entry)
            before = priority > self.priority or (
                priority == self.priority and (when < at or (when == at and "" < campaign < self.id))
            )
            if before and campaign != self.id and first < when <= at + window and at - window <= when:
                first = when
        return first


class Waiting(NamedTuple):
    """A message that waits to be sent; `at` is UTC without a zone."""

    at: datetime
    priority: int
    campaign: str

    @property
    def entry(self) -> str:
        """Write it as the fact `planned_messages` has it."""
        return f"{self.at:%Y-%m-%dT%H:%M:%S} {self.priority} {self.campaign}"


def utc(moment: datetime) -> datetime:
    """Give a moment as facts have it: UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _read(text: str) -> tuple[datetime, int, str]:
    when, priority, campaign = text.split(" ", 2)
    return datetime.fromisoformat(when), int(priority), campaign
