"""HubSpot's webhooks: who signed them, which record each names, and how a repetition is known."""

import dataclasses
import hashlib
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from webhooks.conftest import CLIENT, LIST, NOW, PORTAL, PUBLIC, UNIX, event, hubspot

import contextmail.wiring
from contextmail.errors import ConfigurationError
from contextmail.model.consent import Act, Actor, Assurance
from contextmail.sandbox.http import LoopbackServer, Reply
from contextmail.sandbox.hubspot import Sandbox
from contextmail.store.sealing import new_keys
from contextmail.webhooks.base import BadPayloadError, BadSignatureError
from contextmail.webhooks.http import Request
from contextmail.webhooks.hubspot import EVENTS, Hubspot
from contextmail.webhooks.receiver import Receiver

TESTS = Path(__file__).parents[1]
VECTORS = json.loads((TESTS / "data" / "hubspot-signatures.json").read_text())
RECORDED = (TESTS / "payloads" / "hubspot" / "creation_event").read_bytes()
ACCOUNT = str(PORTAL)
SOURCE = Hubspot(PUBLIC)


# ---------------------------------------------------------------------------------------------------- signatures


def a_vector(timestamp: str, signature: str) -> Request:
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": timestamp}
    return Request("POST", "/webhook_uri", headers, VECTORS["request_body"].encode())


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        (VECTORS["timestamp"], VECTORS["v3"]),
        # The Ruby SDK's, of the same request at another time.
        ("1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),
    ],
)
def test_the_vectors_of_hubspots_libraries(timestamp, signature) -> None:
    then = datetime(1970, 1, 1) + timedelta(milliseconds=int(timestamp))
    source = Hubspot("https://www.example.com")
    verified = source.verify(a_vector(timestamp, signature), ACCOUNT, [VECTORS["client_secret"]], then)
    assert verified.assurance is Assurance.SIGNED
    for late in (then + timedelta(minutes=5, seconds=1), then - timedelta(minutes=5, seconds=1)):
        with pytest.raises(BadSignatureError):
            source.verify(a_vector(timestamp, signature), ACCOUNT, [VECTORS["client_secret"]], late)


def test_the_older_signature_of_hubspots_page_counts_only_by_setting_and_as_none() -> None:
    headers = {
        "x-hubspot-signature": "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de",
        "x-hubspot-signature-version": "v1",
    }
    request = Request("POST", f"/hooks/hubspot/{PORTAL}", headers, RECORDED)
    with pytest.raises(BadSignatureError):
        SOURCE.verify(request, ACCOUNT, [CLIENT], NOW)
    older = Hubspot(PUBLIC, v1=True)
    assert older.verify(request, ACCOUNT, ["another secret, first", CLIENT], NOW).assurance is Assurance.UNSIGNED
    forged = dataclasses.replace(request, body=RECORDED + b" ")
    with pytest.raises(BadSignatureError):
        older.verify(forged, ACCOUNT, [CLIENT], NOW)
    with_both = dataclasses.replace(request, headers={**headers, "x-hubspot-signature-v3": "AAAA"})
    with pytest.raises(KeyError):
        older.verify(with_both, ACCOUNT, [CLIENT], NOW)


@pytest.mark.parametrize(
    ("query", "signed"),
    [
        ("a=%3A%2f%3F%40%21%24%27%28%29%2A%2C%3B", "a=:/?@!$'()*,;"),
        ("a=%20%26%3D%25%2B%5B", "a=%20%26%3D%25%2B%5B"),
        ("b=2&a=1", "b=2&a=1"),
        ("a=%253A", "a=%253A"),
    ],
)
def test_only_the_escapes_that_hubspot_decodes_are_decoded(query, signed) -> None:
    request = hubspot(event(), url=f"{PUBLIC}/hooks/hubspot/{PORTAL}?{signed}")
    request = dataclasses.replace(request, query=query)
    assert SOURCE.verify(request, ACCOUNT, [CLIENT], NOW).assurance is Assurance.SIGNED


