"""Say at which instant a day begins where the customer lives.

A window of so many days is so many times 24 hours, so a touch with a time of day needs no zone. A table of touches in
which no row has a time of day names days: each is the customer's own, and begins at midnight of their `time_zone`
(UTC where it is not known). So it leaves a window of 7 days at the midnight, theirs, of the seventh day after it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from contextmail.engines.base import Engine
from contextmail.facts.reading import Table
from contextmail.facts.rows import load_rows


def in_own_zone(engine: Engine, touches: Table, customers: Table | None, temp: Path, notes: list[str]) -> str:
    """Give the touches as a relation in which a day stands at its beginning, as UTC, in the customer's own zone."""
    at = touches.column("at")
    timed = f"SELECT 1 FROM {touches.relation} WHERE {at} <> {at}::DATE LIMIT 1"
    if customers is None or not customers.has("time_zone") or engine.rows(timed):
        return touches.relation
    zones = (
        "(SELECT customer::VARCHAR AS customer, max(time_zone) AS zone FROM"
        f" {customers.relation} WHERE time_zone IS NOT NULL GROUP BY ALL) z ON z.customer = t.customer::VARCHAR"
    )
    pairs = engine.rows(f"SELECT DISTINCT zone, {at}::DATE AS day FROM {touches.relation} t JOIN {zones} ORDER BY ALL")
    begun = [(zone, day, _begins(zone, day)) for zone, day in pairs]
    if unknown := {zone for zone, _, begins in begun if begins is None}:
        notes.append(f"customers: {len(unknown)} values of time_zone are no zones such as Europe/London: UTC is taken")
    rows = ([zone, str(day), begins and str(begins)] for zone, day, begins in begun)
    load_rows(engine, "own_days", ("zone", "day", "begins"), rows, temp)
    return (
        f"(SELECT t.* REPLACE (coalesce(d.begins::TIMESTAMP, t.{at}) AS {at}) FROM {touches.relation} t"
        f" LEFT JOIN {zones} LEFT JOIN own_days d ON d.zone = z.zone AND d.day::DATE = t.{at}::DATE)"
    )


def _begins(zone: str, day: date) -> datetime | None:
    """Give the beginning of a day in a zone as UTC without a zone; None if there is no such zone."""
    try:
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    except (KeyError, ValueError, OSError):
        # ZoneInfo raises each of them: for a name that is not there, no name at all, and a folder.
        return None
