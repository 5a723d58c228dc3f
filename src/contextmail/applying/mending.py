"""Write what an audit's plan mends, and take it back: name fields of contacts, and nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

from contextmail.applying.desk import Desk, value_of
from contextmail.connectors.base import WRITABLE
from contextmail.engines.base import listed
from contextmail.model.plan import AuditPlan
from contextmail.planning.audience import load_keys
from contextmail.planning.folder import CHANGES

_WRITABLE = listed(WRITABLE)


def mend(
    desk: Desk, plan: AuditPlan, folder: Path, *, since: datetime, most: float
) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Write the new values; give the contacts that have them, and for which reasons how many were left out.

    What changed at the platform after `since` is read again: whoever somebody has changed, or may no longer be
    written, is left out. Raises StalePlanError where they are more than the share `most` of the plan's contacts.
    """
    desk.runs.begin(plan.run, "audit", desk.audience, "clean-up", folder)
    desk.load(desk.target.members(since=since), plan.tags)
    now = value_of("n", plan.tags, "c.tag")
    desk.engine.rows(
        "CREATE TEMP TABLE present AS SELECT c.*, n.status AS status_now, coalesce("
        f"CASE WHEN n.key IS NOT NULL THEN coalesce({now}, '') END, c.old, '') AS now"
        f" FROM {desk.file(CHANGES)} c LEFT JOIN now n ON n.key = c.key"
    )
    moved = desk.engine.rows(
        f"SELECT key, min(CASE WHEN status_now NOT IN {_WRITABLE} THEN 'status: ' || status_now"
        " ELSE 'somebody changed ' || tag END) FROM present"
        f" WHERE status_now NOT IN {_WRITABLE} OR now NOT IN (coalesce(old, ''), new) GROUP BY key ORDER BY key"
    )
    desk.leave_out(moved, of=plan.people_changed, most=most)
    load_keys(desk.engine, "moved", (key for key, _ in moved), desk.temp)
    desk.engine.rows(
        "CREATE TEMP TABLE todo AS SELECT key, email, coalesce(status_now, status) AS status, tag, new AS value"
        " FROM present WHERE now <> new AND key NOT IN (SELECT key FROM moved)"
    )
    desk.runs.before(plan.run, "values")
    failed = desk.write("todo", stage="Mending names")
    skipped = [*moved, *((error.key, error.reason) for error in failed)]
    desk.leave_out(skipped, of=plan.people_changed, most=most)
    people = plan.people_changed - len({key for key, _ in skipped})
    desk.runs.after(plan.run, "values", people=people, failed=len(failed))
    return people, tuple(Counter(reason for _, reason in skipped).most_common())


def unmend(desk: Desk, plan: AuditPlan) -> tuple[int, list[str]]:
    """Write the former values where ours still stand; give the contacts that have theirs back, and what stays."""
    desk.load(desk.target.members(), plan.tags)
    load_keys(desk.engine, "skipped", desk.runs.skipped(plan.run), desk.temp)
    desk.engine.rows(
        "CREATE TEMP TABLE present AS SELECT n.key, n.email, n.status, c.tag, coalesce(c.old, '') AS value, c.new,"
        f" coalesce({value_of('n', plan.tags, 'c.tag')}, '') AS now FROM {desk.file(CHANGES)} c JOIN now n USING (key)"
        " WHERE key NOT IN (SELECT key FROM skipped)"
    )
    desk.engine.rows(f"CREATE TEMP TABLE back AS FROM present WHERE now = new AND status IN {_WRITABLE}")
    left = [
        f"the field {tag} of {people:,} contacts: somebody changed it"
        for tag, people in desk.engine.rows(
            "SELECT tag, count(*) FROM present WHERE now NOT IN (new, value) GROUP BY tag ORDER BY tag"
        )
    ]
    desk.runs.before(plan.run, "restore values")
    failed = desk.write("back", stage="Restoring fields")
    shut, people = desk.engine.rows(
        f"SELECT count(DISTINCT key) FILTER (now = new AND status NOT IN {_WRITABLE}),"
        f" count(DISTINCT key) FILTER (status IN {_WRITABLE} AND now IN (new, value)) FROM present"
    )[0]
    desk.runs.after(plan.run, "restore values", people=people - len(failed), failed=len(failed))
    if shut or failed:
        left.append(f"{shut + len(failed):,} contacts whose fields can no longer be written")
    return people - len(failed), left
