"""A sandbox with a small audience, a target on it, and a record of every body that leaves."""

import json
from urllib.parse import urlsplit

import pytest
import requests

from contextmail.connectors.mailchimp import connect
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.mailchimp import Sandbox

KEY = "0123456789abcdef-us6"
STATUSES = ("subscribed", "unsubscribed", "pending", "cleaned", "transactional", "archived")


@pytest.fixture
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def audience(sandbox):
    """Give an audience with two contacts of each status, ann.subscribed@example.com and bob.subscribed@example.com."""
    made = sandbox.state.add_list("Lantern & Lace")
    for name in ("Ann", "Bob"):
        for status in STATUSES:
            sandbox.state.add_member(made, f"{name.lower()}.{status}@example.com", status, {"FNAME": name})
    return made


@pytest.fixture
def target_of(sandbox, audience):
    """Give a way to make targets with other options; waits are short, since the sandbox is quick."""
    made = []

    def target(**options):
        known = {"audience": audience.id, "wait": 0.0, "timeout": 2.0}
        made.append(connect(MailchimpOptions(**{**known, **options}), environment(sandbox)))
        return made[-1]

    yield target
    for one in made:
        one.close()


@pytest.fixture
def target(target_of):
    return target_of()


@pytest.fixture
def sent(monkeypatch):
    """Record (method, path, body) of each request that leaves the process."""
    record = []
    send = requests.Session.send

    def recorded(self, request, **more):
        record.append((request.method, urlsplit(request.url).path, json.loads(request.body or "null")))
        return send(self, request, **more)

    monkeypatch.setattr(requests.Session, "send", recorded)
    return record


def environment(sandbox):
    return {"CONTEXTMAIL_MAILCHIMP_KEY": KEY, "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address}
