"""Drafts: what the platform keeps, ignores and refuses."""

import pytest

ADA = "ada@example.com"
SETTINGS = {"subject_line": "Hello", "from_name": "Shop", "reply_to": "shop@example.com"}


@pytest.fixture
def draft(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    body = {"type": "regular", "recipients": {"list_id": audience.id}, "settings": SETTINGS}
    return api("POST", "/campaigns", body).json()["id"]


def test_html_is_ignored_in_silence_once_there_is_a_template(api, sandbox, draft):
    template = sandbox.state.add_template("Plain", "<p>Template</p>")
    api("PATCH", f"/campaigns/{draft}", {"settings": {**SETTINGS, "template_id": template.id}})
    answer = api("PUT", f"/campaigns/{draft}/content", {"html": "<p>Mine</p>"})
    assert (answer.status_code, answer.json()["html"]) == (200, "<p>Template</p>")


def test_without_a_template_the_html_is_kept_and_its_text_is_made(api, draft):
    html = "<style>p{}</style><p>Hi *|FNAME|*,</p>\n<p>Spring &amp; summer</p>"
    answer = api("PUT", f"/campaigns/{draft}/content", {"html": html}).json()
    assert (answer["html"], answer["plain_text"]) == (html, "Hi *|FNAME|*,\nSpring & summer")


@pytest.mark.parametrize("missing", ["subject_line", "from_name", "reply_to"])
def test_a_change_needs_subject_and_sender(api, draft, missing):
    settings = {name: value for name, value in SETTINGS.items() if name != missing}
    refused = api("PATCH", f"/campaigns/{draft}", {"settings": settings})
    assert refused.json()["errors"][0]["field"] == f"settings.{missing}"


def test_the_checklist_names_what_is_missing(api, draft):
    answer = api("GET", f"/campaigns/{draft}/send-checklist").json()
    errors = [item["heading"] for item in answer["items"] if item["type"] == "error"]
    assert (answer["is_ready"], errors) == (False, ["HTML email"])
    assert api("POST", f"/campaigns/{draft}/actions/send").status_code == 400


@pytest.mark.parametrize("at", ["2099-01-01T10:10:00+00:00", "2000-01-01T10:15:00+00:00", "soon"])
def test_a_draft_is_scheduled_on_a_quarter_of_an_hour_to_come(api, draft, at):
    api("PUT", f"/campaigns/{draft}/content", {"html": "<p>Hi</p>"})
    assert api("POST", f"/campaigns/{draft}/actions/schedule", {"schedule_time": at}).status_code == 400


def test_a_scheduled_campaign_cannot_be_changed(api, draft):
    api("PUT", f"/campaigns/{draft}/content", {"html": "<p>Hi</p>"})
    at = {"schedule_time": "2099-01-01T10:30:00Z"}
    assert api("POST", f"/campaigns/{draft}/actions/schedule", at).status_code == 204
    assert api("PUT", f"/campaigns/{draft}/content", {"html": "<p>No</p>"}).status_code == 400
    assert api("PATCH", f"/campaigns/{draft}", {"settings": SETTINGS}).status_code == 400


def test_a_draft_reaches_the_subscribed_of_its_segment(api, sandbox, audience, draft):
    sandbox.state.add_member(audience, "ben@example.com")
    sandbox.state.add_member(audience, "una@example.com", "unsubscribed")
    segment = api(
        "POST", f"/lists/{audience.id}/segments", {"name": "wave", "static_segment": [ADA, "una@example.com"]}
    ).json()
    assert api("GET", f"/campaigns/{draft}").json()["recipients"]["recipient_count"] == 2
    targets = {"list_id": audience.id, "segment_opts": {"saved_segment_id": segment["id"], "match": "any"}}
    changed = api("PATCH", f"/campaigns/{draft}", {"settings": SETTINGS, "recipients": targets}).json()
    assert changed["recipients"]["recipient_count"] == 1
    assert changed["recipients"]["segment_opts"]["saved_segment_id"] == segment["id"]
    api("DELETE", f"/lists/{audience.id}/segments/{segment['id']}")
    assert api("GET", f"/campaigns/{draft}").json()["recipients"]["recipient_count"] == 0


@pytest.mark.parametrize("type_", ["variate", "rss"])
def test_types_that_are_not_modelled_say_so(api, audience, type_):
    body = {"type": type_, "recipients": {"list_id": audience.id}}
    assert api("POST", "/campaigns", body).status_code == 501


def test_drafts_of_every_type_can_be_found(api, sandbox, audience):
    made = sandbox.state.add_campaign(audience, type_="variate", subject_line="A or B")
    assert [one["id"] for one in api("GET", "/campaigns", type="variate").json()["campaigns"]] == [made.id]


def test_a_list_or_template_that_is_not_there_is_refused(api, audience):
    for body in (
        {"type": "regular", "recipients": {"list_id": "none"}},
        {"type": "regular", "recipients": {"list_id": audience.id}, "settings": {"template_id": 1}},
        {"type": "regular", "recipients": {"list_id": audience.id, "segment_opts": {"saved_segment_id": 1}}},
    ):
        assert api("POST", "/campaigns", body).status_code == 400
    assert api("GET", "/campaigns").json()["total_items"] == 0


def test_a_sent_campaign_keeps_the_values_it_was_sent_with(api, sandbox, audience, draft):
    path = f"/lists/{audience.id}/members/{ADA}"
    api("PATCH", path, {"merge_fields": {"FNAME": "Ada"}})
    sandbox.state.send(draft)
    api("PATCH", path, {"merge_fields": {"FNAME": "Adalinde"}})
    assert api("GET", f"/reports/{draft}/sent-to").json()["sent_to"][0]["merge_fields"]["FNAME"] == "Ada"


def test_activity_since_a_moment_leaves_out_what_was_before(api, sandbox, draft):
    sandbox.state.send(draft, open_share=1, click_share=1)
    path = f"/reports/{draft}/email-activity"
    all_of_it = api("GET", path).json()["emails"][0]["activity"]
    assert [deed["action"] for deed in all_of_it] == ["open", "click"]
    since = api("GET", path, since=all_of_it[0]["timestamp"]).json()["emails"][0]["activity"]
    assert since == all_of_it[1:]


def test_a_drafts_own_conditions_are_followed_and_shown(api, sandbox, audience, draft):
    sandbox.state.add_member(audience, "ben@example.com", values={"FNAME": "Ben"})
    condition = {"condition_type": "TextMerge", "field": "FNAME", "op": "is", "value": "Ben"}
    options = {"match": "all", "conditions": [condition]}
    made = sandbox.state.add_campaign(audience, segment_opts=options, content_type="multichannel")
    shown = api("GET", f"/campaigns/{made.id}").json()
    assert shown["recipients"]["segment_opts"] == options
    assert (shown["recipients"]["recipient_count"], shown["content_type"]) == (1, "multichannel")


def test_the_emails_of_an_automation_are_not_listed_as_campaigns(api, sandbox, audience):
    welcome = sandbox.state.add_campaign(audience, html="<p>*|CM_1|*</p>")
    sandbox.state.add_automation(audience, "Welcome", welcome)
    assert api("GET", "/campaigns").json()["total_items"] == 0
    assert api("GET", f"/campaigns/{welcome.id}/content").json()["html"] == "<p>*|CM_1|*</p>"


def test_a_bounce_is_told_in_the_report_and_cleans_the_address(api, sandbox, audience, draft):
    sandbox.state.send(draft, open_share=1)
    sandbox.state.bounce(audience.id, ADA, campaign_id=draft)
    (sent,) = api("GET", f"/reports/{draft}/sent-to").json()["sent_to"]
    assert (sent["status"], sent["open_count"]) == ("hard", 0)
    assert api("GET", f"/reports/{draft}").json()["bounces"]["hard_bounces"] == 1
    assert api.member(audience)["status"] == "cleaned"
