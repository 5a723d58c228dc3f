"""Open a database by its SQLAlchemy URL; its errors are told without the URL's password and without anybody's row."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import exc

from contextmail.errors import ConfigurationError

WAIT = 10
"""Seconds to wait for a connection or a lock."""
_LOGGED_AS = "contextmail"


def open_database(url: str, where: str) -> sa.Engine:
    """Open a database; PostgreSQL by psycopg, and `sqlite:FILE` is a file of SQLite too.

    Raises ConfigurationError, at `where`, for a URL that cannot be used or whose driver is not installed.
    """
    # Whoever debugs with all logs on would find every row in them.
    logging.getLogger(f"sqlalchemy.engine.Engine.{_LOGGED_AS}").setLevel(logging.WARNING)
    if url.startswith("sqlite:") and not url.startswith("sqlite://"):
        url = f"sqlite:///{url.removeprefix('sqlite:')}"
    try:
        parsed = sa.make_url(url)
        if "@" in (parsed.host or ""):
            # What it takes for the host begins within the password.
            cure = "write @ as %40 in it, : as %3A, / as %2F"
            raise ConfigurationError("the url's user or password holds an @", where=where, cure=cure)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        waiting: dict[str, dict[str, object]] = {
            "postgresql": {"connect_timeout": WAIT},
            "sqlite": {"timeout": WAIT},
        }
        return sa.create_engine(
            parsed,
            pool_pre_ping=True,
            hide_parameters=True,
            logging_name=_LOGGED_AS,
            connect_args=waiting.get(parsed.get_backend_name(), {}),
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "the database's driver is missing", where=where, cure=f"pip install {error.name}"
        ) from None
    except exc.NoSuchModuleError:
        what = f"no driver is installed for {url.partition(':')[0]!r} databases"
        cure = "pip install SQLAlchemy's dialect for it; or postgresql://host/database, sqlite:///shop.db"
        raise ConfigurationError(what, where=where, cure=cure) from None
    except (exc.ArgumentError, ValueError) as error:
        cure = "an SQLAlchemy URL: postgresql://host/database, sqlite:///shop.db"
        what = f"the url cannot be used: {type(error).__name__}"
        raise ConfigurationError(what, where=where, cure=cure) from None


@contextmanager
def connected(url: str, *, where: str, cure: str) -> Iterator[sa.Connection]:
    """Open a connection, and let it go; the database's errors become ConfigurationError.

    What it says of a statement or a connection is repeated, without the password; what it says of values is not.
    """
    database = open_database(url, where)
    driver = database.dialect.loaded_dbapi
    try:
        with database.connect() as connection:
            yield connection
    except (exc.SQLAlchemyError, driver.Error) as error:
        original = getattr(error, "orig", None) or error
        what = f"{database.dialect.name} answers {type(original).__name__}"
        if isinstance(original, driver.ProgrammingError | driver.OperationalError):
            said, password = next(iter(str(original).strip().splitlines()), ""), database.url.password
            what += f": {said.replace(password, '***') if password else said}"
        elif state := getattr(original, "sqlstate", None):
            what += f" {state}"
        raise ConfigurationError(what, where=where, cure=cure) from None
    finally:
        database.dispose()
