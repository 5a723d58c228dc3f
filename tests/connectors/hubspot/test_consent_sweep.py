"""Sweeping HubSpot for consent: what is found, by whom it was done, and what it costs."""

import json

import pytest
from connectors.hubspot.consenting import ANN, BOB, DAY, MARKETING, START, STATUSES, a_portal, of_list, said

from contextmail.connectors.hubspot.consent import HubspotConsents
from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.connectors.hubspot.transport import Transport
from contextmail.model.consent import Act, Actor, Assurance
from contextmail.model.consent_options import HubspotSystem
from contextmail.model.hubspot import HubspotOptions
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.http import LoopbackServer, Reply


@pytest.fixture
def portal():
    with a_portal() as opened:
        yield opened


def test_a_full_sweep_asks_only_of_those_who_left_something_or_have_several_addresses(portal):
    for number in range(450):
        portal.state.add_contact(f"person{number}@example.com")
    portal.state.unsubscribe("person7@example.com")
    portal.state.unsubscribe("person8@example.com", portal.sale)
    merged = [portal.state.find_by("contacts", "email", f"person{number}@example.com") for number in (9, 10)]
    portal.state.merge("contacts", *merged)
    swept = list(portal.system().sweep(since=None))
    assert {one.endpoint for one in swept} == {ANN, BOB, *(f"person{number}@example.com" for number in range(450))}
    denied = {(one.endpoint, one.scope) for one in swept if one.act is Act.DENY}
    assert denied == {("person7@example.com", MARKETING), ("person8@example.com", of_list(portal.sale))}
    calls = portal.sandbox.calls
    assert calls[f"GET {STATUSES}/unsubscribe-all"] == 4
    assert calls.total <= 5 + 1 + 8


def test_the_timeline_tells_who_did_it(portal):
    portal.state.unsubscribe(ANN, portal.sale)
    portal.tick()
    portal.state.subscribe(ANN, portal.sale)
    portal.state.choose(BOB, portal.news, "SUBSCRIBED")
    told = [one for one in portal.system().sweep(since=START - DAY) if one.assurance is Assurance.SIGNED]
    back, out = told
    assert (back.act, back.actor, back.scope, back.at) == (Act.GRANT, Actor.PERSON, of_list(portal.sale), START + DAY)
    assert back.evidence and out.at == START
    assert (out.act, out.actor) == (Act.DENY, Actor.PERSON)


def test_a_sweep_since_then_finds_new_contacts_whose_address_left_before(portal):
    portal.state.unsubscribe("cid@example.com")
    portal.tick()
    portal.state.add_contact("cid@example.com")
    swept = said(portal.system().sweep(since=START + DAY / 2))
    assert ("cid@example.com", Act.DENY, MARKETING) in swept
    assert ANN not in {email for email, _, _ in swept}


def test_more_than_a_search_gives_is_swept_whole(portal):
    portal.tick()
    emails = {portal.state.add_contact(f"person{number}@example.com").values["email"] for number in range(401)}
    assert {one.endpoint for one in portal.system().sweep(since=START + DAY / 2)} == emails


@pytest.mark.parametrize("status", [403, 404, 410])
def test_without_its_timeline_or_the_scope_for_it_hubspot_is_read_whole(portal, status):
    portal.sandbox.faults.add(Fault(Kind.ERROR, on="GET /email/*", status=status, times=None))
    portal.tick()
    portal.state.unsubscribe(ANN)
    swept = said(portal.system().sweep(since=START + DAY / 2))
    assert (ANN, Act.DENY, MARKETING) in swept and BOB in {email for email, _, _ in swept}


def test_a_timeline_of_several_pages_is_read_to_its_end(portal):
    for number in range(230):
        portal.state.unsubscribe(f"stranger{number}@example.com")
    told = {one.endpoint for one in portal.system().sweep(since=START - DAY) if one.act is Act.DENY}
    assert len(told) == 230


def test_where_hubspot_marks_no_opt_outs_each_address_is_asked_for():
    asked = []

    def answer(request):
        asked.append(request.path)
        contact = {"id": "7", "properties": {"email": ANN}}
        rows = {
            "contacts": [contact],
            "unsubscribe-all": [{"status": "UNSUBSCRIBED", "timestamp": "2026-06-01T09:00:00Z"}],
        }
        return Reply(200, json.dumps({"results": rows.get(request.path.rpartition("/")[2], [])}).encode())

    server = LoopbackServer(answer)
    server.start()
    transport = Transport(Credentials("token", f"http://127.0.0.1:{server.port}"), HubspotOptions(wait=0.0))
    (held,) = HubspotConsents(transport, HubspotSystem(kind="hubspot", portal=62515)).sweep(since=None)
    assert (held.endpoint, held.act, held.at) == (ANN, Act.DENY, START)
    transport.close()
    server.stop()
