"""Drafts: what a copy keeps, what it loses, whom it goes to, and what cannot be copied."""

import json

import pytest
import responses

from contextmail.connectors.mailchimp import connect
from contextmail.errors import CapabilityError, PlatformError, StalePlanError
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.faults import Fault, Kind

HTML = "<p>Dear *|FNAME|*</p><p>*|UNSUB|* *|LIST:ADDRESS|*</p>"
ROOT = "https://us6.api.mailchimp.com/3.0"


@pytest.fixture
def original(sandbox, audience):
    return sandbox.state.add_campaign(
        audience, html=HTML, subject_line="Special offer", preview_text="We miss you!", title="Spring", auto_footer=True
    )


@pytest.fixture
def segment(target):
    return target.create_segment("run 1", ["ann.subscribed@example.com"])


def test_a_draft_is_read_with_its_parts_and_settings(target, original):
    draft = target.draft(original.id)
    assert (draft.title, draft.state, draft.segment) == ("Spring", "save", "")
    assert draft.parts == {"subject": "Special offer", "preheader": "We miss you!", "html": HTML}
    assert draft.settings["settings.from_name"] == "Lantern & Lace"
    assert draft.settings["settings.auto_footer"] == "true"


def test_a_copy_has_the_new_texts_the_settings_and_the_segment_and_no_template(
    target, sandbox, original, segment, sent
):
    original.settings["template_id"] = sandbox.state.add_template("Old", HTML).id
    draft = target.draft(original.id)
    before = (dict(original.settings), original.html)
    parts = {"subject": "Hello *|FNAME|*", "preheader": "*|FNAME|*", "html": HTML.replace("Dear", "Hello")}
    made = target.create_draft(draft, parts=parts, segment=segment, title="Spring, run 1")
    copy = sandbox.state.campaigns[made]
    assert (copy.html, copy.settings["subject_line"], copy.settings["preview_text"]) == tuple(
        parts[name] for name in ("html", "subject", "preheader")
    )
    assert copy.settings["title"] == "Spring, run 1"
    assert not copy.settings.get("template_id")
    assert any("template" in words for words in draft.lost)
    assert copy.segment_opts["saved_segment_id"] == int(segment)
    assert {name: copy.settings[name] for name in ("from_name", "reply_to", "to_name", "auto_footer")} == {
        name: original.settings[name] for name in ("from_name", "reply_to", "to_name", "auto_footer")
    }
    assert (original.settings, original.html) == before
    assert not [path for _, path, _ in sent if "/actions/" in path]
    assert target.find_draft("Spring, run 1") == made
    assert target.find_draft("Spring, run") is None


def test_a_message_of_a_file_takes_the_audiences_own_sender(target, sandbox, audience, segment):
    from contextmail.connectors.base import Draft

    made = target.create_draft(
        Draft("", "", "", {}, {}), parts={"subject": "Hello", "html": HTML}, segment=segment, title="File"
    )
    settings = sandbox.state.campaigns[made].settings
    assert (settings["from_name"], settings["reply_to"]) == (audience.from_name, audience.from_email)


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.TIMEOUT, Kind.EMPTY])
@pytest.mark.parametrize("done", [True, False])
def test_a_draft_whose_making_was_not_answered_is_there_once(target_of, sandbox, original, segment, kind, done):
    target = target_of(timeout=0.3)
    draft, before = target.draft(original.id), len(sandbox.state.campaigns)
    sandbox.faults.add(
        Fault(kind, "POST /campaigns", status=500, seconds=0.5 if kind is Kind.TIMEOUT else 0, done=done)
    )
    made = target.create_draft(draft, parts={"subject": "Hello", "html": HTML}, segment=segment, title="run 1")
    assert len(sandbox.state.campaigns) == before + 1
    assert sandbox.state.campaigns[made].html == HTML


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.EMPTY])
@pytest.mark.parametrize("done", [True, False])
def test_a_field_and_a_segment_whose_making_was_not_answered_are_there_once(target, sandbox, audience, kind, done):
    sandbox.faults.add(Fault(kind, "POST /lists/{list_id}/merge-fields", status=500, done=done))
    sandbox.faults.add(Fault(kind, "POST /lists/{list_id}/segments", status=500, done=done))
    sandbox.faults.add(Fault(kind, "POST /lists/{list_id}/segments/{segment_id}", status=500, done=done))
    target.create_field("CMABCDEFGH", "contextmail CMABCDEFGH", "there")
    made = target.create_segment("run 1", ["ann.subscribed@example.com"])
    assert [one.tag for one in audience.fields.values()].count("CMABCDEFGH") == 1
    assert [one.name for one in audience.segments.values()] == ["run 1"]
    assert len(list(target.segment_members(made))) == 1


def test_other_texts_go_into_a_draft_until_it_is_scheduled(target, sandbox, original, segment):
    made = target.create_draft(
        target.draft(original.id), parts={"subject": "A", "html": HTML}, segment=segment, title="run 1"
    )
    target.change_draft(made, {"subject": "B", "html": HTML + "<p>More</p>"})
    copy = sandbox.state.campaigns[made]
    assert (copy.settings["subject_line"], copy.html) == ("B", HTML + "<p>More</p>")
    copy.status = "schedule"
    for change in (lambda: target.change_draft(made, {"subject": "C"}), lambda: target.delete_draft(made)):
        with pytest.raises(StalePlanError, match="'schedule'.*\n.*unschedule"):
            change()
    assert target.draft(made).state == "schedule"
    copy.status = "save"
    target.delete_draft(made)
    target.delete_draft(made)
    assert made not in sandbox.state.campaigns


