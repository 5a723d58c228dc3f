"""POST /lists/{list_id}: five hundred at once, errors by address, and both readings of what nobody confirmed."""

import pytest
from mailchimp_marketing.api_client import ApiClientError

from contextmail.sandbox.mailchimp import Readings, Sandbox

ADA, BEN = "ada@example.com", "ben@example.com"


def write(sdk, audience, *members, **more):
    return sdk.lists.batch_list_members(audience.id, {"members": list(members), **more})


def item(email, **more):
    return {"email_address": email, **more}


@pytest.fixture
def reading(request, sdk_of):
    """A sandbox under one reading, with its audience and the SDK."""
    with Sandbox(readings=Readings(**request.param)) as sandbox:
        yield sandbox.state, sandbox.state.add_list("Shop"), sdk_of(sandbox)


def test_five_hundred_and_one_are_refused_whole(sdk, audience):
    members = [item(f"p{number}@example.com", status="subscribed") for number in range(501)]
    with pytest.raises(ApiClientError) as caught:
        write(sdk, audience, *members)
    assert caught.value.status_code == 400
    assert len(audience.members) == 0


def test_one_wrong_address_leaves_the_others_written(sdk, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    answer = write(sdk, audience, item("no address", status="subscribed"), item(ADA), item(BEN, status="subscribed"))
    assert (answer["total_created"], answer["error_count"]) == (1, 2)
    assert [error["error_code"] for error in answer["errors"]] == ["ERROR_GENERIC", "ERROR_CONTACT_EXISTS"]
    assert [error["email_address"] for error in answer["errors"]] == ["no address", ADA]


def test_contacts_that_are_there_are_changed_only_when_asked(sdk, sandbox, audience):
    sandbox.state.add_member(audience, ADA, "unsubscribed")
    answer = write(sdk, audience, item(ADA, merge_fields={"FNAME": "Ada"}), update_existing=True)
    assert answer["updated_members"][0]["status"] == "unsubscribed"
    assert answer["updated_members"][0]["merge_fields"]["FNAME"] == "Ada"


def test_a_new_contact_needs_a_status(sdk, audience):
    answer = write(sdk, audience, item(ADA), update_existing=True)
    assert answer["error_count"] == 1
    assert len(audience.members) == 0


@pytest.mark.parametrize(
    ("reading", "errors"),
    [({"batch_without_status": "kept"}, 0), ({"batch_without_status": "rejected"}, 1)],
    indirect=["reading"],
)
def test_an_item_without_status_has_two_readings(reading, errors):
    state, audience, sdk = reading
    state.add_member(audience, ADA, "unsubscribed")
    answer = write(sdk, audience, item(ADA, merge_fields={"FNAME": "Ada"}), update_existing=True)
    assert answer["error_count"] == errors
    assert [member.status for member in audience.members] == ["unsubscribed"]


@pytest.mark.parametrize(
    ("reading", "status"),
    [({"batch_resubscribes": True}, "subscribed"), ({"batch_resubscribes": False}, "unsubscribed")],
    indirect=["reading"],
)
def test_resubscribing_in_a_batch_has_two_readings(reading, status):
    state, audience, sdk = reading
    state.add_member(audience, ADA, "unsubscribed")
    assert write(sdk, audience, item(ADA, status="subscribed"), update_existing=True)["error_count"] == 0
    assert [member.status for member in audience.members] == [status]


@pytest.mark.parametrize(
    ("reading", "created"),
    [({"batch_status_if_new": True}, 1), ({"batch_status_if_new": False}, 0)],
    indirect=["reading"],
)
def test_status_if_new_in_a_batch_has_two_readings(reading, created):
    _, audience, sdk = reading
    assert write(sdk, audience, item(ADA, status_if_new="subscribed"))["total_created"] == created


def test_a_batch_never_brings_back_who_left_by_themselves(sdk, sandbox, audience):
    sandbox.state.add_member(audience, ADA)
    sandbox.state.unsubscribe(audience.id, ADA)
    answer = write(sdk, audience, item(ADA, status="subscribed"), update_existing=True)
    assert "compliance state" in answer["errors"][0]["error"]


def test_an_error_names_the_field(sdk, sandbox, audience):
    sandbox.state.add_field(audience, "AGE", type="number")
    answer = write(sdk, audience, item(ADA, status="subscribed", merge_fields={"AGE": "old"}))
    error = answer["errors"][0]
    assert (error["field"], error["field_message"]) == ("AGE", "Please enter a number")


def test_an_address_that_comes_twice_is_an_error_unless_skipped(sdk, audience):
    twice = [item(ADA, status="subscribed"), item("ADA@example.com", status="subscribed")]
    assert write(sdk, audience, *twice)["error_count"] == 1
    body = {"members": twice, "update_existing": True}
    assert sdk.lists.batch_list_members(audience.id, body, skip_duplicate_check="true")["error_count"] == 0


def test_tags_are_replaced_only_when_asked(sdk, sandbox, audience):
    write(sdk, audience, item(ADA, status="subscribed", tags=["one", "two"]))
    write(sdk, audience, item(ADA, tags=["three"]), update_existing=True)
    names = lambda: {tag["name"] for tag in sdk.lists.get_list_member_tags(audience.id, ADA)["tags"]}  # noqa: E731
    assert names() == {"one", "two", "three"}
    write(sdk, audience, item(ADA, tags=["four"]), update_existing=True, sync_tags=True)
    assert names() == {"four"}
