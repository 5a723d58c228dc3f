"""Webhooks: made once with their secret, signed, form-encoded, sent again until somebody takes them."""

import hashlib
import hmac
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlencode

import pytest

from contextmail.sandbox.mailchimp import Readings, Sandbox
from contextmail.sandbox.mailchimp.deliveries import form, signature
from contextmail.sandbox.mailchimp.state import Event

ADA = "ada@example.com"
EVENTS = {"subscribe": True, "unsubscribe": True, "profile": True, "cleaned": True, "upemail": True, "campaign": True}


@contextmanager
def receiver(*statuses):
    """Take POSTs on loopback with these statuses, then 200; yields the URL and what came."""
    came, answers = [], iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((dict(parse_qsl(body.decode(), keep_blank_values=True)), dict(self.headers), body))
            self.send_response(next(answers, 200))
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", came
        server.shutdown()
        thread.join()


def hook(sdk, audience, url, **sources):
    body = {"url": url, "events": EVENTS, "sources": {"user": True, "admin": True, "api": True, **sources}}
    return sdk.lists.create_list_webhook(audience.id, body)


def test_a_signature_is_that_of_the_known_vector():
    body = urlencode(
        {
            "type": "unsubscribe",
            "fired_at": "2009-03-26 21:40:57",
            "data[action]": "unsub",
            "data[reason]": "manual",
            "data[id]": "8a25ff1d98",
            "data[list_id]": "a6b5da1054",
            "data[email]": "api+unsub@mailchimp.com",
            "data[email_type]": "html",
            "data[merges][EMAIL]": "api+unsub@mailchimp.com",
            "data[merges][FNAME]": "Mailchimp",
            "data[merges][LNAME]": "API",
            "data[merges][INTERESTS]": "Group1,Group2",
            "data[ip_opt]": "10.20.10.30",
            "data[campaign_id]": "cb398d21d2",
        }
    ).encode()
    known = "c09c9f7af4b870d27d1907678003db58a09f8d0a80220ab43c2e0579665c3623"
    assert signature("test-secret", body, 1718000000) == f"t=1718000000,v1={known}"


def test_an_unsubscribe_is_told_signed_and_in_the_recorded_form(sandbox, sdk, audience):
    sandbox.state.add_member(audience, ADA, values={"FNAME": "Ada"})
    with receiver() as (url, came):
        secret = hook(sdk, audience, url)["signing_secret"]
        sandbox.state.unsubscribe(audience.id, ADA, campaign_id="cb398d21d2")
        sandbox.courier.wait()
    ((fields, headers, body),) = came
    # Names and order as in deliveries that discourse-newsletter-integration recorded (MIT).
    names = "type fired_at data[action] data[reason] data[id] data[email] data[email_type] data[ip_opt] data[web_id]"
    merges = [f"data[merges][{tag}]" for tag in ("EMAIL", "FNAME", "LNAME", "ADDRESS", "PHONE")]
    assert list(fields) == [*names.split(), *merges, "data[list_id]", "data[campaign_id]"]
    assert (fields["type"], fields["data[email]"], fields["data[merges][FNAME]"]) == ("unsubscribe", ADA, "Ada")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    at, given = (part.partition("=")[2] for part in headers["X-Mailchimp-Signature"].split(","))
    assert given == hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_the_secret_is_shown_once(sandbox, sdk, audience):
    with receiver() as (url, _):
        made = hook(sdk, audience, url)
    assert made["signing_enabled"] and made["signing_secret"]
    assert "signing_secret" not in sdk.lists.get_list_webhook(audience.id, made["id"])
    assert "signing_secret" not in sdk.lists.get_list_webhooks(audience.id)["webhooks"][0]
    assert sdk.lists.delete_list_webhook(audience.id, made["id"]).status_code == 204


def test_each_deed_is_told_by_its_type(sandbox, sdk, audience):
    state, where = sandbox.state, audience.id
    with receiver() as (url, came):
        hook(sdk, audience, url)
        sdk.lists.add_list_member(where, {"email_address": ADA, "status": "subscribed"})
        sdk.lists.update_list_member(where, ADA, {"merge_fields": {"FNAME": "Ada"}})
        sdk.lists.update_list_member(where, ADA, {"merge_fields": {"FNAME": "Ada"}})
        sdk.lists.update_list_member(where, ADA, {"email_address": "ada.lane@example.com"})
        state.send(state.add_campaign(audience, html="<p>Hi</p>", subject_line="Hello").id)
        state.bounce(where, "ada.lane@example.com")
        sandbox.courier.wait()
    assert [fields["type"] for fields, _, _ in came] == [
        "subscribe",
        "profile",
        "upemail",
        "profile",
        "campaign",
        "cleaned",
    ]
    upemail, cleaned = came[2][0], came[5][0]
    assert (upemail["data[old_email]"], upemail["data[new_email]"]) == (ADA, "ada.lane@example.com")
    assert "data[id]" not in upemail and "data[id]" not in cleaned


