"""What Mailchimp's events mean for consent."""

from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from webhooks.conftest import ADA, LIST, NOW

from contextmail.model.consent import Act, Actor, Assurance, Scope, Suppression
from contextmail.model.event import Notice
from contextmail.webhooks.base import BadPayloadError
from contextmail.webhooks.http import Request
from contextmail.webhooks.mailchimp import Mailchimp

PAYLOADS = Path(__file__).parents[1] / "payloads" / "mailchimp"
MARKETING = Scope("email", "marketing")
EMAIL = Scope("email")
SOURCE = Mailchimp()


def parse(fields: dict[str, str], source: Mailchimp = SOURCE, assurance: Assurance = Assurance.SIGNED) -> list[Notice]:
    body = urlencode({"fired_at": "2026-05-31 08:59:30", "data[list_id]": LIST} | fields)
    return source.parse(body.encode(), LIST, NOW, assurance)


def test_a_recorded_unsubscribe_is_the_persons_withdrawal() -> None:
    (notice,) = Mailchimp().parse((PAYLOADS / "unsubscribe_event").read_bytes(), "e9e8973c1c", NOW, Assurance.SIGNED)
    assert notice == Notice(
        endpoint="osama@discourse.invalid",
        act=Act.DENY,
        scope=MARKETING,
        source="mailchimp:e9e8973c1c",
        at=datetime(2023, 5, 16, 23, 46, 4),
        actor=Actor.PERSON,
        method="link",
    )


def test_a_recorded_subscribe_is_nobodys_grant_before_it_is_read_back() -> None:
    (notice,) = Mailchimp().parse((PAYLOADS / "subscribe_event").read_bytes(), "7fc6591e7b", NOW, Assurance.SIGNED)
    assert (notice.act, notice.actor, notice.read_back) == (Act.GRANT, Actor.SYSTEM, True)
    assert (notice.endpoint, notice.at) == ("osama@discourse.invalid", datetime(2023, 5, 22, 11, 59, 42))


DENIED = (Act.DENY, MARKETING, "", Actor.PLATFORM)
COMPLAINED = (Act.SUPPRESS, EMAIL, Suppression.COMPLAINT, Actor.PLATFORM)
BOUNCED = (Act.SUPPRESS, EMAIL, Suppression.HARD_BOUNCE, Actor.PLATFORM)
GRANTED = (Act.GRANT, MARKETING, "", Actor.SYSTEM)


@pytest.mark.parametrize(
    ("kind", "data", "meant"),
    [
        ("unsubscribe", {"action": "unsub", "reason": "manual"}, [(Act.DENY, MARKETING, "", Actor.PERSON)]),
        ("unsubscribe", {"action": "unsub"}, [DENIED]),
        ("unsubscribe", {}, [DENIED]),
        ("unsubscribe", {"action": "unsub", "reason": "abuse"}, [DENIED, COMPLAINED]),
        ("unsubscribe", {"action": "delete", "reason": "manual"}, []),
        ("cleaned", {"reason": "hard"}, [BOUNCED]),
        ("cleaned", {"reason": "abuse"}, [COMPLAINED]),
        ("cleaned", {}, [BOUNCED]),
        ("subscribe", {}, [GRANTED]),
        ("profile", {}, [GRANTED]),
        ("campaign", {"status": "sent"}, []),
    ],
)
def test_what_each_event_means(kind, data, meant) -> None:
    notices = parse({"type": kind, "data[email]": ADA} | {f"data[{name}]": value for name, value in data.items()})
    assert [(n.act, n.scope, n.value, n.actor) for n in notices] == meant
    assert {n.at for n in notices} <= {datetime(2026, 5, 31, 8, 59, 30)}


def test_a_new_address_says_nothing_but_that() -> None:
    (notice,) = parse({"type": "upemail", "data[old_email]": ADA, "data[new_email]": "ada.lane@example.com"})
    assert (notice.endpoint, notice.moved_to) == (ADA, "ada.lane@example.com")
    assert (notice.act, notice.value) == (Act.RETRACT, "")


def test_leaving_one_audience_may_be_of_that_audience_alone() -> None:
    (notice,) = parse({"type": "unsubscribe", "data[email]": ADA}, Mailchimp(scope="list"))
    assert notice.scope == Scope("email", "marketing", LIST)
    (bounced,) = parse({"type": "cleaned", "data[email]": ADA, "data[reason]": "hard"}, Mailchimp(scope="list"))
    assert bounced.scope == EMAIL


