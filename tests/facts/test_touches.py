from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contextmail import facts
from contextmail.errors import ConfigurationError
from contextmail.facts import FactsFolder
from contextmail.model.tables import TableMapping

CLOCK = datetime(2024, 6, 1)
TOUCHES = """customer,at,channel,purpose,opened
1,2024-05-31,email,ask,false
1,2024-05-30,sms,ask,false
1,2024-05-25,E-Mail,value,true
1,2024-04-01,postal,value,false
2,2024-05-31,email,ask,true
"""
CUSTOMERS = "customer\n1\n2\n3\n"


def test_windows_are_made_from_the_name_used(build):
    names = ["touches_14d_sms_ask", "touches_14d_email", "touches_14d_ask", "touches_2d"]
    folder = build(touches=TOUCHES, customers=CUSTOMERS, options={"names": names})

    assert [folder.row("1")[name] for name in names] == [1, 2, 2, 1]
    assert [folder.row("3")[name] for name in names] == [0, 0, 0, 0]


def test_a_window_of_an_unknown_channel_is_an_error_with_a_suggestion(build):
    with pytest.raises(ConfigurationError, match=r"unknown channel or purpose 'smss'\n  cure: did you mean"):
        build(touches=TOUCHES, customers=CUSTOMERS, options={"names": ["touches_14d_smss"]})


def test_value_counts_against_asks_and_reactions_end_the_streak(build):
    folder = build(touches=TOUCHES, customers=CUSTOMERS)

    one, two, three = (folder.row(customer) for customer in "123")
    assert (one["value_received"], one["asks_received"], one["value_per_ask"]) == (2, 2, 1.0)
    assert (one["unanswered_streak"], two["unanswered_streak"], three["unanswered_streak"]) == (2, 0, 0)
    assert three["value_per_ask"] is None


def test_buying_and_writing_are_answers(build):
    folder = build(
        touches=TOUCHES,
        orders="customer,order,at\n1,1,2024-05-30 12:00:00\n",
        inquiries="customer,at,channel\n2,2024-05-31 12:00:00,phone\n",
    )

    assert folder.row("1")["unanswered_streak"] == 1
    assert folder.row("2")["last_inquiry_channel"] == "call"


def test_without_reactions_mapped_the_streak_is_unknown_and_without_the_table_all_is(build):
    plain = build(touches="customer,at\n1,2024-05-31\n", customers=CUSTOMERS).row("1")
    assert (plain["touches_7d"], plain["unanswered_streak"], plain["value_received"]) == (1, None, None)

    absent = build(customers=CUSTOMERS, options={"names": ["touches_3d"]}).row("1")
    assert (absent["touches_3d"], absent["room_at"]) == (None, None)


def test_what_did_not_arrive_is_no_value(build):
    text = "customer,at,purpose,delivered\n1,2024-05-31,value,no\n1,2024-05-30,value,yes\n"

    assert build(touches=text, customers=CUSTOMERS).row("1")["value_received"] == 1


def test_there_is_room_when_the_oldest_touch_of_a_full_window_leaves_it(build):
    text = "customer,at\n1,2024-05-31\n1,2024-05-30\n1,2024-05-29\n2,2024-05-31\n3,2024-05-01\n"
    folder = build(touches=text, customers=CUSTOMERS, options={"cap": (3, 7), "names": ["room_at_1_in_10d"]})

    assert [folder.row(customer)["room_at"] for customer in "123"] == [datetime(2024, 6, 5), CLOCK, CLOCK]
    assert folder.row("2")["room_at_1_in_10d"] == datetime(2024, 6, 10)


def test_planned_messages_take_room_on_their_day(build):
    folder = build(touches="customer,at\n1,2024-06-03\n", customers=CUSTOMERS, options={"cap": (1, 7)})

    assert folder.row("1")["room_at"] == datetime(2024, 6, 10)
    assert folder.row("1")["touches_7d"] == 0


PLACES = "customer,time_zone\n1,America/Los_Angeles\n2,Asia/Tokyo\n3,\n4,Middle-earth/Shire\n"


def test_a_day_without_a_time_is_the_customers_own_day(build):
    text = "customer,at\n" + "".join(f"{customer},2024-05-31\n" for customer in "1234")
    folder = build(touches=text, customers=PLACES, options={"cap": (1, 7)})

    assert [folder.row(customer)["room_at"] for customer in "1234"] == [
        datetime(2024, 6, 7, 7), datetime(2024, 6, 6, 15), datetime(2024, 6, 7), datetime(2024, 6, 7),
    ]  # fmt: skip
    assert "1 values of time_zone are no zones such as Europe/London" in folder.catalogue.notes[0]


def test_a_time_is_the_same_everywhere_as_a_window_is_so_many_times_24_hours(build):
    text = "customer,at\n" + "".join(f"{customer},2024-05-31 09:30:00\n" for customer in "123")
    folder = build(touches=text, customers=PLACES, options={"cap": (1, 7)})

    assert {folder.row(customer)["room_at"] for customer in "123"} == {datetime(2024, 6, 7, 9, 30)}


def test_a_planned_day_takes_room_from_its_beginning_where_they_live(build):
    folder = build(touches="customer,at\n1,2024-06-03\n2,2024-06-03\n", customers=PLACES, options={"cap": (1, 7)})

    assert folder.row("1")["room_at"] == datetime(2024, 6, 10, 7)
    assert folder.row("2")["room_at"] == datetime(2024, 6, 9, 15)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.integers(-9, 9), max_size=8), min_size=1, max_size=40), st.integers(1, 3), st.integers(1, 5)
)
def test_room_is_the_first_moment_that_keeps_every_window_under_the_cap(tmp_path_factory, histories, most, days):
    folder = tmp_path_factory.mktemp("rooms")
    (folder / "customers.csv").write_text("customer\n" + "".join(f"{i}\n" for i in range(len(histories))))
    rows = [f"{i},{CLOCK + timedelta(days=day)}\n" for i, history in enumerate(histories) for day in history]
    (folder / "touches.csv").write_text("customer,at\n" + "".join(rows))
    tables = {
        "customers": TableMapping(path="customers.csv", columns={"customer": "customer"}),
        "touches": TableMapping(path="touches.csv", columns={"customer": "customer", "at": "at"}),
    }
    facts.build(tables, folder / "facts", as_of=CLOCK, folder=folder, cap=(most, days))
    built = FactsFolder.open(folder / "facts")

    for customer, history in enumerate(histories):
        first = next(
            day
            for day in range(100)
            if all(
                sum(start <= touch < start + days for touch in history) < most
                for start in range(day - days + 1, day + 1)
            )
        )
        assert built.row(str(customer))["room_at"] == CLOCK + timedelta(days=first)
