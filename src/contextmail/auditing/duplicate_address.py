"""The check duplicate-address."""

from __future__ import annotations

from contextmail.auditing.base import Room


class DuplicateAddress:
    """One address several times: again, in other letters, or its domain written in another way."""

    name = "duplicate-address"

    def find(self, room: Room) -> str:
        """Give every contact whose normalised address another one has too."""
        return (
            "SELECT key, CASE WHEN written = 1 THEN 'the same address again'"
            " WHEN letters = 1 THEN 'the same address in other letters'"
            " ELSE 'the same address, its domain written differently' END AS what,"
            " 'address' AS field, email AS value, NULL AS mended, false AS certain FROM contacts JOIN ("
            "SELECT address, count(DISTINCT trim(email)) AS written, count(DISTINCT lower(trim(email))) AS letters"
            " FROM contacts GROUP BY address HAVING count(*) > 1) USING (address)"
        )
