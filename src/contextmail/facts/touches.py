"""Facts from touches, the messages that they got from any tool: how many lately, of what use, and were they heard.

Windows are counted back from the clock. A touch later than the clock is a planned one: it takes up room under a cap
on its day, and is not counted as received. (Where `planned` is mapped, only the rows that it marks are planned.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from contextmail.engines.base import Engine, literal, quoted
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.facts.block import Block, Column, column
from contextmail.facts.ledger import own_caps
from contextmail.facts.reading import Table
from contextmail.facts.touched import heard_sql
from contextmail.model.fact import FactType as T
from contextmail.model.message import Channel

PURPOSES = ("ask", "value", "service", "transactional")
ALWAYS = ("touches_7d", "touches_30d", "touches_90d")
"""Windows that are there without being asked for."""

_WINDOW = re.compile(r"touches_([0-9]{1,4})d(?:_(\w+))?")
_ROOM = re.compile(r"room_at_([0-9]{1,4})_in_([0-9]{1,4})d")


class Window(NamedTuple):
    """What a name such as `touches_14d_sms_ask` asks for; `channel` and `purpose` may be empty."""

    days: int
    channel: str
    purpose: str


def read_window(name: str) -> Window | None:
    """Read a fact's name as a window, or give None."""
    if not (match := _WINDOW.fullmatch(name)):
        return None
    rest = match[2] or ""
    purpose = next((p for p in PURPOSES if rest == p or rest.endswith(f"_{p}")), "")
    return Window(int(match[1]), rest.removesuffix(purpose).removesuffix("_"), purpose)


def build_touches(
    engine: Engine,
    table: Table | None,
    relation: str,
    clock: str,
    names: Collection[str],
    cap: tuple[int, int],
    notes: list[str],
) -> Block:
    """Make the table `touches` and its facts: those that there always are, and those made from `names`.

    `relation` holds the rows of `table`, its days in the customers' own zones (`zones.in_own_zone`). What outcomes told
    (`touched.read_touched`) counts beside them.

    Raises ConfigurationError for a name such as `touches_14d_smss` whose channel or purpose is not known.
    """
    windows, rooms = windows_of(names, _channels(engine, table)), rooms_of(names, cap)
    if table is None and not engine.rows("SELECT 1 FROM touched LIMIT 1"):
        source = "no [tables.touches]"
        columns = [column(name, T.INT, "NULL", source) for name in windows]
        columns += [column(name, T.TIMESTAMP, "NULL", source) for name in rooms]
        return Block("t", "", [*columns, *_worth(source, known=False)])
    _prepare(engine, table, relation, clock)
    if planned := engine.rows("SELECT count(*) FROM touches WHERE planned")[0][0]:
        notes.append(f"touches: {planned} rows are later than the clock and count as planned messages")
    count_touches(engine, windows, rooms, clock)
    source = table.said("at", "channel", "purpose") if table else "outcomes"
    columns = []
    for name, (days, channel, purpose) in windows.items():
        about = f"touches in {days} days to the clock{_of(channel, purpose)}"
        columns.append(column(name, T.INT, f"t.{quoted(name)}", source, about, zero="0"))
    for name, (most, days) in rooms.items():
        about = f"when another touch keeps to {most} in {days} days"
        columns.append(column(name, T.TIMESTAMP, f"t.{quoted(name)}", source, about, zero=clock))
    reacts = table is None or table.has("opened") or table.has("clicked") or table.has("answered")
    purposes = table is not None and table.has("purpose")
    return Block("t", "touch_block", [*columns, *_worth(source, known=True, purposes=purposes, reacts=reacts)])


