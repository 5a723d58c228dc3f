"""Reading a portal: contacts with what stands behind them, what changed, orders, touches, consent."""

from datetime import UTC, datetime, timedelta

import pytest

from contextmail.connectors.hubspot.sent import LATEST
from contextmail.errors import AuthenticationError
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.hubspot import Limits, Readings, Sandbox, seeding

LATER = "2026-02-01T09:00:00.000Z"


def contact(portal, name="ann", **values):
    return portal.state.add_contact(f"{name}@example.com", firstname=name.title(), **values)


def company(portal, *contacts, **values):
    made = portal.state.add("companies", {"name": "Pine Design", **values})
    for one in contacts:
        portal.state.associations.tie("contacts", one.id, "companies", made.id)
    return made


def one(target):
    (member,) = target.members()
    return member


def utc(moment):
    return moment.astimezone(UTC).replace(tzinfo=None)


# ---------------------------------------------------------------------------------------------------- contacts


def test_a_contact_has_its_name_its_country_its_time_zone_and_its_phone(portal, connected):
    for name in ("hs_timezone", "hs_country_region_code"):
        portal.state.add_property("contacts", name)
    made = contact(portal, mobilephone="+44 7700 900123", phone="020", hs_country_region_code="GB")
    portal.state.change("contacts", made, {"hs_timezone": "europe_slash_london"})
    member = one(connected())
    assert (member.key, member.email, member.status) == (made.id, "ann@example.com", "subscribed")
    assert member.fields["firstname"] == "Ann"
    assert (member.phone, member.country, member.time_zone) == ("+44 7700 900123", "GB", "Europe/London")
    assert member.joined_at and member.changed_at


def test_who_left_everything_bounced_or_is_no_marketing_contact_is_told_apart(portal, connected):
    for name in ("ann", "bob", "cid", "dan"):
        contact(portal, name)
    portal.state.add_contact("eve@example.com", marketing=False)
    portal.state.unsubscribe("bob@example.com")
    portal.state.bounce("cid@example.com")
    portal.state.bounce("dan@example.com")
    portal.state.unsubscribe("dan@example.com")
    members = {member.email.partition("@")[0]: member for member in connected().members()}
    assert {name: member.status for name, member in members.items()} == {
        "ann": "subscribed", "bob": "unsubscribed", "cid": "cleaned", "dan": "unsubscribed", "eve": "transactional",
    }  # fmt: skip
    assert [consent.status for consent in members["bob"].consents] == ["denied"]
    assert members["ann"].consents == ()


def test_addresses_and_ids_of_a_merge_come_with_the_contact(portal, connected):
    ann, bob = contact(portal), contact(portal, "bob")
    portal.state.merge("contacts", ann, bob)
    member = one(connected())
    assert member.fields["hs_additional_emails"] == "bob@example.com"
    assert member.fields["hs_merged_object_ids"] == bob.id


def test_an_id_that_was_merged_is_read_as_its_survivor(portal, connected):
    ann, bob = contact(portal), contact(portal, "bob")
    portal.state.merge("contacts", ann, bob)
    assert [member.key for member in connected().read_members([bob.id, ann.id, "404"])] == [ann.id, ann.id]


def test_a_property_of_the_company_s_own_is_a_field_and_hubspot_s_hundreds_are_not(portal, connected):
    portal.state.add_property("contacts", "shoe_size")
    contact(portal, shoe_size="43", website="https://example.com")
    target = connected(properties={"site": "website"})
    assert one(target).fields["shoe_size"] == "43"
    assert one(target).fields["site"] == "https://example.com"
    tags = {field.tag for field in target.fields()}
    assert {"firstname", "shoe_size", "site"} <= tags and "website" not in tags
    assert tags == set(one(target).fields)


def test_many_long_properties_are_asked_for_without_a_long_url(portal, connected):
    names = [f"a_property_with_a_rather_long_name_{number}" for number in range(150)]
    for name in names:
        portal.state.add_property("contacts", name)
    contact(portal, **{names[-1]: "x"})
    assert one(connected()).fields[names[-1]] == "x"


def test_contacts_stream_in_order_and_are_read_a_page_at_a_time(portal, connected):
    for number in range(250):
        contact(portal, f"p{number:03}")
    target = connected()
    members = target.members()
    assert next(members).email == "p000@example.com"
    assert [member.email for member in members] == [f"p{number:03}@example.com" for number in range(1, 250)]
    assert portal.calls["GET /crm/v3/objects/contacts"] == 3


# ---------------------------------------------------------------------------------------------------- behind them


