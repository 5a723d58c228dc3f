"""Calls by the SDK: what is tried again, what is raised, and what the SDK would have done with it."""

import json
import threading
import time

import pytest
import requests
import responses

from contextmail.connectors.gate import gate_of
from contextmail.connectors.mailchimp.credentials import Credentials
from contextmail.connectors.mailchimp.transport import Transport
from contextmail.errors import (
    AuthenticationError,
    ConfigurationError,
    PlatformError,
    RetryableError,
    UncertainError,
)
from contextmail.model.mailchimp import MailchimpOptions

KEY = "0123456789abcdef-us6"
ROOT = "https://us6.api.mailchimp.com/3.0"
BUSY = {
    "title": "Too Many Requests",
    "status": 429,
    "detail": "You have exceeded the limit of 10 simultaneous connections.",
}


@pytest.fixture
def transport():
    made = Transport(Credentials(KEY, ROOT), MailchimpOptions(wait=0.0, attempts=3))
    yield made
    made.close()


@pytest.fixture
def mailchimp():
    with responses.RequestsMock() as mock:
        yield mock


def problem(status, title="Bad Request", detail="No.", **more):
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, **more})
    return {"status": status, "body": body, "content_type": "application/problem+json"}


ANSWERS = {
    "429 with a body": problem(429, **{k: v for k, v in BUSY.items() if k != "status"}),
    "429 without a body": {"status": 429},
    "403 without a body": {"status": 403},
    "500 without a body": {"status": 500},
    "503 with a body": problem(503),
    "502 in HTML": {"status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"},
    "no connection": {"body": requests.ConnectTimeout()},
    "no answer": {"body": requests.ReadTimeout()},
    "a broken connection": {"body": requests.ConnectionError("reset")},
}
REFUSED_BEFORE_WORK = {"429 with a body", "429 without a body", "403 without a body", "no connection"}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_read_is_tried_again(mailchimp, transport, name):
    mailchimp.get(f"{ROOT}/ping", **ANSWERS[name])
    mailchimp.get(f"{ROOT}/ping", json={"health_status": "Everything's Chimpy!"})
    assert transport.call("ping.get") == {"health_status": "Everything's Chimpy!"}
    assert transport.tally.repeated == 1


@pytest.mark.parametrize("name", ANSWERS)
def test_a_deletion_is_tried_again(mailchimp, transport, name):
    mailchimp.delete(f"{ROOT}/campaigns/1a", **ANSWERS[name])
    mailchimp.delete(f"{ROOT}/campaigns/1a", status=204)
    assert transport.call("campaigns.remove", campaign_id="1a") == {}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_post_is_tried_again_only_where_no_work_was_done(mailchimp, transport, name):
    mailchimp.post(f"{ROOT}/campaigns", **ANSWERS[name])
    if name in REFUSED_BEFORE_WORK:
        mailchimp.post(f"{ROOT}/campaigns", json={"id": "1a"})
        assert transport.call("campaigns.create", body={}) == {"id": "1a"}
    else:
        with pytest.raises(UncertainError):
            transport.call("campaigns.create", body={})
        assert len(mailchimp.calls) == 1


def test_tries_come_to_an_end_and_the_error_keeps_title_and_detail(mailchimp, transport):
    mailchimp.get(f"{ROOT}/ping", **ANSWERS["429 with a body"])
    with pytest.raises(RetryableError, match="Too Many Requests.*10 simultaneous") as raised:
        transport.call("ping.get")
    assert (raised.value.status, len(mailchimp.calls)) == (429, 3)


def test_a_refusal_has_the_title_the_detail_and_the_fields_and_no_address(mailchimp, transport):
    errors = [{"field": "merge_fields.FNAME", "message": "joe.o'hara+x@example.com is odd"}]
    detail = "joe@example.com is in a compliance state"
    mailchimp.post(f"{ROOT}/lists/1/members", **problem(400, "Member In Compliance State", detail, errors=errors))
    with pytest.raises(PlatformError) as raised:
        transport.call("lists.add_list_member", list_id="1", body={})
    assert raised.value.title == "Member In Compliance State"
    assert raised.value.detail == "an address is in a compliance state; merge_fields.FNAME: an address is odd"
    assert "POST /lists/1/members" in str(raised.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_is_told_so_once(mailchimp, transport, status):
    mailchimp.get(f"{ROOT}/ping", **problem(status, "API Key Invalid"))
    with pytest.raises(AuthenticationError) as raised:
        transport.call("ping.get")
    assert KEY not in str(raised.value) and len(mailchimp.calls) == 1


@pytest.mark.parametrize("answer", [{"body": "<html>log in</html>", "content_type": "text/html"}, {"body": '{"cut'}])
def test_an_answer_that_is_not_json_is_an_error(mailchimp, transport, answer):
    mailchimp.get(f"{ROOT}/ping", **{"content_type": "application/json", **answer})
    with pytest.raises(PlatformError, match="not JSON"):
        transport.call("ping.get")


def test_a_redirect_is_not_followed(mailchimp, transport):
    mailchimp.get(f"{ROOT}/ping", status=302, headers={"Location": "https://example.com"})
    with pytest.raises(PlatformError, match="302"):
        transport.call("ping.get")


@pytest.mark.parametrize("value", ["joe@server.com", "my-server", "a/b", "50%"])
def test_an_id_stays_one_segment_as_it_is(mailchimp, transport, value):
    mailchimp.get(f"{ROOT}/ecommerce/stores/{requests.utils.quote(value, safe='')}", json={"id": value})
    assert transport.call("ecommerce.get_store", store_id=value) == {"id": value}


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_refused(transport, value):
    with pytest.raises(ConfigurationError):
        transport.call("campaigns.remove", campaign_id=value)


def test_the_key_goes_with_each_call_and_shows_nowhere(mailchimp, transport):
    mailchimp.get(f"{ROOT}/ping", body=requests.ConnectionError("reset"))
    with pytest.raises(RetryableError) as raised:
        transport.call("ping.get")
    assert mailchimp.calls[0].request.headers["Authorization"].startswith("Basic ")
    assert KEY not in f"{raised.value!r} {raised.value} {transport!r} {vars(transport)}"


def test_pages_come_in_order_and_a_bounded_number_ahead(transport, monkeypatch):
    asked, lock = [], threading.Lock()

    def page(offset):
        with lock:
            asked.append(offset)
        time.sleep(0.001 * (7 - offset % 7))
        return offset

    found = transport.in_order(page, range(1000))
    assert [next(found) for _ in range(10)] == list(range(10))
    assert len(asked) <= 10 + 2 * 10
    found.close()
    time.sleep(0.05)
    assert len(asked) <= 10 + 3 * 10


def test_an_error_in_one_call_stops_those_that_have_not_begun(transport):
    begun = []

    def fails(number):
        begun.append(number)
        time.sleep(0.01)
        raise PlatformError("no")

    with pytest.raises(PlatformError):
        list(transport.in_order(fails, range(1000)))
    assert len(begun) <= 20


def test_the_whole_process_shares_one_gate_and_the_lowest_limit_holds():
    gate = gate_of("us99.example.com", 10)
    assert gate_of("us99.example.com", 3) is gate
    inside, most, lock = 0, 0, threading.Lock()

    def passes():
        nonlocal inside, most
        with gate.passing():
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.002)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=passes) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
