"""Open a SQLite file of ours: durable at every commit, and brought to the present schema."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from pathlib import Path

from contextmail.errors import ConfigurationError


def connect(path: Path, schema: str, *, threads: bool = False) -> sqlite3.Connection:
    """Open the file, or make it, readable by its owner alone; every statement commits by itself.

    `schema` names the folder of its scripts; with `threads` the caller sees to it that one thread at a time uses it.
    Raises ConfigurationError for a file that a newer contextmail wrote, or that is no SQLite file.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=not threads)
        path.chmod(0o600)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection, path, schema)
    except sqlite3.DatabaseError as error:
        raise ConfigurationError(f"cannot open contextmail's memory: {error}", where=str(path)) from error
    return connection


def _migrate(connection: sqlite3.Connection, path: Path, schema: str) -> None:
    """Run the schema's scripts that the file has not seen, in the order of their numbers; there is no way back."""
    scripts = sorted(
        (f for f in files("contextmail.store").joinpath("schema", schema).iterdir() if f.name.endswith(".sql")),
        key=lambda f: f.name,
    )
    if _version(connection) == len(scripts):
        return
    connection.execute("BEGIN IMMEDIATE")
    version = _version(connection)
    if version > len(scripts):
        connection.execute("ROLLBACK")
        raise ConfigurationError("a newer contextmail wrote this", where=str(path), cure="update contextmail")
    for number, script in enumerate(scripts[version:], version + 1):
        for statement in _statements(script.read_text("utf-8")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """Part a script: `executescript` would commit before it, and so leave half a schema behind a crash."""
    statements, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            statements.append(statement)
            statement = ""
    return statements
