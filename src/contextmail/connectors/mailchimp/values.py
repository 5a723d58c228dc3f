"""Mailchimp's ways to write keys, moments and field values."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import md5

FIELD_BYTES = 255
"""A text value's longest, in bytes of UTF-8; Mailchimp cuts a longer one off without a word."""

_ADDRESS_PARTS = ("addr1", "addr2", "city", "state", "zip", "country")


def key_of(email: str) -> str:
    """Give a contact's key: the MD5 of its address in lower case."""
    return md5(email.lower().encode(), usedforsecurity=False).hexdigest()


# Contacts that were imported together share their times: reading each time once is worth a tenth of a page.
@lru_cache(maxsize=4096)
def moment(text: str | None) -> datetime | None:
    """Read an ISO 8601 moment as UTC without a zone; None where there is none."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def written(at: datetime) -> str:
    """Write a UTC moment without a zone as the API asks for it."""
    return f"{at.isoformat(timespec='seconds')}+00:00"


def as_text(value: object) -> str:
    """Give a field's value as text: an address on one line, nothing as the empty text."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ", ".join(str(value[part]) for part in _ADDRESS_PARTS if value.get(part))
    return "" if value is None else str(value)


def fits(text: str) -> bool:
    """Say whether a field holds the text whole."""
    return len(text) <= FIELD_BYTES // 4 or len(text.encode()) <= FIELD_BYTES
