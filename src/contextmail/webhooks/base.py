"""What a source of webhooks is: one file, a recorded payload, and a line in `webhooks/__init__`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contextmail.errors import ContextmailError
from contextmail.model.consent import Act, Assurance
from contextmail.model.event import Notice
from contextmail.webhooks.http import Request

MOVED = Act.RETRACT
"""The act of a notice with `moved_to`: it takes back nothing, and says nothing else of either endpoint."""
_LONGEST = 2000


class BadSignatureError(ContextmailError):
    """A request does not come from who it says: answered with 401, and nothing is kept."""


class BadPayloadError(ContextmailError):
    """A verified event is not understood: it is kept in quarantine, and can be replayed after an update."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A request that comes from its source: how sure that is, and the key by which a repetition is known."""

    dedupe: str
    assurance: Assurance
    body: bytes | None = None
    """What is kept where it is not the request's body; None: that body."""


class WebhookSource(Protocol):
    """Understand one system's webhooks. Both methods are pure."""

    @property
    def name(self) -> str:
        """Name it: `mailchimp`, `standard`, `one-click`; the second part of the path, and the kind of the source."""
        ...

    def key(self, secret: str) -> bytes:
        """Give the bytes that sign: the receiver refuses a secret of few."""
        ...

    def verify(self, request: Request, account: str, secrets: Sequence[str], now: datetime) -> Verified:
        """Check the raw bytes against each valid secret, in constant time.

        Raises BadSignatureError; a caller treats any other exception as the same.
        """
        ...

    def parse(self, body: bytes, account: str, received_at: datetime, assurance: Assurance) -> list[Notice]:
        """Read what an event says. Raises BadPayloadError for one that is not understood; empty: nothing of consent."""
        ...


def line(value: object, name: str) -> str:
    """Give a text of one line that every store and log can hold; what is absent is empty. Raises BadPayloadError."""
    if value is None:
        return ""
    # Not printable: line breaks, NUL, which PostgreSQL refuses, and halves of surrogates, which UTF-8 cannot write.
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise BadPayloadError(f"{name} is no text of one line")
    return value


def demanded(value: object, name: str) -> str:
    """Give a text of one line that must be there. Raises BadPayloadError."""
    text = line(value, name)
    if not text:
        raise BadPayloadError(f"{name} is missing")
    return text