LIES = {
    "another secret": hubspot(event(), secret="z" * 36),
    "the secret that an unset variable makes": hubspot(event(), secret="None"),
    "another URL": hubspot(event(), url=f"http://127.0.0.1:8000/hooks/hubspot/{PORTAL}"),
    "a query that is not covered": dataclasses.replace(hubspot(event()), query="a=1"),
    "another body": dataclasses.replace(hubspot(event()), body=b"[]"),
    "another path": dataclasses.replace(hubspot(event()), path=f"/hooks/hubspot/{PORTAL}/x"),
    "another portal": dataclasses.replace(hubspot(event()), path="/hooks/hubspot/1"),
    "no headers": dataclasses.replace(hubspot(event()), headers={}),
    "seconds for milliseconds": hubspot(event(), at=UNIX),
    "a stale time": hubspot(event(), at=(UNIX - 301) * 1000),
    "a future time": hubspot(event(), at=(UNIX + 301) * 1000),
    "a time beyond all calendars": hubspot(event(), at=10**30),
}
for name, value in {"non-ASCII": "é", "empty": "", "not UTF-8": "\udcff"}.items():
    headers = {**hubspot(event()).headers, "x-hubspot-signature-v3": value}
    LIES[f"a signature that is {name}"] = dataclasses.replace(hubspot(event()), headers=headers)


@pytest.mark.parametrize("request_", LIES.values(), ids=LIES)
def test_a_request_that_is_not_verified_is_answered_401_and_not_kept(receiver, store, request_) -> None:
    assert receiver.handle(request_).status == 401
    assert store.inbox() == []


def test_a_body_that_is_not_utf_8_is_verified_as_bytes_and_quarantined_later(receiver, store) -> None:
    assert receiver.handle(hubspot(body=b"\xff\x00")).status == 200
    (kept,) = store.inbox()
    with pytest.raises(BadPayloadError):
        SOURCE.parse(kept.body, ACCOUNT, NOW, kept.assurance)


def test_while_secrets_rotate_both_count(receiver, store) -> None:
    store.set_secret("hubspot", ACCOUNT, "the-next-client-secret", keep_old_until=NOW + timedelta(hours=1))
    requests = [hubspot(event()), hubspot(event(object_id=124), secret="the-next-client-secret")]
    assert [receiver.handle(request).status for request in requests] == [200, 200]


def test_without_a_public_url_the_receiver_does_not_start_and_the_sender_tries_again(store, clock) -> None:
    blind = Receiver(store, {"hubspot": Hubspot()}, clock=lambda: clock.now)
    with pytest.raises(ConfigurationError, match="public_url"):
        blind.check()
    assert blind.handle(hubspot(event())).status == 503


# ---------------------------------------------------------------------------------------------------- repetitions


def test_another_try_of_the_same_events_is_known_in_whatever_order_they_come(receiver, store) -> None:
    first, second = event(object_id=1), event(object_id=2)
    assert receiver.handle(hubspot(first, second)).status == 200
    again = [{**second, "attemptNumber": 1}, {**first, "attemptNumber": 1}]
    assert receiver.handle(hubspot(*again, at=(UNIX + 60) * 1000)).status == 200
    assert len(store.inbox()) == 1


@pytest.mark.parametrize(
    "other", [{"objectId": 2}, {"propertyName": "email"}, {"occurredAt": 1}, {"subscriptionId": 9}]
)
def test_an_event_id_alone_makes_no_repetition(receiver, store, other) -> None:
    for one in (event(), {**event(), **other}):
        assert receiver.handle(hubspot(one)).status == 200
    assert len(store.inbox()) == 2


# ---------------------------------------------------------------------------------------------------- meaning


def parse(*events: object, account: str = ACCOUNT):
    return SOURCE.parse(json.dumps(events).encode(), account, NOW, Assurance.SIGNED)


def test_the_event_of_hubspots_page_asks_for_its_contact_and_grants_nothing_by_itself() -> None:
    (notice,) = SOURCE.parse(RECORDED, ACCOUNT, NOW, Assurance.SIGNED)
    assert (notice.endpoint, notice.source, notice.read_back) == ("record:123", "hubspot", True)
    assert (notice.act, notice.actor, notice.at) == (Act.GRANT, Actor.SYSTEM, None)


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        (event("contact.creation"), ["record:123"]),
        (event("contact.restore"), ["record:123"]),
        (event("contact.propertyChange", propertyName="hs_email_optout", propertyValue="true"), ["record:123"]),
        (event("contact.propertyChange", propertyName="hs_email_optout_98", propertyValue="true"), ["record:123"]),
        (event("contact.propertyChange", propertyName="email", propertyValue="REDACTED"), ["record:123"]),
        (event("contact.propertyChange", propertyName="hs_additional_emails"), ["record:123"]),
        (event("contact.propertyChange", propertyName="firstname"), []),
        (event("contact.merge", primaryObjectId=7, mergedObjectIds=[8]), ["record:7"]),
        (event("contact.merge", primaryObjectId=7, mergedObjectIds=[8], newObjectId=9), ["record:9"]),
        (event("contact.privacyDeletion"), ["erased:123"]),
        (event("contact.deletion"), []),
        (event("contact.associationChange"), []),
        (event("deal.creation"), []),
        (event("object.creation", objectTypeId="0-1"), ["record:123"]),
        (event("object.creation", objectTypeId="0-3"), []),
        ({**event(), "subscriptionType": None, "eventType": "contact.creation"}, ["record:123"]),
    ],
)
def test_what_each_event_asks_for(told, asked) -> None:
    assert [notice.endpoint for notice in parse(told)] == asked


