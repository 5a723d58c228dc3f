"""The check invalid-address."""

from __future__ import annotations

from contextmail.auditing.base import Room


class InvalidAddress:
    """Addresses that no mail reaches, by the way they are written."""

    name = "invalid-address"

    def find(self, room: Room) -> str:
        """Give the contacts whose address has a problem."""
        return (
            "SELECT key, problem AS what, 'address' AS field, email AS value, NULL AS mended, false AS certain"
            " FROM contacts WHERE problem <> ''"
        )
