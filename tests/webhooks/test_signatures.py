"""Who may bring an event: the vendors' own vectors, and all that strangers, old requests and wrong clocks try."""

import dataclasses
import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from webhooks.conftest import LIST, MAILCHIMP, NOW, TOKEN, UNIX, WHSEC, left, mailchimp, standard

from contextmail.errors import ConfigurationError
from contextmail.model.consent import Assurance
from contextmail.webhooks.http import Request
from contextmail.webhooks.mailchimp import Mailchimp
from contextmail.webhooks.standard import Standard

BODY = b'{"type": "contact.erased", "data": {"endpoint": "ada@example.com"}}'
ROTATED = "whsec_" + "c2VjcmV0LW9mLXRoZS1uZXh0LXllYXItMzI="


def test_the_vector_that_standard_webhooks_publishes() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, the tests of its libraries
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    request = Request("POST", "/hooks/standard/crm", headers, b'{"test": 2432232314}')
    then = datetime(2021, 2, 25, 15, 2, 10)
    assert Standard().verify(request, "crm", [WHSEC], then).dedupe == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_sample_of_mailchimps_page_signed_as_the_page_says() -> None:
    body = urlencode(
        {
            "type": "unsubscribe",
            "fired_at": "2009-03-26 21:40:57",
            "data[action]": "unsub",
            "data[reason]": "manual",
            "data[id]": "8a25ff1d98",
            "data[list_id]": "a6b5da1054",
            "data[email]": "api+unsub@mailchimp.com",
            "data[email_type]": "html",
            "data[merges][EMAIL]": "api+unsub@mailchimp.com",
            "data[merges][FNAME]": "Mailchimp",
            "data[merges][LNAME]": "API",
            "data[merges][INTERESTS]": "Group1,Group2",
            "data[ip_opt]": "10.20.10.30",
            "data[campaign_id]": "cb398d21d2",
        }
    ).encode()
    signed = "t=1718000000,v1=c09c9f7af4b870d27d1907678003db58a09f8d0a80220ab43c2e0579665c3623"
    request = Request("POST", "/", {"x-mailchimp-signature": signed}, body)
    verified = Mailchimp().verify(request, "a6b5da1054", ["test-secret"], datetime(2024, 6, 10, 6, 13, 20))
    assert verified.assurance is Assurance.SIGNED


def with_header(request: Request, name: str, value: str | None) -> Request:
    headers = {key: text for key, text in request.headers.items() if key != name}
    return dataclasses.replace(request, headers=headers | ({} if value is None else {name: value}))


def signed(value: str) -> Request:
    return with_header(mailchimp(), "x-mailchimp-signature", value)


def standard_with(name: str, value: str | None) -> Request:
    return with_header(standard(BODY), name, value)


V1 = hmac.new(MAILCHIMP.encode(), f"{UNIX}.".encode() + left(), hashlib.sha256).hexdigest()
LIES = {
    "no signature": with_header(mailchimp(), "x-mailchimp-signature", None),
    "an empty one": signed(""),
    "garbage": signed("garbage"),
    "commas": signed(",,,"),
    "no time": signed(f"v1={V1}"),
    "two times": signed(f"t={UNIX},t={UNIX},v1={V1}"),
    "a time that is none": signed(f"t=now,v1={V1}"),
    "a time beyond all calendars": signed(f"t={10**30},v1={V1}"),
    "a time not covered by the signature": signed(f"t={UNIX + 1},v1={V1}"),
    "a signature of another version": signed(f"t={UNIX},v0={V1}"),
    "a shortened signature": signed(f"t={UNIX},v1={V1[:-1]}"),
    "non-ASCII": signed(f"t={UNIX},v1=é{V1}"),
    "a byte that is not UTF-8": signed(f"t={UNIX},v1=\udcff"),
    "another secret": mailchimp(secret="some-other-secret-of-length"),
    "another body": dataclasses.replace(mailchimp(), body=left("ben@example.com")),
    "another path token": mailchimp(token="u" * 32),
    "no path token": mailchimp(token=""),
    "a path token that is not ASCII": mailchimp(token="é\udcff"),
    "another account's path": dataclasses.replace(mailchimp(), path=f"/hooks/mailchimp/b6b5da1054/{TOKEN}"),
    "a future time": mailchimp(at=UNIX + 301),
    "a time of two days ago": mailchimp(at=UNIX - 172_800),
    "no id": standard_with("webhook-id", None),
    "an empty id": standard(BODY, known=""),
    "an id over two lines": standard(BODY, known="msg\n1"),
    "an id that is not covered": standard_with("webhook-id", "msg_2"),
    "no timestamp": standard_with("webhook-timestamp", None),
    "a timestamp that is none": standard_with("webhook-timestamp", "nan"),
    "a list without a signature": standard_with("webhook-signature", " "),
    "a signature of another kind": standard_with("webhook-signature", "v1a,AAAA"),
    "a signature that is no base64": standard_with("webhook-signature", "v1,???"),
    "a signature with a byte that is not UTF-8": standard_with("webhook-signature", "v1,\udcff"),
    "a secret of somebody else": standard(BODY, secret=ROTATED),
    "a body that is not UTF-8": dataclasses.replace(standard(BODY), body=b"\xff"),
    "a future timestamp": standard(BODY, at=UNIX + 301),
    "a stale timestamp": standard(BODY, at=UNIX - 301),
    "a service that nobody knows": dataclasses.replace(standard(BODY), path="/hooks/standard/shop"),
}


