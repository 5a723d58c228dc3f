"""Thirty fields to an audience, tags of ten characters, values that go with their field."""

import pytest

from contextmail.sandbox.mailchimp import Limits, Sandbox
from contextmail.sandbox.mailchimp.state import key_of

ADA = "ada@example.com"


def add(api, audience, **body):
    return api("POST", f"/lists/{audience.id}/merge-fields", {"name": "A field", "type": "text", **body})


def test_the_thirty_first_field_is_refused(api, audience):
    for number in range(len(audience.fields), 30):
        last = add(api, audience, tag=f"CM_{number}").json()
    assert (last["total_items"], last["merge_field_limit"]) == (30, 30)
    refused = add(api, audience, tag="CM_30")
    assert refused.status_code == 400
    assert "30 merge fields" in refused.json()["detail"]


@pytest.mark.parametrize("tag", ["CM_ELEVENXX", "CM-1", "", "FNAME", "fname", "EMAIL"])
def test_a_tag_that_is_long_odd_or_taken_is_refused(api, audience, tag):
    assert add(api, audience, tag=tag).status_code == 400
    assert len(audience.fields) == 4


def test_the_tag_may_be_left_to_the_platform(api, audience):
    assert add(api, audience).json()["tag"] == "MMERGE5"


def test_ten_fields_are_listed_unless_more_are_asked_for(api, audience):
    for number in range(10):
        add(api, audience, tag=f"CM_{number}")
    path = f"/lists/{audience.id}/merge-fields"
    assert len(api("GET", path).json()["merge_fields"]) == 10
    assert len(api("GET", path, count=100).json()["merge_fields"]) == 14


def test_a_deleted_field_takes_its_values_and_a_new_one_of_that_tag_begins_empty(api, sandbox, audience):
    number = add(api, audience, tag="CM_1").json()["merge_id"]
    sandbox.state.add_member(audience, ADA, values={"CM_1": "old"})
    api("DELETE", f"/lists/{audience.id}/merge-fields/{number}")
    assert "CM_1" not in api.member(audience)["merge_fields"]
    add(api, audience, tag="CM_1")
    assert api.member(audience)["merge_fields"]["CM_1"] == ""


def test_a_renamed_tag_keeps_its_values(api, sandbox, audience):
    number = add(api, audience, tag="CM_1").json()["merge_id"]
    sandbox.state.add_member(audience, ADA, values={"CM_1": "kept"})
    api("PATCH", f"/lists/{audience.id}/merge-fields/{number}", {"tag": "CM_2"})
    assert audience.tagged_values(audience.members[key_of(ADA)].values)["CM_2"] == "kept"


def test_a_premium_account_holds_eighty(api_of):
    with Sandbox(limits=Limits(merge_fields=80)) as sandbox:
        api, audience = api_of(sandbox), sandbox.state.add_list("Shop")
        assert all(add(api, audience, tag=f"CM_{number}").ok for number in range(76))
        assert not add(api, audience, tag="CM_LAST").ok
