"""Static segments, which are tags; saved ones, as far as they are modelled."""

import pytest

from contextmail.sandbox.mailchimp import seeding
from contextmail.sandbox.people import invent


def add(api, audience, **body):
    return api("POST", f"/lists/{audience.id}/segments", {"name": "wave", **body})


def names(answer):
    return {member["email_address"] for member in answer.json()["members"]}


def saved(*conditions, match="all"):
    return {"match": match, "conditions": list(conditions)}


@pytest.fixture
def people(sandbox, audience):
    state = sandbox.state
    state.add_member(audience, "ada@example.com", values={"FNAME": "Ada"})
    state.add_member(audience, "ben@example.com", values={"FNAME": "Ben"})
    state.add_member(audience, "una@example.com", "unsubscribed")
    return audience


def test_more_than_five_hundred_changes_at_once_are_refused(api, audience):
    emails = [f"p{number}@example.com" for number in range(501)]
    assert add(api, audience, static_segment=emails).status_code == 400
    segment = add(api, audience, static_segment=[]).json()
    path = f"/lists/{audience.id}/segments/{segment['id']}"
    assert api("POST", path, {"members_to_add": emails}).status_code == 400
    assert api("POST", path, {"members_to_add": emails[:500]}).status_code == 200


def test_unknown_addresses_are_told_and_otherwise_ignored(api, people):
    segment = add(api, people, static_segment=["ada@example.com", "nobody@example.com"]).json()
    assert segment["member_count"] == 1
    path = f"/lists/{people.id}/segments/{segment['id']}"
    changed = api("POST", path, {"members_to_add": ["ben@example.com", "none@example.com"]}).json()
    assert (changed["total_added"], changed["error_count"]) == (1, 1)
    assert changed["errors"][0]["email_addresses"] == ["none@example.com"]


def test_a_segment_shows_the_subscribed_unless_asked_for_others(api, people):
    segment = add(api, people, static_segment=["ada@example.com", "una@example.com"]).json()
    path = f"/lists/{people.id}/segments/{segment['id']}/members"
    assert names(api("GET", path)) == {"ada@example.com"}
    assert names(api("GET", path, include_unsubscribed="true")) == {"ada@example.com", "una@example.com"}


def test_a_static_segment_is_a_tag_of_its_members(api, people):
    add(api, people, static_segment=["ada@example.com"])
    assert [tag["name"] for tag in api.member(people)["tags"]] == ["wave"]
    assert api("GET", f"/lists/{people.id}/tag-search", name="WA").json()["total_items"] == 1


def test_a_name_is_taken_once(api, people):
    assert add(api, people, static_segment=[]).ok
    assert add(api, people, static_segment=[]).status_code == 400


def test_replacing_the_members_leaves_no_tag_behind(api, people):
    segment = add(api, people, static_segment=["ada@example.com"]).json()
    path = f"/lists/{people.id}/segments/{segment['id']}"
    assert api("PATCH", path, {"name": "wave", "static_segment": ["ben@example.com"]}).json()["member_count"] == 1
    assert api.member(people)["tags"] == []


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("is", "Ada", {"ada@example.com"}),
        ("not", "Ada", {"ben@example.com"}),
        ("starts", "B", {"ben@example.com"}),
        ("contains", "d", {"ada@example.com"}),
        ("blank", "", set()),
        ("blank_not", "", {"ada@example.com", "ben@example.com"}),
    ],
)
def test_a_saved_segment_follows_a_merge_field(api, people, op, value, expected):
    condition = {"condition_type": "TextMerge", "field": "FNAME", "op": op, "value": value}
    segment = add(api, people, options=saved(condition)).json()
    assert segment["type"] == "saved"
    assert names(api("GET", f"/lists/{people.id}/segments/{segment['id']}/members")) == expected


def test_a_saved_segment_follows_the_number_of_orders(api, sandbox):
    people = list(invent(30, seed=3))
    audience = seeding.fill(sandbox.state, people)
    store = seeding.open_store(sandbox.state, audience, people)
    once = {one.email for one in store.customers.values() if one.orders == 1}
    subscribed = {member.email for member in audience.members if member.status == "subscribed"}
    condition = {"condition_type": "EcommNumber", "field": "ecomm_orders", "op": "is", "value": 1}
    segment = add(api, audience, options=saved(condition)).json()
    path = f"/lists/{audience.id}/segments/{segment['id']}/members"
    assert names(api("GET", path, count=100)) == once & subscribed != set()


def test_any_and_all_differ(api, people):
    static = add(api, people, name="static", static_segment=["ben@example.com"]).json()
    conditions = [
        {"condition_type": "TextMerge", "field": "FNAME", "op": "is", "value": "Ada"},
        {"condition_type": "StaticSegment", "field": "static_segment", "op": "static_is", "value": static["id"]},
    ]
    assert add(api, people, name="any", options=saved(*conditions, match="any")).json()["member_count"] == 2
    assert add(api, people, name="all", options=saved(*conditions)).json()["member_count"] == 0


def test_a_condition_that_is_not_modelled_says_so(api, people):
    condition = {"condition_type": "MemberRating", "field": "rating", "op": "is", "value": 5}
    refused = add(api, people, options=saved(condition))
    assert (refused.status_code, refused.json()["title"]) == (501, "Not Modelled By The Sandbox")
    assert people.segments == {}


def test_a_condition_on_a_field_that_is_gone_holds_for_nobody(api, people):
    condition = {"condition_type": "TextMerge", "field": "FNAME", "op": "not", "value": "x"}
    segment = add(api, people, options=saved(condition)).json()
    assert segment["member_count"] == 2
    api("DELETE", f"/lists/{people.id}/merge-fields/{people.field_tagged('FNAME').id}")
    assert api("GET", f"/lists/{people.id}/segments/{segment['id']}").json()["member_count"] == 0
