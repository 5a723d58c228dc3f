"""Consent in a table of the company's own, often the source of its customers: told, read back, swept.

One column holds the address or number, another says whether they may be written to. The table is looked at, and never
changed in its shape. A push reads it once for every way in which the endpoint is written there, so that a withdrawal
that matches no row is of somebody who is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from contextmail.connectors.consents import Pushed, unreached
from contextmail.connectors.sql.mapped import MappedTable, is_neutral, moment, same
from contextmail.model.consent import Act, Actor, Assurance, Scope, Trust
from contextmail.model.consent_options import SqlSystem
from contextmail.model.event import Notice, Push

PAGE = 1000
"""Rows that a sweep holds at a time."""


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


class SqlConsents:
    """One table, as `options` map it; `url` is where it lies, with the password that the environment holds."""

    readable = True

    def __init__(self, name: str, url: str, options: SqlSystem, *, clock: Callable[[], datetime] = _now) -> None:
        self.name, self._options, self._clock = name, options, clock
        self._keeps = Scope(options.channel, options.purpose)
        self._table = MappedTable(name, url, options)

    def push(self, push: Push) -> Pushed:
        """Change the rows of an endpoint that say otherwise; an erasure deletes or empties them."""
        if outside := unreached(push, self._keeps):
            return outside
        if push.act is Act.GRANT and not self._options.grants:
            return Pushed("blocked", "grants are not written there ([consent.systems] grants): a colleague may")
        if push.act not in (Act.DENY, Act.SUPPRESS, Act.GRANT, Act.ERASE):
            return Pushed("blocked", f"there is no column for {push.act}")
        with self._table.writing() as connection:
            written = self._table.spellings(connection, push.endpoint)
            if not written:
                return Pushed("absent")
            if push.act is Act.ERASE:
                self._erase(connection, written)
            else:
                self._set(connection, written, permitted=push.act is Act.GRANT)
            return Pushed("done")

    def read(self, endpoint: str) -> list[Notice]:
        """Say what each row of an endpoint holds, refusals first."""
        with self._table.reading() as connection:
            # Of two rows that write it differently, one may refuse and the other not.
            written = self._table.spellings(connection, endpoint)
            rows = connection.execute(self._asked().where(self._table.endpoint.in_(written))).all() if written else []
        return sorted(self._notices(rows), key=lambda notice: notice.act is not Act.DENY)

    def sweep(self, *, since: datetime | None) -> Iterator[Notice]:
        """Stream what each row holds that changed since then, or that does not say when it did.

        By the primary key, a page and a short read at a time, so that nobody who writes has to wait (SQLite lets none
        write while rows are read); a table without such a key is streamed in one read.
        """
        with self._table.minding():
            asked = self._asked().where(self._table.endpoint.is_not(None))
            if since is not None and self._options.changed_at:
                asked = asked.where(self._table.changed_since(since))
            key = self._table.key
            for rows in self._streamed(asked) if key is None else self._pages(asked, key):
                yield from self._notices(rows)

    def close(self) -> None:
        """Let the connections go."""
        self._table.close()

    def _set(self, connection: sa.Connection, written: list[str], *, permitted: bool) -> None:
        table, value = self._table, self._table.value(permitted)
        values: dict[str, Any] = {table.permitted.name: value}
        if self._options.changed_at:
            values[self._options.changed_at] = table.written(self._clock())
        otherwise = table.permitted.is_distinct_from(value)
        connection.execute(sa.update(table.there).where(table.endpoint.in_(written), otherwise).values(values))

    def _erase(self, connection: sa.Connection, written: list[str]) -> None:
        table = self._table
        if self._options.deletes:
            connection.execute(sa.delete(table.there).where(table.endpoint.in_(written)))
            return
        # One by one: where a column takes no NULL and nothing twice, each spelling needs a value of its own.
        for one in written:
            empty = {table.endpoint.name: table.neutral(), table.permitted.name: table.value(False)}
            connection.execute(sa.update(table.there).where(table.endpoint == one).values(empty))

    def _asked(self) -> sa.Select[Any]:
        changed = self._table.changed if self._options.changed_at else sa.null()
        return sa.select(self._table.endpoint, self._table.permitted, changed)

    def _pages(self, asked: sa.Select[Any], key: sa.Column[Any]) -> Iterator[Any]:
        page = asked.add_columns(key).order_by(key).limit(PAGE)
        more = page
        while True:
            with self._table.reading() as connection:
                rows = connection.execute(more).all()
            if not rows:
                return
            yield rows
            more = page.where(key > rows[-1][-1])

    def _streamed(self, asked: sa.Select[Any]) -> Iterator[Any]:
        with self._table.reading() as connection:
            streamed = connection.execution_options(stream_results=True, yield_per=PAGE)
            with streamed.execute(asked) as rows:
                yield rows

    def _notices(self, rows: Any) -> Iterator[Notice]:
        for endpoint, permitted, changed, *_ in rows:
            act = self._act(permitted)
            if act is None or not (isinstance(endpoint, str) and endpoint.strip()) or is_neutral(endpoint):
                continue
            at = moment(changed)
            yield Notice(
                endpoint,
                act,
                self._keeps,
                self.name,
                at=at,
                actor=Actor.SYSTEM,
                method="poll",
                assurance=Assurance.READ_BACK,
                trust=Trust.SOURCE if at else Trust.NONE,
            )

    def _act(self, permitted: object) -> Act | None:
        """Read the column; what is neither yes nor no says nothing."""
        if same(permitted, self._options.no):
            return Act.DENY
        return Act.GRANT if same(permitted, self._options.yes) else None
