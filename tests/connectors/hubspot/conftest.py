"""A portal on loopback, and connections to it; waits are short, since the sandbox is quick."""

import pytest

from contextmail.connectors.hubspot import connect
from contextmail.model.hubspot import HubspotOptions
from contextmail.sandbox.hubspot import Limits, Sandbox


@pytest.fixture
def portal():
    with Sandbox(limits=Limits(calls=10**6)) as running:
        yield running


@pytest.fixture
def connected_to():
    """Give a way to connect to portals with other options."""
    made = []

    def target(portal, **options):
        known = {"wait": 0.0, "timeout": 2.0}
        made.append(connect(HubspotOptions(**{**known, **options}), environment(portal)))
        return made[-1]

    yield target
    for one in made:
        one.close()


@pytest.fixture
def connected(portal, connected_to):
    """Give a way to connect to the portal with other options."""
    return lambda **options: connected_to(portal, **options)


def environment(portal):
    return {"CONTEXTMAIL_HUBSPOT_TOKEN": portal.token, "CONTEXTMAIL_HUBSPOT_URL": portal.url}
