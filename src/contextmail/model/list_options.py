"""How lists go out and outcomes come back: `[lists]`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from contextmail.model.channel import Channel
from contextmail.model.touch import TouchOutcome

_HOURS = {Channel.POSTAL: 168.0}
_A_DAY = 24.0


class ListOptions(BaseModel):
    """Say for how long an exported list may be used, and how files of diallers and letter shops are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: dict[Channel, float] = Field(default={}, validate_default=True)
    """Channel -> hours for which a list may be used; 24, and 168 (a week) for `postal`."""
    columns: dict[str, str] = {}
    """Role -> column of lists and outcomes: `customer`, `phone`, `email`, `channel`, `at`, `outcome`, `purpose`, `campaign`."""
    outcomes: dict[str, TouchOutcome] = {}
    """A dialler's own word -> `answered`, `delivered`, `voicemail`, `no_answer`, `bounced`, `wrong_person`, `do_not_call`."""

    dates: str = ""
    """How times of outcomes are written when not as 2024-01-31 18:10: a format such as `%d/%m/%Y %H:%M`."""
    time_zone: str = ""
    """The zone of times that name none, `Europe/London`; empty: UTC, and a withdrawal counts from its import."""

    @field_validator("time_zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            return zone and ZoneInfo(zone).key
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{zone!r} is no zone such as Europe/London") from None

    @field_validator("hours")
    @classmethod
    def _positive(cls, hours: dict[Channel, float]) -> dict[Channel, float]:
        if any(not 0 < each <= 24 * 366 for each in hours.values()):
            raise ValueError("hours are more than 0, and not more than a year")
        return hours

    def time_of(self, text: str) -> datetime | None:
        """Read a time of a file, with its zone if that is known; None where it cannot be read."""
        try:
            at = datetime.strptime(text, self.dates) if self.dates else datetime.fromisoformat(text)
        except ValueError:
            return None
        return at.replace(tzinfo=ZoneInfo(self.time_zone)) if self.time_zone and not at.tzinfo else at

    def hours_of(self, channel: str) -> float:
        """Give the hours for which a list of a channel may be used."""
        known = Channel(channel)
        return self.hours.get(known, _HOURS.get(known, _A_DAY))
