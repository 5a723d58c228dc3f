"""Calls by the SDK: what is tried again, what is raised, what a 207 says, and what the SDK would have done with it."""

import json
import logging
import threading
import time

import pytest

from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.connectors.hubspot.transport import Transport
from contextmail.errors import AuthenticationError, PlatformError, RetryableError, UncertainError
from contextmail.model.hubspot import HubspotOptions
from contextmail.sandbox.http import LoopbackServer, Reply

TOKEN = "pat-na1-secret"
CONTACTS = "/crm/v3/objects/contacts"
CREATE = f"{CONTACTS}/batch/create"


class Scripted:
    """A server that gives answers in their order, the last one for ever, and keeps the requests."""

    def __init__(self):
        self.answers, self.requests, self.lock = [], [], threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request) if callable(answer) else answer


@pytest.fixture
def hubspot():
    scripted = Scripted()
    server = LoopbackServer(scripted)
    server.start()
    scripted.url = f"http://127.0.0.1:{server.port}"
    yield scripted
    server.stop()


@pytest.fixture
def transport(hubspot):
    made = Transport(Credentials(TOKEN, hubspot.url), HubspotOptions(wait=0.0, attempts=3, timeout=0.3))
    yield made
    made.close()


def json_(document, status=200, **headers):
    return Reply(status, json.dumps(document).encode(), headers=headers)


def problem(status, message="No.", **more):
    return json_({"status": "error", "message": message, "correlationId": "1", **more}, status)


def late(_):
    time.sleep(0.6)
    return json_({})


def hung_up(_):
    return None


DONE = json_({"results": [{"id": "1", "properties": {"new_to_us": "x"}, "unknown_to_models": 1}]})
REFUSED = {
    "429 of ten seconds": problem(429, errorType="RATE_LIMIT", policyName="TEN_SECONDLY_ROLLING"),
    "429 of a search": problem(429, "You have reached your secondly limit.", category="RATE_LIMITS"),
    "429 without a body": Reply(429),
    "423 locked": problem(423, category="LOCKED"),
    "477 migrating": Reply(477, headers={"Retry-After": "1"}),
}
BROKEN = {
    **{
        f"{status} of a proxy": Reply(status, b"<html>\xe9</html>", "text/html") for status in (502, 504, 521, 523, 524)
    },
    "500 with a body": problem(500),
    "no answer": late,
    "a broken connection": hung_up,
}
ANSWERS = {**REFUSED, **BROKEN}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_what_ends_the_same_made_twice_is_tried_again(hubspot, transport, method, name):
    hubspot.answers = [ANSWERS[name], DONE]
    assert transport.send(method, f"{CONTACTS}/batch/read")["results"][0]["unknown_to_models"] == 1
    assert (transport.tally.repeated, len(hubspot.requests)) == (1, 2)


@pytest.mark.parametrize("name", ANSWERS)
def test_what_makes_something_is_tried_again_only_where_no_work_was_done(hubspot, transport, name):
    hubspot.answers = [ANSWERS[name], DONE]
    if name in REFUSED:
        assert transport.send("POST", CREATE, body={"inputs": []}, repeat=False)["results"]
    else:
        with pytest.raises(UncertainError):
            transport.send("POST", CREATE, body={"inputs": []}, repeat=False)
        assert len(hubspot.requests) == 1


def test_no_connection_is_tried_again_whatever_the_call_is():
    transport = Transport(Credentials(TOKEN, "http://127.0.0.1:1"), HubspotOptions(wait=0.0, attempts=3))
    with pytest.raises(RetryableError, match="cannot be reached") as raised:
        transport.send("POST", CREATE, repeat=False)
    assert transport.tally.repeated == 2 and not isinstance(raised.value, UncertainError)
    transport.close()


def test_a_daily_limit_is_not_waited_for(hubspot, transport):
    hubspot.answers = [problem(429, errorType="RATE_LIMIT", policyName="DAILY")]
    with pytest.raises(RetryableError) as raised:
        transport.send("GET", CONTACTS)
    assert len(hubspot.requests) == 1 and raised.value.after == 3600


def test_tries_come_to_an_end_and_the_error_says_what_was_said(hubspot, transport):
    hubspot.answers = [REFUSED["429 of ten seconds"]]
    with pytest.raises(RetryableError, match="RATE_LIMIT: No.") as raised:
        transport.send("GET", CONTACTS)
    assert (raised.value.status, raised.value.after, len(hubspot.requests)) == (429, 10.0, 3)


