"""Consent at HubSpot: what is told and what never, what addresses and records say."""

import json

import pytest
from connectors.hubspot.consenting import ANN, BOB, DAY, MARKETING, START, STATUSES, a_portal, of_list, push, said

from contextmail import wiring
from contextmail.config import load
from contextmail.connectors.hubspot.consent import HubspotConsents
from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.connectors.hubspot.transport import Transport
from contextmail.errors import ConfigurationError, RecordRejected, RetryableError
from contextmail.model.consent import Act, Actor, Scope, Suppression
from contextmail.model.consent_options import HubspotSystem
from contextmail.model.endpoint import normalise
from contextmail.model.hubspot import HubspotOptions
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.http import LoopbackServer, Reply
from contextmail.store.sealing import new_keys


@pytest.fixture
def portal():
    with a_portal() as opened:
        yield opened


def test_the_settings_open_the_portal(tmp_path, monkeypatch, portal):
    for name, value in {**new_keys(), "CONTEXTMAIL_HUBSPOT_TOKEN": portal.sandbox.token}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CONTEXTMAIL_HUBSPOT_URL", portal.sandbox.url)
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "contextmail.toml"
    settings.write_text('[consent.systems.hubspot]\nkind = "hubspot"\nportal = 62515\n')
    with wiring.sync(load(settings)) as sync:
        assert sync.systems["hubspot"].push(push(ANN)).outcome == "done"
        assert sync.missing() == {}
    assert portal.left(ANN) == ["news", "sale"]
    settings.write_text('[consent.systems."hubspot:62515"]\nkind = "hubspot"\nportal = 62515\n')
    with pytest.raises(ConfigurationError, match="consent.systems.hubspot"), wiring.sync(load(settings)):
        pass


# ---------------------------------------------------------------------------------------------------- telling


def test_who_leaves_one_type_stays_in_the_others(portal):
    assert portal.system().push(push(ANN, scope=of_list(portal.sale))).outcome == "done"
    assert (portal.left(ANN), portal.left(BOB)) == (["sale"], [])
    assert portal.state.preferences.opted_out(ANN) is None


@pytest.mark.parametrize("scope", [MARKETING, Scope("email"), Scope()])
def test_who_leaves_all_marketing_leaves_everything(portal, scope):
    assert portal.system().push(push(ANN, scope=scope)).outcome == "done"
    assert portal.state.preferences.opted_out(ANN) is not None


def test_a_list_that_is_no_subscription_type_is_somebody_elses(portal):
    for scope in (Scope("email", "marketing", "999"), Scope("email", "marketing", "a1b2c3")):
        assert portal.system().push(push(ANN, scope=scope)).outcome == "absent"
    assert portal.left(ANN) == []


@pytest.mark.parametrize("channel", ["sms", "voice", "call"])
def test_what_hubspot_cannot_take_is_left_to_a_person(portal, channel):
    pushed = portal.system().push(push("+441632960961", scope=Scope(channel, "marketing")))
    assert pushed.outcome == "blocked" and "by hand" in pushed.reason
    assert portal.system().push(push("+441632960961", Act.GRANT, Scope(channel, "marketing"))).outcome == "absent"


def test_an_opt_out_that_does_not_take_is_not_said_to_be_done(portal):
    portal.sandbox.faults.add(Fault(Kind.EMPTY, on=f"POST {STATUSES}/unsubscribe-all", status=200))
    with pytest.raises(RetryableError):
        portal.system().push(push(ANN))
    assert portal.left(ANN) == []


@pytest.mark.parametrize("found", [True, False])
def test_a_withdrawal_of_an_additional_address_reaches_it_however_hubspot_looks_addresses_up(found):
    with a_portal(additional_found=found) as portal:
        portal.state.merge("contacts", portal.ann, portal.bob)
        assert portal.system().push(push(BOB)).outcome == "done"
        assert (portal.left(BOB), portal.left(ANN)) == (["news", "sale"], [])


