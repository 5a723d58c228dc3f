"""What became of calls, text messages and letters: kept until the facts are built from it, and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from contextmail.model.touch import Touch, TouchOutcome
from contextmail.store.consent.room import Room, text_of

_ASKED = (
    "SELECT t.id, t.customer, t.channel, t.purpose, t.at, t.outcome, t.campaign,"
    # Only where the customer's id does not say it all is the endpoint needed, and unsealed.
    " CASE WHEN t.customer = '' OR t.outcome IN ('wrong_person', 'do_not_call') THEN e.sealed END"
    " FROM touches t LEFT JOIN endpoints e ON e.subject = t.subject"
)
_PAGE = 1000


class Touches(Room):
    """Keep touches with their outcomes and give them back."""

    def keep_touch(self, touch: Touch, subject: str, received_at: datetime) -> bool:
        """Keep a touch; False: it was here before. `subject` is that of its endpoint, empty: it has none."""
        asked = "INSERT INTO touches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING id"
        said = (touch.channel, touch.purpose, text_of(touch.at), str(touch.outcome), touch.campaign)
        with self.transaction():
            new = self._execute(asked, touch.id, touch.customer, subject, *said, text_of(received_at))
            if new and subject:
                sealed = self._sealer.seal(touch.endpoint.encode())
                self._execute("INSERT INTO endpoints VALUES (?, ?) ON CONFLICT DO NOTHING", subject, sealed)
        return bool(new)

    def touches(self) -> Iterator[Touch]:
        """Stream every touch; its endpoint is there where its customer is not, and where it bars somebody from it."""
        last = ""
        while rows := self._execute(f"{_ASKED} WHERE t.id > ? ORDER BY t.id LIMIT {_PAGE}", last):
            yield from map(self._touch, rows)
            last = rows[-1][0]

    def touches_of(self, customer: str, subject: str) -> list[Touch]:
        """List the touches of a customer and of an endpoint; either may be empty."""
        where = "t.id IN (SELECT id FROM touches WHERE customer = ? AND ? <> '' UNION SELECT id FROM touches WHERE subject = ? AND ? <> '')"
        rows = self._execute(f"{_ASKED} WHERE {where} ORDER BY t.id", customer, customer, subject, subject)
        return list(map(self._touch, rows))

    def _touch(self, row: Sequence[Any]) -> Touch:
        key, customer, channel, purpose, at, outcome, campaign, sealed = row
        endpoint = self._sealer.open(sealed).decode() if sealed else ""
        return Touch(
            key, customer, endpoint, channel, purpose, datetime.fromisoformat(at), TouchOutcome(outcome), campaign
        )
