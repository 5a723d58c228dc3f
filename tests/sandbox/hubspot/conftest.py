"""A portal for one test, the official SDK pointed at it, and a bare client that shows every answer."""

import pytest
import requests
from hubspot import HubSpot

from contextmail.sandbox.hubspot import Sandbox


@pytest.fixture
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def api(sandbox):
    return Api(sandbox)


@pytest.fixture
def sdk(sandbox):
    return connect(sandbox)


@pytest.fixture
def api_of():
    """Point the bare client at a sandbox of the test's own."""
    return Api


def connect(sandbox):
    # The SDK's own check of models, off by default, finds each required member that an answer lacks.
    return HubSpot(access_token=sandbox.token, host=sandbox.url, client_side_validation=True)


class Api:
    """A bare client: every answer with its status."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.token}"

    def __call__(self, method, path, body=None, **query):
        return self.session.request(method, f"{self.sandbox.url}{path}", json=body, params=query, timeout=20)

    def batch(self, how, *inputs, kind="contacts", **more):
        return self("POST", f"/crm/v3/objects/{kind}/batch/{how}", {"inputs": inputs, **more})

    def properties(self, record, *names):
        asked = {"properties": ",".join(names)}
        return self("GET", f"/crm/v3/objects/contacts/{record.id}", **asked).json()["properties"]
