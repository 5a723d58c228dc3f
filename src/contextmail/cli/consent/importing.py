"""contextmail consent import: opt-outs of a file into the ledger; a file lowers permission and never raises it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import listed, number, plural, say, write_json
from contextmail.cli.progress import progress
from contextmail.errors import ConfigurationError, RecordRejected, did_you_mean
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Act, Actor, Obtained, Scope, Suppression, Trust, fold, permission
from contextmail.model.consent_words import is_preference
from contextmail.model.endpoint import normalise
from contextmail.model.event import Notice
from contextmail.syncing import Report, Sync, apply_notices

COLUMNS = ("endpoint", "channel", "purpose", "list", "topic", "choice", "at", "preference", "obtained")
_CHOICES = {"denied": Act.DENY, "pending": Act.PEND, "never": Act.NEVER}
_RAISING = ("granted", "cleared")
_BATCH = 500


@dataclass(slots=True)
class Imported:
    """Count what became of the rows of a file; rows are named by their line, never by what they hold."""

    rows: int = 0
    new: int = 0
    known: int = 0
    """Rows that say what already holds."""
    erased: int = 0
    undated: int = 0
    """Rows whose time cannot be read: they count from today."""
    raising: list[int] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)


class DryRun(Exception):
    """Take everything back."""


def import_(
    file: Annotated[Path, typer.Argument(help=f"A CSV file with columns {', '.join(COLUMNS)}.", show_default=False)],
    trust_dates: Annotated[
        bool, typer.Option("--trust-dates", help="The column `at` is right; else a row counts from today.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    form: Annotated[TextOrJson, typer.Option("--format", help="How the counts are written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Take opt-outs, suppressions and preferences of a file over; other systems are told by `contextmail work`.

    `choice` is denied, pending, never, or a suppression as hard_bounce; an empty channel or purpose means
    all of them. A row that would raise a permission (granted) is counted and not taken: only a person's own act does.
    Exit code 0: every row was taken, 1: some were not.

    ```
    contextmail consent import optouts.csv --dry-run
    contextmail consent import optouts.csv --trust-dates
    ```
    """
    done = Imported()
    with wiring.sync(options.settings_of(config)) as sync, progress() as tell:
        _take_all(sync, file, done, tell, trust_dates=trust_dates, dry_run=dry_run)
    if form is TextOrJson.JSON:
        write_json({"dry_run": dry_run, **asdict(done)})
    else:
        _say(done, dry_run=dry_run)
    raise typer.Exit(1 if done.raising or done.broken else 0)


def _take_all(
    sync: Sync, file: Path, done: Imported, tell: Callable[[str, float], None], *, trust_dates: bool, dry_run: bool
) -> None:
    """Read the file in batches, each in one transaction; a repeated import adds nothing."""
    with file.open("rb") as content:
        lines = sum(1 for _ in content)
    report, batch = Report(), list[Notice]()

    def flush() -> None:
        now = sync.clock()
        with _kept(sync, dry_run=dry_run):
            # What holds already need not be said again; and again from today it would undo what a person chose since.
            news = [notice for notice in batch if notice.trust is Trust.SOURCE or not _holds(sync, notice)]
            apply_notices(sync, news, report, received_at=now, ref=now.isoformat())
        done.known += len(batch)
        batch.clear()

    for line, row in _rows(file):
        done.rows += 1
        try:
            notices = _notices(row, file.name, trust_dates=trust_dates)
        except RecordRejected as error:
            done.broken[line] = error.what
            continue
        if row["choice"].lower() in _RAISING:
            done.raising.append(line)
        done.undated += bool(row["at"]) and _time(row["at"]) is None
        batch += [replace(notice, evidence=f"line {line}") for notice in notices]
        if len(batch) >= _BATCH:
            flush()
            tell("Taking rows", line / lines)
    flush()
    done.new, done.erased = report.changes, report.erased
    done.known -= done.new + done.erased


@contextmanager
def _kept(sync: Sync, *, dry_run: bool) -> Iterator[None]:
    try:
        with sync.store.transaction():
            yield
            if dry_run:
                raise DryRun
    except DryRun:
        pass


