"""A shop to begin with: the same at every run, nobody real, every status among them."""

from pathlib import Path

import pytest

from contextmail.errors import ConfigurationError
from contextmail.sandbox.mailchimp import State, seeding
from contextmail.sandbox.mailchimp.model import Order, OrderLine
from contextmail.sandbox.people import invent, read_people

GIFT_SHOP = Path(__file__).parents[2] / "examples" / "gift_shop"


def test_invented_people_are_the_same_at_every_run_and_live_on_example_com():
    people = list(invent(1000, seed=4))
    assert people == list(invent(1000, seed=4)) != list(invent(1000, seed=5))
    assert len({person.email for person in people}) == 1000
    assert all(person.email.endswith("@example.com") for person in people)


def test_an_audience_has_every_status_and_two_ways_of_having_left():
    audience = seeding.fill(State(seed=1), invent(1000, seed=1))
    assert set(audience.members.counts()) == set(seeding.STATUSES)
    assert audience.members.counts()["subscribed"] > 800
    assert {member.locked for member in audience.members if member.status == "unsubscribed"} == {True, False}


def test_the_gift_shop_is_loaded_with_its_draft():
    state = State()
    audience = seeding.gift_shop(state, GIFT_SHOP / "customers.csv")
    campaign = seeding.add_draft(state, audience, GIFT_SHOP / "winter.html")
    people = list(read_people(GIFT_SHOP / "customers.csv"))
    assert len(audience.members) == len(people) > 4000
    assert campaign.html.startswith("<!doctype html>")
    assert campaign.settings["subject_line"] == "Special offer"
    (store,) = state.stores.values()
    assert {order.customer for order in store.orders.values()} <= {person.id for person in people}


def test_orders_may_be_given():
    state = State()
    people = list(invent(2))
    audience = seeding.fill(state, people)
    line = OrderLine("84950", 2, 0.65)
    order = Order("1", people[0].id, state.now(), (line, line))
    store = seeding.open_store(state, audience, people, orders=[order])
    assert (store.customers[people[0].id].orders, store.customers[people[0].id].spent) == (1, 2.6)
    with pytest.raises(KeyError):
        store.add_order(Order("2", "nobody", state.now(), (line,)))


def test_a_file_of_people_without_a_column_is_refused_by_its_name(tmp_path: Path):
    (tmp_path / "people.csv").write_text("customer,email,first_name,last_name\n1,ada@example.com,Ada,Hill\n")
    with pytest.raises(ConfigurationError, match="no column id"):
        list(read_people(tmp_path / "people.csv"))
