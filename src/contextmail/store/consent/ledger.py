"""The ledger: every change of consent as it was said, and whose endpoints are one person's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from contextmail.errors import ConfigurationError
from contextmail.model.consent import Act, Actor, Assurance, Change, Scope, Trust, erased, restrictions
from contextmail.store.consent.room import Room, parts_of, text_of, time_of

_COLUMNS = (
    "id, subject, act, channel, purpose, list, topic, received_at, at, value, source, actor, method, assurance, trust,"
    " strength, obtained, evidence"
)
_PAGE = 1000


class Ledger(Room):
    """Append changes and give them back."""

    def hold_to_key(self) -> None:
        """Raise ConfigurationError where the ledger was begun under another lookup key or brand: it would look empty."""
        mark = self._sealer.subject("")
        with self.transaction():
            if not (begun := self._execute("SELECT mark FROM begun")):
                self._execute("INSERT INTO begun VALUES (?)", mark)
        if begun and begun != [(mark,)]:
            cure = "give back the lookup key and the `brand` with which it was begun: nobody is found by others"
            raise ConfigurationError(
                "this ledger was begun under another lookup key or brand", where="ledger", cure=cure
            )

    def subject(self, endpoint: str) -> str:
        """Give the keyed hash of a normalised endpoint within the store's brand."""
        return self._sealer.subject(endpoint)

    def endpoint(self, subject: str) -> str | None:
        """Give the endpoint of a subject, None: it was erased or never known."""
        rows = self._execute("SELECT sealed FROM endpoints WHERE subject = ?", subject)
        return self._sealer.open(rows[0][0]).decode() if rows else None

    def append(self, changes: Iterable[Change], endpoints: Iterable[str] = ()) -> int:
        """Add changes (a known id is passed over), remember endpoints; return how many were new.

        Of somebody who was erased nothing is kept, unless the person has granted anew since.
        """
        by_subject: dict[str, list[Change]] = {}
        for change in changes:
            by_subject.setdefault(change.subject, []).append(change)
        new = 0
        with self.transaction():
            for subject, given in by_subject.items():
                if not erased([*self._privacy(subject), *given]):
                    new += sum(self._insert(change) for change in given)
            for endpoint in endpoints:
                subject = self.subject(endpoint)
                if not erased(self._privacy(subject)):
                    sealed = self._sealer.seal(endpoint.encode())
                    self._execute("INSERT INTO endpoints VALUES (?, ?) ON CONFLICT DO NOTHING", subject, sealed)
        return new

    def _insert(self, change: Change) -> bool:
        marks = ", ".join("?" * 18)
        asked = f"INSERT INTO changes ({_COLUMNS}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING RETURNING position"
        return bool(self._execute(asked, *_row(change)))

    def _privacy(self, subject: str) -> list[Change]:
        """List what says whether a subject is erased; nothing for nearly all of them."""
        tombs = "SELECT 1 FROM changes WHERE subject = ? AND act = 'erase'"
        return self._own(subject) if self._execute(tombs, subject) else []

    def link(self, one: str, other: str) -> None:
        """Remember that two subjects are one person's by an address change: what restricts either restricts both."""
        if one == other:
            return
        with self.transaction():
            at = self.position()
            for pair in ((one, other), (other, one)):
                self._execute("INSERT INTO links VALUES (?, ?, ?) ON CONFLICT DO NOTHING", *pair, at)

    def linked(self, subject: str) -> list[str]:
        """List the other subjects of the same person, however many address changes away."""
        rows = self._execute(
            "WITH RECURSIVE chain (subject) AS (VALUES (?) UNION SELECT other FROM links JOIN chain ON one = subject)"
            " SELECT subject FROM chain ORDER BY subject",
            subject,
        )
        return [found for (found,) in rows if found != subject]

    def changes(self, subject: str) -> list[Change]:
        """List the changes of a subject, and what restricts those linked to it, oldest first."""
        own = self._own(subject)
        others = [change for other in self.linked(subject) for change in restrictions(self._own(other))]
        return sorted([*own, *others], key=lambda change: (change.received_at, change.id)) if others else own

    def _own(self, subject: str) -> list[Change]:
        asked = f"SELECT {_COLUMNS} FROM changes WHERE subject = ? ORDER BY received_at, id"
        return [_change(row) for row in self._execute(asked, subject)]

    def position(self) -> int:
        """Give the number of the ledger's last change."""
        return int(self._execute("SELECT coalesce(max(position), 0) FROM changes")[0][0])

    def withdrawals(self, since: datetime, until: datetime) -> list[int]:
        """Count who withdrew in each hour of the clock, by when it happened; hours without any are left out."""
        rows = self._execute(
            "SELECT count(DISTINCT subject) FROM changes WHERE act = 'deny' AND received_at >= ?"
            " AND coalesce(at, received_at) >= ? AND coalesce(at, received_at) < ?"
            " GROUP BY substr(coalesce(at, received_at), 1, 13)",
            text_of(since), text_of(since), text_of(until),
        )  # fmt: skip
        return [count for (count,) in rows]

    def subjects_since(self, position: int) -> list[str]:
        """List the subjects that changed or were linked after a position, with those linked to them."""
        rows = self._execute(
            "WITH RECURSIVE chain (subject) AS ("
            " SELECT subject FROM changes WHERE position > ?"
            " UNION SELECT one FROM links WHERE position >= ?"
            " UNION SELECT other FROM links JOIN chain ON one = subject"
            ") SELECT subject FROM chain ORDER BY subject",
            position, position,
        )  # fmt: skip
        return [subject for (subject,) in rows]

    def subjects(self) -> Iterator[str]:
        """Stream every subject of the ledger, with those that are known by an address change alone."""
        asked = (
            "SELECT subject FROM changes WHERE subject > ? UNION SELECT one FROM links WHERE one > ?"
            " ORDER BY subject LIMIT ?"
        )
        last = ""
        while rows := self._execute(asked, last, last, _PAGE):
            for (last,) in rows:
                yield last

    def erase(self, tombstone: Change) -> None:
        """Drop everything of the tombstone's subject and its links; each of them keeps a tombstone of its own."""
        with self.transaction():
            for subject in [tombstone.subject, *self.linked(tombstone.subject)]:
                self._execute(
                    "UPDATE inbox SET body = NULL WHERE id IN (SELECT event FROM inbox_subjects WHERE subject = ?)",
                    subject,
                )
                for table in ("inbox_subjects", "changes", "endpoints", "outbox", "observations", "tasks", "touches"):
                    self._execute(f"DELETE FROM {table} WHERE subject = ?", subject)
                self._execute("DELETE FROM links WHERE one = ? OR other = ?", subject, subject)
                self._insert(_tombstone(tombstone, subject))


def _tombstone(given: Change, subject: str) -> Change:
    return given if subject == given.subject else replace(given, id=f"{given.id}/{subject[:16]}", subject=subject)


def _row(change: Change) -> tuple[object, ...]:
    return (
        change.id, change.subject, str(change.act), *parts_of(change.scope), text_of(change.received_at),
        text_of(change.at), change.value, change.source, str(change.actor), change.method, str(change.assurance),
        str(change.trust), change.strength, change.obtained, change.evidence,
    )  # fmt: skip


def _change(row: Sequence[Any]) -> Change:
    key, subject, act, channel, purpose, list_, topic, received_at, at, value, source, *rest = row
    actor, method, assurance, trust, strength, obtained, evidence = rest
    return Change(
        id=key,
        subject=subject,
        act=Act(act),
        scope=Scope(channel, purpose, list_, topic),
        received_at=datetime.fromisoformat(received_at),
        at=time_of(at),
        value=value,
        source=source,
        actor=Actor(actor),
        method=method,
        assurance=Assurance(assurance),
        trust=Trust(trust),
        strength=strength,
        obtained=obtained,
        evidence=evidence,
    )
