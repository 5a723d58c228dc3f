"""The vocabulary in which a company's own systems tell of consent."""

import json
from datetime import datetime

import pytest
from webhooks.conftest import ADA, NOW

from contextmail.model.consent import Act, Actor, Assurance, Scope, Suppression
from contextmail.model.event import Notice
from contextmail.webhooks.base import BadPayloadError
from contextmail.webhooks.standard import Standard


def parse(kind: object, /, **data: object) -> Notice:
    event = {"type": kind, "timestamp": "2026-05-31T10:59:30+02:00", "data": {"endpoint": ADA, **data}}
    (notice,) = Standard().parse(json.dumps(event).encode(), "crm", NOW, Assurance.SIGNED)
    return notice


def test_a_grant_with_its_proof() -> None:
    said = {"channel": "sms", "purpose": "marketing", "list": "shop", "topic": "sales", "choice": "granted"}
    proof = {
        "strength": "confirmed",
        "actor": "person",
        "method": "form",
        "evidence": "form 7",
        "obtained": "given_by_person",
    }
    number = "+44 1632 960961"
    assert parse("consent.changed", **(said | proof | {"endpoint": number, "at": "2026-05-30T12:00:00Z"})) == Notice(
        endpoint=number,
        act=Act.GRANT,
        scope=Scope("sms", "marketing", "shop", "sales"),
        source="standard:crm",
        at=datetime(2026, 5, 30, 12),
        actor=Actor.PERSON,
        method="form",
        strength="confirmed",
        obtained="given_by_person",
        evidence="form 7",
    )


@pytest.mark.parametrize(
    ("kind", "data", "act", "scope", "value"),
    [
        ("consent.changed", {"choice": "denied"}, Act.DENY, Scope(), ""),
        ("consent.changed", {"choice": "denied", "channel": "email"}, Act.DENY, Scope("email"), ""),
        ("consent.changed", {"choice": "pending", "channel": "email"}, Act.PEND, Scope("email"), ""),
        ("preference.changed", {"prefer": "only=sms"}, Act.PREFER, Scope(), "only=sms"),
        ("preference.changed", {"prefer": "most=1/30"}, Act.PREFER, Scope(), "most=1/30"),
        ("endpoint.suppressed", {"kind": "complaint"}, Act.SUPPRESS, Scope(), Suppression.COMPLAINT),
        ("endpoint.cleared", {"kind": "dnc_internal"}, Act.CLEAR, Scope(), Suppression.DNC_INTERNAL),
        ("contact.erased", {}, Act.ERASE, Scope(), ""),
    ],
)
def test_what_each_event_means(kind, data, act, scope, value) -> None:
    notice = parse(kind, **data)
    assert (notice.act, notice.scope, notice.value, notice.actor) == (act, scope, value, Actor.SYSTEM)
    assert notice.at == datetime(2026, 5, 31, 8, 59, 30)


def test_a_new_endpoint_says_nothing_but_that() -> None:
    notice = parse("endpoint.changed", new_endpoint="ada.lane@example.com")
    assert (notice.act, notice.value, notice.moved_to) == (Act.RETRACT, "", "ada.lane@example.com")


GRANT = {"choice": "granted", "channel": "email", "purpose": "marketing"}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("consent.changed", {}),
        ("consent.changed", {"choice": "perhaps"}),
        ("consent.changed", {"choice": ["denied"]}),
        ("consent.changed", GRANT | {"channel": ""}),
        ("consent.changed", GRANT | {"purpose": None}),
        ("consent.changed", GRANT | {"channel": "pigeon"}),
        ("consent.changed", GRANT | {"strength": "very"}),
        ("consent.changed", GRANT | {"actor": "Person"}),
        ("consent.changed", GRANT | {"obtained": "bought"}),
        ("consent.changed", GRANT | {"at": "yesterday"}),
        ("consent.changed", GRANT | {"at": 1780218000}),
        ("consent.changed", GRANT | {"at": "0001-01-01T00:00:00+23:59"}),
        ("consent.changed", GRANT | {"evidence": "two\nlines"}),
        ("consent.changed", GRANT | {"endpoint": "\ud800@example.com"}),
        ("consent.changed", GRANT | {"endpoint": {"email": ADA}}),
        ("consent.changed", GRANT | {"endpoint": ""}),
        ("preference.changed", {"prefer": "only=pigeon"}),
        ("preference.changed", {"prefer": "most=0/30"}),
        ("preference.changed", {}),
        ("endpoint.suppressed", {}),
        ("endpoint.suppressed", {"kind": "bored"}),
        ("endpoint.changed", {}),
        ("contact.deleted", {}),
        (None, {}),
        (["contact.erased"], {}),
    ],
)
def test_what_is_not_understood_is_a_bad_payload_that_does_not_repeat_it(kind, data) -> None:
    with pytest.raises(BadPayloadError) as refused:
        parse(kind, **data)
    assert "@" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b"{}", b'{"data": []}', b"\xff", b"[" * 200_000, b'{"data":' * 100_000, b"1" * 5000],
)
def test_what_is_no_event_at_all_is_a_bad_payload(body) -> None:
    with pytest.raises(BadPayloadError):
        Standard().parse(body, "crm", NOW, Assurance.SIGNED)
