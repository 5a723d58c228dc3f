"""The key: where it comes from, where it may go, and that it is never seen."""

import pytest

from contextmail.connectors.mailchimp.credentials import Credentials
from contextmail.errors import AuthenticationError, ConfigurationError

KEY = "0123456789abcdef-us6"


def test_the_data_centre_is_read_from_the_key():
    assert Credentials.of({"MAILCHIMP_API_KEY": KEY}).url == "https://us6.api.mailchimp.com/3.0"


def test_our_own_variable_wins_over_mailchimps():
    found = Credentials.of({"MAILCHIMP_API_KEY": "other-us1", "CONTEXTMAIL_MAILCHIMP_KEY": KEY})
    assert found.key == KEY


def test_without_a_key_the_error_says_how_to_get_one():
    with pytest.raises(AuthenticationError, match="CONTEXTMAIL_MAILCHIMP_KEY.*\n.*API keys"):
        Credentials.of({})


@pytest.mark.parametrize("key", ["0123456789abcdef", "key-us6.example.com/", "key-US6", "-", "key-us6@example.com"])
def test_a_key_without_a_data_centre_leads_nowhere(key):
    with pytest.raises(ConfigurationError, match="data centre") as raised:
        Credentials.of({"MAILCHIMP_API_KEY": key})
    assert key == "-" or key not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8025", "http://localhost:8025/3.0/", "https://us6.api.mailchimp.com"]
)
def test_a_url_of_its_own_ends_in_the_version(url):
    assert Credentials.of({"MAILCHIMP_API_KEY": KEY, "CONTEXTMAIL_MAILCHIMP_URL": url}).url.endswith("/3.0")


@pytest.mark.parametrize(
    "url", ["http://example.com", "ftp://127.0.0.1", "127.0.0.1:8025", "https://me:you@example.com"]
)
def test_a_key_does_not_leave_the_machine_unprotected(url):
    with pytest.raises(ConfigurationError):
        Credentials.of({"MAILCHIMP_API_KEY": KEY, "CONTEXTMAIL_MAILCHIMP_URL": url})


def test_the_key_is_not_in_the_repr():
    assert KEY not in repr(Credentials.of({"MAILCHIMP_API_KEY": KEY}))
