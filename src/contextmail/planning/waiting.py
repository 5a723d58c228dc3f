"""The messages of our own runs whose draft waits to be sent, and for whom: they may go before another one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from contextmail.engines.base import Engine, literal
from contextmail.model.crossing import entry
from contextmail.model.message import Purpose
from contextmail.planning.folder import SEGMENT, campaign_plan
from contextmail.store.runs import Runs

_NOBODY = "SELECT NULL::VARCHAR AS email, NULL::VARCHAR AS entry WHERE false"


def load_waiting(engine: Engine, runs: Runs | None, clock: datetime) -> None:
    """Make the table `waiting_people` of `email` and `entry`: whom our own runs will write to after the clock, and when.

    A message that says no time is expected for as long as its plan may be applied. The platform alone knows whether a
    draft was sent, so that one whose time has come counts as sent.
    """
    selects = [
        f"SELECT lower(trim(email)) AS email, {literal(said)} AS entry FROM read_parquet({literal(segment)})"
        for said, segment in _waiting(runs, clock)
    ]
    engine.rows(f"CREATE OR REPLACE TEMP TABLE waiting_people AS {' UNION '.join([_NOBODY, *selects])}")


def _waiting(runs: Runs | None, clock: datetime) -> Iterator[tuple[str, str]]:
    if runs is None:
        return
    for run in runs.all():
        if run.kind != "campaign" or run.state not in ("applying", "applied"):
            continue
        plan = campaign_plan(runs.folder(run.run))
        message, at = plan.message, plan.message.planned_at or plan.valid_until
        if at > clock and message.purpose is not Purpose.TRANSACTIONAL:
            yield entry(at, message.priority, message.id), str(runs.folder(run.run) / SEGMENT)
