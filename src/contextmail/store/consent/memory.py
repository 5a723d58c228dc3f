"""What else is remembered: what systems say, what people have to do, secrets, and how far sweeps have come."""

from __future__ import annotations

from datetime import datetime

from contextmail.model.consent import Scope
from contextmail.store.base import Task
from contextmail.store.consent.room import Room, parts_of, text_of, time_of


class Memory(Room):
    """Observations, tasks, secrets and watermarks."""

    def observed(self, system: str, subject: str, scope: Scope) -> tuple[str, datetime | None] | None:
        """Give what a system was last seen to say, and since when by its own clock."""
        rows = self._execute(
            "SELECT value, at FROM observations"
            " WHERE subject = ? AND system = ? AND channel = ? AND purpose = ? AND list = ? AND topic = ?",
            subject, system, *parts_of(scope),
        )  # fmt: skip
        return (rows[0][0], time_of(rows[0][1])) if rows else None

    def observe(self, system: str, subject: str, scope: Scope, value: str, at: datetime | None) -> None:
        """Remember what a system says."""
        self._execute(
            "INSERT INTO observations (system, subject, channel, purpose, list, topic, value, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (subject, system, channel, purpose, list, topic)"
            " DO UPDATE SET value = excluded.value, at = excluded.at",
            system, subject, *parts_of(scope), value, text_of(at),
        )  # fmt: skip

    def ask(self, subject: str, target: str, what: str) -> None:
        """Leave a task for a person; the same open task is not asked twice."""
        asked = "INSERT INTO tasks (subject, target, what, made_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        self._execute(asked, subject, target, what, text_of(self._clock()))

    def tasks(self, *, subject: str = "", open_only: bool = True) -> list[Task]:
        """List tasks, of one subject or of all, the oldest first."""
        where = ("subject = ?" if subject else "? = ''") + (" AND done_at IS NULL" if open_only else "")
        asked = f"SELECT id, subject, target, what, made_at, done_at FROM tasks WHERE {where} ORDER BY id"
        rows = self._execute(asked, subject)
        return [
            Task(id, subject, target, what, datetime.fromisoformat(made_at), time_of(done_at))
            for id, subject, target, what, made_at, done_at in rows  # noqa: A001
        ]

    def finish(self, task: int) -> None:
        """Close a task."""
        self._execute("UPDATE tasks SET done_at = ? WHERE id = ? AND done_at IS NULL", text_of(self._clock()), task)

    def secrets(self, source: str, account: str, now: datetime) -> list[str]:
        """Give the secrets that are valid: the current one first, those before until they lapse."""
        rows = self._execute(
            "SELECT sealed FROM secrets WHERE source = ? AND account = ? AND (valid_until IS NULL OR valid_until > ?)"
            " ORDER BY id DESC",
            source, account, text_of(now),
        )  # fmt: skip
        return [self._sealer.open(sealed).decode() for (sealed,) in rows]

    def set_secret(self, source: str, account: str, secret: str, *, keep_old_until: datetime | None = None) -> None:
        """Keep a new secret, sealed; the one before stays valid until then, or not at all."""
        with self.transaction():
            if keep_old_until is None:
                self.forget_secret(source, account)
            else:
                asked = "UPDATE secrets SET valid_until = ? WHERE source = ? AND account = ? AND valid_until IS NULL"
                self._execute(asked, text_of(keep_old_until), source, account)
            asked = "INSERT INTO secrets (source, account, sealed) VALUES (?, ?, ?)"
            self._execute(asked, source, account, self._sealer.seal(secret.encode()))

    def forget_secret(self, source: str, account: str) -> None:
        """Drop every secret of a source's account."""
        self._execute("DELETE FROM secrets WHERE source = ? AND account = ?", source, account)

    def accounts(self) -> list[tuple[str, str]]:
        """List source and account of every secret that is kept."""
        return self._execute("SELECT DISTINCT source, account FROM secrets ORDER BY source, account")

    def watermark(self, name: str) -> datetime | None:
        """Give the time up to which a sweep has seen everything."""
        rows = self._execute("SELECT at FROM watermarks WHERE name = ?", name)
        return time_of(rows[0][0]) if rows else None

    def set_watermark(self, name: str, at: datetime) -> None:
        """Remember it."""
        asked = "INSERT INTO watermarks VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at"
        self._execute(asked, name, text_of(at))
