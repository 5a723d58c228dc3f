"""The doctor: which portal, what the token may do, limits, what is missing and how to get it, and never the token."""

import pytest

from contextmail.connectors.hubspot.doctor import doctor
from contextmail.model.hubspot import HubspotOptions
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.hubspot import Sandbox


@pytest.fixture
def look(portal):
    def looked(**options):
        environment = {"HUBSPOT_ACCESS_TOKEN": portal.token, "CONTEXTMAIL_HUBSPOT_URL": portal.url}
        report = doctor(HubspotOptions(wait=0.0, attempts=1, **options), environment)
        assert portal.token not in repr(report)
        return report

    return looked


def symptom(report, what):
    return next(one for one in report.symptoms if one.what == what)


def test_a_connection_that_works_is_described(connected, look):
    report = look()
    assert report.ok and report.platform == "hubspot"
    assert connected().account().id in symptom(report, "portal").found
    assert symptom(report, "may read orders").found == "yes"
    assert "left today" in symptom(report, "limits").found
    assert symptom(report, "contact properties").found == "0 of 1000 of your own"


def test_it_writes_nothing(portal, look):
    look(order_stages=("closedwon",), properties={"plan": "companies.name"})
    assert {call.partition(" ")[0] for call, _ in portal.calls.statuses} == {"GET"}


def test_without_a_token_it_says_how_to_get_one():
    report = doctor(HubspotOptions(), {})
    assert not report.ok
    assert "Service keys" in report.symptoms[-1].cure


def test_a_token_that_is_wrong_is_told(portal):
    environment = {"HUBSPOT_ACCESS_TOKEN": "another", "CONTEXTMAIL_HUBSPOT_URL": portal.url}
    report = doctor(HubspotOptions(wait=0.0), environment)
    assert not report.ok
    assert "refuses the token" in report.symptoms[-1].found


def test_what_the_token_may_not_read_is_told_with_its_scope(portal, look):
    portal.faults.add(Fault(Kind.ERROR, on="GET /crm/v3/objects/orders", status=403, times=None))
    report = look()
    assert report.ok
    assert "what was bought stays unknown" in symptom(report, "may read orders").found
    assert "crm.objects.orders.read" in symptom(report, "may read orders").cure


def test_without_contacts_nothing_can_be_done(portal, look):
    portal.faults.add(Fault(Kind.ERROR, on="GET /crm/v3/objects/contacts", status=403, times=None))
    assert not symptom(look(), "may read contacts").ok


def test_a_tier_without_drafts_is_told_how_to_go_on(look):
    told = symptom(look(tier="starter"), "may read e-mails")
    assert told.ok and "--paste" in told.cure


def test_names_of_the_settings_that_are_not_there_are_told(portal, look):
    portal.state.add_property("companies", "plan")
    report = look(order_stages=("closedwon", "won"), properties={"plan": "companies.plam", "city": "city"})
    told = [(one.found, one.ok, one.cure) for one in report.symptoms if one.what == "[hubspot.properties]"]
    assert told == [("companies: no such: plam", False, "did you mean 'plan'?"), ("contacts: city", True, "")]
    assert symptom(report, "[hubspot] order_stages").found == "no such: won"


def test_a_list_that_is_not_there_is_told(look):
    assert not look(audience="404").ok


def test_a_list_is_named(portal, look):
    held = portal.state.add_list("Spring")
    assert symptom(look(audience=held.id), "list").found == f"Spring ({held.id})"


def test_an_account_without_free_properties_is_told(portal, look):
    portal.state.add_property("contacts", "plan")
    told = symptom(look(fields=1), "contact properties")
    assert not told.ok and "tidy" in told.cure


def test_a_platform_that_is_away_is_told():
    with Sandbox() as portal:
        portal.faults.add(Fault(Kind.EMPTY, status=503, times=None))
        environment = {"HUBSPOT_ACCESS_TOKEN": portal.token, "CONTEXTMAIL_HUBSPOT_URL": portal.url}
        report = doctor(HubspotOptions(wait=0.0, attempts=1), environment)
    assert "503" in report.symptoms[-1].found
