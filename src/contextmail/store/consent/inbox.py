"""The inbox: events as they came, kept before they are acknowledged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from contextmail.model.consent import Assurance
from contextmail.store.base import InboxEvent, InboxState
from contextmail.store.consent.room import Room, text_of


class Inbox(Room):
    """Receive, list and settle events."""

    def receive(self, source: str, account: str, dedupe: str, assurance: Assurance, body: bytes, at: datetime) -> bool:
        """Keep an event before it is acknowledged; False: it was here before."""
        rows = self._execute(
            "INSERT INTO inbox (source, account, dedupe, assurance, received_at, body) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING id",
            source, account, dedupe, str(assurance), text_of(at), self._sealer.seal(body),
        )  # fmt: skip
        return bool(rows)

    def inbox(self, state: InboxState = "new", *, source: str = "", limit: int = 100) -> list[InboxEvent]:
        """List events of a state, the oldest first, bodies unsealed; a body that was dropped is empty."""
        rows = self._execute(
            "SELECT id, source, account, received_at, assurance, body, state, reason, tries FROM inbox"
            " WHERE state = ? AND (source = ? OR ? = '') ORDER BY id LIMIT ?",
            state, source, source, limit,
        )  # fmt: skip
        return [
            InboxEvent(
                id, source, account, datetime.fromisoformat(at), Assurance(assurance),
                self._sealer.open(body) if body else b"", state, reason, tries,
            )
            for id, source, account, at, assurance, body, state, reason, tries in rows  # noqa: A001
        ]  # fmt: skip

    def settle(self, event: int, state: InboxState, reason: str = "", *, subjects: Iterable[str] = ()) -> None:
        """Say what became of an event and whom it spoke of; back to `new` for a replay."""
        with self.transaction():
            asked = "UPDATE inbox SET state = ?, reason = ?, tries = tries + 1 WHERE id = ?"
            self._execute(asked, state, reason, event)
            for subject in subjects:
                self._execute("INSERT INTO inbox_subjects VALUES (?, ?) ON CONFLICT DO NOTHING", event, subject)

    def prune(self, *, raw_before: datetime) -> int:
        """Drop the bodies of events that are done and were received before then, and pushes that ended before then.

        The keys of the events stay; what is in quarantine keeps its body: it may be an opt-out that nobody has
        understood yet. Return how many bodies went.
        """
        before = text_of(raw_before)
        with self.transaction():
            self._execute("DELETE FROM outbox WHERE state IN ('done', 'dropped') AND ended_at < ?", before)
            asked = "UPDATE inbox SET body = NULL WHERE state = 'done' AND received_at < ? AND body IS NOT NULL RETURNING id"
            return len(self._execute(asked, before))