def test_colleagues_belong_to_one_account_and_its_owner(portal, connected):
    owner = portal.state.add_owner("Ruth", "Vale")
    ann, bob, _ = contact(portal), contact(portal, "bob"), contact(portal, "cid")
    firm = company(portal, ann, bob, hubspot_owner_id=owner.id)
    accounts = {member.email: (member.account, member.account_owner) for member in connected().members()}
    assert accounts == {
        "ann@example.com": (firm.id, "Ruth Vale"), "bob@example.com": (firm.id, "Ruth Vale"), "cid@example.com": ("", ""),
    }  # fmt: skip


def test_the_contact_s_own_owner_comes_before_the_company_s(portal, connected):
    hers, its = portal.state.add_owner("Ruth", "Vale"), portal.state.add_owner("Sam", "Brook")
    company(portal, contact(portal, hubspot_owner_id=hers.id), hubspot_owner_id=its.id)
    assert one(connected()).account_owner == "Ruth Vale"


def test_of_several_companies_the_primary_one_counts(portal, connected):
    ann = contact(portal)
    first = company(portal, ann, plan="pro")
    company(portal, ann, plan="free")
    assert one(connected()).account == first.id


def test_properties_of_companies_and_deals_are_facts_by_name(portal, connected):
    for kind, name in (("companies", "plan"), ("deals", "mrr")):
        portal.state.add_property(kind, name)
    ann = contact(portal)
    company(portal, ann, plan="pro")
    for mrr, at in (("90", LATER), ("70", "2025-02-01T09:00:00.000Z"), ("", "2026-03-01T09:00:00.000Z")):
        deal = portal.state.add("deals", {"dealname": "Licences", "mrr": mrr, "closedate": at})
        portal.state.associations.tie("contacts", ann.id, "deals", deal.id)
    target = connected(properties={"plan": "companies.plan", "revenue": "deals.mrr"})
    member = one(target)
    assert (member.fields["plan"], member.fields["revenue"]) == ("pro", "90")
    assert {"plan", "revenue"} <= {field.tag for field in target.fields()}


def test_without_the_scope_for_companies_accounts_stay_unknown(portal, connected):
    company(portal, contact(portal))
    portal.faults.add(Fault(Kind.ERROR, on="*companies*", status=403, times=None))
    assert one(connected()).account == ""


def test_what_is_mapped_and_may_not_be_read_is_an_error(portal, connected):
    company(portal, contact(portal))
    portal.faults.add(Fault(Kind.ERROR, on="*/associations/*", status=403, times=None))
    with pytest.raises(AuthenticationError):
        list(connected(properties={"plan": "companies.plan"}).members())


# ---------------------------------------------------------------------------------------------------- what changed


@pytest.fixture
def clock():
    return [datetime(2026, 1, 1, 9, tzinfo=UTC)]


@pytest.fixture
def portal_by_clock(clock):
    with Sandbox(limits=Limits(calls=10**6), clock=lambda: clock[0]) as running:
        yield running


def test_with_since_only_what_changed_comes_and_whom_a_merge_left_behind(portal_by_clock, clock, connected_to):
    ann, bob, cid = (contact(portal_by_clock, name) for name in ("ann", "bob", "cid"))
    contact(portal_by_clock, "dan")
    clock[0] += timedelta(days=1)
    portal_by_clock.state.change("contacts", cid, {"firstname": "Cyd"})
    portal_by_clock.state.merge("contacts", ann, bob)
    since = utc(clock[0]) - timedelta(minutes=5)
    found = {member.key: member.status for member in connected_to(portal_by_clock).members(since=since)}
    assert found == {ann.id: "subscribed", cid.id: "subscribed", bob.id: "archived"}


def test_with_since_those_come_who_left_something_whether_or_not_that_changes_the_contact(
    portal_by_clock, clock, connected_to
):
    ann, *_ = (contact(portal_by_clock, name) for name in ("ann", "bob"))
    clock[0] += timedelta(days=1)
    portal_by_clock.state.unsubscribe("ann@example.com")
    found = connected_to(portal_by_clock).members(since=utc(clock[0]) - timedelta(minutes=5))
    assert [(member.key, member.status) for member in found] == [(ann.id, "unsubscribed")]


def test_with_since_those_come_who_were_deleted_since_then(portal_by_clock, clock, connected_to):
    ann, bob, _ = (contact(portal_by_clock, name) for name in ("ann", "bob", "cid"))
    portal_by_clock.state.remove("contacts", ann)
    clock[0] += timedelta(days=1)
    portal_by_clock.state.remove("contacts", bob)
    found = connected_to(portal_by_clock).members(since=utc(clock[0]) - timedelta(minutes=5))
    assert [(member.key, member.email, member.status) for member in found] == [(bob.id, "bob@example.com", "archived")]


