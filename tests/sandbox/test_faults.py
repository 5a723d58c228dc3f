"""The platform on a bad day: the eleventh connection, errors with and without a body, answers that never come."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from contextmail.sandbox.mailchimp import Fault, Faults, Kind, Limits, Sandbox

ADA = "ada@example.com"


def ping(sandbox, **more):
    return requests.get(f"{sandbox.url}/ping", auth=("user", "key"), timeout=10, **more)


def patch(sandbox, audience, name, timeout=10):
    url = f"{sandbox.url}/lists/{audience.id}/members/{ADA}"
    return requests.patch(url, json={"merge_fields": {"FNAME": name}}, auth=("user", "key"), timeout=timeout)


@pytest.mark.parametrize(
    ("limits", "status", "has_body"),
    [
        (Limits(), 429, True),
        (Limits(throttle_body=False), 429, False),
        (Limits(throttle_status=403, throttle_body=False), 403, False),
    ],
)
def test_the_eleventh_connection_at_once_is_refused(limits, status, has_body):
    with Sandbox(limits=limits, faults=Faults(latency=1.0)) as sandbox:
        with ThreadPoolExecutor(11) as pool:
            answers = list(pool.map(lambda _: ping(sandbox), range(11)))
        refused = [answer for answer in answers if not answer.ok]
        assert [(answer.status_code, bool(answer.content)) for answer in refused] == [(status, has_body)]
        assert sandbox.calls.peak == 11
    if has_body:
        detail = "You have exceeded the limit of 10 simultaneous connections."
        assert (refused[0].json()["title"], refused[0].json()["detail"]) == ("Too Many Requests", detail)


def test_ten_at_once_are_served_and_counted():
    with Sandbox(faults=Faults(latency=0.2)) as sandbox:
        with ThreadPoolExecutor(10) as pool:
            assert all(answer.ok for answer in pool.map(lambda _: ping(sandbox), range(30)))
        assert sandbox.calls["GET /ping"] == 30
        assert sandbox.calls.peak <= 10
        assert sandbox.calls.busy_seconds >= 30 * 0.2
        assert 0.6 <= sandbox.calls.stretch() <= sandbox.calls.busy_seconds
        assert sandbox.calls.stretch(least=31) == 0


@pytest.mark.parametrize("status", [500, 503, 429, 403])
def test_an_error_comes_with_the_platforms_body_or_with_none(sandbox, status):
    sandbox.faults.add(Fault(Kind.ERROR, status=status))
    sandbox.faults.add(Fault(Kind.EMPTY, status=status, skip=1))
    with_body, without = ping(sandbox), ping(sandbox)
    assert (with_body.status_code, with_body.json()["status"]) == (status, status)
    assert (without.status_code, without.content) == (status, b"")
    assert "Content-Type" not in without.headers
    assert ping(sandbox).ok


def test_the_sdk_raises_nothing_on_an_empty_error(sandbox, sdk):
    sandbox.faults.add(Fault(Kind.EMPTY, status=429))
    answer = sdk.ping.get()
    assert isinstance(answer, requests.Response) and answer.status_code == 429


def test_a_proxys_page_is_html(sandbox):
    sandbox.faults.add(Fault(Kind.HTML, status=502))
    answer = ping(sandbox)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("kind", [Kind.DROP, Kind.ERROR, Kind.EMPTY])
def test_work_may_be_done_though_the_answer_is_lost(sandbox, audience, kind, done):
    sandbox.state.add_member(audience, ADA)
    sandbox.faults.add(Fault(kind, on="PATCH *", done=done))
    try:
        assert not patch(sandbox, audience, "Ada").ok
    except requests.ConnectionError:
        assert kind is Kind.DROP
    (member,) = audience.members
    assert audience.tagged_values(member.values)["FNAME"] == ("Ada" if done else "")


def test_a_time_out_holds_its_place_until_the_platform_gives_up(sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    sandbox.faults.add(Fault(Kind.TIMEOUT, on="PATCH *", done=True, seconds=30.0))
    with pytest.raises(requests.Timeout):
        patch(sandbox, audience, "Ada", timeout=1.0)
    assert sandbox.calls.under_way == 1
    (member,) = audience.members
    assert audience.tagged_values(member.values)["FNAME"] == "Ada"


def test_a_slow_answer_comes_all_the_same(sandbox):
    sandbox.faults.add(Fault(Kind.SLOW, seconds=0.3))
    started = time.perf_counter()
    assert ping(sandbox).ok
    assert time.perf_counter() - started >= 0.3


def test_a_fault_strikes_where_and_as_often_as_it_is_told(sandbox, audience):
    sandbox.faults.add(Fault(Kind.EMPTY, on="GET /ping", skip=1, times=2))
    assert [ping(sandbox).ok for _ in range(4)] == [True, False, False, True]
    sandbox.faults.add(Fault(Kind.EMPTY, on="POST /lists/{list_id}", times=None))
    assert ping(sandbox).ok


def test_chance_is_the_same_at_every_run():
    def run(seed):
        faults = Faults(Fault(Kind.EMPTY, share=0.3, times=None), seed=seed)
        return [faults.strike("GET /ping") is None for _ in range(50)]

    assert run(1) == run(1) != run(2)
    assert 5 < run(1).count(False) < 25


def test_nothing_is_served_after_the_end():
    with Sandbox() as sandbox, requests.Session() as session:
        session.auth = ("user", "key")
        assert session.get(f"{sandbox.url}/ping", timeout=5).ok
        url = f"{sandbox.url}/ping"
    with pytest.raises(requests.ConnectionError), requests.Session() as session:
        session.get(url, timeout=5)


def test_a_connection_is_kept_for_many_calls(sandbox):
    with requests.Session() as session:
        session.auth = ("user", "key")
        took = [session.get(f"{sandbox.url}/ping", timeout=5).elapsed.total_seconds() for _ in range(50)]
    # With the head and the body in two packets most calls would wait 40 ms for an acknowledgement.
    assert statistics.median(took) < 0.04


def test_only_the_right_key_is_taken_where_one_is_set():
    with Sandbox(api_key="right-us6") as sandbox:
        keys = {
            key: requests.get(f"{sandbox.url}/ping", auth=("any", key), timeout=5) for key in ("right-us6", "wrong")
        }
        bearer = requests.get(f"{sandbox.url}/ping", headers={"Authorization": "Bearer right-us6"}, timeout=5)
    assert keys["right-us6"].ok and bearer.ok
    assert (keys["wrong"].status_code, keys["wrong"].json()["title"]) == (401, "API Key Invalid")
