"""The rules of status, compliance and forgotten addresses; text cut at 255 bytes; pages."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from contextmail.sandbox.mailchimp import Limits, Readings, Sandbox
from contextmail.sandbox.mailchimp.state import key_of

ADA = "ada@example.com"


# As discourse-newsletter-integration recorded a contact (MIT): names and types, in the platform's order.
RECORDED = {
    "id": str,
    "email_address": str,
    "unique_email_id": str,
    "contact_id": str,
    "full_name": str,
    "web_id": int,
    "email_type": str,
    "status": str,
    "consents_to_one_to_one_messaging": bool,
    "merge_fields": dict,
    "stats": dict,
    "ip_signup": str,
    "timestamp_signup": str,
    "ip_opt": str,
    "timestamp_opt": str,
    "member_rating": int,
    "last_changed": str,
    "language": str,
    "vip": bool,
    "email_client": str,
    "location": dict,
    "source": str,
    "tags_count": int,
    "tags": list,
    "list_id": str,
}


def path(audience, email=ADA):
    return f"/lists/{audience.id}/members/{key_of(email)}"


def test_a_contact_has_the_recorded_shape(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    assert {name: type(value) for name, value in api.member(audience).items()} == RECORDED
    sandbox.state.unsubscribe(audience.id, ADA, by="admin")
    assert api.member(audience)["unsubscribe_reason"] == "N/A (Unsubscribed by admin)"


def test_when_somebody_unsubscribed_is_asked_for_and_no_field_moves_it(api_of):
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    with Sandbox(clock=lambda: now[0]) as sandbox:
        api, audience = api_of(sandbox), sandbox.state.add_list("Lantern & Lace")
        sandbox.state.add_member(audience, ADA)
        old = api(
            "POST", f"/lists/{audience.id}/members", {"email_address": "bo@example.com", "status": "unsubscribed"}
        )
        assert old.status_code == 200
        now[0] += timedelta(days=1)
        sandbox.state.unsubscribe(audience.id, ADA)
        now[0] += timedelta(days=1)
        for email in (ADA, "bo@example.com"):
            api("PATCH", path(audience, email), {"merge_fields": {"FNAME": "New"}})

        def left(since, **query):
            query |= {"status": "unsubscribed", "unsubscribed_since": since}
            found = api("GET", f"/lists/{audience.id}/members", **query).json()["members"]
            return {one["email_address"]: one["last_changed"][:10] for one in found}

        assert left("2026-01-01T12:00:00+00:00") == {ADA: "2026-01-03"}
        assert left("2026-01-02T12:00:00+00:00") == {}
        assert left("2025-12-31T00:00:00+00:00").keys() == {ADA, "bo@example.com"}
        ids = {"unique_email_id": key_of("bo@example.com")[:10]}
        assert left("2025-12-31T00:00:00+00:00", **ids).keys() == {"bo@example.com"}


def test_text_is_cut_at_255_bytes_without_a_word(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    answer = api("PATCH", path(audience), {"merge_fields": {"FNAME": "é" * 200}})
    assert answer.status_code == 200
    assert answer.json()["merge_fields"]["FNAME"] == "é" * 127


def test_null_and_empty_text_both_clear_a_value(api, sandbox, audience):
    for nothing in (None, ""):
        sandbox.state.add_member(audience, ADA, values={"FNAME": "Ada"})
        assert api("PATCH", path(audience), {"merge_fields": {"FNAME": nothing}}).json()["merge_fields"]["FNAME"] == ""


def test_a_status_in_a_write_overwrites(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA, "unsubscribed")
    body = {"email_address": ADA, "status": "subscribed", "status_if_new": "pending"}
    assert api("PUT", path(audience), body).json()["status"] == "subscribed"


def test_status_if_new_leaves_a_contact_that_is_there_alone(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA, "unsubscribed")
    body = {"email_address": ADA, "status_if_new": "subscribed", "merge_fields": {"FNAME": "Ada"}}
    answer = api("PUT", path(audience), body).json()
    assert (answer["status"], answer["merge_fields"]["FNAME"]) == ("unsubscribed", "Ada")


def test_nobody_who_left_by_themselves_is_brought_back(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    sandbox.state.unsubscribe(audience.id, ADA)
    answer = api("PATCH", path(audience), {"status": "subscribed", "merge_fields": {"FNAME": "Ada"}})
    assert (answer.status_code, answer.json()["title"]) == (400, "Member In Compliance State")
    assert answer.json()["detail"].startswith(f"{ADA} is in a compliance state due to unsubscribe")
    # Nothing of a refused write stays; an opt-in mail may be asked for.
    assert api.member(audience)["merge_fields"]["FNAME"] == ""
    assert api("PATCH", path(audience), {"status": "pending"}).json()["status"] == "pending"


def test_an_opt_in_mail_may_be_refused_too_by_setting(api_of):
    with Sandbox(readings=Readings(compliance_takes_pending=False)) as strict:
        audience = strict.state.add_list("Strict")
        strict.state.add_member(audience, ADA)
        strict.state.unsubscribe(audience.id, ADA)
        answer = api_of(strict)("PATCH", path(audience), {"status": "pending"})
    assert (answer.status_code, answer.json()["title"]) == (400, "Member In Compliance State")


def test_a_contact_tells_who_signed_them_up(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    assert (api.member(audience)["source"], api.member(audience)["ip_opt"]) == ("API - Generic", "")
    sandbox.state.subscribe(audience.id, ADA)
    assert (api.member(audience)["source"], api.member(audience)["ip_opt"]) == ("Hosted Signup Form", "127.0.0.1")


def test_somebody_unsubscribed_by_the_sender_can_be_turned_back(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    sandbox.state.unsubscribe(audience.id, ADA, by="admin")
    assert api("PATCH", path(audience), {"status": "subscribed"}).json()["status"] == "subscribed"


def test_fields_of_an_unsubscribed_contact_are_written_and_the_status_stays(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    sandbox.state.unsubscribe(audience.id, ADA)
    answer = api("PATCH", path(audience), {"merge_fields": {"FNAME": "Ada"}}).json()
    assert (answer["status"], answer["merge_fields"]["FNAME"]) == ("unsubscribed", "Ada")


def test_a_forgotten_address_cannot_be_written_again_but_may_sign_up(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    api("POST", f"{path(audience)}/actions/delete-permanent")
    assert api("GET", path(audience)).status_code == 404
    refused = api("PUT", path(audience), {"email_address": ADA, "status_if_new": "subscribed"})
    assert refused.json()["title"] == "Forgotten Email Not Subscribed"
    sandbox.state.subscribe(audience.id, ADA)
    assert api.member(audience)["status"] == "subscribed"


def test_adding_somebody_who_is_there_is_refused(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    answer = api("POST", f"/lists/{audience.id}/members", {"email_address": "Ada@Example.com", "status": "subscribed"})
    assert (answer.status_code, answer.json()["title"]) == (400, "Member Exists")


def test_patch_cannot_create_nor_make_transactional(api, audience):
    assert api("PATCH", path(audience), {"merge_fields": {}}).status_code == 404
    assert api("PATCH", path(audience), {"status": "transactional"}).status_code == 400


def test_a_new_address_moves_the_contact_with_its_tags(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    api("POST", f"{path(audience)}/tags", {"tags": [{"name": "spring", "status": "active"}]})
    new = "ada.lane@example.com"
    assert api("PATCH", path(audience), {"email_address": new}).json()["id"] == key_of(new)
    assert api("GET", path(audience)).status_code == 404
    assert [tag["name"] for tag in api.member(audience, new)["tags"]] == ["spring"]


@pytest.mark.parametrize(("archived_is_new", "status"), [(True, "subscribed"), (False, "archived")])
def test_a_write_to_an_archived_contact_has_two_readings(api_of, archived_is_new, status):
    with Sandbox(readings=Readings(archived_is_new=archived_is_new)) as sandbox:
        audience = sandbox.state.add_list("Shop")
        sandbox.state.add_member(audience, ADA, "archived")
        body = {"email_address": ADA, "status_if_new": "subscribed"}
        assert api_of(sandbox)("PUT", path(audience), body).json()["status"] == status


@pytest.mark.parametrize(("archived_listed", "total"), [(True, 2), (False, 1)])
def test_whether_archived_contacts_are_listed_has_two_readings(api_of, archived_listed, total):
    with Sandbox(readings=Readings(archived_listed=archived_listed)) as sandbox:
        audience = sandbox.state.add_list("Shop")
        sandbox.state.add_member(audience, ADA, "archived")
        sandbox.state.add_member(audience, "ben@example.com")
        assert api_of(sandbox)("GET", f"/lists/{audience.id}/members").json()["total_items"] == total


@pytest.mark.parametrize(("reading", "status"), [("ignored", 200), ("rejected", 400)])
def test_an_unknown_tag_has_two_readings(api_of, reading, status):
    with Sandbox(readings=Readings(unknown_tags=reading)) as sandbox:
        audience = sandbox.state.add_list("Shop")
        sandbox.state.add_member(audience, ADA)
        assert api_of(sandbox)("PATCH", path(audience), {"merge_fields": {"NONE": "x"}}).status_code == status


def test_a_required_field_must_have_a_value_unless_validation_is_skipped(api, sandbox, audience):
    sandbox.state.add_field(audience, "SHOE", required=True)
    sandbox.state.add_member(audience, ADA)
    refused = api("PATCH", path(audience), {"merge_fields": {"FNAME": "Ada"}})
    assert refused.json()["detail"] == "Your merge fields were invalid."
    assert refused.json()["errors"] == [{"field": "SHOE", "message": "Please enter a value"}]
    assert api("PATCH", path(audience), {"merge_fields": {"FNAME": "Ada"}}, skip_merge_validation="true").ok


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("number", "12.5", "many"),
        ("number", 3, "nan"),
        ("date", "2026-11-22", "tomorrow"),
        ("birthday", "02/29", "2/29"),
        ("zip", "30308", "N1 1AA"),
        ("url", "https://example.com", "example"),
        ("text", "anything", {"a": 1}),
    ],
)
def test_values_are_checked_by_type(api, sandbox, audience, type_, good, bad):
    sandbox.state.add_field(audience, "X", type=type_)
    sandbox.state.add_member(audience, ADA)
    assert api("PATCH", path(audience), {"merge_fields": {"X": good}}).ok
    assert api("PATCH", path(audience), {"merge_fields": {"X": bad}}).json()["errors"][0]["field"] == "X"


def test_only_what_changed_since_is_listed_and_an_echo_changes_nothing(api_of):
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    clock = iter([now + timedelta(minutes=step) for step in range(100)])
    with Sandbox(clock=lambda: next(clock)) as sandbox:
        api, audience = api_of(sandbox), sandbox.state.add_list("Shop")
        for name in ("ada", "ben"):
            sandbox.state.add_member(audience, f"{name}@example.com", values={"FNAME": name})
        since = max(member.changed_at for member in audience.members).isoformat()
        api("PATCH", path(audience), {"merge_fields": {"FNAME": "ada"}})
        listed = f"/lists/{audience.id}/members"
        assert api("GET", listed, since_last_changed=since).json()["total_items"] == 0
        api("PATCH", path(audience), {"merge_fields": {"FNAME": "Ada"}})
        changed = api("GET", listed, since_last_changed=since, status="subscribed").json()["members"]
        assert [member["email_address"] for member in changed] == [ADA]


def test_a_page_holds_a_thousand_and_no_more(api, audience):
    refused = api("GET", f"/lists/{audience.id}/members", count=1001)
    assert refused.json()["errors"][0]["field"] == "count"


def test_booleans_as_python_writes_them_are_refused(api, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    refused = api("PATCH", path(audience), {}, skip_merge_validation=True)
    assert refused.json()["errors"] == [
        {"field": "skip_merge_validation", "message": "Schema describes boolean, string found instead"}
    ]


@pytest.mark.parametrize("query", [{"fields": "nothing"}, {"fields": "members", "exclude_fields": "members"}])
def test_wrong_fields_are_an_error(api, audience, query):
    answer = api("GET", f"/lists/{audience.id}/members", **query)
    assert (answer.status_code, answer.json()["title"]) == (400, "Requested Fields Invalid")


def test_a_body_that_is_no_json_is_an_error(sandbox, audience):
    url = f"{sandbox.url}/lists/{audience.id}"
    answer = requests.post(url, data=b"{", auth=("user", "key"), timeout=5)
    assert (answer.status_code, answer.json()["title"]) == (400, "JSON Parse Error")


def test_the_limits_are_settings(api_of):
    with Sandbox(limits=Limits(text_bytes=5, page=2)) as sandbox:
        api, audience = api_of(sandbox), sandbox.state.add_list("Shop")
        sandbox.state.add_member(audience, ADA)
        assert (
            api("PATCH", path(audience), {"merge_fields": {"FNAME": "Adalinde"}}).json()["merge_fields"]["FNAME"]
            == "Adali"
        )
        assert api("GET", f"/lists/{audience.id}/members", count=3).status_code == 400
