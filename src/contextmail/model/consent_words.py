"""The words of consent: what a change does, who made it, how sure it is."""

from __future__ import annotations

import re
from enum import StrEnum

from contextmail.model.channel import Channel


class Act(StrEnum):
    """Name what a change does."""

    GRANT = "grant"
    PEND = "pend"
    """Asked, and not confirmed yet."""
    NEVER = "never"
    """Never asked for anything: the platform holds the address for receipts only."""
    DENY = "deny"
    SUPPRESS = "suppress"
    """`value` is a Suppression."""
    CLEAR = "clear"
    """The counter-event of a suppression; `value` names which."""
    RESTRICT = "restrict"
    UNRESTRICT = "unrestrict"
    ERASE = "erase"
    PREFER = "prefer"
    """`value` is `only=sms` or `most=1/30` (messages in days)."""
    RETRACT = "retract"
    """A read-back showed that an unsigned change was not so; `value` is its id."""


class Suppression(StrEnum):
    """Say why nothing reaches an endpoint, or may; not a choice of the person."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    INVALID = "invalid"
    COMPLAINT = "complaint"
    CARRIER_STOP = "carrier_stop"
    DNC_NATIONAL = "dnc_national"
    DNC_INTERNAL = "dnc_internal"
    ADMIN_BLOCK = "admin_block"
    PLATFORM = "platform_suppressed"
    WRONG_PERSON = "wrong_person"
    REASSIGNED = "reassigned_number"
    FLAPPING = "flapping"
    """It was switched back and forth faster than a person does: frozen until a person looks."""


class Actor(StrEnum):
    """Say who made a change."""

    PERSON = "person"
    AGENT = "agent"
    """Somebody at the company, on the person's behalf."""
    SYSTEM = "system"
    IMPORT = "import"
    PLATFORM = "platform"


class Assurance(StrEnum):
    """Say how sure it is that a change comes from its source."""

    SIGNED = "signed"
    READ_BACK = "read-back"
    UNSIGNED = "unsigned"


class Trust(StrEnum):
    """Say whose clock a change's time is from."""

    SOURCE = "source"
    CLAIMED = "claimed"
    """A column of a file, or a sender whose clock nobody answers for."""
    NONE = "none"


class Obtained(StrEnum):
    """Say how an endpoint came to be known."""

    GIVEN = "given_by_person"
    INBOUND = "observed_inbound"
    THIRD_PARTY = "from_third_party"
    ENRICHED = "enriched"
    INFERRED = "inferred"


_PREFERENCE = re.compile(rf"only=({'|'.join(Channel)})|most=[1-9]\d*/[1-9]\d*", re.ASCII)


def is_preference(value: str) -> bool:
    """Say whether a text is the value of a PREFER: `only=sms`, `most=1/30`."""
    return bool(_PREFERENCE.fullmatch(value))


LOOKED_UP = frozenset({Obtained.THIRD_PARTY, Obtained.ENRICHED, Obtained.INFERRED})
