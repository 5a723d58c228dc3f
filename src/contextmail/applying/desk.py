"""What applying, refreshing and undoing share: an engine with the plan's tables and the audience as it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, get_args

from contextmail.connectors.base import AudienceField, FieldWrite, Member, RowError, Status, Target
from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.lines import pages
from contextmail.errors import ConfigurationError, StalePlanError
from contextmail.model.plan import AnyPlan
from contextmail.planning.audience import Progress, load_members
from contextmail.planning.source import our_fields
from contextmail.store.runs import Runs

CHOICE_IS_NEUTRAL = "z"
"""The key of a choice that says nothing: an empty field says the same."""
_STATUSES: dict[str, Status] = {status: status for status in get_args(Status)}
_TOGETHER = 10
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one run is worked on; the engine's memory is bounded, and it spills to `temp`."""

    run: str
    target: Target
    runs: Runs
    engine: Engine
    temp: Path
    progress: Progress

    @property
    def audience(self) -> str:
        """Name the audience: `mailchimp:LIST`."""
        return f"{self.target.name}:{self.target.audience}"

    @property
    def folder(self) -> Path:
        """Give the run's copy of its plan, to which refreshes add."""
        return self.runs.folder(self.run)

    def file(self, name: str) -> str:
        """Write a Parquet file of the run as a relation."""
        return f"read_parquet({literal(str(self.folder / name))})"

    def load(self, members: Iterable[Member], tags: Sequence[str]) -> None:
        """Make the table `now`: contacts with the present values of these tags."""
        load_members(self.engine, "now", members, tags, self.temp, self.progress)

    def leave_out(self, skipped: Sequence[tuple[str, str]], *, of: int, most: float) -> None:
        """Note who is left out and why: (key, reason). Raises StalePlanError where more than `most` of them are."""
        self.runs.skip(self.run, skipped)
        share = len({key for key, _ in skipped}) / max(1, of)
        if share > most:
            counts = Counter(reason for _, reason in skipped).most_common(3)
            reasons = ", ".join(f"{reason} ({count:,})" for reason, count in counts)
            what = f"{share:.1%} of the people changed since the plan was made, or could not be written: {reasons}"
            cure = f"contextmail undo {self.run} and make the plan again, or raise limits.changed"
            raise StalePlanError(what, where=self.run, cure=cure)

    def fields(self, tags: Sequence[str]) -> dict[str, AudienceField]:
        """List the audience's fields of these tags. Raises UnsafePlanError where one is somebody else's."""
        there = our_fields(self.target.fields(), tags)
        return {tag: there[tag] for tag in tags if tag in there}

    def together(self, *calls: Callable[[], _T]) -> list[_T]:
        """Make calls that do not wait for each other, as many at the same time as the platform allows."""
        with ThreadPoolExecutor(_TOGETHER) as pool:
            return [call.result() for call in [pool.submit(call) for call in calls]]

    def write(self, rows: str, *, stage: str) -> list[RowError]:
        """Write the rows of a table (key, email, status, tag, value), a contact at a time; give who was refused."""
        total = int(self.engine.rows(f"SELECT count(DISTINCT key) FROM {rows}")[0][0])
        failed: list[RowError] = []
        done = 0

        def counted() -> Iterator[FieldWrite]:
            nonlocal done
            for write in self._writes(rows):
                done += 1
                yield write

        if not total:
            return failed
        for errors in self.target.write_fields(counted()):
            failed += errors
            self.progress(f"{stage}: {done:,} of {total:,}", done / total)
        return failed

    def _writes(self, rows: str) -> Iterator[FieldWrite]:
        self.engine.rows(
            "CREATE OR REPLACE TEMP TABLE writes AS SELECT key, min(email) AS email, min(status) AS status,"
            f" list(tag) AS tags, list(value) AS texts FROM {rows} GROUP BY key ORDER BY key"
        )
        for key, email, status, tags, texts in pages(self.engine, "writes", "key"):
            yield FieldWrite(key, email, dict(sorted(zip(tags, texts, strict=True))), _STATUSES[status])


@contextmanager
def open_desk(run: str, target: Target, runs: Runs, progress: Progress) -> Iterator[Desk]:
    """Open the engine for a run, and close it."""
    from contextmail.engines.duckdb import DuckDBEngine

    with closing(DuckDBEngine(memory_limit="512MB")) as engine, TemporaryDirectory(prefix="contextmail-") as temp:
        yield Desk(run, target, runs, engine, Path(temp), progress)


def check_audience(plan: AnyPlan, target: Target) -> None:
    """Raise ConfigurationError where a plan was made for another audience."""
    if plan.on != (here := f"{target.name}:{target.audience}"):
        raise ConfigurationError(f"the plan is for {plan.on}, not for {here}", where=plan.run, cure=f"--on {plan.on}")


def as_shown(column: str, *, choose: bool) -> str:
    """Write a value as a template sees it: null and empty are the same, and in a choice so is the neutral key."""
    value = f"coalesce({column}, '')"
    return f"CASE {value} WHEN {literal(CHOICE_IS_NEUTRAL)} THEN '' ELSE {value} END" if choose else value


def value_of(table: str, tags: Iterable[str], tag: str = "tag") -> str:
    """Write the value of the tag that a column names, from a table with a column for each tag."""
    branches = " ".join(f"WHEN {literal(name)} THEN {table}.{quoted(name)}" for name in tags)
    return f"CASE {tag} {branches} END" if branches else "NULL::VARCHAR"
