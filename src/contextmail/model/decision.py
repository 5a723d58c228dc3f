"""What happens to one recipient: decision, verdicts and the evidence for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from contextmail.model.fact import FactValue


class Outcome(StrEnum):
    """Name what happens to a recipient, the severest last."""

    SEND = "send"
    HOLD = "hold"
    REROUTE = "reroute"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts that made a claim or a policy true, untrue or unknown of one customer."""

    rule: str
    verdict: bool | None
    """True, False, or None: unknown."""
    predicate: str
    facts: Mapping[str, FactValue]
    """The values that the predicate asked for; None where a fact is unknown or too old."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one recipient gets: the outcome with its reason, and which text of each edit."""

    outcome: Outcome
    reason: str = ""
    """The policy that decided; empty for `send`."""
    until: date | datetime | None = None
    """Of `hold`: when there is room again; None: not known."""
    to: str = ""
    """Of `reroute`: the channel."""
    codes: tuple[int, ...] = ()
    """For each edit, the index of the variant that is true of this recipient."""