def test_of_a_hundred_events_each_contact_is_asked_for_once() -> None:
    events = [event(object_id=number % 7, eventId=number) for number in range(100)]
    assert len(parse(*events)) == 7


@pytest.mark.parametrize(
    "bad", [None, 7, {}, event(portalId=1), event(object_id="../x"), event(object_id=True), event(7)]
)
def test_an_event_that_is_not_understood_does_not_take_the_others_with_it(bad) -> None:
    asked = {notice.endpoint: notice.read_back for notice in parse(bad, event())}
    assert asked.pop("record:123") is True
    assert list(asked.values()) == [False]


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b"\xff", b"[" * 100_000])
def test_what_is_no_array_is_not_understood(body) -> None:
    with pytest.raises(BadPayloadError):
        SOURCE.parse(body, LIST, NOW, Assurance.SIGNED)


def test_the_older_signature_covers_secret_and_body_alone() -> None:
    body = json.dumps([event()]).encode()
    headers = {
        "x-hubspot-signature": hashlib.sha256(CLIENT.encode() + body).hexdigest(),
        "x-hubspot-signature-version": "v1",
    }
    for path in ("/hooks/hubspot/62515", "/elsewhere"):
        verified = Hubspot(PUBLIC, v1=True).verify(Request("POST", path, headers, body), ACCOUNT, [CLIENT], NOW)
        assert verified.assurance is Assurance.UNSIGNED


@pytest.mark.parametrize(("older", "status"), [("false", 401), ("true", 200)])
def test_the_receiver_of_a_folder_takes_its_public_url_and_the_older_signature_from_the_settings(
    tmp_path, monkeypatch, older, status
) -> None:
    for name, value in new_keys().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    Path("contextmail.toml").write_text(f'[consent]\npublic_url = "{PUBLIC}/"\nhubspot_v1 = {older}\n')
    with closing(contextmail.wiring.consent_store(contextmail.load_settings())) as store:
        store.set_secret("hubspot", ACCOUNT, CLIENT)
    body = json.dumps([event()]).encode()
    old = {
        "x-hubspot-signature": hashlib.sha256(CLIENT.encode() + body).hexdigest(),
        "x-hubspot-signature-version": "v1",
    }
    with closing(contextmail.open_receiver()) as receiver:
        now = int(datetime.now(UTC).timestamp() * 1000)
        assert receiver.handle(hubspot(event(object_id=9), at=now)).status == 200
        assert receiver.handle(Request("POST", f"/hooks/hubspot/{PORTAL}", old, body)).status == status


def test_what_the_sandbox_sends_over_http_is_taken_once_however_often_it_is_sent(store) -> None:
    server = LoopbackServer(lambda request: Reply(taken(request).status))
    server.start()
    public = f"http://127.0.0.1:{server.port}"
    receiver = Receiver(store, {"hubspot": Hubspot(public)})

    def taken(request):
        return receiver.handle(Request(request.method, request.path, request.headers, request.body))

    with Sandbox() as sandbox:
        sandbox.app.url, sandbox.app.secret, sandbox.app.repeats = f"{public}/hooks/hubspot/{PORTAL}", CLIENT, 3
        sandbox.app.subscribed = {*EVENTS, "contact.propertyChange:email"}
        made = sandbox.state.add_contact("ada@example.com")
        sandbox.courier.wait()
        sandbox.state.change("contacts", made, {"email": "ada.new@example.com"})
        sandbox.courier.wait()
    server.stop()
    kept = store.inbox()
    assert len(kept) == 2
    hints = {notice.endpoint for one in kept for notice in SOURCE.parse(one.body, ACCOUNT, NOW, one.assurance)}
    assert hints == {f"record:{made.id}"}
