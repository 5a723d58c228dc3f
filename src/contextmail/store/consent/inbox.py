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

    def inbox(
        self, state: InboxState = "new", *, source: str = "", after: int = 0, limit: int = 100
    ) -> list[InboxEvent]:
        """List events of a state, the oldest first, from behind the id `after`; a body that was dropped is empty."""
        return self._events("state = ? AND id > ? AND (source = ? OR ? = '')", state, after, source, source, limit)

    def untied(self, *, after: int = 0, limit: int = 100) -> list[InboxEvent]:
        """List events whose body is kept and that are in quarantine, or done and tied to no subject."""
        tied = "state = 'done' AND id NOT IN (SELECT event FROM inbox_subjects)"
        return self._events(f"id > ? AND body IS NOT NULL AND (state = 'quarantined' OR {tied})", after, limit)

    def _events(self, where: str, *values: object) -> list[InboxEvent]:
        rows = self._execute(
            "SELECT id, source, account, received_at, assurance, body, state, reason, tries FROM inbox"
            f" WHERE {where} ORDER BY id LIMIT ?",
            *values,
        )
        return [
            InboxEvent(
                id, source, account, datetime.fromisoformat(at), Assurance(assurance),
                self._sealer.open(body) if body else b"", state, reason, tries,
            )
            for id, source, account, at, assurance, body, state, reason, tries in rows  # noqa: A001
        ]  # fmt: skip

    def drop(self, event: int, reason: str) -> None:
        """Drop the body of an event that nobody will take any more; its key stays."""
        self._execute("UPDATE inbox SET body = NULL, state = 'done', reason = ? WHERE id = ?", reason, event)

    def settle(self, event: int, state: InboxState, reason: str = "", *, subjects: Iterable[str] = ()) -> None:
        """Say what became of an event and whom it spoke of; back to `new` for a replay."""
        with self.transaction():
            asked = "UPDATE inbox SET state = ?, reason = ?, tries = tries + 1 WHERE id = ?"
            self._execute(asked, state, reason, event)
            for subject in subjects:
                self._execute("INSERT INTO inbox_subjects VALUES (?, ?) ON CONFLICT DO NOTHING", event, subject)

    def prune(self, *, raw_before: datetime, unread_before: datetime | None = None) -> int:
        """Drop the bodies of events that are done and were received before then, and pushes that ended before then.

        What is in quarantine may be an opt-out that nobody has understood yet: it goes by `unread_before` (None: it
        stays). The keys of the events stay. Return how many bodies went.
        """
        before = text_of(raw_before)
        with self.transaction():
            self._execute("DELETE FROM outbox WHERE state IN ('done', 'dropped') AND ended_at < ?", before)
            unread = self._execute(
                "UPDATE inbox SET body = NULL, state = 'done', reason = 'never understood: ' || reason"
                " WHERE state = 'quarantined' AND received_at < ? RETURNING id",
                text_of(unread_before),
            )
            asked = "UPDATE inbox SET body = NULL WHERE state = 'done' AND received_at < ? AND body IS NOT NULL RETURNING id"
            return len(unread) + len(self._execute(asked, before))