def test_a_wait_that_is_asked_for_is_kept(hubspot):
    transport = Transport(Credentials(TOKEN, hubspot.url), HubspotOptions(wait=0.01))
    hubspot.answers = [Reply(477, headers={"Retry-After": "1"}), DONE]
    began = time.monotonic()
    transport.send("GET", CONTACTS)
    assert time.monotonic() - began >= 1
    transport.close()


def test_a_refusal_has_its_words_and_no_address(hubspot, transport):
    errors = [{"message": "joe.o'hara+x@example.com was not valid"}]
    hubspot.answers = [problem(400, "joe@example.com is odd", category="VALIDATION_ERROR", errors=errors)]
    with pytest.raises(PlatformError) as raised:
        transport.send("GET", "/communication-preferences/v4/statuses/joe%40example.com")
    assert raised.value.title == "VALIDATION_ERROR"
    assert raised.value.detail == "an address is odd; an address was not valid"
    assert "GET /communication-preferences/v4/statuses/an address" in str(raised.value)


def test_a_token_that_is_refused_is_told_once(hubspot, transport):
    hubspot.answers = [problem(401, category="INVALID_AUTHENTICATION")]
    with pytest.raises(AuthenticationError, match="Service keys") as raised:
        transport.send("GET", CONTACTS)
    assert TOKEN not in str(raised.value) and len(hubspot.requests) == 1


def test_a_missing_scope_is_named(hubspot, transport):
    context = {"requiredGranularScopes": ["crm.objects.contacts.read"]}
    hubspot.answers = [problem(403, category="MISSING_SCOPES", errors=[{"message": "one", "context": context}])]
    with pytest.raises(AuthenticationError, match=r"the scope crm\.objects\.contacts\.read"):
        transport.send("GET", CONTACTS)


@pytest.mark.parametrize("body", [b"<html>log in</html>", b'{"cut'])
def test_an_answer_that_is_not_json_is_an_error(hubspot, transport, body):
    hubspot.answers = [Reply(200, body)]
    with pytest.raises(PlatformError, match="not JSON"):
        transport.send("GET", CONTACTS)


def test_an_empty_answer_is_an_empty_object(hubspot, transport):
    hubspot.answers = [Reply(204)]
    assert transport.send("DELETE", f"{CONTACTS}/1") == {}


def test_a_redirect_is_not_followed(hubspot, transport):
    hubspot.answers = [Reply(302, headers={"Location": f"{hubspot.url}/elsewhere"})]
    with pytest.raises(PlatformError, match="302"):
        transport.send("GET", CONTACTS)
    assert len(hubspot.requests) == 1


def test_the_token_goes_with_each_call_and_shows_nowhere(hubspot, transport, caplog):
    hubspot.answers = [problem(500)]
    with caplog.at_level(logging.DEBUG), pytest.raises(RetryableError) as raised:
        transport.send("GET", CONTACTS)
    assert hubspot.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in f"{raised.value!r} {raised.value} {transport!r} {caplog.text}"


def test_what_people_are_is_not_written_into_a_log(hubspot, transport, caplog):
    hubspot.answers = [json_({"results": [{"properties": {"email": "joe@example.com"}}]})]
    with caplog.at_level(logging.DEBUG):
        transport.send("POST", f"{CONTACTS}/batch/read", body={"inputs": [{"id": "joe@example.com"}]})
    assert "joe@example.com" not in caplog.text


def test_calls_share_their_connections(hubspot, transport):
    ports = set()

    def seen(request):
        ports.add(threading.get_ident())
        return DONE

    hubspot.answers = [seen]
    list(transport.in_order(lambda _: transport.send("GET", CONTACTS), range(60)))
    assert len(ports) <= 10


def test_the_path_is_dated_and_the_query_written_as_hubspot_reads_it(hubspot, transport):
    hubspot.answers = [DONE]
    transport.send("POST", f"{CONTACTS}/batch/read", query={"archived": True, "properties": "a,b"}, body={"a": "é"})
    request = hubspot.requests[0]
    assert request.path == "/crm/objects/2026-09/contacts/batch/read"
    assert request.query == {"archived": "true", "properties": "a,b"}
    assert json.loads(request.body) == {"a": "é"}


# ---------------------------------------------------------------------------------------------------- collections


def test_pages_follow_each_other_to_the_end(hubspot, transport):
    def page(request):
        after = int(request.query.get("after", 0))
        more = {"paging": {"next": {"after": str(after + 2)}}} if after < 4 else {}
        return json_({"results": [after, after + 1], **more})

    hubspot.answers = [page]
    assert list(transport.pages(CONTACTS, query={"limit": 2})) == [[0, 1], [2, 3], [4, 5]]
    assert [one.query.get("limit") for one in hubspot.requests] == ["2"] * 3


