"""Audit an audience: read it once, let every check look, count, and write down what a person or a plan can mend."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from contextmail.auditing.base import FINDING, Room, Unlooked
from contextmail.auditing.checks import CHECKS
from contextmail.auditing.contacts import load_contacts, load_known
from contextmail.auditing.permissions import load_permissions
from contextmail.auditing.table import TableSource
from contextmail.auditing.writing import write_copy, write_lists, write_plan
from contextmail.config import Settings
from contextmail.connectors.base import Source, Target
from contextmail.engines.base import literal
from contextmail.errors import ConfigurationError
from contextmail.facts.folder import FactsFolder
from contextmail.model.plan import AuditPlan
from contextmail.planning.audience import Progress
from contextmail.store.base import Ledger

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check found: contacts (of empty-field: fields), by what is wrong with them, and a few of their keys."""

    name: str
    found: int = 0
    whats: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    mended: int = 0
    """Contacts that a program may mend."""
    unlooked: str = ""
    """Why it could not look."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit came to: counts and keys, never an address or a name."""

    on: str
    contacts: int
    checks: tuple[Checked, ...]
    plan: AuditPlan | None = None
    copy: Path | None = None
    """Of a table: its mended copy."""


def audit(
    source: Source,
    settings: Settings | None = None,
    *,
    facts: FactsFolder | None = None,
    ledger: Ledger | None = None,
    out: Path | None = None,
    plan: Path | None = None,
    progress: Progress = lambda _stage, _share: None,
) -> Audit:
    """Look for what is wrong with an audience (`open_target`) or a table (`open_table`); nothing is written to it.

    `out`: a new folder for a CSV of each check, to work through. `plan`: a new folder for the plan of what `apply` may
    mend, names alone and only where that is certain; of a table, for its mended copy. Without `facts` and `ledger` the
    checks that need them say so. Raises ConfigurationError where a folder is there already, and the platform's errors.
    """
    from contextmail.engines.duckdb import DuckDBEngine

    settings = settings or Settings()
    for folder in (out, plan):
        if folder is not None and folder.exists():
            raise ConfigurationError("there is something here already", where=str(folder), cure="name another folder")
    made_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    with closing(DuckDBEngine(memory_limit="512MB")) as engine, TemporaryDirectory(prefix="contextmail-") as temp:
        room = Room(source, engine, Path(temp), settings, tuple(source.fields()), facts, ledger)
        contacts = load_contacts(engine, source.members(), room.temp, progress)
        load_known(engine, facts)
        load_permissions(room)
        engine.rows("CREATE TEMP TABLE found (check_ VARCHAR, key VARCHAR, what VARCHAR, field VARCHAR, value VARCHAR,"
                    " mended VARCHAR, certain BOOLEAN)")  # fmt: skip
        checks = []
        for number, name in enumerate(CHECKS):
            progress(f"Looking for {name}", number / len(CHECKS))
            checks.append(_checked(room, name))
        engine.rows(
            "CREATE TEMP TABLE mends AS SELECT f.*, c.email, c.status FROM found f JOIN contacts c USING (key)"
            " WHERE certain AND mended IS NOT NULL AND mended <> value"
        )
        if out is not None:
            write_lists(room, [one.name for one in checks if one.found], out)
        made, copy = _mended(room, made_at, plan) if plan is not None else (None, None)
    return Audit(f"{source.name}:{source.audience}", contacts, tuple(checks), made, copy)


def _mended(room: Room, made_at: datetime, out: Path) -> tuple[AuditPlan | None, Path | None]:
    if isinstance(room.source, TableSource):
        return None, write_copy(room, room.source, out)
    target: Target = room.source  # type: ignore[assignment]  # what is no table is a platform
    return write_plan(room, target.account(), made_at, out), None


def _checked(room: Room, name: str) -> Checked:
    found = CHECKS[name]().find(room)
    if isinstance(found, Unlooked):
        return Checked(name, unlooked=found.why)
    room.engine.rows(f"INSERT INTO found SELECT {literal(name)}, {FINDING} FROM ({found})")
    own = f"FROM found WHERE check_ = {literal(name)}"
    whats = room.engine.rows(
        f"SELECT what, count(DISTINCT (key, CASE key WHEN '' THEN field END)) AS n {own} GROUP BY what ORDER BY n DESC, what"
    )
    count, mended = room.engine.rows(
        "SELECT count(DISTINCT (key, CASE key WHEN '' THEN field END)),"
        f" count(DISTINCT key) FILTER (certain AND mended IS NOT NULL AND mended <> value) {own}"
    )[0]
    return Checked(name, count, dict(whats), _examples(room, own), mended)


def _examples(room: Room, own: str) -> tuple[str, ...]:
    rows = room.engine.rows(
        f"SELECT DISTINCT CASE key WHEN '' THEN field ELSE key END AS example {own} ORDER BY example LIMIT {_EXAMPLES}"
    )
    return tuple(example for (example,) in rows)
