"""Consent at Mailchimp: which statuses are written and which never, what each says, and what faults may do to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contextmail.connectors.mailchimp import connect
from contextmail.connectors.mailchimp.consent import MailchimpConsents
from contextmail.errors import RetryableError
from contextmail.model.consent import Act, Actor, Scope
from contextmail.model.event import Push
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.mailchimp import Readings, Sandbox
from contextmail.sandbox.mailchimp.state import key_of

ANN = "ann.subscribed@example.com"
MARKETING = Scope("email", "marketing")
MEMBER = "/lists/{list_id}/members/{subscriber_hash}"


@pytest.fixture
def system(target):
    return MailchimpConsents(target)


@pytest.fixture
def hasty(target_of):
    return MailchimpConsents(target_of(attempts=1, timeout=0.3))


@pytest.fixture
def status_of(audience):
    return lambda email: audience.members[key_of(email)].status


def push(endpoint, act=Act.DENY, scope=MARKETING):
    return Push(1, "mailchimp", "subject", endpoint, act, scope, "", 1, "change", "pushing", 1, "")


def held_by(system, status):
    return [(one.act, one.value, one.scope) for one in system.read(f"ann.{status}@example.com")]


@pytest.mark.parametrize("status", ["subscribed", "pending", "transactional"])
def test_a_withdrawal_unsubscribes_whoever_might_still_be_written_to(system, status_of, status):
    email = f"ann.{status}@example.com"
    assert system.push(push(email)).outcome == "done"
    assert status_of(email) == "unsubscribed"


@pytest.mark.parametrize("status", ["unsubscribed", "cleaned", "archived"])
def test_a_withdrawal_leaves_alone_whoever_gets_nothing(system, status_of, sent, status):
    email = f"ann.{status}@example.com"
    assert system.push(push(email)).outcome == "done"
    assert status_of(email) == status
    assert {method for method, _, _ in sent} == {"GET"}


@pytest.mark.parametrize("status", ["unsubscribed", "transactional"])
def test_a_grant_asks_the_person_once_more_and_only_once(system, status_of, sent, status):
    email = f"ann.{status}@example.com"
    assert [system.push(push(email, Act.GRANT)).outcome for _ in range(2)] == ["done", "done"]
    assert status_of(email) == "pending"
    assert [body for method, _, body in sent if method == "PATCH"] == [{"status": "pending"}]


@pytest.mark.parametrize("status", ["cleaned", "archived"])
def test_a_grant_for_whoever_cannot_be_asked_is_left_to_a_person(system, status_of, status):
    email = f"ann.{status}@example.com"
    pushed = system.push(push(email, Act.GRANT))
    assert (pushed.outcome, pushed.reason) == ("blocked", f"the contact is {status}: it cannot be asked by API")
    assert status_of(email) == status


def test_a_compliance_state_is_told_in_mailchimps_own_words():
    with Sandbox(readings=Readings(compliance_takes_pending=False)) as strict:
        audience = strict.state.add_list("Lantern & Lace")
        strict.state.add_member(audience, ANN, "unsubscribed", locked=True)
        environment = {"CONTEXTMAIL_MAILCHIMP_KEY": "key-us6", "CONTEXTMAIL_MAILCHIMP_URL": strict.address}
        with connect(MailchimpOptions(audience=audience.id), environment) as target:
            pushed = MailchimpConsents(target).push(push(ANN, Act.GRANT))
    assert (pushed.outcome, pushed.reason) == ("blocked", "Member In Compliance State")


def test_no_push_ever_writes_subscribed(system, audience, sent):
    for act in (Act.GRANT, Act.DENY, Act.SUPPRESS, Act.GRANT):
        for member in list(audience.members):
            system.push(push(member.email, act))
    written = {body["status"] for method, _, body in sent if method == "PATCH"}
    assert written == {"unsubscribed", "pending"}
    assert all(body.keys() == {"status"} for method, _, body in sent if method == "PATCH")


@pytest.mark.parametrize(
    ("endpoint", "channel"),
    [(ANN, "sms"), ("+441632960961", "sms"), ("+441632960961", "")],
)
def test_an_sms_opt_out_is_left_to_a_person_with_the_step_since_the_api_does_not_take_it(
    system, sent, endpoint, channel
):
    pushed = system.push(push(endpoint, scope=Scope(channel, "marketing")))
    assert pushed.outcome == "blocked" and "Mailchimp" in pushed.reason
    assert sent == []


@pytest.mark.parametrize("endpoint", [ANN, "+441632960961"])
@pytest.mark.parametrize("channel", ["voice", "call", "postal"])
def test_calls_and_letters_do_not_concern_mailchimp_which_makes_none(system, sent, endpoint, channel):
    assert system.push(push(endpoint, scope=Scope(channel, "marketing"))).outcome == "absent"
    assert sent == []


def test_a_change_for_a_list_concerns_that_list_alone(system, audience, status_of):
    assert system.push(push(ANN, scope=replace(MARKETING, list="another"))).outcome == "absent"
    assert status_of(ANN) == "subscribed"
    assert system.push(push(ANN, scope=replace(MARKETING, list=audience.id))).outcome == "done"
    assert status_of(ANN) == "unsubscribed"


def test_an_erasure_deletes_for_good(system, audience):
    assert system.push(push(ANN, Act.ERASE, Scope())).outcome == "done"
    assert key_of(ANN) in audience.forgotten and key_of(ANN) not in audience.members


def test_an_address_is_found_by_either_spelling_of_its_domain(system, sandbox, audience):
    sandbox.state.add_member(audience, "ann@müller.example.com")
    assert system.push(push("ann@xn--mller-kva.example.com")).outcome == "done"
    assert audience.members[key_of("ann@müller.example.com")].status == "unsubscribed"


# ---------------------------------------------------------------------------------------------------- reading


def test_each_status_says_what_it_means(system):
    assert held_by(system, "subscribed") == [(Act.GRANT, "", MARKETING)]
    assert held_by(system, "unsubscribed") == [(Act.DENY, "", MARKETING)]
    assert held_by(system, "pending") == [(Act.PEND, "", MARKETING)]
    assert held_by(system, "transactional") == [(Act.NEVER, "", MARKETING)]
    assert held_by(system, "cleaned") == [(Act.SUPPRESS, "hard_bounce", Scope("email"))]
    assert held_by(system, "archived") == []


def test_leaving_a_list_may_mean_that_list_alone(target, audience):
    of_list = MailchimpConsents(target, scope="list")
    assert held_by(of_list, "unsubscribed") == [(Act.DENY, "", replace(MARKETING, list=audience.id))]


def test_a_grant_is_the_persons_own_only_where_they_signed_up_themselves(system, sandbox, audience):
    signed_up = sandbox.state.subscribe(audience.id, "ann.unsubscribed@example.com")
    (own,) = system.read("ann.unsubscribed@example.com")
    assert (own.act, own.actor, own.at) == (Act.GRANT, Actor.PERSON, signed_up.opted_at.replace(tzinfo=None))
    assert own.evidence
    for source, ip in (("API - Generic", "10.0.0.1"), ("Admin Add", "10.0.0.1"), ("Import", "10.0.0.1"), ("Form", "")):
        signed_up.source, signed_up.ip_opt = source, ip
        (not_theirs,) = system.read("ann.unsubscribed@example.com")
        assert not_theirs.actor is Actor.SYSTEM


def test_a_sweep_never_says_that_a_person_granted(system, sandbox, audience):
    sandbox.state.subscribe(audience.id, "ann.unsubscribed@example.com")
    assert {one.actor for one in system.sweep(since=None) if one.act is Act.GRANT} == {Actor.SYSTEM}


def test_a_sweep_tells_who_left_on_a_campaign_even_if_somebody_subscribed_them_since(system, sandbox, audience):
    campaign = sandbox.state.add_campaign(audience, html="<p>Hello</p>", title="Spring")
    sandbox.state.send(campaign.id)
    sandbox.state.unsubscribe(audience.id, ANN, campaign_id=campaign.id)
    audience.members[key_of(ANN)].status = "subscribed"
    audience.members.changed()
    told = [(one.act, one.actor) for one in system.sweep(since=None) if one.endpoint == ANN]
    assert told == [(Act.DENY, Actor.PERSON), (Act.GRANT, Actor.SYSTEM)]


def test_a_sweep_tells_of_an_sms_opt_out(system, audience):
    member = audience.members[key_of(ANN)]
    member.sms_phone, member.sms_status = "+441632960961", "unsubscribed"
    told = [(one.endpoint, one.act, one.scope.channel) for one in system.sweep(since=None)]
    assert ("+441632960961", Act.DENY, "sms") in told


def test_a_sweep_since_a_time_passes_over_what_did_not_change(system):
    tomorrow = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    assert list(system.sweep(since=tomorrow)) == []


# ---------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Kind.TIMEOUT, on=f"PATCH {MEMBER}", seconds=1, done=True),
        Fault(Kind.DROP, on=f"PATCH {MEMBER}", done=True),
        Fault(Kind.DROP, on=f"PATCH {MEMBER}"),
        Fault(Kind.EMPTY, on=f"PATCH {MEMBER}", status=500, done=True),
        Fault(Kind.EMPTY, on=f"PATCH {MEMBER}", status=503),
        Fault(Kind.EMPTY, on=f"PATCH {MEMBER}", status=429),
        Fault(Kind.ERROR, on=f"PATCH {MEMBER}", status=429),
        Fault(Kind.HTML, on=f"PATCH {MEMBER}", status=502, done=True),
        Fault(Kind.DROP, on=f"GET {MEMBER}", skip=1),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{'done' if fault.done else 'not done'}",
)
def test_a_push_that_fails_on_the_way_comes_to_its_end_when_it_is_made_again(hasty, sandbox, status_of, fault):
    sandbox.faults.add(fault)
    with pytest.raises(RetryableError):
        hasty.push(push(ANN))
    assert hasty.push(push(ANN)).outcome == "done"
    assert status_of(ANN) == "unsubscribed"


@pytest.mark.parametrize("done", [True, False])
def test_an_erasure_that_goes_unanswered_comes_to_its_end(system, sandbox, audience, done):
    sandbox.faults.add(Fault(Kind.DROP, on=f"POST {MEMBER}/actions/delete-permanent", done=done))
    assert system.push(push(ANN, Act.ERASE, Scope())).outcome == "done"
    assert key_of(ANN) not in audience.members


def test_a_change_that_was_taken_and_not_made_is_tried_again(system, sandbox, audience, monkeypatch):
    from contextmail.sandbox.mailchimp import application
    from contextmail.sandbox.mailchimp.api import members

    monkeypatch.setitem(application.ROUTES, f"PATCH {MEMBER}", members.get)
    with pytest.raises(RetryableError, match="still subscribed"):
        system.push(push(ANN))


def test_who_goes_between_a_look_and_a_write_is_absent(system, sandbox, audience, monkeypatch):
    from contextmail.sandbox.mailchimp import application

    look = application.ROUTES[f"GET {MEMBER}"]

    def look_and_go(call):
        found = look(call)
        audience.members.remove(key_of(ANN))
        return found

    monkeypatch.setitem(application.ROUTES, f"GET {MEMBER}", look_and_go)
    assert system.push(push(ANN)).outcome == "absent"
