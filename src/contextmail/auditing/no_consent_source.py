"""The check no-consent-source."""

from __future__ import annotations

from contextmail.auditing.base import Room, Unlooked
from contextmail.engines.base import literal

_NO_SOURCE = r"^$|subscribed|unknown|import|upload|csv|\bapi\b|admin|copied|migrat|sync"
"""Words for a way in that no person has walked."""


class NoConsentSource:
    """Contacts who are sent to, and of whom nobody can say when and how they agreed."""

    name = "no-consent-source"

    def find(self, room: Room) -> str | Unlooked:
        """Give those whom neither the source, nor the ledger, nor the facts have a consent of."""
        asked = room.engine.rows("SELECT count(*) FROM contacts WHERE granted")[0][0]
        if not asked and room.facts is None and room.ledger is None:
            return Unlooked("the source keeps no consent, and there are neither facts nor a ledger")
        who = "granted AND granted_at IS NULL" if asked else "problem = '' AND status IN ('subscribed', 'unknown')"
        return (
            "SELECT key, CASE WHEN how IN ('', 'subscribed') THEN 'neither when nor how' ELSE 'added by ' || how END"
            " AS what, 'status' AS field, status AS value, NULL AS mended, false AS certain FROM contacts"
            f" LEFT JOIN permissions USING (key) WHERE {who} AND regexp_matches(lower(how), {literal(_NO_SOURCE)})"
            " AND ledger IS DISTINCT FROM 'granted' AND facts IS DISTINCT FROM 'granted' AND obtained IS NULL"
        )
