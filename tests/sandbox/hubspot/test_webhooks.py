"""Webhooks: arrays without addresses, signed three ways, sent again until somebody takes them."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest

from contextmail.sandbox.http import LoopbackServer, Reply
from contextmail.sandbox.hubspot import Readings, Sandbox
from contextmail.sandbox.hubspot.deliveries import signature

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "hubspot-signatures.json").read_text())
ADA = "ada@example.com"


@contextmanager
def receiver(*statuses):
    """Take POSTs on loopback with these statuses, then 200; yields the URL and what came."""
    came, answers = [], iter(statuses)

    def answer(request):
        came.append(request)
        return Reply(next(answers, 200))

    server = LoopbackServer(answer)
    server.start()
    yield f"http://127.0.0.1:{server.port}/hooks/hubspot", came
    server.stop()


def events(came):
    return [event for request in came for event in json.loads(request.body)]


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_a_signature_is_that_of_the_vendors_vector(version):
    body = VECTORS["request_body"].encode()
    call = {"method": VECTORS["http_method"], "url": VECTORS["url"], "timestamp": int(VECTORS["timestamp"])}
    assert signature(version, VECTORS["client_secret"], body, **call) == VECTORS[version]


def test_the_third_version_unquotes_what_its_page_lists():
    plain, quoted = "https://example.com/a?b=:@", "https://example.com/a%3Fb=%3A%40"
    made = {signature("v3", "s", b"", url=url) for url in (plain, quoted)}
    assert len(made) == 1 and signature("v3", "s", b"", url="https://example.com/a%20b") not in made


def test_a_change_is_told_signed_and_without_an_address(sandbox, api):
    ada = sandbox.state.add_contact(ADA, city="Leeds")
    with receiver() as (url, came):
        app = sandbox.app
        app.url, app.subscribed = url, {"contact.propertyChange:city", "contact.deletion"}
        api("PATCH", f"/crm/v3/objects/contacts/{ada.id}", {"properties": {"city": "York", "phone": "1"}})
        sandbox.courier.wait()
    ((event,), request) = json.loads(came[0].body), came[0]
    assert (event["subscriptionType"], event["objectId"], event["propertyName"], event["propertyValue"]) == (
        "contact.propertyChange",
        int(ada.id),
        "city",
        "York",
    )
    assert (event["attemptNumber"], event["changeSource"]) == (0, "INTEGRATION") and b"@" not in request.body
    headers, at = request.headers, int(request.headers["x-hubspot-request-timestamp"])
    assert headers["x-hubspot-signature"] == signature("v1", app.secret, request.body)
    assert headers["x-hubspot-signature-v3"] == signature("v3", app.secret, request.body, url=url, timestamp=at)


def test_what_happens_together_comes_in_arrays_of_a_hundred(sandbox):
    with receiver() as (url, came):
        sandbox.app.url, sandbox.app.subscribed = url, {"contact.creation"}
        with sandbox.state.lock:
            for number in range(150):
                sandbox.state.add_contact(f"p{number}@example.com")
        sandbox.courier.wait()
    assert len({event["eventId"] for event in events(came)}) == 150
    assert max(len(json.loads(request.body)) for request in came) <= 100 and len(came) < 150


def test_what_nobody_took_comes_again_with_its_number():
    with Sandbox(webhook_retries=(0.01, 0.01)) as sandbox, receiver(500, 500) as (url, came):
        sandbox.app.url, sandbox.app.subscribed = url, {"contact.creation"}
        sandbox.state.add_contact(ADA)
        sandbox.courier.wait()
        assert [delivery.status for delivery in sandbox.courier.delivered] == [500, 500, 200]
    assert [event["attemptNumber"] for event in events(came)] == [0, 1, 2]
    assert len({event["eventId"] for event in events(came)}) == 1


def test_a_merge_and_a_deletion_for_good_are_told(sandbox, api):
    ada, other = sandbox.state.add_contact(ADA), sandbox.state.add_contact("lovelace@example.org")
    with receiver() as (url, came):
        sandbox.app.url = url
        sandbox.app.subscribed = {"contact.merge", "contact.privacyDeletion", "contact.deletion"}
        sandbox.app.repeats = 2
        api("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": ada.id, "objectIdToMerge": other.id})
        api("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": ada.id})
        sandbox.courier.wait()
    told = {event["subscriptionType"]: event for event in events(came)}
    assert told.keys() == sandbox.app.subscribed and len(events(came)) == 6, "each comes twice"
    merge = told["contact.merge"]
    assert (merge["primaryObjectId"], merge["mergedObjectIds"]) == (int(ada.id), [int(other.id)])


@pytest.mark.parametrize("fires", [True, False])
def test_whether_an_opt_out_fires_has_two_readings(fires):
    with Sandbox(readings=Readings(optout_events=fires)) as sandbox, receiver() as (url, came):
        sandbox.app.url, sandbox.app.subscribed = url, {"contact.propertyChange:hs_email_optout"}
        sandbox.state.add_contact(ADA)
        sandbox.state.unsubscribe(ADA)
        sandbox.courier.wait()
    assert [event["propertyValue"] for event in events(came)] == (["true"] if fires else [])