def test_who_left_one_brand_is_taken_out_of_the_others_too():
    left, written = {"status": "UNSUBSCRIBED", "timestamp": "2026-06-01T09:00:00Z", "wideStatusType": "BRAND_WIDE"}, []

    def answer(request):
        if "/contacts/" in request.path:
            return Reply(200, json.dumps({"id": "7", "properties": {"email": ANN}}).encode())
        if request.method == "POST":
            written.append(request.path)
        rows = [left] if request.path.endswith("unsubscribe-all") else []
        return Reply(200, json.dumps({"results": rows}).encode())

    server = LoopbackServer(answer)
    server.start()
    transport = Transport(Credentials("token", f"http://127.0.0.1:{server.port}"), HubspotOptions(wait=0.0))
    system = HubspotConsents(transport, HubspotSystem(kind="hubspot", portal=62515))
    assert system.push(push(ANN)).outcome == "done"
    assert [path.rpartition("/")[2] for path in written] == ["unsubscribe-all"]
    transport.close()
    server.stop()


def test_nobody_is_subscribed_unless_the_setting_says_so(portal):
    portal.state.unsubscribe(ANN, portal.news)
    for options in ({}, {"grants": "subscribe"}):
        assert portal.system(**options).push(push(ANN, Act.GRANT, of_list(portal.news))).outcome == "blocked"
    assert portal.left(ANN) == ["news"]


def test_a_grant_carries_its_legal_basis_and_names_the_change_behind_it(portal):
    system = portal.system(grants="subscribe", explanation="Ticked the box of the shop's form")
    assert system.push(push(ANN, Act.GRANT, of_list(portal.news))).outcome == "done"
    choice = portal.state.preferences.choice(ANN, portal.news)
    assert (choice.status, choice.legal_basis) == ("SUBSCRIBED", "CONSENT_WITH_NOTICE")
    assert choice.explanation == "Ticked the box of the shop's form (contextmail, change 0123456789ab)"
    assert portal.state.preferences.choice(ANN, portal.sale) is None


def test_a_grant_of_all_marketing_subscribes_to_the_types_that_it_means_and_to_none_that_was_left_by_itself(portal):
    system = portal.system(grants="resubscribe", subscriptions=(portal.news, portal.sale))
    portal.state.unsubscribe(ANN, portal.sale)
    assert system.push(push(ANN, Act.GRANT)).outcome == "done"
    assert portal.state.preferences.choice(ANN, portal.news).status == "SUBSCRIBED"
    assert portal.left(ANN) == ["sale"]
    calls = portal.sandbox.calls[f"POST {STATUSES}"]
    assert system.push(push(ANN, Act.GRANT)).outcome == "done"
    assert portal.sandbox.calls[f"POST {STATUSES}"] == calls == 1


@pytest.mark.parametrize("grants", ["never", "subscribe", "resubscribe"])
def test_a_grant_to_whoever_left_nothing_is_no_work_for_anybody(portal, grants):
    assert portal.system(grants=grants).push(push(ANN, Act.GRANT)).outcome == "done"
    assert portal.state.preferences.choice(ANN, portal.news) is None


def test_a_grant_of_all_marketing_against_an_opt_out_needs_the_types_that_it_means(portal):
    portal.state.unsubscribe(ANN)
    assert "subscriptions" in portal.system(grants="resubscribe").push(push(ANN, Act.GRANT)).reason
    assert portal.left(ANN) == ["news", "sale"]


@pytest.mark.parametrize(("lifts", "outcome"), [(True, "done"), (False, "blocked")])
def test_a_grant_against_an_opt_out_of_everything_is_done_only_where_it_took(lifts, outcome):
    with a_portal(subscribing_lifts_all=lifts) as portal:
        portal.state.unsubscribe(ANN)
        system = portal.system(grants="resubscribe")
        assert system.push(push(ANN, Act.GRANT, of_list(portal.news))).outcome == outcome


# ---------------------------------------------------------------------------------------------------- reading


def test_an_address_says_what_it_left_and_when(portal):
    portal.tick()
    portal.state.unsubscribe(ANN, portal.sale)
    news, sale = sorted(portal.system().read(ANN), key=lambda one: one.scope)
    assert (news.act, news.actor, news.scope) == (Act.GRANT, Actor.SYSTEM, of_list(portal.news))
    assert (sale.act, sale.at, sale.scope) == (Act.DENY, START + DAY, of_list(portal.sale))
    portal.state.unsubscribe(ANN)
    (all_,) = portal.system().read(ANN)
    assert (all_.act, all_.scope, all_.at) == (Act.DENY, MARKETING, START + DAY)


