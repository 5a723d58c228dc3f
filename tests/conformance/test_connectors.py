"""What every target must do, whatever its platform.

A platform joins by one line in PLATFORMS: a context manager that gives a `Stand`, which is a target over a platform
that is there for one test, and the ways to look at that platform without going through the target.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from contextmail.connectors import hubspot, mailchimp
from contextmail.connectors.base import Draft, FieldWrite, Target
from contextmail.dialects import DIALECTS, LANGUAGES
from contextmail.errors import ContextmailError, StalePlanError, UnsafePlanError
from contextmail.model.hubspot import HubspotOptions
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.faults import Fault, Kind

SECRET = "0123456789abcdef-us6"
PEOPLE = {
    f"{name}.{status}@example.com": status
    for status in ("subscribed", "unsubscribed", "pending", "cleaned", "transactional", "archived")
    for name in ("ann", "bob", "eve")
}
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Stand:
    """A target over a platform that holds PEOPLE, a draft and a connected shop; its clock stands until it is moved."""

    target: Target
    draft: str
    key: Callable[[str], str]
    statuses: Callable[[], dict[str, str]]
    values: Callable[[str], dict[str, str]]
    """Tag -> value by address."""
    move: Callable[[str, str], None]
    """Give an address another status, as something else than the target would, a day later."""
    lock: Callable[[str], None]
    """Schedule a draft."""
    fail: Callable[[Fault], None]
    most_at_once: Callable[[], int]
    drafts: Callable[[], list[str]]
    html: str
    """The body of the draft, in the platform's own language."""
    first_name: str
    tag: str
    """A name that a field of ours may have."""

    def token(self) -> str:
        """Write what prints the field of ours."""
        return DIALECTS[LANGUAGES[self.target.name]].slot(self.tag, "there")