def _holds(sync: Sync, notice: Notice) -> bool:
    """Say whether the ledger says so already."""
    subject = sync.store.subject(normalise(notice.endpoint))
    standing = fold(change for change in sync.store.changes(subject) if change.subject == subject)
    reasons = (reason.change for reason in permission(standing, notice.scope).reasons)
    asked = (standing.pending.get(notice.scope), standing.never.get(notice.scope))
    return any(
        held is not None and (held.act, held.scope, held.value) == (notice.act, notice.scope, notice.value)
        for held in (*reasons, *asked, *standing.preferences.values())
    )


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the rows with their line numbers. Raises ConfigurationError for a header that does not fit."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as content:
        header = content.readline()
        delimiter = max(",;\t", key=header.count)
        names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
        unknown = [name for name in names if name not in COLUMNS]
        if "endpoint" not in names or not {"choice", "preference"} & set(names):
            cure = did_you_mean(unknown[0], COLUMNS) if unknown else ""
            cure = cure or f"name its columns {', '.join(COLUMNS)}; endpoint and choice are needed"
            raise ConfigurationError("the first line does not name the columns", where=f"{file}:1", cure=cure)
        rows = csv.reader(content, delimiter=delimiter)
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
                yield rows.line_num + 1, {name: cells.get(name, "") for name in COLUMNS}


def _notices(row: dict[str, str], name: str, *, trust_dates: bool) -> list[Notice]:
    """Read one row; of one that would raise nothing is left but a preference. Raises RecordRejected."""
    normalise(row["endpoint"])
    choice, preference, at = row["choice"].lower(), row["preference"], _time(row["at"])
    said = Notice(
        endpoint=row["endpoint"],
        act=Act.DENY,
        scope=Scope(_one_of(Channel, row, "channel"), _one_of(Purpose, row, "purpose"), row["list"], row["topic"]),
        source=f"import:{name}",
        at=at,
        actor=Actor.IMPORT,
        method="import",
        trust=Trust.NONE if at is None else Trust.SOURCE if trust_dates else Trust.CLAIMED,
        obtained=_one_of(Obtained, row, "obtained"),
    )
    notices = []
    if choice in _CHOICES:
        notices.append(replace(said, act=_CHOICES[choice]))
    elif choice in list(Suppression):
        notices.append(replace(said, act=Act.SUPPRESS, value=choice))
    elif choice not in ("", *_RAISING) or not (choice or preference):
        raise RecordRejected(f"choice is none of {', '.join([*_CHOICES, *_RAISING, *Suppression])}", where="choice")
    if preference:
        if not is_preference(preference):
            raise RecordRejected("preference is neither only=CHANNEL nor most=MESSAGES/DAYS", where="preference")
        notices.append(replace(said, act=Act.PREFER, value=preference))
    return notices


def _one_of(names: type[Channel | Purpose | Obtained], row: dict[str, str], column: str) -> str:
    value = row[column].lower()
    if value and value not in list(names):
        raise RecordRejected(f"{column} is none of {', '.join(names)}", where=column)
    return value


def _time(text: str) -> datetime | None:
    """Read a time as UTC without a zone; None where it cannot be read: an opt-out is not lost for its date."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    except (ValueError, OverflowError):
        return None


def _say(done: Imported, *, dry_run: bool) -> None:
    say((f"{plural(done.rows, 'row')}{', nothing was written' if dry_run else ''}", "bold"))
    say(f"  {number(done.new)} new in the ledger, {number(done.known)} that it holds already")
    if done.undated:
        say(("  ", "yellow"), f"{number(done.undated)} with a time that cannot be read: they count from today")
    if done.erased:
        say(f"  {number(done.erased)} of somebody who was erased: nothing is kept")
    if done.raising:
        say(
            ("  not taken: ", "yellow"),
            f"{plural(len(done.raising), 'row')} would raise a permission: lines {listed(done.raising)}",
        )
    for line, why in done.broken.items():
        say(("  broken: ", "red"), f"line {line}: {why}")
