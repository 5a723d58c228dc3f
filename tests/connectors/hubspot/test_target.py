"""What HubSpot does its own way: properties, batches, lists, e-mails with several widgets."""

import pytest

from contextmail.connectors.base import Capability, Draft, FieldWrite
from contextmail.errors import CapabilityError, PlatformError, StatusMovedError, UnsafePlanError
from contextmail.sandbox.faults import Fault, Kind

HTML = {"body": {"html": "<p>Hello</p>"}}


def written(target, *writes):
    return [error for errors in target.write_fields(writes) for error in errors]


@pytest.fixture
def field(connected):
    return connected().create_field("cm_a", "contextmail cm_a", "there")


def test_a_property_of_ours_lies_in_a_group_of_its_own_and_names_its_neutral_text(portal, field):
    made = portal.state.properties["contacts"]["cm_a"]
    assert (made.group, made.label, made.description, made.type) == (
        "contextmail",
        "contextmail cm_a",
        "there",
        "string",
    )


@pytest.mark.parametrize("name", ["hs_email_optout", "CM_A", "1a", "a b"])
def test_a_name_that_is_hubspots_or_none_is_refused(connected, name):
    with pytest.raises(CapabilityError):
        connected().create_field(name, f"contextmail {name}", "")


def test_a_property_whose_values_are_read_only_is_not_written(portal, connected, field):
    portal.state.properties["contacts"]["cm_a"].read_only = True
    with pytest.raises(UnsafePlanError, match="read only"):
        connected().create_field("cm_a", "contextmail cm_a", "there")


def test_an_opt_out_is_never_written_whatever_it_is_called(portal, connected, field):
    record = portal.state.add_contact("ann@example.com")
    fields = {"cm_a": "Hello", "hs_email_optout": "false"}
    (error,) = written(connected(), FieldWrite(record.id, "ann@example.com", fields, "subscribed"))
    assert "keeps itself" in error.reason and "cm_a" not in record.values


def test_a_contact_that_is_gone_is_told_by_its_row_and_the_rest_is_written(portal, connected, field):
    people = [portal.state.add_contact(f"p{number}@example.com") for number in range(150)]
    portal.state.remove("contacts", people[7])
    writes = [FieldWrite(one.id, "", {"cm_a": "Hello"}, "subscribed") for one in people]
    assert [error.key for error in written(connected(), *writes)] == [people[7].id]
    assert sum(one.values.get("cm_a") == "Hello" for one in people) == 149


def test_a_value_that_hubspot_refuses_costs_nobody_elses(portal, connected, field):
    portal.state.add_property("contacts", "seats", type="number")
    people = [portal.state.add_contact(f"p{number}@example.com") for number in range(5)]
    writes = [FieldWrite(one.id, "", {"cm_a": "Hello"}, "subscribed") for one in people]
    writes[3] = FieldWrite(people[3].id, "", {"cm_a": "Hello", "seats": "many"}, "subscribed")
    assert [error.key for error in written(connected(), *writes)] == [people[3].id]
    assert [one.values.get("cm_a") for one in people] == ["Hello"] * 3 + [None, "Hello"]


def test_a_status_that_moves_stops_the_writing(portal, connected, field):
    people = [portal.state.add_contact(f"p{number}@example.com") for number in range(300)]
    for one in people[100:]:
        portal.state.unsubscribe(one.values["email"])
    writes = (FieldWrite(one.id, "", {"cm_a": "Hello"}, "subscribed") for one in people)
    with pytest.raises(StatusMovedError, match="was subscribed and is unsubscribed"):
        written(connected(), *writes)


def test_a_contact_that_was_merged_meanwhile_stops_the_writing(portal, connected, field):
    ann, bob = (portal.state.add_contact(f"{name}@example.com") for name in ("ann", "bob"))
    portal.state.merge("contacts", ann, bob)
    with pytest.raises(StatusMovedError, match="merged"):
        written(connected(), FieldWrite(bob.id, "bob@example.com", {"cm_a": "Hello bob"}, "subscribed"))


def test_of_two_in_one_batch_that_were_merged_neither_text_is_taken_for_the_survivors(portal, connected, field):
    ann, bob = (portal.state.add_contact(f"{name}@example.com") for name in ("ann", "bob"))
    portal.state.merge("contacts", ann, bob)
    writes = [FieldWrite(one.id, "", {"cm_a": f"Hello {one.id}"}, "subscribed") for one in (ann, bob)]
    with pytest.raises(StatusMovedError, match="merged"):
        written(connected(), *writes)


def test_an_address_that_a_merge_has_put_beside_another_brings_nobody_into_a_list_and_takes_them_out(portal, connected):
    ann, bob = (portal.state.add_contact(f"{name}@example.com") for name in ("ann", "bob"))
    portal.state.merge("contacts", ann, bob)
    target = connected()
    segment = target.create_segment("run", ["Bob@example.com"])
    assert list(target.segment_members(segment)) == []
    target.change_segment(segment, add=["Ann@example.com"])
    assert list(target.segment_members(segment)) == [ann.id]
    target.change_segment(segment, remove=["bob@example.com"])
    assert list(target.segment_members(segment)) == []


def test_lists_of_contacts_are_told_by_name_and_those_of_firms_are_not(portal, connected):
    names = {portal.state.add_list(f"List {number}").id: f"List {number}" for number in range(501)}
    portal.state.add_list("VIP firms", "companies")
    assert dict(connected().saved_segments()) == names


