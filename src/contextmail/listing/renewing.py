"""Facts of touches and preferences brought up to now for a few people, without building all facts again."""

from __future__ import annotations

from datetime import datetime

from contextmail.campaign import Campaign
from contextmail.engines.base import Engine, literal, quoted
from contextmail.facts.folder import FactsFolder
from contextmail.facts.touched import heard_sql
from contextmail.facts.touches import count_touches, rooms_of, streak_sql, windows_of
from contextmail.model.channel import Channel

_COUNTS = ("value_received", "asks_received", "unanswered_streak")
_SIGNS = ("last_order", "last_inquiry_at")


def renew(engine: Engine, facts: FactsFolder, campaign: Campaign, clock: datetime, cap: tuple[int, int]) -> None:
    """Bring the facts of `people` up to now where the tables `touched` and `ledger` tell more than the facts know.

    Of touches that no file has told, and of everybody else, the facts stay as they are.
    """
    if "preferred_channel" in campaign.facts and "preferred_channel" in facts.catalogue.facts:
        engine.rows(
            "UPDATE people SET preferred_channel = l.wanted FROM owners o JOIN (SELECT customer, max(wanted) AS wanted"
            " FROM ledger WHERE wanted IS NOT NULL GROUP BY customer) l ON l.customer = o.known"
            " WHERE people.customer = o.customer"
        )
    known = [name for name in campaign.facts if name in facts.catalogue.facts]
    windows = {name: window for name, window in windows_of(known, list(Channel)).items() if name in known}
    rooms = {name: room for name, room in rooms_of(known, cap).items() if name in known}
    counts = [name for name in _COUNTS if name in known]
    if not (windows or rooms or counts) or not _touches(engine, facts):
        return
    now = f"TIMESTAMP {literal(str(clock))}"
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE touches AS SELECT customer, happened_at, channel, purpose, reached, reacted, sent,"
        f" planned FROM old_touches UNION ALL BY NAME SELECT * FROM {heard_sql(now)} ANTI JOIN old_touches"
        " USING (customer, channel, happened_at) WHERE customer IN (SELECT customer FROM renewed)"
    )
    count_touches(engine, windows, rooms, now)
    signs = ["SELECT customer, happened_at AS at_ FROM touches WHERE sent AND reacted"]
    signs += [
        f"SELECT customer, {name}::TIMESTAMP FROM read_parquet({literal(str(facts.parquet))})"
        " WHERE customer IN (SELECT customer FROM renewed)"
        for name in _SIGNS
        if name in facts.catalogue.facts
    ]
    engine.rows(f"CREATE OR REPLACE TEMP TABLE streaks AS {streak_sql(signs)}")
    values = {name: f"coalesce(t.{quoted(name)}, 0)" for name in windows}
    values |= {name: f"coalesce(t.{quoted(name)}, {now})" for name in rooms}
    # What the tables could not tell, a few outcomes cannot either.
    values |= {
        name: f"CASE WHEN p.{name} IS NOT NULL THEN coalesce({'u' if name == 'unanswered_streak' else 't'}.{name}, 0) END"
        for name in counts
    }
    news = ", ".join(
        f"CASE WHEN n.customer IS NULL THEN p.{quoted(name)} ELSE {value} END AS {quoted(name)}"
        for name, value in values.items()
    )
    engine.rows(
        f"CREATE OR REPLACE TEMP TABLE people AS SELECT p.* REPLACE ({news}) FROM people p"
        " JOIN owners o USING (customer) LEFT JOIN renewed n ON n.customer = o.known"
        " LEFT JOIN touch_block t ON t.customer = o.known LEFT JOIN streaks u ON u.customer = o.known"
    )


def _touches(engine: Engine, facts: FactsFolder) -> bool:
    """Make `renewed` (customers of whom there is more to tell) and `old_touches` of theirs; say whether there are any."""
    file = facts.table("touches")
    empty = "SELECT * FROM (SELECT *, true AS sent, false AS planned FROM touched) WHERE false"
    source = f"SELECT * FROM read_parquet({literal(str(file))})" if file else empty
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE renewed AS SELECT DISTINCT customer FROM touched"
        f" ANTI JOIN ({source}) USING (customer, channel, happened_at)"
        " UNION SELECT customer FROM ledger WHERE most IS NOT NULL"
    )
    engine.rows(
        f"CREATE OR REPLACE TEMP TABLE old_touches AS SELECT * FROM ({source})"
        " WHERE customer IN (SELECT customer FROM renewed)"
    )
    return bool(engine.rows("SELECT 1 FROM renewed LIMIT 1"))
