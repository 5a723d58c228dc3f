"""The outbox: what every system is still to be told, the withdrawals first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from contextmail.model.consent import Act, Scope
from contextmail.model.event import Push, PushState
from contextmail.store.consent.room import Room, parts_of, text_of, time_of

CLAIM = timedelta(minutes=1)
"""After this a claim that was not renewed lapses: whoever made it is taken for dead."""

_FIRST = {Act.DENY, Act.SUPPRESS, Act.RESTRICT, Act.ERASE}
_NEWER = (
    "EXISTS (SELECT 1 FROM outbox AS n WHERE n.state = 'waiting' AND n.id > outbox.id AND n.target = outbox.target"
    " AND n.subject = outbox.subject AND n.channel = outbox.channel AND n.purpose = outbox.purpose"
    " AND n.list = outbox.list AND n.topic = outbox.topic AND n.lane = outbox.lane)"
)
_REPLACED = "replaced by a newer decision"
_COLUMNS = (
    "id, target, outbox.subject, act, channel, purpose, list, topic, value, position, change, state, tries, reason,"
    " made_at, began_at, ended_at"
)


class Outbox(Room):
    """Hand out pushes, each to one worker at a time."""

    def enqueue(self, pushes: Iterable[tuple[str, str, Act, Scope, str, str]]) -> int:
        """Add (target, subject, act, scope, value, change id); return how many.

        A newer decision takes the place of one that waits for the same target, subject and scope. Choices,
        each suppression and an erasure do not take one another's place.
        """
        count = 0
        with self.transaction():
            position = self._execute("SELECT coalesce(max(position), 0) FROM changes")[0][0]
            now = text_of(self._clock())
            for target, subject, act, scope, value, change in pushes:
                key = (target, subject, *parts_of(scope), _lane(act, value))
                self._execute(
                    "UPDATE outbox SET state = 'dropped', reason = ?, ended_at = ? WHERE state = 'waiting'"
                    " AND target = ? AND subject = ? AND channel = ? AND purpose = ? AND list = ? AND topic = ? AND lane = ?",
                    _REPLACED, now, *key,
                )  # fmt: skip
                self._execute(
                    "INSERT INTO outbox (target, subject, channel, purpose, list, topic, lane, act, value, urgency,"
                    " position, change, state, made_at, due_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?, 'waiting', ?, ?)",
                    *key, str(act), value, int(act not in _FIRST), position, change, now, now,
                )  # fmt: skip
                count += 1
        return count

    def due(self, now: datetime, *, limit: int = 100) -> list[Push]:
        """Claim what is to be pushed now, withdrawals and erasures first; a claim lapses after a minute, see `renew`.

        While a push to a system about somebody is under way, no other is handed out: an older answer cannot come last.
        """
        with self.transaction():
            self._lapse(text_of(now))
            ids = self._execute(
                "SELECT id FROM outbox AS o WHERE state = 'waiting' AND due_at <= ? AND NOT EXISTS ("
                " SELECT 1 FROM outbox AS other WHERE other.subject = o.subject AND other.target = o.target"
                " AND other.state = 'pushing') ORDER BY urgency, id LIMIT ?",
                text_of(now), limit,
            )  # fmt: skip
            claim = (
                "UPDATE outbox SET state = 'pushing', began_at = ?, due_at = ?, ended_at = NULL, tries = tries + 1"
                " WHERE id = ?"
            )
            for (push,) in ids:
                self._execute(claim, text_of(now), text_of(now + CLAIM), push)
            return [claimed for (push,) in ids for claimed in self._pushes("id = ?", push)]

    def renew(self, push: int, now: datetime) -> None:
        """Let a claim last another minute from now; one that has ended stays as it ended."""
        renewal = "UPDATE outbox SET due_at = ? WHERE id = ? AND state = 'pushing'"
        self._execute(renewal, text_of(now + CLAIM), push)

    def _lapse(self, now: str | None) -> None:
        lapsed = "state = 'pushing' AND due_at <= ?"
        self._execute(
            f"UPDATE outbox SET state = 'dropped', reason = ?, ended_at = began_at WHERE {lapsed} AND {_NEWER}",
            _REPLACED, now,
        )  # fmt: skip
        self._execute(f"UPDATE outbox SET state = 'waiting' WHERE {lapsed}", now)

    def pushed(self, push: int, state: PushState, reason: str = "", *, again_at: datetime | None = None) -> None:
        """Say what became of a push; `waiting` with the time of the next try, unless a newer decision waits by now."""
        now = self._clock()
        with self.transaction():
            if state == "waiting" and self._execute(f"SELECT 1 FROM outbox WHERE id = ? AND {_NEWER}", push):
                state, reason = "dropped", _REPLACED
            self._execute(
                "UPDATE outbox SET state = ?, reason = ?, ended_at = ?, due_at = ? WHERE id = ?",
                state, reason, text_of(now), text_of(again_at or now), push,
            )  # fmt: skip

    def pushes(self, state: PushState | None = None, *, subject: str = "") -> list[Push]:
        """List pushes, the oldest first, for `status` and to tell an echo."""
        return self._pushes(
            "(state = ? OR ? IS NULL) AND (outbox.subject = ? OR ? = '')", state, state, subject, subject
        )

    def _pushes(self, where: str, *values: object) -> list[Push]:
        rows = self._execute(
            f"SELECT {_COLUMNS}, sealed FROM outbox LEFT JOIN endpoints ON endpoints.subject = outbox.subject"
            f" WHERE {where} ORDER BY id",
            *values,
        )
        return [
            Push(
                id=id,
                target=target,
                subject=subject,
                endpoint=self._sealer.open(sealed).decode() if sealed else "",
                act=Act(act),
                scope=Scope(*scope),
                value=value,
                position=position,
                change=change,
                state=state,
                tries=tries,
                reason=reason,
                made_at=time_of(made_at),
                began_at=time_of(began_at),
                ended_at=time_of(ended_at),
            )
            for id, target, subject, act, *scope, value, position, change, state, tries, reason, made_at, began_at,  # noqa: A001
            ended_at, sealed in rows
        ]  # fmt: skip


def _lane(act: Act, value: str) -> str:
    if act in (Act.SUPPRESS, Act.CLEAR):
        return f"suppression:{value}"
    return "choice" if act in (Act.GRANT, Act.PEND, Act.NEVER, Act.DENY) else str(act)
