"""Who got which marketing e-mail: from the events of each, by address."""

import json
from datetime import datetime

import pytest

from contextmail.connectors.hubspot import connect
from contextmail.errors import RetryableError
from contextmail.model.hubspot import HubspotOptions
from contextmail.sandbox.http import LoopbackServer, Reply

EMAILS = [
    {"id": "2", "type": "BATCH_EMAIL", "publishDate": "2026-03-01T09:00:00Z", "allEmailCampaignIds": ["20", "21"]},
    {"id": "1", "type": "BATCH_EMAIL", "publishDate": "2025-03-01T09:00:00Z", "primaryEmailCampaignId": "10"},
    {"id": "3", "type": "AUTOMATED_EMAIL", "publishDate": "2024-03-01T09:00:00Z", "allEmailCampaignIds": ["30"]},
    {"id": "4", "type": "BATCH_EMAIL", "publishDate": None, "allEmailCampaignIds": []},
]
EVENTS = {
    ("10", "SENT"): ["ann", "Bob", "gone"],
    ("10", "OPEN"): ["ann", "ann"],
    ("20", "SENT"): ["ann"],
    ("20", "CLICK"): ["ann"],
    ("21", "SENT"): ["bob"],
    ("21", "BOUNCE"): ["bob"],
    ("30", "SENT"): ["bea"],
}
CONTACTS = {"1": ("ann@example.com", ""), "2": ("bob@example.com", "bea@example.com;b@example.com")}


class Portal:
    """The few answers of HubSpot's that touches need, two events a page."""

    events_status = 200

    def __call__(self, request):
        if request.path == "/marketing/emails/2026-09":
            return reply({"results": EMAILS})
        if request.path == "/email/public/v1/events":
            return self.events(request.query) if self.events_status == 200 else reply({}, self.events_status)
        if request.path == "/crm/objects/2026-09/contacts/batch/read":
            return self.contacts(json.loads(request.body)["inputs"])
        return reply({"results": [{"id": "1", "properties": {"hs_email_last_send_date": "2026-03-01T09:00:00Z"}}]})

    def events(self, query):
        people = EVENTS.get((query.get("campaignId"), query.get("eventType")), [])
        start = int(query.get("offset", 0))
        shown = [{"recipient": f"{one}@example.com", "created": 1772355600000} for one in people[start : start + 2]]
        return reply({"events": shown, "hasMore": len(people) > start + 2, "offset": str(start + 2)})

    def contacts(self, inputs):
        asked = {one["id"] for one in inputs}
        found = [
            {"id": id_, "properties": {"email": email, "hs_additional_emails": more}}
            for id_, (email, more) in CONTACTS.items()
            if asked & {email, *more.split(";")}
        ]
        return reply({"results": found})


def reply(document, status=200):
    return Reply(status, json.dumps(document).encode())


@pytest.fixture
def portal():
    return Portal()


@pytest.fixture
def source(portal):
    server = LoopbackServer(portal)
    server.start()
    environment = {"CONTEXTMAIL_HUBSPOT_TOKEN": "a", "CONTEXTMAIL_HUBSPOT_URL": f"http://127.0.0.1:{server.port}"}
    with connect(HubspotOptions(wait=0.0, attempts=2), environment) as made:
        yield made
    server.stop()


def told(touches):
    return [(one.campaign, one.customer, one.delivered, one.opened, one.clicked) for one in touches]


def test_each_recipient_is_told_by_their_contact_and_with_what_they_did(source):
    assert told(source.touches()) == [
        ("3", "2", True, False, False),
        ("1", "1", True, True, False),
        ("1", "2", True, False, False),
        ("2", "1", True, True, True),
        ("2", "2", False, False, False),
    ]


def test_a_touch_is_of_the_moment_it_was_sent(source):
    assert {one.at for one in source.touches()} == {datetime(2026, 3, 1, 9)}


def test_with_since_what_was_sent_long_before_is_left_out_but_not_what_is_sent_again_and_again(source):
    assert {one.campaign for one in source.touches(since=datetime(2026, 3, 20))} == {"2", "3"}


def test_an_email_that_is_known_is_not_read_again(source):
    assert {one.campaign for one in source.touches(skip={"1", "3"})} == {"2"}


@pytest.mark.parametrize("status", [403, 404, 410])
def test_without_events_the_latest_email_of_each_contact_is_told(portal, source, status):
    portal.events_status = status
    assert told(source.touches()) == [("the latest marketing e-mail", "1", None, False, False)]


def test_events_that_do_not_answer_are_not_taken_for_none(portal, source):
    portal.events_status = 503
    with pytest.raises(RetryableError):
        list(source.touches())
