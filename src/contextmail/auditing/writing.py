"""What an audit writes down: a CSV for each check, and a plan, or a mended copy of a table."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from contextmail.auditing.base import Room
from contextmail.auditing.table import TableSource
from contextmail.connectors.base import WRITABLE, Account
from contextmail.engines.base import listed, literal
from contextmail.engines.lines import pages
from contextmail.model.plan import AuditPlan, Calls, Check
from contextmail.planning.folder import CHANGES, new_folder, seal
from contextmail.planning.planner import SECONDS_A_CALL

_READS = 1


def write_lists(room: Room, found: Sequence[str], out: Path) -> None:
    """Write a CSV of what each check found into the new folder `out`, which is its owner's alone (0700)."""
    # A spreadsheet takes a value that begins so for a formula.
    inert = "CASE WHEN regexp_matches({0}, '^[=+@\\t\\r-]') THEN '''' || {0} ELSE {0} END AS {0}"
    email, value, mended = (inert.format(name) for name in ("email", "value", "mended"))
    with new_folder(out) as folder:
        for name in found:
            room.engine.rows(
                f"COPY (SELECT key, {email}, status, what, field, {value}, {mended}, certain FROM found LEFT JOIN contacts USING (key)"
                f" WHERE check_ = {literal(name)} ORDER BY what, key, field)"
                f" TO {literal(str(folder / f'{name}.csv'))} (HEADER)"
            )


def write_plan(room: Room, account: Account, made_at: datetime, out: Path) -> AuditPlan:
    """Write the plan of what may be mended at the platform into the new folder `out`."""
    count = room.engine.rows
    limits = room.settings.limits
    with new_folder(out) as folder:
        changes = f"read_parquet({literal(str(folder / CHANGES))})"
        count(
            "COPY (SELECT key, email, status, field AS tag, value AS old, mended AS new FROM mends"
            f" WHERE status IN {listed(WRITABLE)} ORDER BY key, tag)"
            f" TO {literal(str(folder / CHANGES))} (FORMAT parquet, COMPRESSION zstd)"
        )
        values, people = count(f"SELECT count(*), count(DISTINCT key) FROM {changes}")[0]
        contacts = count("SELECT count(*) FROM contacts")[0][0]
        batches = ceil(people / account.limits.get("batch", 1))
        plan = AuditPlan(
            run=f"{made_at:%Y%m%d}-{secrets.token_hex(4)}",
            on=f"{room.source.name}:{room.source.audience}",
            made_at=made_at,
            valid_until=made_at + timedelta(hours=limits.plan_hours),
            contacts=contacts,
            tags=[tag for (tag,) in count(f"SELECT DISTINCT tag FROM {changes} ORDER BY tag")],
            mends=dict(
                count(
                    f"SELECT what, count(*) FROM mends WHERE status IN {listed(WRITABLE)} GROUP BY what ORDER BY count(*) DESC, what"
                )
            ),
            changes=values,
            people_changed=people,
            checks=[
                Check(
                    name="share of contacts mended",
                    found=people / max(1, contacts),
                    limit=limits.mended,
                    setting="limits.mended",
                )
            ],
            calls=Calls(
                reads=_READS,
                writes=batches,
                seconds=round((_READS + batches / account.limits.get("connections", 1)) * SECONDS_A_CALL, 1),
            ),
        )
        return seal(plan, folder)


def write_copy(room: Room, table: TableSource, out: Path) -> Path:
    """Write a copy of the table with the mended values into the new folder `out`; the table itself stays as it is."""
    name = f"{Path(table.audience.partition('::')[0]).stem}.csv"
    with new_folder(out) as folder:
        table.copy(folder / name, _in_order(room))
    return out / name


def _in_order(room: Room) -> Iterator[tuple[int, str, str]]:
    ordered = "(SELECT printf('%012d %s', key::BIGINT, field) AS place, key, field, mended FROM mends)"
    for _, key, field, mended in pages(room.engine, ordered, "place"):
        yield int(key), field, mended
