"""What the doings of consent share: the store, the systems, the settings and the clock, and a count of what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from contextmail.connectors.consents import ConsentSystem
from contextmail.model.consent import Scope
from contextmail.model.consent_options import ConsentOptions
from contextmail.model.event import Notice
from contextmail.store.base import ConsentStore


def utc_now() -> datetime:
    """Give the time as the ledger has it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Sync:
    """Hold the store, the systems by name, `[consent]` and the clock (UTC without a zone)."""

    store: ConsentStore
    systems: Mapping[str, ConsentSystem]
    options: ConsentOptions = field(default_factory=ConsentOptions)
    clock: Callable[[], datetime] = utc_now
    missing: Callable[[], Mapping[str, str]] = dict
    """Look which systems do not tell us of their events, and why."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Say where a system holds more than the ledger allows; `subject` is the ledger's hash, never an address."""

    system: str
    subject: str
    scope: Scope
    holds: str
    wanted: str


@dataclass(slots=True)
class Report:
    """Count what was done."""

    events: int = 0
    changes: int = 0
    """New in the ledger."""
    known: int = 0
    """Notices that said nothing new: a repetition, or the echo of a push."""
    rejected: int = 0
    """Notices without a usable address or number."""
    erased: int = 0
    """Notices of an endpoint that was erased: counted, and kept nowhere."""
    quarantined: int = 0
    postponed: int = 0
    """Events whose contact could not be read back yet."""
    frozen: int = 0
    told: int = 0
    """Pushes that a system has carried out, or had no need of."""
    waiting: int = 0
    blocked: int = 0
    dropped: int = 0
    drift: list[Drift] = field(default_factory=list)
    buried: list[Notice] = field(default_factory=list, repr=False)
    """What a system still grants to an endpoint that was erased; it holds an address, so it is never printed."""
    failed: dict[str, str] = field(default_factory=dict)
    """System -> why its sweep did not end."""
    missing: dict[str, str] = field(default_factory=dict)
    """System -> what keeps its events from coming, with the cure."""

    @property
    def idle(self) -> bool:
        """Say whether there was nothing to do."""
        return not (self.events or self.told or self.waiting or self.blocked or self.dropped)

    def counts(self) -> dict[str, int]:
        """Give the counts that are not zero, by name."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, int) and value}