def test_the_checklist_is_what_stands_between_the_draft_and_its_sending(target, original, segment):
    good = target.create_draft(
        target.draft(original.id), parts={"subject": "A", "html": HTML}, segment=segment, title="good"
    )
    bad = target.create_draft(
        target.draft(original.id), parts={"subject": "", "html": HTML}, segment=segment, title="bad"
    )
    assert target.checklist(good) == []
    assert any("subject" in line.lower() for line in target.checklist(bad))


def campaign(**more):
    known = {"id": "1a", "type": "regular", "status": "save", "content_type": "html", "recipients": {"list_id": "1"}}
    return {**known, "settings": {"title": "Spring"}, **more}


def read(found):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mailchimp:
        mailchimp.get(f"{ROOT}/campaigns/1a", json=found)
        mailchimp.get(f"{ROOT}/campaigns/1a/content", json={"html": HTML, "plain_text": "Dear"})
        return connect(MailchimpOptions(audience="1"), {"MAILCHIMP_API_KEY": "k-us6"}).draft("1a")


@pytest.mark.parametrize(
    "found",
    [
        campaign(type="variate"),
        campaign(type="absplit"),
        campaign(type="rss"),
        campaign(type="automation-email"),
        campaign(content_type="multichannel"),
        campaign(recipients={"list_id": "2"}),
    ],
    ids=["variate", "absplit", "rss", "automation", "multichannel", "another audience"],
)
def test_what_cannot_be_copied_is_a_capability_error_with_the_step_to_take(found):
    with pytest.raises(CapabilityError, match="cure: "):
        read(found)


CONDITION = {"condition_type": "EcommNumber", "field": "ecomm_orders", "op": "is", "value": 1}
TAGGED = [
    {"condition_type": "StaticSegment", "field": "static_segment", "op": "static_is", "value": value}
    for value in (12, 34)
]
NOT_TAGGED = {**TAGGED[0], "op": "static_not"}


@pytest.mark.parametrize(
    ("options", "segment"),
    [
        ({}, ""),
        ({"match": "any", "conditions": []}, ""),
        ({"saved_segment_id": 12, "match": "any", "conditions": [CONDITION]}, "12"),
        ({"match": "any", "conditions": TAGGED[:1]}, "12"),
        ({"match": "all", "conditions": TAGGED}, "all:12,34"),
        ({"match": "any", "conditions": TAGGED}, "any:12,34"),
    ],
)
def test_a_draft_targets_everybody_a_saved_segment_or_tags(options, segment):
    assert read(campaign(recipients={"list_id": "1", "segment_opts": options})).segment == segment


@pytest.mark.parametrize(
    "options",
    [
        {"match": "any", "conditions": [CONDITION]},
        {"match": "any", "conditions": [*TAGGED, CONDITION]},
        {"match": "any", "conditions": [NOT_TAGGED]},
        {"prebuilt_segment_id": "subscribers-female"},
    ],
)
def test_conditions_that_were_never_saved_are_a_capability_error(options):
    with pytest.raises(CapabilityError, match="save one with these conditions"):
        read(campaign(recipients={"list_id": "1", "segment_opts": options}))


def test_the_members_of_several_tags_are_those_of_any_or_of_all(target):
    ann, bob = "ann.subscribed@example.com", "bob.subscribed@example.com"
    one, two = target.create_segment("one", [ann, bob]), target.create_segment("two", [bob])
    assert len(list(target.segment_members(f"any:{one},{two}"))) == 2
    assert len(list(target.segment_members(f"all:{one},{two}"))) == 1


def test_a_draft_whose_segment_was_not_taken_is_removed_before_it_goes_to_everybody():
    with responses.RequestsMock() as mailchimp:
        mailchimp.get(f"{ROOT}/lists/1", json={"campaign_defaults": {}})
        mailchimp.post(f"{ROOT}/campaigns", json=campaign(recipients={"list_id": "1", "segment_opts": {}}))
        mailchimp.delete(f"{ROOT}/campaigns/1a", status=204)
        target = connect(MailchimpOptions(audience="1"), {"MAILCHIMP_API_KEY": "k-us6"})
        from contextmail.connectors.base import Draft

        with pytest.raises(PlatformError, match="would go to everybody"):
            target.create_draft(Draft("", "", "", {}, {}), parts={"html": HTML}, segment="12", title="run 1")
        assert json.loads(mailchimp.calls[1].request.body)["recipients"]["segment_opts"] == {"saved_segment_id": 12}


def test_html_that_mailchimp_ignored_is_an_error(target, sandbox, original):
    original.settings["template_id"] = sandbox.state.add_template("Old", HTML).id
    with pytest.raises(PlatformError, match="did not take the html part"):
        target.change_draft(original.id, {"html": "<p>*|CMABCDEFGH|*</p>"})


def test_every_place_that_names_a_field_is_found(target, sandbox, audience, original):
    original.settings["subject_line"] = "Hello *|CMAAAAAAAA|*"
    original.html = "<p>*|IF:CMBBBBBBBB=a|*x*|ELSE:|*y*|END:IF|*</p>"
    scheduled = sandbox.state.add_campaign(audience, html="*|CMCCCCCCCC|*")
    scheduled.status = "schedule"
    sent = sandbox.state.add_campaign(audience, html="*|CMDDDDDDDD|*")
    sent.status = "sent"
    email = sandbox.state.add_campaign(audience, html="*|CMEEEEEEEE|*")
    sandbox.state.add_automation(audience, "Welcome", email)
    email.status = "sent"
    found = dict(target.tags_in_use())
    assert {tag for tag in found if tag.startswith("CM")} == {f"CM{letter * 8}" for letter in "ABCE"}
    assert original.id in found["CMAAAAAAAA"]