def test_more_than_a_search_gives_is_read_by_windows_of_ids(connected_to):
    with Sandbox(limits=Limits(calls=10**6, search_total=400)) as portal:
        for number in range(900):
            contact(portal, f"p{number}")
        found = list(connected_to(portal).members(since=datetime(2020, 1, 1)))
        assert len({member.key for member in found}) == len(found) == 900
        assert portal.calls["POST /crm/v3/objects/contacts/search"] == 5


def test_a_list_is_an_audience_of_its_own(portal_by_clock, clock, connected_to):
    ann, bob, cid = (contact(portal_by_clock, name) for name in ("ann", "bob", "cid"))
    held = portal_by_clock.state.add_list("Spring")
    portal_by_clock.state.join(held, ann.id, cid.id)
    target = connected_to(portal_by_clock, audience=held.id)
    assert (target.name, target.audience) == ("hubspot", held.id)
    assert [member.key for member in target.members()] == [ann.id, cid.id]
    clock[0] += timedelta(days=1)
    portal_by_clock.state.join(held, bob.id)
    assert [member.key for member in target.members(since=utc(clock[0]) - timedelta(minutes=5))] == [bob.id]


# ---------------------------------------------------------------------------------------------------- orders


def order(portal, who, *lines, **values):
    at = {"hs_external_created_date": "2026-01-05T10:00:00.000Z", "hs_currency_code": "GBP"}
    made = portal.state.add("orders", {**at, **values})
    portal.state.associations.tie("contacts", who.id, "orders", made.id)
    for line in lines:
        tied = portal.state.add("line_items", line)
        portal.state.associations.tie("orders", made.id, "line_items", tied.id)
    return made


LAMP = {"name": "Lamp", "hs_product_id": "7", "quantity": "2", "price": "10", "amount": "18"}


def test_an_order_has_a_line_for_each_product_at_what_was_paid(portal, connected):
    ann = contact(portal)
    made = order(portal, ann, LAMP)
    (line,) = connected().orders()
    assert (line.customer, line.order, line.product, line.product_name) == (ann.id, made.id, "7", "Lamp")
    assert (line.quantity, line.price, line.currency, line.is_return) == ("2", "9", "GBP", False)
    assert line.at == datetime(2026, 1, 5, 10)


@pytest.mark.parametrize(
    "values", [{"hs_fulfillment_status": "cancelled"}, {"hs_total_price": "18", "hs_refund_amount": "18.00"}]
)
def test_an_order_that_was_taken_back_comes_a_second_time(portal, connected, values):
    order(portal, contact(portal), LAMP, **values)
    assert [(line.is_return, line.price) for line in connected().orders()] == [(False, "9"), (True, "9")]


def test_a_part_that_was_given_back_is_a_line_without_a_product(portal, connected):
    order(portal, contact(portal), LAMP, hs_total_price="18", hs_refund_amount="5")
    _, back = connected().orders()
    assert (back.is_return, back.price, back.quantity, back.product) == (True, "5", "1", "")


def test_an_order_without_lines_counts_with_its_total(portal, connected):
    order(portal, contact(portal), hs_total_price="18", hs_order_name="By telephone")
    (line,) = connected().orders()
    assert (line.price, line.product, line.product_name) == ("18", "", "By telephone")


def test_deals_count_as_orders_by_their_stage(portal, connected):
    ann = contact(portal)
    for stage in ("closedwon", "contractsent"):
        told = {"dealname": f"Licences {stage}", "dealstage": stage, "amount": "900", "closedate": LATER}
        deal = portal.state.add("deals", {**told, "deal_currency_code": "EUR"})
        portal.state.associations.tie("contacts", ann.id, "deals", deal.id)
    assert list(connected().orders()) == []
    (line,) = connected(order_stages=("closedwon",)).orders()
    assert (line.customer, line.product_name, line.price, line.currency) == (ann.id, "Licences closedwon", "900", "EUR")
    assert line.at == datetime(2026, 2, 1, 9)


def test_orders_that_may_not_be_read_are_an_error_and_not_none_at_all(portal, connected):
    portal.faults.add(Fault(Kind.ERROR, on="*/objects/*", status=403, times=None))
    with pytest.raises(AuthenticationError):
        list(connected().orders())


