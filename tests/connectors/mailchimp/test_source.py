"""Reading an audience: contacts, orders, touches, consent."""

from datetime import UTC, datetime, timedelta

import pytest
import responses

from contextmail.connectors.base import Capability, OrderLine
from contextmail.connectors.mailchimp import connect
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.mailchimp import Sandbox, seeding
from contextmail.sandbox.mailchimp import model as platform
from contextmail.sandbox.mailchimp.settings import Readings
from contextmail.sandbox.mailchimp.state import key_of
from contextmail.sandbox.people import invent

LIST = "https://us6.api.mailchimp.com/3.0/lists/1/members"


@pytest.mark.parametrize("archived_listed", [True, False])
def test_contacts_of_every_status_but_archived_come_once(archived_listed):
    with Sandbox(readings=Readings(archived_listed=archived_listed)) as sandbox:
        audience = seeding.fill(sandbox.state, invent(2300, 1))
        target = connect(
            MailchimpOptions(audience=audience.id),
            {"MAILCHIMP_API_KEY": "k-us6", "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address},
        )
        found = [(one.email, one.status) for one in target.members()]
        assert sorted(found) == sorted((one.email, one.status) for one in audience.members if one.status != "archived")
        assert sandbox.calls.total == 3
        target.close()


@pytest.mark.parametrize("archived_listed", [True, False])
def test_with_since_those_who_were_archived_meanwhile_come_too(archived_listed):
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    with Sandbox(readings=Readings(archived_listed=archived_listed), clock=lambda: now[0]) as sandbox:
        audience = sandbox.state.add_list("Lantern & Lace")
        for name in ("ann", "bob", "eve"):
            sandbox.state.add_member(audience, f"{name}@example.com")
        now[0] += timedelta(days=1)
        for name, status in (("ann", "archived"), ("bob", "unsubscribed")):
            member = audience.members[key_of(f"{name}@example.com")]
            member.status, member.changed_at = status, now[0]
        audience.members.changed()
        target = connect(
            MailchimpOptions(audience=audience.id),
            {"MAILCHIMP_API_KEY": "k-us6", "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address},
        )
        found = {one.email: one.status for one in target.members(since=datetime(2026, 1, 1, 12))}
        assert found == {"ann@example.com": "archived", "bob@example.com": "unsubscribed"}
        target.close()


def page(emails, total):
    return {
        "members": [{"id": key_of(one), "email_address": one, "status": "subscribed"} for one in emails],
        "total_items": total,
    }


def test_somebody_who_leaves_while_pages_are_read_hides_nobody():
    people = [f"{number}@example.com" for number in range(1500)]
    without = people[1:]
    with responses.RequestsMock() as mailchimp:
        for emails, total, offset in (
            (people[:1000], 1500, 0),
            (without[1000:], 1499, 1000),
            (without[:1000], 1499, 0),
            (without[1000:], 1499, 1000),
        ):
            query = responses.matchers.query_param_matcher({"offset": str(offset)}, strict_match=False)
            mailchimp.get(LIST, json=page(emails, total), match=[query])
        target = connect(MailchimpOptions(audience="1"), {"MAILCHIMP_API_KEY": "k-us6"})
        found = [one.email for one in target.members()]
    assert sorted(found) == sorted(people)


def test_a_contact_has_its_fields_as_text_and_says_what_it_consents_to():
    contact = {
        "id": "0a",
        "email_address": "ann@example.com",
        "status": "subscribed",
        "merge_fields": {
            "FNAME": "Ann",
            "POINTS": 7,
            "ADDRESS": {"addr1": "1 Example Road", "city": "Leeds"},
            "NONE": None,
        },
        "last_changed": "2026-03-02T01:00:00+02:00",
        "timestamp_opt": "2026-01-05T10:00:00+00:00",
        "source": "Hosted Signup Form",
        "location": {"country_code": "GB", "timezone": "Europe/London"},
        "tags": [{"id": 1, "name": "vip"}],
        "sms_phone_number": "+447700900000",
        "sms_subscription_status": "nonsubscribed",
    }
    with responses.RequestsMock() as mailchimp:
        mailchimp.get(f"{LIST}/0a", json=contact)
        mailchimp.get(f"{LIST}/0b", status=404)
        target = connect(MailchimpOptions(audience="1"), {"MAILCHIMP_API_KEY": "k-us6"})
        (found,) = target.read_members(["0b", "0a"])
    assert found.fields == {"FNAME": "Ann", "POINTS": "7", "ADDRESS": "1 Example Road, Leeds", "NONE": ""}
    assert (found.country, found.time_zone, found.tags, found.phone) == (
        "GB",
        "Europe/London",
        ("vip",),
        "+447700900000",
    )
    assert found.changed_at == datetime(2026, 3, 1, 23)
    assert [(one.channel, one.status, one.at, one.source) for one in found.consents] == [
        ("email", "granted", datetime(2026, 1, 5, 10), "Hosted Signup Form"),
        ("sms", "denied", None, "nonsubscribed"),
    ]


def test_an_order_that_was_cancelled_is_bought_and_taken_back(target, sandbox, audience):
    bought, cancelled = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    (person,) = invent(1, 1)
    product = platform.Product("p1", "Cake Tin", "tins", "https://example.com/p1", 4.5)
    lines = (platform.OrderLine("p1", 2, 4.5),)
    orders = [
        platform.Order("o1", person.id, bought, lines),
        platform.Order("o2", person.id, bought, lines, cancelled_at=cancelled),
        platform.Order("o3", person.id, bought, lines, financial_status="refunded"),
    ]
    seeding.open_store(sandbox.state, audience, [person], products=[product], orders=orders)
    found = list(target.orders())
    assert [(one.order, one.is_return) for one in found] == [
        ("o1", False),
        ("o2", False),
        ("o2", True),
        ("o3", False),
        ("o3", True),
    ]
    assert found[0] == OrderLine(
        key_of(person.email), "o1", found[0].line, "p1", "Cake Tin", "2", "4.5", "GBP", datetime(2026, 1, 1)
    )
    assert len({(one.order, one.line) for one in found}) == 5
    assert [one.order for one in target.orders(since=datetime(2026, 1, 15))] == ["o2", "o2"]
    assert [(one.product, one.category) for one in target.products()] == [("p1", "tins")]


def test_the_ids_of_several_stores_are_told_apart(target, sandbox, audience):
    people = list(invent(3, 1))
    for _ in range(2):
        seeding.open_store(sandbox.state, audience, people)
    other = sandbox.state.add_list("Another")
    seeding.open_store(sandbox.state, other, people)
    found = [one.product for one in target.products()]
    assert len(found) == len(set(found)) == 2 * len(seeding.PRODUCTS)


def test_touches_say_who_got_which_campaign_and_what_they_did(target, sandbox, audience):
    campaign = sandbox.state.add_campaign(audience, html="<p>Hello</p>", subject_line="Hello", title="Hello")
    receipts = {one.key: one for one in sandbox.state.send(campaign.id)}
    ann, bob = key_of("ann.subscribed@example.com"), key_of("bob.subscribed@example.com")
    now = sandbox.state.now()
    receipts[ann].opens, receipts[ann].clicks, receipts[bob].opens, receipts[bob].clicks = (
        [],
        [(now, "https://example.com")],
        [],
        [],
    )
    receipts[bob].bounce = "hard"
    found = {one.customer: (one.campaign, one.delivered, one.opened, one.clicked) for one in target.touches()}
    assert found == {ann: (campaign.id, True, True, True), bob: (campaign.id, False, False, False)}
    assert not list(target.touches(skip=[campaign.id]))
    assert not list(target.touches(since=now.replace(tzinfo=None) + timedelta(days=31)))
    assert len(list(target.touches(since=now.replace(tzinfo=None) + timedelta(days=29)))) == 2


def test_consents_date_a_refusal_by_its_report(target, sandbox, audience):
    campaign = sandbox.state.add_campaign(audience, html="<p>Hello</p>", subject_line="Hello", title="Hello")
    sandbox.state.send(campaign.id)
    sandbox.state.unsubscribe(audience.id, "ann.subscribed@example.com", campaign_id=campaign.id)
    (found,) = target.consents()
    assert (found.customer, found.status, found.channel) == (key_of("ann.subscribed@example.com"), "denied", "email")
    assert found.at is not None


def test_reads_survive_a_bad_day(target, sandbox, audience):
    for status in (429, 500, 503):
        sandbox.faults.add(Fault(Kind.EMPTY, "GET *", status=status, share=0.2, times=None))
    sandbox.faults.add(Fault(Kind.DROP, "GET *", share=0.1, times=None))
    expected = {one.key for one in audience.members if one.status != "archived"}
    for _ in range(5):
        assert {one.key for one in target.members()} == expected


def test_what_it_cannot_represent_is_not_among_its_capabilities(target):
    assert Capability.CHOOSE_IN_SUBJECT not in target.capabilities
    assert Capability.CHOOSE in target.capabilities
