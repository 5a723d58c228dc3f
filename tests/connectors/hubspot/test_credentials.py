"""The token: from the environment, sent to where it is safe, and shown nowhere."""

import pytest

from contextmail.connectors.hubspot import connect
from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.errors import AuthenticationError, ConfigurationError
from contextmail.model.hubspot import HubspotOptions

TOKEN = "pat-na1-00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("name", ["CONTEXTMAIL_HUBSPOT_TOKEN", "HUBSPOT_ACCESS_TOKEN"])
def test_a_token_goes_to_hubspot_and_shows_nowhere(name):
    credentials = Credentials.of({name: f" {TOKEN}\n"})
    assert (credentials.token, credentials.url) == (TOKEN, "https://api.hubapi.com")
    assert TOKEN not in repr(credentials)


def test_without_a_token_it_says_how_to_get_one():
    with pytest.raises(AuthenticationError, match="Service keys"):
        connect(HubspotOptions(), {})


def test_a_sandbox_is_reached_on_this_machine():
    url = "http://127.0.0.1:8026/"
    environment = {"HUBSPOT_ACCESS_TOKEN": TOKEN, "CONTEXTMAIL_HUBSPOT_URL": url}
    assert Credentials.of(environment).url == "http://127.0.0.1:8026"


@pytest.mark.parametrize(
    "url", ["http://example.com", "ftp://127.0.0.1", "https://me:secret@example.com", "example.com"]
)
def test_a_url_that_would_give_the_token_away_is_refused(url):
    with pytest.raises(ConfigurationError) as raised:
        Credentials.of({"HUBSPOT_ACCESS_TOKEN": TOKEN, "CONTEXTMAIL_HUBSPOT_URL": url})
    assert TOKEN not in str(raised.value)