def rooms_of(names: Collection[str], cap: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """Read names such as `room_at_3_in_7d` as (messages, days); `room_at` has the company's own cap."""
    named = {m[0]: (int(m[1]), int(m[2])) for name in sorted(names) if (m := _ROOM.fullmatch(name))}
    return {"room_at": cap} | named


def count_touches(
    engine: Engine, windows: Mapping[str, Window], rooms: Mapping[str, tuple[int, int]], clock: str
) -> None:
    """Make the view `touch_block`, one row per customer, from the tables `touches` and `ledger` (whose caps count)."""
    counted = "".join(
        f", count(*) FILTER ({condition}) AS {quoted(name)}" for name, condition in _counts(windows, clock)
    )
    engine.rows(
        "CREATE TEMP TABLE touch_facts AS SELECT customer,"
        " count(*) FILTER (sent AND purpose = 'value' AND reached) AS value_received,"
        " count(*) FILTER (sent AND purpose = 'ask' AND reached) AS asks_received,"
        f" max(happened_at) FILTER (sent AND reacted) AS last_reaction{counted} FROM touches GROUP BY customer"
    )
    for name, (most, days) in rooms.items():
        _room(engine, name, most, days, clock)
    for most, days in own_caps(engine):
        _keep_to_own_cap(engine, rooms, most, days, clock)
    joins = " ".join(f"LEFT JOIN {quoted(name)} USING (customer)" for name in rooms)
    engine.rows(f"CREATE TEMP VIEW touch_block AS SELECT * FROM touch_facts {joins}")


def streak_sql(last_signs: Iterable[str]) -> str:
    """Write the query of the unanswered streak; `last_signs` are relations of customer and time of a sign of life."""
    signs = " UNION ALL ".join(last_signs)
    return (
        "SELECT customer, count(*) AS unanswered_streak FROM touches LEFT JOIN"
        f" (SELECT customer, max(at_) AS heard FROM ({signs}) GROUP BY customer) USING (customer)"
        " WHERE sent AND reached AND (heard IS NULL OR happened_at > heard) GROUP BY customer"
    )


def _prepare(engine: Engine, table: Table | None, relation: str, clock: str) -> None:
    read = f"SELECT * FROM {heard_sql(clock)}"
    if table is not None:
        at = table.column("at")
        reactions = [
            f"coalesce({table.column(role)}, false)" for role in ("opened", "clicked", "answered") if table.has(role)
        ]
        planned = f"coalesce({table.column('planned')}, false)" if table.has("planned") else f"{at} > {clock}"
        engine.rows(
            f"CREATE TEMP VIEW table_touches AS SELECT customer::VARCHAR AS customer, {at} AS happened_at,"
            f" {table.column('channel', 'NULL::VARCHAR')} AS channel,"
            f" lower({table.column('purpose', 'NULL::VARCHAR')}) AS purpose,"
            f" coalesce({table.column('delivered')}, true) AS reached, {' OR '.join(reactions) or 'false'} AS reacted,"
            f" NOT ({planned}) AND {at} <= {clock} AS sent, ({planned}) AND {at} > {clock} AS planned,"
            f" {table.column('priority', '0')} AS priority, {table.column('campaign')} AS campaign FROM {relation}"
        )
        read = f"FROM table_touches UNION ALL BY NAME {read} ANTI JOIN table_touches USING (customer, channel, happened_at)"
    engine.rows(f"CREATE TEMP TABLE touches AS {read}")


def _channels(engine: Engine, table: Table | None) -> list[str]:
    known = [str(channel) for channel in Channel]
    if table and table.has("channel"):
        rows = engine.rows(f"SELECT DISTINCT channel FROM {table.relation} WHERE channel IS NOT NULL ORDER BY channel")
        known += [str(row[0]) for row in rows if row[0] not in known]
    return known


def windows_of(names: Collection[str], channels: Collection[str]) -> dict[str, Window]:
    """Read the windows that are asked for. Raises ConfigurationError for a channel that is not known."""
    windows = {}
    for name in (*ALWAYS, *sorted(names)):
        if (window := read_window(name)) is None:
            continue
        if window.channel and window.channel not in channels:
            words = [*channels, *PURPOSES]
            cure = did_you_mean(window.channel, words) or f"channels and purposes are {', '.join(words)}"
            raise ConfigurationError(f"unknown channel or purpose {window.channel!r}", where=f"fact {name}", cure=cure)
        windows[name] = window
    return windows


def _counts(windows: Mapping[str, Window], clock: str) -> Iterable[tuple[str, str]]:
    for name, (days, channel, purpose) in windows.items():
        conditions = ["sent", f"happened_at > {clock} - INTERVAL {days} DAY"]
        conditions += [f"channel = {literal(channel)}"] if channel else []
        conditions += [f"purpose = {literal(purpose)}"] if purpose else []
        yield name, " AND ".join(conditions)


def _room(engine: Engine, name: str, most: int, days: int, clock: str) -> None:
    """Find the first moment from the clock on at which one more touch keeps every window of `days` to `most`.

    Moments to try are the clock and each touch's end of window. At a moment, a window is full if `most` touches lie
    in it already; it begins at the moment itself or at a touch before it. Transactional messages take up no room.
    """
    span = f"INTERVAL {days} DAY"
    engine.rows(
        f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS WITH near AS ("
        f"SELECT customer, happened_at AS at_ FROM touches WHERE (sent OR planned) AND happened_at > {clock} - {span}"
        " AND purpose IS DISTINCT FROM 'transactional'"
        f"), crowded AS (SELECT customer FROM near GROUP BY customer HAVING count(*) >= {most}),"
        f" mine AS (SELECT near.* FROM near SEMI JOIN crowded USING (customer)),"
        f" moments AS (SELECT DISTINCT customer, at_ + {span} AS moment FROM mine"
        f" UNION SELECT customer, {clock} FROM crowded),"
        " starts AS (SELECT DISTINCT m.customer, m.moment, b.at_ AS start FROM moments m JOIN mine b"
        f" ON b.customer = m.customer AND b.at_ > m.moment - {span} AND b.at_ <= m.moment"
        " UNION SELECT customer, moment, moment FROM moments),"
        " full_ AS (SELECT DISTINCT customer, moment FROM (SELECT s.customer, s.moment, s.start, count(*) AS n"
        f" FROM starts s JOIN mine t ON t.customer = s.customer AND t.at_ >= s.start AND t.at_ < s.start + {span}"
        f" GROUP BY ALL) WHERE n >= {most})"
        f" SELECT customer, min(moment) AS {quoted(name)} FROM moments ANTI JOIN full_ USING (customer, moment)"
        " GROUP BY customer"
    )


def _keep_to_own_cap(engine: Engine, rooms: Iterable[str], most: int, days: int, clock: str) -> None:
    """Let those wait longer who asked for fewer messages than the company's cap allows."""
    _room(engine, "own_room", most, days, clock)
    theirs = f"SELECT customer FROM ledger WHERE most = {most} AND days = {days}"
    for name in map(quoted, rooms):
        engine.rows(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT customer, max({name}) AS {name} FROM (SELECT * FROM {name}"
            f" UNION ALL SELECT * FROM own_room WHERE customer IN ({theirs})) GROUP BY customer"
        )


def _worth(source: str, *, known: bool, purposes: bool = False, reacts: bool = False) -> list[Column]:
    told, heard = known and purposes, known and reacts
    got, asks = "touches of value that reached them", "asks that reached them"
    ratio, per_ask = (
        "t.value_received::DOUBLE / nullif(t.asks_received, 0)",
        "value received per ask; unknown without asks",
    )
    silence = "touches since they last opened, clicked, answered, wrote or bought"
    return [
        column("value_received", T.INT, "t.value_received", source, got, known=told, zero="0"),
        column("asks_received", T.INT, "t.asks_received", source, asks, known=told, zero="0"),
        column("value_per_ask", T.FLOAT, ratio, source, per_ask, known=told),
        column("unanswered_streak", T.INT, "u.unanswered_streak", source, silence, known=heard, zero="0"),
    ]


def _of(channel: str, purpose: str) -> str:
    return "".join(f", {word}" for word in (channel, purpose) if word)
