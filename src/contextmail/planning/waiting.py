"""The messages of our own runs whose draft waits to be sent, and for whom: they may go before another one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from contextmail.engines.base import Engine, literal
from contextmail.model.crossing import Waiting, utc
from contextmail.model.message import Purpose
from contextmail.planning.folder import SEGMENT, unsealed
from contextmail.store.runs import Runs

_NOBODY = "SELECT NULL::VARCHAR AS email, NULL::VARCHAR AS entry WHERE false"
_AHEAD = timedelta(days=60)
"""Nobody plans a campaign for longer: what was applied before is not looked at again."""


def waiting(runs: Runs | None, clock: datetime) -> Iterator[tuple[Waiting, Path]]:
    """Yield what our own runs will send after the clock, with the Parquet file of whom to (`email`).

    A message that says no time is expected for as long as its plan may be applied. The platform alone knows whether a
    draft was sent, so that one whose time has come counts as sent. What is transactional crosses nothing.
    """
    if runs is None:
        return
    for run in runs.all():
        if run.kind != "campaign" or run.state not in ("applying", "applied") or run.started_at < clock - _AHEAD:
            continue
        plan = unsealed(runs.folder(run.run))
        message, at = plan.message, utc(plan.message.planned_at or plan.valid_until)
        if at > clock and message.purpose is not Purpose.TRANSACTIONAL:
            yield Waiting(at, message.priority, message.id), runs.folder(run.run) / SEGMENT


def load_waiting(engine: Engine, runs: Runs | None, clock: datetime) -> None:
    """Make the table `waiting_people` of `email` and `entry`: whom our own runs will write to after the clock, and when."""
    selects = [
        f"SELECT lower(trim(email)) AS email, {literal(one.entry)} AS entry FROM read_parquet({literal(str(segment))})"
        for one, segment in waiting(runs, clock)
    ]
    engine.rows(f"CREATE OR REPLACE TEMP TABLE waiting_people AS {' UNION '.join([_NOBODY, *selects])}")
