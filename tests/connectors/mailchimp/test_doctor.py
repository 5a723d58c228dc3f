"""The doctor: what is found, what is missing and how to get it, and never the key."""

from contextmail.connectors.mailchimp.doctor import doctor
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.mailchimp import Sandbox, seeding
from contextmail.sandbox.people import invent

KEY = "0123456789abcdef-us6"


def look(sandbox, **options):
    environment = {"MAILCHIMP_API_KEY": KEY, "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address}
    report = doctor(MailchimpOptions(wait=0.0, attempts=1, **options), environment)
    assert KEY not in repr(report)
    return report


def test_a_connection_that_works_is_described(sandbox, audience):
    seeding.open_store(sandbox.state, audience, invent(3, 1))
    report = look(sandbox, audience=audience.id)
    found = {symptom.what: symptom.found for symptom in report.symptoms}
    assert report.ok
    assert "Lantern & Lace" in found["account"]
    assert "2 subscribed" in found["audience"]
    assert found["contact fields"] == "4 of 30, 26 free"
    assert "write fields" in found["the key may"]


def test_it_writes_nothing(sandbox, audience, sent):
    look(sandbox, audience=audience.id)
    assert {method for method, _, _ in sent} == {"GET"}


def test_without_a_key_it_says_how_to_get_one():
    report = doctor(MailchimpOptions(), {})
    assert not report.ok
    assert "API keys" in report.symptoms[-1].cure


def test_without_an_audience_it_lists_them(sandbox, audience):
    report = look(sandbox)
    assert not report.ok
    assert audience.id in report.symptoms[-1].cure


def test_an_audience_that_is_not_there_is_told(sandbox):
    assert "Resource Not Found" in look(sandbox, audience="nowhere").symptoms[-1].found


def test_an_audience_without_free_fields_is_told(sandbox, audience):
    for number in range(26):
        sandbox.state.add_field(audience, f"F{number}")
    symptom = next(one for one in look(sandbox, audience=audience.id).symptoms if one.what == "contact fields")
    assert not symptom.ok
    assert "tidy" in symptom.cure


def test_a_key_that_is_wrong_is_told():
    with Sandbox(api_key="another-us6") as sandbox:
        report = look(sandbox)
    assert not report.ok
    assert "refuses the key" in report.symptoms[-1].found


def test_a_platform_that_is_away_is_told(sandbox):
    sandbox.faults.add(Fault(Kind.EMPTY, status=503, times=None))
    assert "503" in look(sandbox).symptoms[-1].found
