"""Runs: what was applied, step by step, who uses which contact field, and a copy of each plan."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from contextmail.errors import ConfigurationError, UnsafePlanError, did_you_mean
from contextmail.store.sqlite import connect

State = Literal["applying", "applied", "undoing", "undone"]
_RUN = "run, kind, audience, title, state, started_at, changed_at"


@dataclass(frozen=True, slots=True)
class Run:
    """One application of a plan, as far as it has come; times are UTC without a zone."""

    run: str
    kind: str
    audience: str
    title: str
    state: State
    started_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Use:
    """That a run uses a contact field: whether it created it, and whether it has let go of it."""

    tag: str
    run: str
    created: bool
    used_at: datetime
    released: bool
    restored: bool


class Runs:
    """The memory in a folder: `contextmail.db`, and `runs/RUN/` with a copy of each plan (mode 0700)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = connect(folder / "contextmail.db", "runs")

    # ------------------------------------------------------------------------------------------------------- runs

    def begin(self, run: str, kind: str, audience: str, title: str, plan: Path) -> None:
        """Remember a run and its plan; one that is known goes on as it is."""
        kept = self.folder(run)
        if not kept.exists():
            draft = kept.with_name(f".{run}.new")
            shutil.rmtree(draft, ignore_errors=True)
            draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copytree(plan, draft)
            draft.chmod(0o700)
            draft.rename(kept)
        now = _now()
        self._execute(
            f"INSERT INTO runs ({_RUN}) VALUES (?, ?, ?, ?, 'applying', ?, ?) ON CONFLICT DO NOTHING",
            run, kind, audience, title, now, now,
        )  # fmt: skip

    def set_state(self, run: str, state: State) -> None:
        """Say how far a run has come."""
        self._execute("UPDATE runs SET state = ?, changed_at = ? WHERE run = ?", state, _now(), run)

    def find(self, run: str) -> Run | None:
        """Give a run; None: it has not begun."""
        rows = self._execute(f"SELECT {_RUN} FROM runs WHERE run = ?", run)
        return _run(rows[0]) if rows else None

    def get(self, run: str) -> Run:
        """Give a run. Raises ConfigurationError for one that there is not."""
        found = self.find(run)
        if found is None:
            known = [one.run for one in self.all()]
            raise ConfigurationError(
                f"there is no run {run!r}", where=str(self._folder), cure=did_you_mean(run, known) or "contextmail runs"
            )
        return found

    def all(self) -> list[Run]:
        """List the runs, the latest first."""
        return [_run(row) for row in self._execute(f"SELECT {_RUN} FROM runs ORDER BY started_at DESC, run DESC")]

    def folder(self, run: str) -> Path:
        """Give the place of a run's copy of its plan."""
        return self._folder / "runs" / run

    def over(self) -> list[str]:
        """List the runs of which no field is left: undone with every value back, or tidied."""
        rows = self._execute(
            "SELECT run FROM runs"
            " WHERE (state = 'undone' OR state = 'applied' AND (kind = 'tidy' OR run IN (SELECT run FROM uses)))"
            " AND run NOT IN (SELECT run FROM uses WHERE restored_at IS NULL) ORDER BY started_at, run"
        )
        return [run for (run,) in rows]

    def forget(self, run: str) -> None:
        """Remove all that is remembered of a run."""
        shutil.rmtree(self.folder(run), ignore_errors=True)
        self._execute("DELETE FROM runs WHERE run = ?", run)

    # ---------------------------------------------------------------------------------------------------- journal

    def before(self, run: str, step: str, /, **detail: Any) -> None:
        """Note that a step is about to be done; durable when this returns."""
        self._note(run, step, "before", detail)

    def after(self, run: str, step: str, /, **detail: Any) -> None:
        """Note that a step was done, with what it gave (ids and counts, never an address)."""
        self._note(run, step, "after", detail)

    def began(self, run: str, step: str) -> bool:
        """Say whether a step was begun, and so may have happened."""
        return bool(self._execute("SELECT 1 FROM steps WHERE run = ? AND step = ? LIMIT 1", run, step))

    def result(self, run: str, step: str) -> dict[str, Any] | None:
        """Give what a step gave the last time that it was done; None: it was not."""
        asked = "SELECT detail FROM steps WHERE run = ? AND step = ? AND phase = 'after' ORDER BY number DESC LIMIT 1"
        rows = self._execute(asked, run, step)
        return dict(json.loads(rows[0][0])) if rows else None

    def steps(self, run: str) -> list[tuple[str, str, dict[str, Any]]]:
        """List the journal of a run: step, phase, detail."""
        rows = self._execute("SELECT step, phase, detail FROM steps WHERE run = ? ORDER BY number", run)
        return [(step, phase, json.loads(detail)) for step, phase, detail in rows]

    def _note(self, run: str, step: str, phase: str, detail: dict[str, Any]) -> None:
        asked = "INSERT INTO steps (run, at, step, phase, detail) VALUES (?, ?, ?, ?, ?)"
        self._execute(asked, run, _now(), step, phase, json.dumps(detail))

    # ----------------------------------------------------------------------------------------------------- fields

    def use(self, audience: str, tag: str, run: str, *, created: bool = False) -> None:
        """Note that a run uses a field, from now on."""
        self._execute(
            "INSERT INTO uses VALUES (?, ?, ?, ?, ?, NULL, NULL)"
            " ON CONFLICT DO UPDATE SET created = max(created, excluded.created), used_at = excluded.used_at",
            audience, tag, run, int(created), _now(),
        )  # fmt: skip

    def touch(self, audience: str, tag: str) -> None:
        """Note that a field was seen in use just now, by whatever uses it."""
        self._execute("UPDATE uses SET used_at = ? WHERE audience = ? AND tag = ?", _now(), audience, tag)

    def uses(self, audience: str, tag: str = "", *, run: str = "") -> list[Use]:
        """List the uses of a field, or of a run, or of all of an audience, the first one first."""
        rows = self._execute(
            "SELECT tag, run, created, used_at, released_at, restored_at FROM uses"
            " WHERE audience = ? AND (tag = ? OR ? = '') AND (run = ? OR ? = '') ORDER BY rowid",
            audience, tag, tag, run, run,
        )  # fmt: skip
        return [
            Use(tag, run, bool(created), datetime.fromisoformat(used), released is not None, restored is not None)
            for tag, run, created, used, released, restored in rows
        ]

    def release(self, audience: str, tag: str, run: str) -> None:
        """Note that a run lets go of a field."""
        self._execute(
            "UPDATE uses SET released_at = coalesce(released_at, ?) WHERE audience = ? AND tag = ? AND run = ?",
            _now(),
            audience,
            tag,
            run,
        )

    def restored(self, audience: str, tag: str) -> None:
        """Note that the values of a field are as they were before every run that used it, or the field is gone."""
        now = _now()
        self._execute(
            "UPDATE uses SET released_at = coalesce(released_at, ?), restored_at = coalesce(restored_at, ?)"
            " WHERE audience = ? AND tag = ?",
            now, now, audience, tag,
        )  # fmt: skip

    # ---------------------------------------------------------------------------------------------------- skipped

    def skip(self, run: str, contacts: Iterable[tuple[str, str]]) -> None:
        """Note contacts that a run left out: key and reason; what was noted before is replaced."""
        with self._transaction():
            self._database.execute("DELETE FROM skipped WHERE run = ?", (run,))
            self._database.executemany(
                "INSERT OR IGNORE INTO skipped VALUES (?, ?, ?)", ((run, key, reason) for key, reason in contacts)
            )

    def skipped(self, run: str) -> dict[str, str]:
        """Give the contacts that a run left out: key -> reason."""
        return dict(self._execute("SELECT key, reason FROM skipped WHERE run = ? ORDER BY key", run))

    # ------------------------------------------------------------------------------------------------------- room

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other process from writing runs meanwhile; it ends with the process, however that ends.

        Raises UnsafePlanError where another is at work.
        """
        lock = sqlite3.connect(self._folder / "lock.db", timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            lock.close()
            cure = "wait until it is done"
            raise UnsafePlanError("another contextmail is writing", where=str(self._folder), cure=cure) from None
        try:
            yield
        finally:
            lock.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _execute(self, sql: str, *values: object) -> list[Any]:
        return self._database.execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _run(row: tuple[str, str, str, str, State, str, str]) -> Run:
    run, kind, audience, title, state, started, changed = row
    return Run(run, kind, audience, title, state, datetime.fromisoformat(started), datetime.fromisoformat(changed))


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")
