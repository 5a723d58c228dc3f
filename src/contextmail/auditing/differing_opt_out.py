"""The check differing-opt-out."""

from __future__ import annotations

from contextmail.auditing.base import Room, Unlooked


class DifferingOptOut:
    """People who have left in one place and not in another; `contextmail reconcile` brings them together."""

    name = "differing-opt-out"

    def find(self, room: Room) -> str | Unlooked:
        """Compare what the source, the ledger and the facts say of marketing by e-mail."""
        if room.facts is None and room.ledger is None:
            return Unlooked("there are neither facts nor a ledger to compare with")
        return (
            "SELECT key, CASE WHEN status = 'subscribed' AND ledger = 'denied' THEN 'subscribed here, left in the ledger'"
            " WHEN status = 'subscribed' AND facts = 'denied' THEN 'subscribed here, left in the facts'"
            " WHEN status = 'unsubscribed' AND ledger = 'granted' THEN 'left here, granted in the ledger'"
            " WHEN status = 'unsubscribed' AND facts = 'granted' THEN 'left here, granted in the facts'"
            " WHEN ledger = 'denied' AND facts = 'granted' THEN 'left in the ledger, granted in the facts'"
            " WHEN ledger = 'granted' AND facts = 'denied' THEN 'left in the facts, granted in the ledger' END AS what,"
            " 'status' AS field, status AS value, NULL AS mended, false AS certain"
            " FROM contacts JOIN permissions USING (key) WHERE what IS NOT NULL"
        )
