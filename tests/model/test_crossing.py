"""Which of two planned messages goes first: the same for one customer and for all, and never none of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextmail.deciding import _clear_sql
from contextmail.model.crossing import Crossing, Waiting

CLOCK = datetime(2026, 5, 31, 9)
moments = st.integers(-60, 120).map(lambda hours: CLOCK + timedelta(hours=hours))
priorities = st.integers(-2, 2)
campaigns = st.sampled_from(["", "a", "b", "autumn sale", "it's é", "5 euros", "\U0001f600"])
entries = st.builds(lambda *said: Waiting(*said).entry, moments, priorities, campaigns)
crossings = st.builds(
    Crossing, id=campaigns, priority=priorities, planned_at=st.none() | moments, days=st.integers(0, 3)
)


@settings(max_examples=60, deadline=None)
@given(crossings, st.lists(st.none() | st.lists(entries, max_size=5), min_size=1, max_size=6))
def test_one_customer_and_all_of_them_are_clear_at_the_same_time(
    crossing: Crossing, planned: list[list[str] | None]
) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (n BIGINT, planned VARCHAR[])")
        con.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(planned)))
        found = con.execute(f"SELECT {_clear_sql(crossing, 'planned', CLOCK)} FROM t ORDER BY n").fetchall()
    assert [clear for (clear,) in found] == [crossing.clear_at(one, CLOCK) for one in planned]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(moments, priorities), min_size=2, max_size=4), st.lists(moments, min_size=4, max_size=4))
def test_of_messages_that_are_planned_one_never_waits_for_any(
    planned: list[tuple[datetime, int]], clocks: list[datetime]
) -> None:
    messages = [
        Crossing(id=f"m{n}", priority=priority, planned_at=at, days=3) for n, (at, priority) in enumerate(planned)
    ]
    listed = [Waiting(m.at(CLOCK), m.priority, m.id).entry for m in messages]
    waiting = [m.clear_at(listed, CLOCK) > CLOCK for m in messages]
    assert not all(waiting)
    # judged at different moments, no two wait for each other
    for one, clock in zip(messages, clocks, strict=False):
        for other, later in zip(messages, clocks[1:], strict=False):
            plans = [Waiting(m.planned_at, m.priority, m.id).entry for m in (one, other) if m.planned_at]
            if one is not other:
                assert not (one.clear_at(plans, clock) > clock and other.clear_at(plans, later) > later)


def test_an_entry_that_is_written_otherwise_is_refused() -> None:
    crossing = Crossing(id="m", priority=0, planned_at=None, days=1)
    for text in ("2026-06-05", "tomorrow 5 autumn", "2026-06-05T09:00:00 high autumn"):
        with pytest.raises(ValueError, match=r"unpack|isoformat|int"):
            crossing.clear_at([text], CLOCK)


def test_a_time_with_its_zone_is_the_same_moment() -> None:
    zoned = Crossing(id="m", priority=0, planned_at=datetime.fromisoformat("2026-05-31T14:00:00+02:00"), days=1)
    assert zoned.at(CLOCK) == datetime(2026, 5, 31, 12)
    assert zoned.clear_at(["2026-05-31T11:59:00 0 a"], CLOCK) == datetime(2026, 5, 31, 11, 59)
    assert zoned.clear_at(["2026-05-31T12:01:00 0 a"], CLOCK) == CLOCK