@pytest.mark.parametrize("request_", LIES.values(), ids=LIES)
def test_a_request_that_is_not_verified_is_answered_401_and_not_kept(receiver, store, request_) -> None:
    assert receiver.handle(request_).status == 401
    assert store.inbox() == []


TRUE = {
    "Mailchimp": mailchimp(),
    "Mailchimp, with a secret that is going": signed(f"t={UNIX}, v1={'0' * 64}, v1={V1}"),
    "Mailchimp's last try, which may bear the first one's time": mailchimp(at=UNIX - 75 * 60),
    "Mailchimp, its clock a little ahead": mailchimp(at=UNIX + 299),
    "Standard Webhooks": standard(BODY),
    "Standard Webhooks, with several signatures": standard_with(
        "webhook-signature", f"v1a,AAAA v1,{'A' * 43}= {standard(BODY).headers['webhook-signature']}"
    ),
    "Standard Webhooks, five minutes ago": standard(BODY, at=UNIX - 300),
}


@pytest.mark.parametrize("request_", TRUE.values(), ids=TRUE)
def test_a_request_that_is_verified_is_kept_before_it_is_acknowledged(receiver, store, request_) -> None:
    assert receiver.handle(request_).status == 200
    (event,) = store.inbox()
    assert (event.body, event.assurance, event.received_at) == (request_.body, Assurance.SIGNED, NOW)


@pytest.mark.parametrize("again", [mailchimp(), standard(BODY)], ids=["mailchimp", "standard"])
def test_a_replay_is_acknowledged_and_kept_once(receiver, store, clock, again) -> None:
    for _ in range(3):
        assert receiver.handle(again).status == 200
        clock.now += timedelta(minutes=1)
    assert len(store.inbox()) == 1


def test_while_secrets_rotate_both_count_and_then_only_the_new_one(receiver, store, clock) -> None:
    until = NOW + timedelta(hours=1)
    store.set_secret("standard", "crm", ROTATED, keep_old_until=until)
    store.set_secret("mailchimp", LIST, "the-secret-of-next-year", keep_old_until=until)
    store.set_secret("mailchimp-path", LIST, "n" * 32, keep_old_until=until)
    old = [mailchimp(), mailchimp(left("ben@example.com"), token="n" * 32), standard(BODY)]
    new = [
        mailchimp(left("cid@example.com"), secret="the-secret-of-next-year", token="n" * 32),
        standard(BODY, secret=ROTATED, known="msg_2"),
    ]
    assert [receiver.handle(request).status for request in old + new] == [200] * 5
    clock.now = until
    at = UNIX + 3600
    late = [mailchimp(at=at), standard(BODY, at=at)]
    assert [receiver.handle(request).status for request in late] == [401, 401]
    now = mailchimp(left("dot@example.com"), secret="the-secret-of-next-year", token="n" * 32, at=at)
    assert receiver.handle(now).status == 200


def test_without_a_signing_secret_the_path_token_is_demanded_and_the_event_is_unsigned(receiver, store) -> None:
    store.forget_secret("mailchimp", LIST)
    assert receiver.handle(mailchimp(token="u" * 32, secret="")).status == 401
    assert receiver.handle(mailchimp(secret="")).status == 200
    assert store.inbox()[0].assurance is Assurance.UNSIGNED


def test_without_any_secret_nobody_comes_in(receiver, store) -> None:
    store.forget_secret("mailchimp", LIST)
    store.forget_secret("mailchimp-path", LIST)
    assert receiver.handle(mailchimp(secret="")).status == 401


def test_a_new_secret_counts_within_a_second(receiver, store, clock) -> None:
    assert receiver.handle(standard(BODY)).status == 200
    store.set_secret("standard", "crm", ROTATED)
    clock.now += timedelta(seconds=1)
    assert receiver.handle(standard(BODY, known="msg_2")).status == 401
    assert receiver.handle(standard(BODY, secret=ROTATED, known="msg_2")).status == 200


@pytest.mark.parametrize(
    ("source", "account", "weak"),
    [
        ("mailchimp", LIST, ""),
        ("mailchimp", LIST, "fifteen letters"),
        ("mailchimp-path", LIST, "short"),
        ("standard", "crm", "whsec_"),
        ("standard", "crm", "whsec_MTUgYnl0ZXMgbG9uZy4u"),
        ("standard", "crm", "whsec_no-base64-but-é"),
    ],
)
def test_a_weak_secret_stops_the_start_and_lets_nobody_in(receiver, store, source, account, weak) -> None:
    receiver.check()
    store.set_secret(source, account, weak, keep_old_until=NOW + timedelta(days=1))
    with pytest.raises(ConfigurationError, match="fewer than 16 bytes") as refused:
        receiver.check()
    assert not weak or weak not in str(refused.value)
    assert {receiver.handle(request).status for request in (mailchimp(), standard(BODY))} == {200, 503}