def test_a_hook_that_leaves_out_the_api_does_not_hear_its_own_writes(sandbox, sdk, audience):
    with receiver() as (url, came):
        hook(sdk, audience, url, api=False)
        sdk.lists.add_list_member(audience.id, {"email_address": ADA, "status": "subscribed"})
        sandbox.state.unsubscribe(audience.id, ADA)
        sandbox.courier.wait()
    assert [fields["type"] for fields, _, _ in came] == ["unsubscribe"]


def test_groups_are_told_by_name_without_ids_of_interests(sandbox, sdk, audience):
    topic = sdk.lists.create_list_interest_category(audience.id, {"title": "Topics", "type": "checkboxes"})
    lights = sdk.lists.create_interest_category_interest(audience.id, topic["id"], {"name": "Lights"})
    sandbox.state.add_member(audience, ADA)
    with receiver() as (url, came):
        hook(sdk, audience, url)
        sdk.lists.update_list_member(audience.id, ADA, {"interests": {lights["id"]: True}})
        sandbox.courier.wait()
    fields = came[0][0]
    assert fields["data[merges][INTERESTS]"] == fields["data[merges][GROUPINGS][0][groups]"] == "Lights"
    assert fields["data[merges][GROUPINGS][0][id]"] == topic["id"]


def test_what_nobody_took_comes_again_and_is_given_up_in_the_end(sdk_of):
    with Sandbox(webhook_retries=(0.01, 0.01)) as sandbox, receiver(500, 500, 500, 500, 200) as (url, came):
        audience = sandbox.state.add_list("Shop")
        sandbox.state.add_member(audience, ADA)
        sandbox.state.add_member(audience, "ben@example.com")
        hook(sdk_of(sandbox), audience, url)
        for email in (ADA, "ben@example.com"):
            sandbox.state.unsubscribe(audience.id, email)
        sandbox.courier.wait()
        tries = [(delivery.status, b"ben" in delivery.body) for delivery in sandbox.courier.delivered]
    assert tries == [(500, False), (500, False), (500, False), (500, True), (200, True)]
    assert came[3][2] == came[4][2]


@pytest.mark.parametrize(("checked", "status"), [(True, 400), (False, 200)])
def test_whether_a_url_is_asked_first_has_two_readings(api_of, checked, status):
    with Sandbox(readings=Readings(webhook_url_checked=checked)) as sandbox:
        audience = sandbox.state.add_list("Shop")
        body = {"url": "http://127.0.0.1:9/hook", "events": {"subscribe": True}, "sources": {"user": True}}
        assert api_of(sandbox)("POST", f"/lists/{audience.id}/webhooks", body).status_code == status


def test_an_unknown_event_is_refused(api_of):
    with Sandbox(readings=Readings(webhook_url_checked=False)) as sandbox:
        audience = sandbox.state.add_list("Shop")
        body = {"url": "http://127.0.0.1:9/hook", "events": {"sms": True}}
        assert api_of(sandbox)("POST", f"/lists/{audience.id}/webhooks", body).status_code == 400
        assert audience.webhooks == {}


def test_the_moment_is_written_without_a_zone():
    event = Event("1a", "cleaned", "admin", {"email": ADA}, datetime(2026, 3, 26, 21, 40, 57, tzinfo=UTC))
    assert form(event) == b"type=cleaned&fired_at=2026-03-26+21%3A40%3A57&data%5Bemail%5D=ada%40example.com"


def test_a_webhook_is_changed_and_keeps_what_is_not_named(sandbox, sdk, audience):
    with receiver(200) as (url, _):
        made = hook(sdk, audience, url, user=True)
        changed = sdk.lists.update_list_webhook(audience.id, made["id"], {"sources": {"api": True}})
    assert (changed["url"], changed["events"]) == (made["url"], made["events"])
    assert changed["sources"] == {**made["sources"], "api": True}
    assert "signing_secret" not in changed