def test_whom_a_draft_excludes_is_not_targeted_and_stays_excluded(portal, connected):
    ann, bob = (portal.state.add_contact(f"{name}@example.com") for name in ("ann", "bob"))
    all_, left = (portal.state.add_list(name) for name in ("All", "Left"))
    portal.state.join(all_, ann.id, bob.id)
    portal.state.join(left, bob.id)
    to = {"contactIlsLists": {"include": [all_.id], "exclude": [left.id]}}
    email = portal.state.add_email("Spring", "Hello", widgets={"one": HTML}, to=to)
    target = connected()
    draft = target.draft(email.id)
    assert list(target.segment_members(draft.segment)) == [ann.id]
    made = target.create_draft(draft, parts=draft.parts, segment=target.create_segment("run", []), title="run")
    assert portal.state.emails[made].body["to"]["contactIlsLists"]["exclude"] == [left.id]


def test_whom_a_draft_excludes_one_by_one_or_by_an_older_list_stays_excluded(portal, connected):
    ann, bob = (portal.state.add_contact(f"{name}@example.com") for name in ("ann", "bob"))
    all_ = portal.state.add_list("All")
    left = {"contactIds": {"include": [], "exclude": [bob.id]}, "contactLists": {"include": [], "exclude": ["7"]}}
    to = {"contactIlsLists": {"include": [all_.id], "exclude": []}, **left}
    email = portal.state.add_email("Spring", "Hello", widgets={"one": HTML}, to=to)
    target = connected()
    draft, segment = target.draft(email.id), target.create_segment("run", ["ann@example.com", "bob@example.com"])
    made = target.create_draft(draft, parts=draft.parts, segment=segment, title="run")
    assert [copy.contact_id for copy in portal.outbox(made)] == [ann.id]
    assert portal.state.emails[made].body["to"] == {**left, "contactIlsLists": {"include": [segment], "exclude": []}}


def test_each_rich_text_widget_is_a_part_and_the_others_go_along(portal, connected):
    widgets = {"top": HTML, "logo": {"body": {"img": {"src": "x"}}}, "end": {**HTML, "css": {"a": 1}}}
    email = portal.state.add_email("Spring", "Hello", widgets=widgets)
    target = connected()
    draft = target.draft(email.id)
    assert set(draft.parts) == {"subject", "html:top", "html:end"}
    segment = target.create_segment("run", [])
    parts = {**draft.parts, "html:end": "<p>Bye</p>", "preheader": "For you"}
    made = portal.state.emails[target.create_draft(draft, parts=parts, segment=segment, title="run")].body["content"]
    assert made["widgets"]["end"] == {"body": {"html": "<p>Bye</p>"}, "css": {"a": 1}}
    assert made["widgets"]["logo"] == widgets["logo"] and made["widgets"]["top"] == HTML
    assert made["widgets"]["preview_text"]["body"]["value"] == "For you"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"type": "AB_EMAIL"}, "AB_EMAIL"),
        ({"type": "AUTOMATED_EMAIL"}, "AUTOMATED_EMAIL"),
        ({"content": {"smartFields": {"a": 1}, "widgets": {}}}, "smart rules"),
        ({"to": {"contactIds": {"include": ["1"]}}}, "one by one"),
        ({"to": {"contactLists": {"include": ["1"]}}}, "older kind"),
    ],
)
def test_what_cannot_be_copied_is_refused_with_the_step_to_take(portal, connected, given, why):
    email = portal.state.add_email("Spring", "Hello", **given)
    with pytest.raises(CapabilityError, match=why) as raised:
        connected().draft(email.id)
    assert raised.value.cure


def test_a_clone_that_does_not_take_our_list_is_removed(portal, connected):
    email = portal.state.add_email("Spring", "Hello", widgets={"one": HTML})
    target = connected()
    draft, segment = target.draft(email.id), target.create_segment("run", [])
    # The change is answered and not made.
    portal.faults.add(Fault(Kind.EMPTY, on="PATCH *", status=200, done=False, times=1))
    # And the answer to the removal is lost.
    portal.faults.add(Fault(Kind.EMPTY, on="DELETE *", status=502, done=True, times=1))
    with pytest.raises(PlatformError, match="did not take the list"):
        target.create_draft(draft, parts=draft.parts, segment=segment, title="run")
    assert list(portal.state.emails) == [email.id]


def test_a_whole_document_becomes_what_stands_in_its_body(portal, connected):
    target = connected()
    page = "<!doctype html><html><head><title>x</title></head><body class='a'><p>Hello</p></body></html>"
    parts = {"subject": "Hello", "html": page}
    made = target.create_draft(
        Draft("", "", "", {}, {}), parts=parts, segment=target.create_segment("run", []), title="f"
    )
    assert target.draft(made).parts["html"] == "<p>Hello</p>"


def test_the_owner_as_sender_is_what_the_api_cannot_say(connected):
    target = connected(sender="owner")
    with pytest.raises(CapabilityError, match="one sender"):
        target.create_draft(Draft("", "", "", {}, {}), parts={}, segment="1", title="x")
    assert Capability.DRAFTS not in target.capabilities


def test_what_a_new_draft_still_lacks_is_listed(portal, connected):
    email = portal.state.add_email("Spring")
    assert [line.partition(":")[0] for line in connected().checklist(email.id)] == [
        "subject",
        "subscription type",
        "recipients",
    ]
