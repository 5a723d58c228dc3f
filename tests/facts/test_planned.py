from __future__ import annotations

from datetime import datetime

import pytest

from contextmail.compiling import compile as compile_message
from contextmail.config import Settings
from contextmail.deciding import decide

CUSTOMERS = "customer\n1\n2\n3\n"
PLANNED = """customer,at,channel,purpose,campaign,priority
1,2024-06-01 12:00:00,sms,,contract-notice,5
1,2024-06-02,email,,autumn sale,
1,2024-05-31,email,,spring,9
2,2024-06-01 18:00:00,email,transactional,receipt,9
"""
ASKED = {"names": ["room_at_3_in_7d"]}
MESSAGE = {"id": "summer", "text": "New lamps are in."}


def test_what_is_planned_after_the_clock_is_a_fact(build):
    folder = build(customers=CUSTOMERS, planned=PLANNED)

    assert folder.row("1")["planned_messages"] == (
        "2024-06-01T12:00:00 5 contract-notice",
        "2024-06-02T00:00:00 0 autumn sale",
    )
    assert folder.row("2")["planned_messages"] == folder.row("3")["planned_messages"] == ()
    assert folder.row("1")["touches_7d"] is None


def test_planned_rows_of_the_touches_count_too(build):
    touches = "customer,at,campaign,priority\n1,2024-05-31,may,\n1,2024-06-01 12:00:00,contract-notice,5\n2,2024-06-01 09:00:00,,\n"
    folder = build(customers=CUSTOMERS, touches=touches, planned=PLANNED, options={"cap": (2, 7)})

    one, two = folder.row("1"), folder.row("2")
    assert one["planned_messages"] == ("2024-06-01T12:00:00 5 contract-notice", "2024-06-02T00:00:00 0 autumn sale")
    assert two["planned_messages"] == ("2024-06-01T09:00:00 0 ",)
    # a calendar lists the message itself too, which may not take up its own room
    assert one["touches_7d"] == 1 and one["room_at"] == datetime(2024, 6, 7)


def test_without_plans_nothing_is_known_and_a_priority_that_is_unread_is_a_broken_row(build):
    assert build(customers=CUSTOMERS).row("1")["planned_messages"] is None

    folder = build(
        customers=CUSTOMERS, planned="customer,at,priority\n1,2024-06-01 12:00:00,high\n2,2024-06-01 12:00:00,1\n"
    )
    assert (folder.row("1")["planned_messages"], len(folder.row("2")["planned_messages"])) == ((), 1)
    assert any("planned: 1 of 2 rows" in note for note in folder.catalogue.notes)


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({}, 1),
        ({"priority": 5}, 0),
        ({"priority": 5, "planned_at": "2024-06-01T13:00"}, 1),
        ({"priority": 6}, 0),
        ({"planned_at": "2024-06-10"}, 0),
    ],
)
def test_all_customers_and_one_get_the_same(build, said, held):
    folder = build(customers=CUSTOMERS, planned=PLANNED, options=ASKED)
    settings = Settings(as_of=folder.catalogue.as_of)
    campaign = compile_message({**MESSAGE, "purpose": "service", **said}, settings, folder.catalogue)
    campaign = campaign.model_copy(update={"policies": [p for p in campaign.policies if p.name == "crossed-campaigns"]})

    counts = decide(campaign, folder)
    one = [campaign.decide(folder.row(customer), as_of=folder.catalogue.as_of).decision for customer in "123"]
    assert counts.reasons.get(("hold", "crossed-campaigns"), 0) == held
    assert [d.outcome for d in one] == ["hold" if held else "send", "send", "send"]
    assert one[0].until == (datetime(2024, 6, 1, 12) if held else None)


def test_an_author_who_tells_a_priority_hears_that_no_plans_are_known(build):
    known = build(customers=CUSTOMERS, planned=PLANNED, options=ASKED).catalogue
    unknown = build(customers=CUSTOMERS, options=ASKED).catalogue
    told = "crossed-campaigns: no planned messages are known ([tables.planned])"
    assert told in compile_message({**MESSAGE, "priority": 3}, Settings(), unknown).notes
    assert told not in compile_message(MESSAGE, Settings(), unknown).notes
    assert told not in compile_message({**MESSAGE, "priority": 3}, Settings(), known).notes