@contextmanager
def on_mailchimp() -> Iterator[Stand]:
    from contextmail.sandbox.mailchimp import Sandbox, seeding
    from contextmail.sandbox.mailchimp.state import key_of
    from contextmail.sandbox.people import Person

    now = [START]
    with Sandbox(clock=lambda: now[0]) as sandbox:
        state = sandbox.state
        audience = state.add_list("Lantern & Lace")
        for email, status in PEOPLE.items():
            state.add_member(audience, email, status, {"FNAME": email.split(".")[0].title()})
        seeding.open_store(state, audience, [Person("1", "ann.subscribed@example.com", "Ann", "Lee")])
        html = "<p>Dear *|FNAME|*</p><p>*|UNSUB|*</p>"
        draft = state.add_campaign(
            audience, html=html, subject_line="Special offer", preview_text="We miss you!", title="Spring"
        )
        state.send(state.add_campaign(audience, html=html, subject_line="Sent", title="Sent").id)
        state.unsubscribe(audience.id, "eve.subscribed@example.com", campaign_id=next(iter(state.reports)))
        target = mailchimp.connect(
            MailchimpOptions(audience=audience.id, wait=0.0, timeout=0.5),
            {"CONTEXTMAIL_MAILCHIMP_KEY": SECRET, "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address},
        )

        def move(email: str, status: str) -> None:
            now[0] += timedelta(days=1)
            member = audience.members[key_of(email)]
            member.status, member.changed_at = status, now[0]
            audience.members.changed()

        def values(email: str) -> dict[str, str]:
            return audience.tagged_values(audience.members[key_of(email)].values)

        yield Stand(
            target,
            draft.id,
            key_of,
            statuses=lambda: {one.email: one.status for one in audience.members},
            values=values,
            move=move,
            lock=lambda campaign: setattr(state.campaigns[campaign], "status", "schedule"),
            fail=sandbox.faults.add,
            most_at_once=lambda: sandbox.calls.peak,
            drafts=lambda: list(state.campaigns),
            html=html,
            first_name="FNAME",
            tag="CMABCDEFGH",
        )
        target.close()


@contextmanager
def on_hubspot() -> Iterator[Stand]:
    from contextmail.sandbox.hubspot import Limits, Sandbox

    now = [START]
    with Sandbox(clock=lambda: now[0], limits=Limits(calls=1_000_000), token=SECRET) as sandbox:
        state = sandbox.state
        letters, contacts = state.add_definition("Newsletter").id, state.records["contacts"]
        ids = {email: state.add_contact(email, firstname=email.split(".")[0].title()).id for email in PEOPLE}

        def put(email: str, status: str) -> None:
            record = contacts.get(ids[email])
            record.updated_at = now[0]
            match status:
                case "unsubscribed":
                    state.unsubscribe(email)
                case "cleaned":
                    state.bounce(email)
                case "transactional":
                    record.values["hs_marketable_status"] = "false"
                case "archived":
                    state.remove("contacts", record)

        def move(email: str, status: str) -> None:
            now[0] += timedelta(days=1)
            put(email, status)

        for email, status in PEOPLE.items():
            put(email, status)
        for record in (*contacts, *contacts.archived.values()):
            record.updated_at = START
        state.unsubscribe("eve.subscribed@example.com", letters)
        buy(state, ids["ann.subscribed@example.com"])
        html = "<p>Dear {{ contact.firstname }}</p><p>{{ unsubscribe_link }}</p>"
        widgets = {"hs_email_body": {"body": {"html": html}}, "preview_text": {"body": {"value": "We miss you!"}}}
        draft = state.add_email(
            "Spring", "Special offer", widgets=widgets, subscriptionDetails={"subscriptionId": letters}
        )
        state.add_email("Sent", "Sent", widgets=widgets).state = "PUBLISHED"
        target = hubspot.connect(
            HubspotOptions(wait=0.0, timeout=0.5),
            {"CONTEXTMAIL_HUBSPOT_TOKEN": SECRET, "CONTEXTMAIL_HUBSPOT_URL": sandbox.url},
        )

        def values(email: str) -> dict[str, str]:
            record = contacts.get(ids[email])
            shown = [name for name, one in state.properties["contacts"].items() if one.own or name == "firstname"]
            return {name: record.values.get(name, "") if record else "" for name in shown}

        def status(email: str) -> str:
            record = contacts.get(ids[email])
            if record is None:
                return "archived"
            if state.value("contacts", record, "hs_email_optout") == "true":
                return "unsubscribed"
            if "hs_email_hard_bounce_reason_enum" in record.values:
                return "cleaned"
            return "subscribed" if record.values["hs_marketable_status"] == "true" else "transactional"

        yield Stand(
            target,
            draft.id,
            key=lambda email: ids.get(email, "999999"),
            statuses=lambda: {email: status(email) for email in PEOPLE},
            values=values,
            move=move,
            lock=lambda email: setattr(state.emails[email], "state", "SCHEDULED"),
            fail=sandbox.faults.add,
            most_at_once=lambda: sandbox.calls.peak,
            drafts=lambda: list(state.emails),
            html=html,
            first_name="firstname",
            tag="cm_abcdefgh",
        )
        target.close()


def buy(state, contact: str) -> None:
    """Let a contact have bought a lamp, and have been sent an e-mail."""
    at = START.isoformat()
    state.add_property("contacts", "hs_email_last_send_date", own=False)
    state.records["contacts"].get(contact).values["hs_email_last_send_date"] = at
    order = state.add("orders", {"hs_order_name": "1", "hs_currency_code": "GBP", "hs_external_created_date": at})
    lamp = state.add("products", {"name": "Lamp"})
    line = state.add("line_items", {"name": "Lamp", "hs_product_id": lamp.id, "quantity": "1", "price": "5"})
    state.associations.tie("orders", order.id, "line_items", line.id)
    state.associations.tie("contacts", contact, "orders", order.id)


PLATFORMS: list[Callable[[], AbstractContextManager[Stand]]] = [
    on_mailchimp,
    on_hubspot,
]

WRITABLE = [email for email, status in PEOPLE.items() if status in ("subscribed", "unsubscribed", "pending")]


@pytest.fixture(params=PLATFORMS, ids=lambda platform: platform.__name__)
def stand(request):
    with request.param() as made:
        yield made


@pytest.fixture
def target(stand):
    return stand.target


def fielded(target):
    tag = {"mailchimp": "CMABCDEFGH", "hubspot": "cm_abcdefgh"}[target.name]
    return target.create_field(tag, f"contextmail {tag}", "there")


def writes(target, tag, text="Hello"):
    return [FieldWrite(one.key, one.email, {tag: text}, one.status) for one in target.members()]


def segmented(target, *emails, name="run 1"):
    return target.create_segment(name, emails or ["ann.subscribed@example.com"])


def copied(stand, title="run 1", **parts):
    target = stand.target
    known = {"subject": "Hello", "preheader": "For you", "html": stand.html}
    return target.create_draft(
        target.draft(stand.draft), parts={**known, **parts}, segment=segmented(target, name=title), title=title
    )


# ---------------------------------------------------------------------------------------------------- reading


def test_it_has_everything_that_a_target_has(target):
    asked = {
        name
        for kind in Target.__mro__
        for name in (*vars(kind), *inspect.get_annotations(kind))
        if not name.startswith("_")
    }
    assert not [name for name in sorted(asked) if not hasattr(target, name)]


def test_it_says_whose_account_it_is_and_its_limits(target):
    account = target.account()
    assert account.id and account.name and "read" in account.may
    assert {"fields", "page", "batch", "connections"} <= account.limits.keys()


def test_every_contact_but_the_archived_comes_once_with_its_status(target, stand):
    found = list(target.members())
    expected = {email: status for email, status in stand.statuses().items() if status != "archived"}
    assert {one.email: one.status for one in found} == expected and len(found) == len(expected)
    assert all(one.key == stand.key(one.email) and one.fields[stand.first_name] for one in found)


def test_with_since_only_what_changed_comes_and_those_who_left(target, stand):
    stand.move("ann.subscribed@example.com", "unsubscribed")
    stand.move("bob.subscribed@example.com", "archived")
    found = {one.email: one.status for one in target.members(since=datetime(2026, 1, 1, 12))}
    assert found == {"ann.subscribed@example.com": "unsubscribed", "bob.subscribed@example.com": "archived"}


def test_single_contacts_come_in_the_order_asked_and_those_gone_are_left_out(target, stand):
    asked = [stand.key(email) for email in ("eve.pending@example.com", "nobody@example.com", "ann.cleaned@example.com")]
    assert [one.email for one in target.read_members(asked)] == ["eve.pending@example.com", "ann.cleaned@example.com"]


def test_consent_is_granted_only_where_the_contact_is_subscribed(target):
    for member in target.members():
        by_email = [one.status for one in member.consents if one.channel == "email"]
        assert member.status == "subscribed" or "granted" not in by_email
        assert member.status not in ("unsubscribed", "cleaned") or by_email == ["denied"]
    assert {one.status for one in target.consents()} == {"denied"}


def test_it_survives_a_bad_day(target, stand):
    expected = [one.email for one in target.members()]
    for kind in (Kind.EMPTY, Kind.HTML, Kind.DROP, Kind.ERROR):
        stand.fail(Fault(kind, "GET *", status=503, times=2, share=0.5))
    for _ in range(4):
        assert [one.email for one in target.members()] == expected


# ---------------------------------------------------------------------------------------------------- fields


def test_a_field_is_made_once_neither_public_nor_required(target):
    made = fielded(target)
    assert (made.default, made.public, made.required, made.type) == ("there", False, False, "text")
    assert fielded(target) == made
    assert [one.tag for one in target.fields()].count(made.tag) == 1


def test_a_field_of_another_name_is_somebody_elses(target):
    made = fielded(target)
    for act in (
        lambda: target.create_field(made.tag, "Loyalty points", ""),
        lambda: target.delete_field(replace(made, name="Loyalty points")),
    ):
        with pytest.raises(UnsafePlanError):
            act()
    assert made in target.fields()


def test_a_field_goes_with_its_values_and_going_twice_is_going_once(target, stand):
    before = {email: stand.values(email) for email in PEOPLE}
    made = fielded(target)
    list(target.write_fields(writes(target, made.tag)))
    target.delete_field(made)
    target.delete_field(made)
    assert {email: stand.values(email) for email in PEOPLE} == before


def test_fields_are_written_to_those_who_may_be_written_and_no_status_moves(target, stand):
    before, made = stand.statuses(), fielded(target)
    batches = list(target.write_fields(writes(target, made.tag)))
    assert stand.statuses() == before
    now_unsubscribed = [
        email for email, status in before.items() if status in ("subscribed", "unsubscribed", "pending")
    ]
    assert [email for email in PEOPLE if stand.values(email)[made.tag] == "Hello"] == [
        email for email in PEOPLE if email in now_unsubscribed
    ]
    refused = {error.key for errors in batches for error in errors}
    assert refused == {stand.key(email) for email, status in before.items() if status in ("cleaned", "transactional")}
    assert not [error for errors in batches for error in errors if "@" in error.reason]


def test_a_field_that_is_not_written_stays_as_it_was(target, stand):
    made = fielded(target)
    list(target.write_fields(writes(target, made.tag)))
    assert stand.values("ann.subscribed@example.com")[stand.first_name] == "Ann"


def test_an_empty_text_empties_the_field(target, stand):
    made = fielded(target)
    list(target.write_fields(writes(target, made.tag)))
    list(target.write_fields(writes(target, made.tag, "")))
    assert {stand.values(email)[made.tag] for email in PEOPLE} == {""}


def test_a_text_is_written_whole_or_refused(target, stand):
    made = fielded(target)
    text = "Vielen Dank für die Törtchenständer " * 20
    errors = [error for batch in target.write_fields(writes(target, made.tag, text)) for error in batch]
    assert stand.values("ann.subscribed@example.com")[made.tag] in (text, "")
    assert (stand.key("ann.subscribed@example.com") in {error.key for error in errors}) is (
        stand.values("ann.subscribed@example.com")[made.tag] == ""
    )


@pytest.mark.parametrize(
    "text", ["*|FNAME|*", "<b>Ann</b>", "{{ contact.email }}", "O'Hara & Söhne", "礼物 🎁", "server us6"]
)
def test_a_text_comes_back_as_it_was_written(target, text):
    made = fielded(target)
    list(target.write_fields(writes(target, made.tag, text)))
    assert {one.fields[made.tag] for one in target.members() if one.status == "subscribed"} == {text}


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.TIMEOUT, Kind.EMPTY, Kind.HTML])
@pytest.mark.parametrize("done", [True, False])
def test_whatever_happens_under_way_everything_is_there_once_and_no_status_moves(target, stand, kind, done):
    before = stand.statuses()
    seconds = 0.7 if kind is Kind.TIMEOUT else 0.0
    for method in ("POST", "PUT", "PATCH"):
        stand.fail(Fault(kind, f"{method} *", status=502, seconds=seconds, done=done, times=2))
    made = fielded(target)
    list(target.write_fields(writes(target, made.tag)))
    draft = copied(stand)
    assert stand.statuses() == before
    assert [one.tag for one in target.fields()].count(made.tag) == 1
    assert stand.values("ann.subscribed@example.com")[made.tag] == "Hello"
    assert stand.drafts().count(draft) == 1 and len(stand.drafts()) == 3


