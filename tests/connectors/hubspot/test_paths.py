"""Paths: numbered ones in, dated ones out."""

import pytest

from contextmail.connectors.hubspot.paths import at, dated
from contextmail.errors import ConfigurationError


@pytest.mark.parametrize(
    ("numbered", "sent"),
    {
        "/crm/v3/objects/contacts": "/crm/objects/2026-09/contacts",
        "/crm/v3/objects/contacts/batch/read": "/crm/objects/2026-09/contacts/batch/read",
        "/crm/v4/associations/contacts/orders/batch/read": "/crm/associations/2026-09/contacts/orders/batch/read",
        "/crm/v3/properties/contacts/groups": "/crm/properties/2026-09/contacts/groups",
        "/crm/v3/lists/": "/crm/lists/2026-09",
        "/crm/v3/lists": "/crm/lists/2026-09",
        "/crm/v3/owners": "/crm/owners/2026-09",
        "/communication-preferences/v4/statuses/a%40example.com": "/communication-preferences/2026-09/statuses/a%40example.com",
        "/marketing/v3/emails/12/draft": "/marketing/emails/2026-09/12/draft",
        "/account-info/v3/details": "/account-info/2026-09/details",
        "/email/public/v1/subscriptions/timeline": "/email/public/v1/subscriptions/timeline",
    }.items(),
)
def test_a_numbered_path_is_sent_dated(numbered, sent):
    assert dated(numbered) == sent


def test_a_name_stays_one_segment():
    assert at("/crm/v3/objects/contacts/{}", "a/b+c@example.com") == "/crm/v3/objects/contacts/a%2Fb%2Bc%40example.com"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_change_the_path_is_refused(name):
    with pytest.raises(ConfigurationError):
        at("/crm/v3/lists/{}", name)
