"""Questions that only a real account answers. They write to an audience, so it must be one that is kept for tests.

CONTEXTMAIL_LIVE_MAILCHIMP_KEY=…-us6 CONTEXTMAIL_LIVE_MAILCHIMP_AUDIENCE=… pytest -m live
"""

import os
import uuid

import pytest

from contextmail.connectors.base import Draft, FieldWrite
from contextmail.connectors.mailchimp import connect
from contextmail.connectors.mailchimp.writing import WRITABLE
from contextmail.model.mailchimp import MailchimpOptions

KEY, AUDIENCE = (os.environ.get(f"CONTEXTMAIL_LIVE_MAILCHIMP_{name}", "") for name in ("KEY", "AUDIENCE"))

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not (KEY and AUDIENCE),
        reason="needs a real account and a test audience: CONTEXTMAIL_LIVE_MAILCHIMP_KEY and _AUDIENCE",
    ),
]


@pytest.fixture
def live():
    target = connect(MailchimpOptions(audience=AUDIENCE), {"CONTEXTMAIL_MAILCHIMP_KEY": KEY})
    yield target
    target.close()


@pytest.fixture
def field(live):
    made = live.create_field("CMLIVETEST", "contextmail CMLIVETEST", "there")
    yield made
    live.delete_field(made)


def test_the_fields_that_are_asked_of_a_page_are_all_known(live):
    assert next(live.members()).key


@pytest.mark.parametrize("way", ["batch", "patch"])
def test_a_write_without_a_status_keeps_every_status(live, field, way):
    before = {one.key: one for one in live.members() if one.status in WRITABLE}
    writes = [FieldWrite(one.key, one.email, {field.tag: "Hello"}, one.status) for one in before.values()][:500]
    target = connect(MailchimpOptions(audience=AUDIENCE, write=way, read_back=1), {"CONTEXTMAIL_MAILCHIMP_KEY": KEY})
    assert list(target.write_fields(writes)) == [[]]
    after = {one.key: one for one in target.read_members([write.key for write in writes])}
    target.close()
    assert {key: one.status for key, one in after.items()} == {key: before[key].status for key in after}
    assert {one.fields[field.tag] for one in after.values()} == {"Hello"}


def test_a_batch_without_a_status_creates_nobody(live, field):
    email = f"contextmail-{uuid.uuid4().hex}@example.com"
    body = {"members": [{"email_address": email, "merge_fields": {field.tag: "x"}}], "update_existing": True}
    answer = live.transport.call("lists.batch_list_members", list_id=AUDIENCE, body=body)
    assert not answer["new_members"]


def test_a_draft_keeps_its_segment_and_its_merge_tags(live, field):
    html = f"<p>*|{field.tag}|* *|IF:{field.tag}=a|*x*|ELSE:|*y*|END:IF|*</p><p>*|UNSUB|* *|LIST:ADDRESS|*</p>"
    name = f"contextmail live test {uuid.uuid4().hex}"
    segment = live.create_segment(name, [])
    try:
        made = live.create_draft(
            Draft("", "", "", {}, {}), parts={"subject": f"*|{field.tag}|*", "html": html}, segment=segment, title=name
        )
        assert live.find_draft(name) == made
        assert live.draft(made).parts["html"] == html
        live.delete_draft(made)
    finally:
        live.delete_segment(segment)