# ---------------------------------------------------------------------------------------------------- segments


def test_a_segment_holds_who_was_put_in_and_nobody_else(target, stand):
    ann, bob = "ann.subscribed@example.com", "bob.subscribed@example.com"
    made = segmented(target, ann, "nobody@example.com")
    assert target.find_segment("run 1") == made
    assert target.find_segment("run") is None
    assert list(target.segment_members(made)) == [stand.key(ann)]
    target.change_segment(made, add=[bob], remove=[ann])
    target.change_segment(made, add=[bob], remove=[ann])
    assert list(target.segment_members(made)) == [stand.key(bob)]


def test_a_segment_goes_and_its_contacts_stay(target, stand):
    before = stand.statuses()
    made = segmented(target)
    target.delete_segment(made)
    target.delete_segment(made)
    assert target.find_segment("run 1") is None
    assert stand.statuses() == before


# ---------------------------------------------------------------------------------------------------- drafts


def test_a_draft_is_copied_with_other_texts_and_the_original_stays(target, stand):
    before = target.draft(stand.draft)
    made = copied(stand, subject=f"Hello {stand.token()}")
    after = target.draft(made)
    assert target.draft(stand.draft) == before
    assert after.parts["subject"] == f"Hello {stand.token()}" and after.parts["html"] == stand.html
    assert after.settings == before.settings
    assert after.title == "run 1" and target.find_draft("run 1") == made
    assert list(target.segment_members(after.segment)) == [stand.key("ann.subscribed@example.com")]


