"""Field writes: what is sent, to whom, and what stops them."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
import responses
from responses import matchers

from contextmail.connectors.base import FieldWrite
from contextmail.connectors.mailchimp import connect
from contextmail.errors import CapabilityError, RetryableError, StatusMovedError
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.mailchimp import Sandbox, seeding
from contextmail.sandbox.mailchimp.settings import Readings
from contextmail.sandbox.mailchimp.state import key_of
from contextmail.sandbox.people import invent

TAG = "FNAME"
HOUR = timedelta(hours=1)


def writes_of(target, text="X", tag=TAG):
    return [FieldWrite(one.key, one.email, {tag: text}, one.status) for one in target.members()]


def values(audience, tag=TAG):
    number = audience.field_tagged(tag).id
    return {one.email: one.values.get(number, "") for one in audience.members}


def statuses(audience):
    return {one.email: one.status for one in audience.members}


@pytest.mark.parametrize("way", ["batch", "patch"])
def test_no_body_of_any_write_carries_a_status(target_of, audience, sent, way):
    target, before = target_of(write=way), statuses(audience)
    field = target.create_field("CMABCDEFGH", "contextmail CMABCDEFGH", "there")
    list(target.write_fields(writes_of(target, tag=field.tag)))
    segment = target.create_segment("run", [one.email for one in target.members()])
    target.change_segment(segment, remove=["ann.subscribed@example.com"])
    target.delete_segment(segment)
    target.delete_field(field)
    bodies = [body for method, _, body in sent if method != "GET"]
    assert len(bodies) >= 7
    assert not re.search("status", str(bodies))
    assert statuses(audience) == before


@pytest.mark.parametrize("way", ["batch", "patch"])
def test_only_subscribed_unsubscribed_and_pending_contacts_are_written(target_of, audience, way):
    target = target_of(write=way)
    batches = list(target.write_fields(writes_of(target)))
    written = {email for email, text in values(audience).items() if text == "X"}
    assert written == {
        f"{name}.{status}@example.com"
        for name in ("ann", "bob")
        for status in ("subscribed", "unsubscribed", "pending")
    }
    refused = {error.key for errors in batches for error in errors}
    assert refused == {
        key_of(f"{name}.{status}@example.com") for name in ("ann", "bob") for status in ("cleaned", "transactional")
    }


def test_a_write_of_a_contact_that_no_run_read_is_refused(target, audience, sent):
    email = "ann.subscribed@example.com"
    errors = next(target.write_fields([FieldWrite(key_of(email), email, {TAG: "X"})]))
    assert errors[0].key == key_of(email) and "unknown" in errors[0].reason
    assert not sent


@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 255, True), ("x" * 256, False), ("é" * 127, True), ("é" * 128, False), ("🎁" * 64, False)]
)
def test_a_text_that_would_be_cut_off_is_not_sent(target, audience, text, fits):
    errors = [error for batch in target.write_fields(writes_of(target, text)) for error in batch]
    long = {error.key for error in errors if "255 bytes" in error.reason}
    assert (values(audience)["ann.subscribed@example.com"] == text) is fits
    assert bool(long) is not fits


def test_a_refused_address_is_told_by_its_key_and_not_by_its_address(target_of, audience):
    target = target_of(read_back=1)
    writes = writes_of(target)
    audience.members.remove(key_of("ann.subscribed@example.com"))
    audience.forgotten.add(key_of("ann.subscribed@example.com"))
    with pytest.raises(StatusMovedError, match=key_of("ann.subscribed@example.com")) as raised:
        list(target.write_fields(writes))
    assert "@" not in str(raised.value)


def test_the_errors_of_single_addresses_come_back_beside_the_rest():
    root = "https://us6.api.mailchimp.com/3.0/lists/1"
    emails = [f"{name}@example.com" for name in ("ann", "bob")]
    error = {"email_address": emails[1], "error": f"{emails[1]} looks fake or invalid.", "error_code": "ERROR_GENERIC"}
    with responses.RequestsMock() as mailchimp:
        members = [{"email_address": email, "merge_fields": {TAG: "X"}} for email in emails]
        asked = [
            matchers.json_params_matcher({"members": members, "update_existing": True}),
            matchers.query_param_matcher({"skip_merge_validation": "true"}),
        ]
        mailchimp.post(root, json={"new_members": [], "updated_members": [], "errors": [error]}, match=asked)
        mailchimp.get(f"{root}/members", json={"members": [{"id": key_of(emails[0]), "status": "subscribed"}]})
        target = connect(MailchimpOptions(audience="1"), {"MAILCHIMP_API_KEY": "k-us6"})
        writes = [FieldWrite(key_of(email), email, {TAG: "X"}, "subscribed") for email in emails]
        (found,) = list(target.write_fields(writes))
    assert [(one.key, one.reason) for one in found] == [(key_of(emails[1]), "an address looks fake or invalid.")]


@pytest.mark.parametrize("way", ["batch", "patch"])
def test_a_status_that_moved_stops_the_writing(target_of, sandbox, audience, way):
    target = target_of(write=way, read_back=1)
    writes = writes_of(target)
    sandbox.state.unsubscribe(audience.id, "bob.subscribed@example.com")
    with pytest.raises(StatusMovedError, match="was subscribed and is unsubscribed"):
        list(target.write_fields(writes))


def test_a_batch_that_creates_a_contact_stops_the_writing():
    answer = {"new_members": [{"email_address": "ann@example.com"}], "updated_members": [], "errors": []}
    with responses.RequestsMock() as mailchimp:
        mailchimp.post("https://us6.api.mailchimp.com/3.0/lists/1", json=answer)
        target = connect(MailchimpOptions(audience="1"), {"MAILCHIMP_API_KEY": "k-us6"})
        with pytest.raises(StatusMovedError, match="created 1"):
            list(target.write_fields([FieldWrite("k", "ann@example.com", {TAG: "X"}, "subscribed")]))


def test_the_first_batch_goes_alone_and_a_moved_status_in_it_spares_the_rest(sandbox, target_of):
    audience = seeding.fill(sandbox.state, invent(3000, 1))
    target = target_of(audience=audience.id, read_back=1)  # of a sample this one may be no part
    writes = writes_of(target)
    first = next(write for write in writes if write.status == "subscribed")
    assert writes[0] == first
    sandbox.state.unsubscribe(audience.id, first.email)
    sandbox.calls.reset()
    with pytest.raises(StatusMovedError):
        list(target.write_fields(writes))
    assert sandbox.calls["POST /lists/{list_id}"] == 1


def test_five_hundred_a_write_and_one_in_a_hundred_of_each_batch_read_back(sandbox, target_of):
    audience = seeding.fill(sandbox.state, invent(12_000, 1))
    target = target_of(audience=audience.id, read_back=50)
    writes = sorted((one for one in writes_of(target) if one.status == "subscribed"), key=lambda one: one.key)
    batches = -(-len(writes) // 500)
    sandbox.calls.reset()
    assert [len(errors) for errors in target.write_fields(writes)] == [0] * batches
    assert sandbox.calls["POST /lists/{list_id}"] == batches == 21
    assert sandbox.calls["GET /lists/{list_id}/members"] == 2
    assert sandbox.calls["GET /lists/{list_id}/members/{subscriber_hash}"] == 0
    assert sandbox.calls.peak <= 10


def test_a_status_that_moves_in_a_later_batch_stops_those_that_have_not_begun(sandbox, target_of):
    audience = seeding.fill(sandbox.state, invent(9_000, 1))
    target = target_of(audience=audience.id, read_back=1, connections=2)
    writes = [one for one in writes_of(target) if one.status == "subscribed"]
    sandbox.state.unsubscribe(audience.id, writes[5 * 500].email)
    sandbox.calls.reset()
    with pytest.raises(StatusMovedError, match=f"{writes[5 * 500].key} was subscribed and is unsubscribed"):
        list(target.write_fields(writes))
    assert 5 < sandbox.calls["POST /lists/{list_id}"] < 12


def test_contacts_are_read_one_by_one_where_a_page_holds_too_few_of_a_batch(sandbox, target_of):
    audience = seeding.fill(sandbox.state, invent(600, 1))
    target = target_of(audience=audience.id)
    writes = [one for one in writes_of(target) if one.status == "subscribed"]
    for number in range(1_000):
        # Another tool changes contacts at the same time, who signed up before all of ours.
        other = sandbox.state.add_member(audience, f"other{number}@example.com")
        other.changed_at, other.signed_up_at = other.changed_at + HOUR, other.signed_up_at - HOUR
    sandbox.calls.reset()
    list(target.write_fields(writes))
    assert sandbox.calls["GET /lists/{list_id}/members"] == 2
    assert sandbox.calls["GET /lists/{list_id}/members/{subscriber_hash}"] == -(-len(writes) // 100) == 6


def test_an_audience_that_takes_no_batch_without_statuses_is_told_the_other_way():
    with Sandbox(readings=Readings(batch_without_status="rejected")) as sandbox:
        audience = seeding.fill(sandbox.state, invent(20, 1))
        sandbox.state.add_member(audience, "cleaned@example.com", "cleaned", {"FNAME": "X"})
        environment = {"MAILCHIMP_API_KEY": "k-us6", "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address}
        batch = connect(MailchimpOptions(audience=audience.id), environment)
        with pytest.raises(CapabilityError, match='write = "patch"'):
            list(batch.write_fields(writes_of(batch)))
        patch = connect(MailchimpOptions(audience=audience.id, write="patch"), environment)
        list(patch.write_fields(writes_of(patch)))
        assert set(values(audience).values()) == {"X"}
        batch.close()
        patch.close()


def one_archived_meanwhile(sandbox, way):
    """Give a target, the writes that it read, and the first of them, who has been archived since."""
    audience = seeding.fill(sandbox.state, invent(20, 1))
    environment = {"MAILCHIMP_API_KEY": "k-us6", "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address}
    target = connect(MailchimpOptions(audience=audience.id, write=way, read_back=1), environment)
    writes = [write for write in writes_of(target) if write.status == "subscribed"]
    member = audience.members[writes[0].key]
    member.status = "archived"
    audience.members.changed()
    return target, writes, member


@pytest.mark.parametrize("way", ["patch", "batch"])
@pytest.mark.parametrize("archived_is_new", [True, False])
def test_somebody_who_was_archived_meanwhile_stays_archived(archived_is_new, way):
    with Sandbox(readings=Readings(archived_is_new=archived_is_new)) as sandbox:
        target, writes, member = one_archived_meanwhile(sandbox, way)
        with target, suppress(StatusMovedError):
            list(target.write_fields(writes))
        assert member.status == "archived"


def test_somebody_who_was_archived_meanwhile_stops_a_batch_once_it_is_read_back():
    with Sandbox(readings=Readings(archived_is_new=False)) as sandbox:
        target, writes, member = one_archived_meanwhile(sandbox, "batch")
        with target, pytest.raises(StatusMovedError, match=f"{member.key} was subscribed and is archived"):
            list(target.write_fields(writes))


FAULTS = {
    "a timeout after the work": Fault(Kind.TIMEOUT, "POST /lists/{list_id}", seconds=0.4, done=True, times=2),
    "a timeout before the work": Fault(Kind.TIMEOUT, "POST /lists/{list_id}", seconds=0.4, times=2),
    "a dropped connection after the work": Fault(Kind.DROP, "POST /lists/{list_id}", done=True, times=3),
    "an empty 503": Fault(Kind.EMPTY, "POST /lists/{list_id}", status=503, times=3),
    "an empty 429": Fault(Kind.EMPTY, "*", status=429, times=5),
    "a 502 in HTML after the work": Fault(Kind.HTML, "POST /lists/{list_id}", status=502, done=True, times=3),
}


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_happens_to_a_batch_every_field_is_written_and_no_status_moves(target_of, sandbox, audience, name):
    target = target_of(timeout=0.2)
    writes = [write for write in writes_of(target) if write.status == "subscribed"]
    before = statuses(audience)
    sandbox.faults.add(FAULTS[name])
    assert list(target.write_fields(writes)) == [[]]
    assert statuses(audience) == before
    assert {values(audience)[write.email] for write in writes} == {"X"}


def test_a_write_that_never_gets_an_answer_looks_at_statuses_and_then_gives_up(target_of, sandbox, audience):
    target = target_of(attempts=3, read_back=1)
    writes = [write for write in writes_of(target) if write.status == "subscribed"]
    sandbox.faults.add(Fault(Kind.DROP, "POST /lists/{list_id}", times=None))
    sandbox.calls.reset()
    with pytest.raises(RetryableError, match="connection broke"):
        list(target.write_fields(writes))
    assert sandbox.calls["POST /lists/{list_id}"] == 3
    assert sandbox.calls["GET /lists/{list_id}/members/{subscriber_hash}"] == 2 * len(writes)
