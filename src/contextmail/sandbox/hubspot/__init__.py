"""HubSpot on loopback: its API over a portal in memory, with its limits, its partial failures and its webhooks."""

from __future__ import annotations

from contextmail.sandbox.faults import Fault, Faults, Kind
from contextmail.sandbox.hubspot.sandbox import Sandbox, serve
from contextmail.sandbox.hubspot.settings import Limits, Readings
from contextmail.sandbox.hubspot.state import State

__all__ = ["Fault", "Faults", "Kind", "Limits", "Readings", "Sandbox", "State", "serve"]