def test_by_setting_leaving_one_type_is_leaving_all_marketing(portal):
    portal.state.unsubscribe(ANN, portal.sale)
    (held,) = portal.system(scope="channel").read(ANN)
    assert (held.act, held.scope) == (Act.DENY, MARKETING)


def test_types_that_nobody_can_leave_say_nothing(portal):
    portal.state.add_definition("Retired", active=False)
    portal.state.add_definition("Of HubSpot's own", internal=True)
    assert {one.scope for one in portal.system().read(ANN)} == {of_list(portal.news), of_list(portal.sale)}


def test_a_choice_outlives_its_contact(portal):
    portal.state.unsubscribe(ANN)
    portal.state.remove("contacts", portal.ann)
    assert portal.system().read(ANN) == []
    portal.state.add_contact(ANN)
    assert [one.act for one in portal.system().read(ANN)] == [Act.DENY]


def test_an_address_that_bounced_is_suppressed(portal):
    portal.state.bounce(ANN)
    bounced, *_ = portal.system().read(ANN)
    assert (bounced.act, bounced.value, bounced.scope) == (Act.SUPPRESS, Suppression.HARD_BOUNCE, Scope("email"))


@pytest.mark.parametrize("makes_new", [False, True])
def test_a_merge_joins_the_addresses_and_reads_each_by_itself(makes_new):
    with a_portal(merge_makes_new=makes_new) as portal:
        portal.state.unsubscribe(BOB)
        kept = portal.state.merge("contacts", portal.ann, portal.bob)
        for id_ in (kept.id, portal.ann.id, portal.bob.id):
            notices = portal.system().read(f"record:{id_}")
            assert [(one.endpoint, one.moved_to) for one in notices if one.moved_to] == [(ANN, BOB)]
            assert (BOB, Act.DENY, MARKETING) in said(notices)
            assert (ANN, Act.GRANT, of_list(portal.news)) in said(notices)


def test_an_address_that_was_changed_for_another_goes_with_it():
    now = {"value": "ann.new@example.com", "timestamp": "2026-06-02T09:00:00Z", "sourceType": "CRM_UI"}
    before = {"value": ANN, "timestamp": "2026-06-01T09:00:00Z", "sourceType": "FORM"}
    contact = {"id": "7", "properties": {"email": now["value"]}, "propertiesWithHistory": {"email": [now, before]}}

    def answer(request):
        body = contact if request.query.get("propertiesWithHistory") == "email" else {"results": []}
        return Reply(200, json.dumps(body).encode())

    server = LoopbackServer(answer)
    server.start()
    transport = Transport(Credentials("token", f"http://127.0.0.1:{server.port}"), HubspotOptions(wait=0.0))
    notices = HubspotConsents(transport, HubspotSystem(kind="hubspot", portal=62515)).read("record:7")
    assert [(one.endpoint, one.moved_to) for one in notices if one.moved_to] == [("ann.new@example.com", ANN)]
    transport.close()
    server.stop()


def test_a_record_that_is_gone_or_has_no_address_says_nothing(portal):
    portal.state.remove("contacts", portal.ann)
    nameless = portal.state.add("contacts", {"firstname": "Cid"})
    assert [portal.system().read(f"record:{one}") for one in (portal.ann.id, nameless.id, "999999")] == [[], [], []]


def test_a_record_that_was_deleted_for_good_asks_for_the_erasure_of_whom_it_was(portal):
    portal.state.remove("contacts", portal.ann)
    (known,) = portal.system(remembered={portal.ann.id: ANN}.__getitem__).read(f"erased:{portal.ann.id}")
    assert (known.endpoint, known.act, known.scope) == (ANN, Act.ERASE, Scope())
    (unknown,) = portal.system().read(f"erased:{portal.ann.id}")
    with pytest.raises(RecordRejected):
        normalise(unknown.endpoint)
