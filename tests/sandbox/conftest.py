"""A sandbox for one test, the official SDK pointed at it, and a bare client that shows every answer."""

import mailchimp_marketing
import pytest
import requests

from contextmail.sandbox.mailchimp import Sandbox
from contextmail.sandbox.mailchimp.state import key_of


@pytest.fixture
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def audience(sandbox):
    return sandbox.state.add_list("Lantern & Lace")


@pytest.fixture
def sdk(sandbox):
    return connect(sandbox)


@pytest.fixture
def api(sandbox):
    return Api(sandbox)


@pytest.fixture
def sdk_of():
    """Point the SDK at a sandbox of the test's own."""
    return connect


@pytest.fixture
def api_of():
    """Point the bare client at a sandbox of the test's own."""
    return Api


def connect(sandbox):
    client = mailchimp_marketing.Client({"api_key": "key-us6", "timeout": 20})
    client.api_client.host = sandbox.url
    client.api_client.server = ""
    return client


class Api:
    """A bare client: every answer with its status."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.auth = ("user", "key")

    def __call__(self, method, path, body=None, **query):
        url = f"{self.sandbox.url}{path}"
        return self.session.request(method, url, json=body, params=query, timeout=20)

    def member(self, audience, email="ada@example.com"):
        return self("GET", f"/lists/{audience.id}/members/{key_of(email)}").json()