def test_with_since_only_orders_that_changed_come(portal_by_clock, clock, connected_to):
    ann = contact(portal_by_clock)
    order(portal_by_clock, ann, LAMP)
    clock[0] += timedelta(days=1)
    later = order(portal_by_clock, ann, LAMP)
    found = connected_to(portal_by_clock).orders(since=utc(clock[0]) - timedelta(minutes=5))
    assert [line.order for line in found] == [later.id]


def test_products_have_their_names(portal, connected):
    made = portal.state.add("products", {"name": "Lamp", "hs_product_type": "inventory"})
    (product,) = connected().products()
    assert (product.product, product.name, product.category) == (made.id, "Lamp", "inventory")


# ---------------------------------------------------------------------------------------------------- touches, consent


def test_the_latest_marketing_email_of_a_contact_is_a_touch(portal, connected):
    names = [f"hs_email_last_{what}_date" for what in ("send", "open", "click")]
    for name in names:
        portal.state.add_property("contacts", name, type="datetime")
    did = dict(zip(names, (LATER, "2026-02-01T10:00:00.000Z", "2025-01-01T09:00:00.000Z"), strict=True))
    ann, bob, _ = contact(portal, **did), contact(portal, "bob", **{names[0]: LATER}), contact(portal, "cid")
    touches = {touch.customer: touch for touch in connected().touches()}
    assert touches.keys() == {ann.id, bob.id}
    assert (touches[ann.id].at, touches[ann.id].channel) == (datetime(2026, 2, 1, 9), "email")
    assert [(one.opened, one.clicked) for one in touches.values()] == [(True, False), (False, False)]
    assert list(connected().touches(skip=[LATEST])) == []


def chosen(portal):
    letters = portal.state.add_definition("Newsletter")
    notices = portal.state.add_definition("Service notices", "Service")
    for name in ("ann", "bob", "cid"):
        contact(portal, name)
    portal.state.subscribe("ann@example.com", letters.id)
    portal.state.unsubscribe("ann@example.com", notices.id)
    portal.state.subscribe("bob@example.com", notices.id)


@pytest.mark.parametrize(("tier", "calls"), [("enterprise", 0), ("professional", 3)])
def test_choices_of_subscriptions_are_consent_by_their_names(connected_to, tier, calls):
    with Sandbox(limits=Limits(calls=10**6), tier=tier) as portal:
        chosen(portal)
        found = {(one.endpoint[:3], one.purpose): one.status for one in connected_to(portal, tier=tier).consents()}
        assert found == {
            ("ann", "newsletter"): "granted", ("ann", "marketing"): "granted", ("ann", "service notices"): "denied",
            ("bob", "service notices"): "granted",
        }  # fmt: skip
        assert portal.calls["GET /communication-preferences/v4/statuses/{email}"] == calls


@pytest.mark.parametrize("limit", [0, 10])
def test_what_a_further_address_refuses_the_contact_refuses_whatever_the_limit(portal, connected, limit):
    news = portal.state.add_definition("News").id
    ann, bob, zoe = (portal.state.add_contact(f"{name}@example.com") for name in ("ann", "bob", "zoe"))
    portal.state.unsubscribe("bob@example.com")
    portal.state.unsubscribe("zoe@example.com", news)
    for other in (bob, zoe):
        portal.state.merge("contacts", ann, other)
    told = connected(statuses=limit).consents()
    assert {(one.customer, one.endpoint, one.purpose, one.status) for one in told} == {
        (ann.id, "bob@example.com", "marketing", "denied"),
        (ann.id, "bob@example.com", "news", "denied"),
        (ann.id, "zoe@example.com", "news", "denied"),
    }


def test_one_by_one_only_so_many_are_read(portal, connected):
    chosen(portal)
    assert {one.endpoint for one in connected(statuses=1).consents()} == {"ann@example.com"}


# ---------------------------------------------------------------------------------------------------- all of it


def test_it_needs_no_numbered_path(connected_to):
    with Sandbox(limits=Limits(calls=10**6), readings=Readings(legacy_paths=False)) as portal:
        seeding.portal(portal.state, 20)
        target = connected_to(portal, order_stages=("closedwon",), properties={"mrr": "companies.mrr"})
        streams = (target.members(), target.orders(), target.products(), target.touches(), target.consents())
        assert [bool(list(stream)) for stream in streams] == [True, True, True, False, True]
        assert target.account().id and target.fields()
        assert {call for call, status in portal.calls.statuses if status >= 300} <= {"GET /email/public/v1/events"}


def test_it_keeps_to_the_tier_s_rate(connected_to):
    with Sandbox(limits=Limits(calls=60, window=1.0)) as portal:
        seeding.portal(portal.state, 150)
        list(connected_to(portal).consents())
        assert not [status for _, status in portal.calls.statuses if status == 429]