@pytest.mark.parametrize("kind", ["unsubscribe", "cleaned", "upemail"])
def test_what_nobody_signed_is_read_back(kind) -> None:
    fields = {"type": kind, "data[email]": ADA, "data[old_email]": ADA, "data[new_email]": "ada.lane@example.com"}
    notices = parse(fields, assurance=Assurance.UNSIGNED)
    assert {(n.read_back, n.assurance) for n in notices} == {(True, Assurance.UNSIGNED)}
    assert not any(n.read_back for n in parse(fields))


@pytest.mark.parametrize("fired_at", ["", "yesterday", "2026-05-31T08:59:30Z", "2026-02-30 00:00:00"])
def test_an_unreadable_time_is_none_and_the_withdrawal_counts(fired_at) -> None:
    (notice,) = parse({"type": "unsubscribe", "data[email]": ADA, "fired_at": fired_at})
    assert notice.at is None


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "unsubscribe"},
        {"type": "unsubscribe", "data[email]": ""},
        {"type": "unsubscribe", "data[email]": "ada@example.com\nben@example.com"},
        {"type": "unsubscribe", "data[email]": "\0"},
        {"type": "unsubscribe", "data[email]": "a" * 3000},
        {"type": "unsubscribe", "data[email]": ADA, "data[list_id]": "another"},
        {"type": "upemail", "data[old_email]": ADA},
        {"type": "Unsubscribe", "data[email]": ADA},
        {"data[email]": ADA},
    ],
)
def test_what_is_not_understood_is_a_bad_payload_that_does_not_repeat_it(fields) -> None:
    with pytest.raises(BadPayloadError) as refused:
        parse(fields)
    assert "@" not in str(refused.value)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"a", b"a=1&&b=2", b"a=%ff", b"\xff=1", b"&".join([b"a=1"] * 3000), b"data" + b"[a" * 50_000]
)
def test_what_is_no_form_or_too_large_a_one_is_a_bad_payload(body) -> None:
    with pytest.raises(BadPayloadError):
        Mailchimp().parse(body, LIST, NOW, Assurance.SIGNED)


LEFT = f"type=unsubscribe&fired_at=2026-05-31+08:59:30&data[list_id]={LIST}&data[email]=ada%40example.com".encode()


@pytest.mark.parametrize(
    "odd",
    [
        b"data[merges][FNAME]=Ren\xe9",
        b"data[merges][FNAME]=Ren%E9",
        b"data[merges][FNAME]=a;b",
        b"&&",
        b"alone",
        b"\xff",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_field_that_is_not_understood_costs_no_opt_out(odd, before) -> None:
    (notice,) = SOURCE.parse(odd + b"&" + LEFT if before else LEFT + b"&" + odd, LIST, NOW, Assurance.SIGNED)
    assert (notice.endpoint, notice.act, notice.at) == (ADA, Act.DENY, datetime(2026, 5, 31, 8, 59, 30))


@pytest.mark.parametrize("address", [b"ren%E9%40example.com", b"ren\xe9@example.com"])
@pytest.mark.parametrize("kind", [b"unsubscribe", b"upemail"])
def test_an_address_that_is_no_utf_8_is_nobodys(kind, address) -> None:
    said = LEFT.replace(b"unsubscribe", kind).replace(b"ada%40example.com", address)
    new = b"&data[old_email]=ada%40example.com&data[new_email]=" + address
    with pytest.raises(BadPayloadError, match="UTF-8"):
        SOURCE.parse(said + new, LIST, NOW, Assurance.SIGNED)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"data%5Baction%5D=delete&data%5Bemail%5D=ada", b"data%5Baction%5D=unsub&data%5Bemail%5D=ada"),
        (b"data%5Breason%5D=abuse&data%5Bemail%5D=ada", b"data%5Breason%5D=manual&data%5Bemail%5D=ada"),
        (b"data%5bemail%5d=ada", b"data%5bemail%5d=bo"),
    ],
)
def test_two_events_of_the_same_second_are_two(one, other) -> None:
    kind = b"type=unsubscribe&fired_at=2026-06-01+09:00:00&"
    first, second = (
        SOURCE.verify(Request("POST", "/", body=kind + said), "L1", (), datetime(2026, 6, 1)) for said in (one, other)
    )
    assert first.dedupe != second.dedupe
