"""Mailchimp on loopback: its Marketing API over an account in memory, with its limits, its faults and its webhooks."""

from __future__ import annotations

from contextmail.sandbox.faults import Fault, Faults, Kind
from contextmail.sandbox.mailchimp.sandbox import Sandbox, serve
from contextmail.sandbox.mailchimp.settings import Limits, Readings
from contextmail.sandbox.mailchimp.state import State

__all__ = ["Fault", "Faults", "Kind", "Limits", "Readings", "Sandbox", "State", "serve"]
