"""What people said themselves goes before what tables say of them."""

from __future__ import annotations

from datetime import datetime

from contextmail.model.ledger import Known

CUSTOMERS = "customer,email,phone\n1,Ada@Example.com,\n2,bo@example.com,+44 1632 960961\n3,cy@example.com,\n"
CONSENTS = (
    "customer,channel,purpose,status,at\n1,email,marketing,granted,2024-05-01\n3,email,marketing,granted,2024-05-01\n"
)
EARLIER = datetime(2024, 1, 1)


def said(endpoint: str, status: str = "", at: datetime | None = EARLIER, **more: object) -> Known:
    plain = {"channel": "email", "purpose": "marketing", "obtained": "", "only": "", "most": 0, "days": 0}
    return Known(endpoint=endpoint, status=status, at=at, **{**plain, **more})  # type: ignore[arg-type]


def test_a_refusal_stands_against_a_table_that_says_granted_later(build):
    folder = build(customers=CUSTOMERS, consents=CONSENTS, options={"ledger": [said("ada@example.com", "denied")]})

    assert [folder.row(c)["consent_email_marketing"] for c in "123"] == ["denied", "unknown", "granted"]
    assert folder.catalogue.tables["ledger"] == 1


def test_a_grant_counts_from_the_day_it_was_given(build):
    given = [said("bo@example.com", "granted"), said("cy@example.com", "granted", datetime(2025, 1, 1))]
    folder = build(customers=CUSTOMERS, options={"ledger": given})

    assert [folder.row(c)["consent_email_marketing"] for c in "123"] == [None, "granted", None]


def test_without_a_table_of_consents_the_others_are_unknown(build):
    folder = build(customers=CUSTOMERS, options={"ledger": [said("ada@example.com", "denied")]})

    assert [folder.row(c)["consent_email_marketing"] for c in "12"] == ["denied", None]
    assert "consents" not in folder.catalogue.tables


def test_a_number_is_found_however_it_is_spaced(build):
    heard = said("+441632960961", "granted", channel="sms", obtained="given_by_person")
    row = build(customers=CUSTOMERS, options={"ledger": [heard]}).row("2")

    assert (row["consent_sms_marketing"], row["sms_obtained"]) == ("granted", "given_by_person")


def test_both_sides_are_found_however_they_are_written(build):
    customers = "customer,email,phone\n1,Ada@exämple.com,0044 1632 960961\n2,,+44 (0)1632 960962\n"
    heard = [
        said("ada@xn--exmple-cua.com", "denied"),
        said("+441632960961", "granted", channel="sms"),
        said("+441632960962", "denied", channel="sms"),
    ]
    folder = build(customers=customers, options={"ledger": heard})

    assert folder.row("1")["consent_email_marketing"] == "denied"
    assert [folder.row(c)["consent_sms_marketing"] for c in "12"] == ["granted", "denied"]


def test_the_channel_that_they_asked_for_goes_before_the_tables(build):
    customers = "customer,email,preferred_channel\n1,ada@example.com,email\n2,bo@example.com,email\n"
    folder = build(customers=customers, options={"ledger": [said("ada@example.com", only="sms")]})

    assert [folder.row(c)["preferred_channel"] for c in "12"] == ["sms", "email"]


def test_who_asked_for_fewer_messages_waits_longer(build):
    touches = "customer,at\n1,2024-05-20T08:00\n2,2024-05-20T08:00\n"
    asked = [said("ada@example.com", most=1, days=30)]
    folder = build(customers=CUSTOMERS, touches=touches, options={"ledger": asked})

    assert [folder.row(c)["room_at"] for c in "12"] == [datetime(2024, 6, 19, 8), datetime(2024, 6, 1)]
