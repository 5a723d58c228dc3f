"""Channels and purposes: what consent, frequency and messages share."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """Name a way to reach a person; `call` is a script that a person reads, `voice` a recording or a machine."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    POSTAL = "postal"
    CALL = "call"


class Purpose(StrEnum):
    """Say what a message is for; consent and frequency are kept by purpose."""

    MARKETING = "marketing"
    SERVICE = "service"
    TRANSACTIONAL = "transactional"