def test_pages_that_nobody_takes_are_not_read(hubspot, transport):
    hubspot.answers = [json_({"results": [1], "paging": {"next": {"after": "2"}}})]
    pages = transport.pages(CONTACTS)
    next(pages)
    pages.close()
    time.sleep(0.1)
    assert len(hubspot.requests) <= 2


def ids(*numbers):
    return [{"id": str(number)} for number in numbers]


def test_rows_of_a_207_are_judged_one_by_one(hubspot, transport):
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["2", "9"]}}
    hubspot.answers = [json_({"results": [{"id": "1"}], "errors": [error], "numErrors": 1}, 207)]
    (answer,) = transport.batch(f"{CONTACTS}/batch/read", ids(1, 2), body={"properties": ["email"]})
    assert ([row["id"] for row in answer.results], answer.errors) == (["1"], {"2": "gone"})


def test_an_error_that_names_no_row_is_kept(hubspot, transport):
    hubspot.answers = [json_({"results": [], "errors": [{"category": "ODD"}]}, 207)]
    (answer,) = transport.batch(f"{CONTACTS}/batch/read", ids(1))
    assert answer.errors == {"": "ODD"}


def test_a_row_that_was_not_looked_at_is_asked_for_again_and_is_not_taken_for_gone(hubspot, transport):
    busy = json_({"results": [{"id": "1"}], "errors": [{"category": "RATE_LIMITS", "context": {"ids": ["2"]}}]}, 207)
    hubspot.answers = [busy, json_({"results": ids(1, 2)})]
    (answer,) = transport.batch(f"{CONTACTS}/batch/read", ids(1, 2))
    assert (answer.results, answer.errors) == (ids(1, 2), {})
    hubspot.answers = [busy]
    with pytest.raises(RetryableError):
        list(transport.batch(f"{CONTACTS}/batch/read", ids(1, 2)))


def test_a_row_of_a_207_that_makes_something_is_not_made_again(hubspot, transport):
    hubspot.answers = [json_({"results": [], "errors": [{"category": "RATE_LIMITS"}]}, 207)]
    list(transport.batch(CREATE, ids(1), repeat=False))
    assert len(hubspot.requests) == 1


def spoiled_by(*bad):
    def answer(request):
        asked = [row["id"] for row in json.loads(request.body)["inputs"]]
        if not {str(one) for one in bad}.isdisjoint(asked):
            return problem(400, "Property values were not valid", category="VALIDATION_ERROR")
        return json_({"results": [{"id": one} for one in asked]})

    return answer


def test_a_row_that_spoils_its_batch_fails_alone(hubspot, transport):
    hubspot.answers = [spoiled_by(17, 80)]
    first, second = transport.batch(f"{CONTACTS}/batch/update", ids(*range(150)))
    assert set(first.errors) == {"17", "80"} and "not valid" in first.errors["17"]
    assert [row["id"] for row in first.results] == [str(one) for one in range(100) if one not in (17, 80)]
    assert len(second.results) == 50 and not second.errors


def test_what_is_wrong_with_every_row_is_raised_soon(hubspot, transport):
    hubspot.answers = [spoiled_by(*range(100))]
    with pytest.raises(PlatformError, match="VALIDATION_ERROR"):
        list(transport.batch(f"{CONTACTS}/batch/update", ids(*range(100))))
    assert len(hubspot.requests) == 4


def test_rows_that_make_something_are_made_once(hubspot, transport):
    made = []

    def answer(request):
        asked = [row["id"] for row in json.loads(request.body)["inputs"]]
        if "17" in asked:
            return problem(400)
        made.extend(asked)
        return json_({"results": [{"id": one} for one in asked]})

    hubspot.answers = [answer]
    found = transport.one_batch(CREATE, ids(*range(100)), repeat=False)
    assert sorted(made, key=int) == [str(one) for one in range(100) if one != 17]
    assert set(found.errors) == {"17"}


def test_batches_have_so_many_rows_and_come_in_order(hubspot, transport):
    hubspot.answers = [spoiled_by()]
    found = list(transport.batch(f"{CONTACTS}/batch/read", ids(*range(250))))
    assert [len(one.results) for one in found] == [100, 100, 50]
    assert [row["id"] for one in found for row in one.results] == [str(one) for one in range(250)]
    assert (transport.tally.reads, transport.tally.writes) == (3, 0)
