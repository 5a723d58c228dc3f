"""Times as HubSpot writes them: ISO 8601 in some answers, milliseconds since 1970 in others; ours are UTC without a zone."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(value: object) -> datetime | None:
    """Read a time as HubSpot writes it, ISO 8601 or milliseconds; None where it is neither."""
    try:
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
            return datetime.fromtimestamp(int(value) / 1000, UTC).replace(tzinfo=None)
        read = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError):
        return None
    return read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read


def milliseconds(moment: datetime) -> int:
    """Write a time as HubSpot's searches and filters take it."""
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
