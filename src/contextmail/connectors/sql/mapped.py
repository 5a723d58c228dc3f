"""A table as the settings map it: its columns by their part, their values and times, and the rows of an endpoint.

Values are always parameters. An error names the database's own code for it, never its text, which may hold an address.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from contextmail.connectors.sql.engine import WAIT, open_database
from contextmail.errors import ConfigurationError, PlatformError, RecordRejected, RetryableError, did_you_mean
from contextmail.model.consent_options import SqlSystem
from contextmail.model.endpoint import normalise

_SQLITE_PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")
_PASSING = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, exc.DisconnectionError)
_NEUTRAL = re.compile(r"erased-[0-9a-f]*(@erased\.invalid)?")


class MappedTable:
    """The table of `options`, looked at when it is first needed. Every use of it stands within `minding`.

    Raises ConfigurationError for a URL that cannot be used, and later for a table or column that is not there.
    """

    def __init__(self, name: str, url: str, options: SqlSystem) -> None:
        self._name, self._options = name, options
        self._engine = open_database(url, f'[consent.systems."{name}"] url')
        self._looking = threading.Lock()
        self._table: sa.Table | None = None

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a connection."""
        with self.minding(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a connection, and commit what was done or nothing of it."""
        with self.minding(), self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(sa.text(f"SET LOCAL lock_timeout = '{WAIT}s'"))
            yield connection

    @contextmanager
    def minding(self) -> Iterator[None]:
        """Turn the database's errors into ours, without its text."""
        try:
            yield
        except exc.SQLAlchemyError as error:
            original = getattr(error, "orig", None)
            code = getattr(original, "sqlite_errorname", "") or getattr(original, "sqlstate", "") or ""
            what = f"the database answers {type(original or error).__name__} {code}".rstrip()
            if code.startswith("SQLITE"):
                passing = code.startswith(_SQLITE_PASSING)
            else:
                passing = isinstance(error, _PASSING) or bool(getattr(error, "connection_invalidated", False))
            if passing:
                raise RetryableError(what, where=self._name, cure="it is tried again") from None
            cure = "look into the database's log; may this user read and update the table?"
            if isinstance(error, exc.IntegrityError):
                cure = "a rule of the table is in the way; for an erasure, see `deletes` of [consent.systems]"
            raise PlatformError(what, where=self._name, cure=cure) from None

    # ------------------------------------------------------------------------------------------------ columns

    @property
    def there(self) -> sa.Table:
        """Give the table, looked at once."""
        with self._looking:
            if self._table is None:
                self._table = self._looked_at()
            return self._table

    @property
    def endpoint(self) -> sa.Column[Any]:
        """Give the column of the address or number."""
        return self._column("endpoint")

    @property
    def permitted(self) -> sa.Column[Any]:
        """Give the column that says whether they may be written to."""
        return self._column("permitted")

    @property
    def changed(self) -> sa.ColumnElement[Any]:
        """Give the column of the last change of consent."""
        column = self._column("changed_at")
        return sa.type_coerce(column, sa.String) if self._writes_times_as_text else column

    @property
    def key(self) -> sa.Column[Any] | None:
        """Give the primary key, None: it is none, or of several columns."""
        keys = list(self.there.primary_key)
        return keys[0] if len(keys) == 1 else None

    def value(self, permitted: bool) -> str | int | bool:
        """Give what the column holds for yes or no."""
        value = self._options.yes if permitted else self._options.no
        # A strict database takes no boolean for a number.
        as_number = isinstance(value, bool) and isinstance(self.permitted.type, sa.Integer)
        return int(value) if as_number else value

    def neutral(self) -> str | None:
        """Give what stands for an endpoint that was erased: NULL, or where that may not be, what stands nowhere else."""
        if self.endpoint.nullable:
            return None
        token, length = f"erased-{token_hex(8)}", getattr(self.endpoint.type, "length", None)
        whole = f"{token}@erased.invalid"
        return whole if length is None or length >= len(whole) else token[:length]

    def written(self, at: datetime) -> sa.ColumnElement[Any] | datetime:
        """Write a UTC moment as the column has it."""
        if self._writes_times_as_text:
            return sa.literal(at.isoformat(sep=" "), sa.String)
        zoned = getattr(self._column("changed_at").type, "timezone", False)
        return at.replace(tzinfo=UTC) if zoned else at

    # ------------------------------------------------------------------------------------------------ rows

    def spellings(self, connection: sa.Connection, endpoint: str) -> list[str]:
        """List every way in which an endpoint is written in the table.

        The database narrows rows down by what no spelling changes, the ASCII of what stands before the @ or the last
        digits of a number with anything between them; `normalise` decides.
        """
        kept = re.findall(r"[a-z0-9.+-]", endpoint.partition("@")[0]) if "@" in endpoint else endpoint[-6:]
        like = sa.func.lower(self.endpoint).like(f"%{'%'.join(kept)}%")
        found = connection.scalars(sa.select(self.endpoint).where(like).distinct())
        return [one for one in found if _is(endpoint, one)]

    def changed_since(self, since: datetime) -> sa.ColumnElement[bool]:
        """Give the condition that finds what changed since then, or does not say when."""
        # Texts are compared by their day, and from a day before: they may be written in any zone.
        by_day = (since - timedelta(days=1)).date().isoformat()
        recent = self.changed >= (by_day if self._writes_times_as_text else self.written(since))
        silent = [self.changed.is_(None)]
        if self._writes_times_as_text:
            # `31/05/2026` and 1780000000 are no days that could be compared.
            silent.append(self.changed.not_like("____-__-__%"))
        return sa.or_(recent, *silent)

    # ------------------------------------------------------------------------------------------------ looking

    def _looked_at(self) -> sa.Table:
        schema, _, plain = self._options.table.rpartition(".")
        own = schema or None
        try:
            table = sa.Table(plain, sa.MetaData(), schema=own, autoload_with=self._engine, resolve_fks=False)
        except exc.NoSuchTableError:
            raise self._wrong("table", plain, sa.inspect(self._engine).get_table_names(schema=own)) from None
        for role in ("endpoint", "permitted", "changed_at"):
            name = getattr(self._options, role)
            if name and name not in table.c:
                raise self._wrong(role, name, list(table.c.keys()))
        return table

    def _wrong(self, role: str, name: str, known: list[str]) -> ConfigurationError:
        where = f'[consent.systems."{self._name}"] {role}'
        return ConfigurationError(f"there is no {name!r}", where=where, cure=did_you_mean(name, known))

    def _column(self, role: str) -> sa.Column[Any]:
        column: sa.Column[Any] = self.there.c[getattr(self._options, role)]
        return column

    @property
    def _writes_times_as_text(self) -> bool:
        """Say whether times are texts, as they always are in SQLite, in whatever way they are written."""
        return self._engine.dialect.name == "sqlite" or isinstance(self._column("changed_at").type, sa.String)


def _is(endpoint: str, written: object) -> bool:
    try:
        return isinstance(written, str) and normalise(written) == endpoint
    except RecordRejected:
        return False


def is_neutral(endpoint: str) -> bool:
    """Say whether a value is one that an erasure left."""
    return bool(_NEUTRAL.fullmatch(endpoint.strip()))


def same(held: object, meant: str | int | bool) -> bool:
    """Compare what a column holds with a setting; text without regard to case and the blanks that fill a CHAR."""
    if isinstance(held, str) or isinstance(meant, str):
        return str(held).strip().casefold() == str(meant).strip().casefold()
    return held is not None and held == meant


def moment(value: object) -> datetime | None:
    """Read a time as UTC without a zone; None for what is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
