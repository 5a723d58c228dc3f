"""What is sent: a message, its parts, its offers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from contextmail.model.channel import Channel, Purpose

__all__ = ["Channel", "Message", "Offer", "Part", "PartKind", "Purpose"]


class PartKind(StrEnum):
    """Say how a part is read: one line (subject), HTML, plain text, or a spoken script."""

    LINE = "line"
    HTML = "html"
    TEXT = "text"
    SCRIPT = "script"


class Part(BaseModel):
    """One named text of a message, exactly as it was read.

    `source` is the decoded text; `source.encode(encoding, errors)` gives the bytes back, each of them.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    """`subject`, `preheader`, `html`, `text` or `script`."""
    kind: PartKind
    source: str
    encoding: str = "utf-8"
    errors: str = "strict"
    bom: bool = False
    """The bytes began with a byte order mark, which `source` does not hold."""
    path: str = ""
    """The file that it came from, as the user named it; empty: none."""
    line: int = 1
    """The line of `path` on which `source` begins (after front matter)."""


class Offer(BaseModel):
    """A product or category that a message pitches, by any of its names."""

    model_config = ConfigDict(frozen=True)

    product: str = ""
    """The id in the company's own tables."""
    category: str = ""
    name: str = ""
    url: str = ""
    owner_text: str = ""
    """What to say instead to those who own it; empty: the phrasebook's."""


class Message(BaseModel):
    """A campaign's message, once, as its author wrote it: never one per recipient."""

    model_config = ConfigDict(frozen=True)

    id: str = "message"
    channel: Channel = Channel.EMAIL
    purpose: Purpose = Purpose.MARKETING
    parts: tuple[Part, ...]
    offers: tuple[Offer, ...] = ()
    asks: tuple[str, ...] = ()
    """Facts that the message asks for: `birthday`, `provider`."""
    delivered_by: str = "automated"
    """`automated` or `human`."""
    addressed_to: str = "customer"
    """`customer` (a known person) or `resident` (whoever lives there)."""
    renewal_change: str = ""
    """What is different from the next term on, as a sentence, where the message asks to renew."""
    sender: str = ""
    """The brand that speaks."""
    dialect: str = ""
    """`mailchimp`, `hubl`, `liquid`; empty: seen from the tokens."""
    allow: dict[str, str] = {}
    """Rule -> reason, for rules that the author suppresses in this message."""
    planned_at: datetime | None = None
    priority: int = 0
    """Among messages that are planned for the same people: the higher goes first."""
    expires: datetime | None = None

    def part(self, name: str) -> Part | None:
        """Give the part of that name, or None."""
        return next((part for part in self.parts if part.name == name), None)