def test_a_message_of_a_file_becomes_a_draft_too(target, stand):
    made = target.create_draft(
        Draft("", "", "", {}, {}),
        parts={"subject": "Hello", "html": stand.html},
        segment=segmented(target),
        title="file",
    )
    assert target.draft(made).parts["html"] == stand.html


def test_a_draft_takes_other_texts_and_goes_twice_as_once(target, stand):
    made = copied(stand)
    target.change_draft(made, {"subject": "Other"})
    assert (target.draft(made).parts["subject"], target.draft(made).parts["html"]) == ("Other", stand.html)
    target.delete_draft(made)
    target.delete_draft(made)
    assert target.find_draft("run 1") is None


def test_a_draft_that_is_scheduled_is_left_alone(target, stand):
    made = copied(stand)
    stand.lock(made)
    for act in (lambda: target.change_draft(made, {"subject": "Other"}), lambda: target.delete_draft(made)):
        with pytest.raises(StalePlanError):
            act()
    assert target.draft(made).parts["subject"] == "Hello"


def test_the_checklist_is_a_list_of_words(target, stand):
    assert target.checklist(copied(stand)) == []


def test_every_field_that_a_draft_names_is_found(target, stand):
    made = copied(stand, subject=stand.token())
    assert [where for tag, where in target.tags_in_use() if tag == stand.tag and made in where]


# ---------------------------------------------------------------------------------------------------- manners


def test_the_key_is_in_no_error_and_no_repr(target, stand):
    stand.fail(Fault(Kind.ERROR, "*", status=500, times=None))
    for act in (target.account, target.fields, lambda: list(target.members()), lambda: fielded(target)):
        with pytest.raises(ContextmailError) as raised:
            act()
        assert SECRET not in f"{raised.value} {raised.value!r}"
    assert SECRET not in f"{target!r} {vars(target)}"


def test_no_more_calls_are_made_at_once_than_the_platform_allows(target, stand):
    made = fielded(target)
    list(target.read_members([stand.key(email) for email in PEOPLE] * 3))
    list(target.write_fields(writes(target, made.tag)))
    assert stand.most_at_once() <= target.account().limits["connections"]
