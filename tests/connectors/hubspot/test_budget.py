"""The rate budget: how many calls go, when the next one may, and what answers teach."""

import pytest

from contextmail.connectors.hubspot.budget import Budget, budgets_of
from contextmail.model.hubspot import HubspotOptions


@pytest.fixture
def clock():
    """Give a clock that only sleeping moves on."""

    class Clock:
        now = 0.0

        def sleep(self, seconds):
            self.now += seconds

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
def budget(clock):
    return Budget(100, 0.8, clock=clock, sleep=clock.sleep)


def headers(**told):
    return {f"X-HubSpot-RateLimit-{name.replace('_', '-')}": str(value) for name, value in told.items()}


def taken(budget, clock, count):
    times = []
    for _ in range(count):
        budget.take()
        times.append(clock.now)
    return times


def test_no_window_of_ten_seconds_has_more_than_its_share(budget, clock):
    times = taken(budget, clock, 400)
    assert all(later - earlier >= 10 for earlier, later in zip(times, times[80:], strict=False))
    assert times[-1] == 40 and times.count(0) == 80


def test_what_an_answer_allows_counts_in_place_of_the_tier(budget, clock):
    budget.heard(headers(Max=250, Remaining=250, Interval_Milliseconds=10000))
    assert taken(budget, clock, 201).count(0) == 200


def test_a_limit_told_for_another_interval_is_kept_in_that(budget, clock):
    budget.heard(headers(Max=10, Remaining=10, Interval_Milliseconds=1000))
    assert taken(budget, clock, 17) == [0.0] * 8 + [1.0] * 8 + [2.0]


def test_where_other_tools_have_used_it_up_it_holds_back(budget, clock):
    budget.heard(headers(Max=100, Remaining=19))
    assert taken(budget, clock, 1) == [1.0]


def test_an_answer_without_headers_changes_nothing(budget, clock):
    budget.heard({"X-HubSpot-RateLimit-Max": "odd"})
    assert budget.most == 80 and taken(budget, clock, 1) == [0.0]


def test_what_is_left_of_the_day_is_kept(budget):
    budget.heard(headers(Daily=625000, Daily_Remaining=7))
    assert budget.daily == (625000, 7)


def test_a_pause_holds_for_everybody(budget, clock):
    budget.pause(10.0)
    budget.pause(1.0)
    assert taken(budget, clock, 1) == [10.0]


def test_a_process_has_one_budget_for_a_token():
    options = HubspotOptions()
    one = budgets_of("https://api.hubapi.com", "a", options)
    assert budgets_of("https://api.hubapi.com", "a", options) is one
    assert budgets_of("https://api.hubapi.com", "b", options) is not one
