"""A source is one file, a recorded payload and a line."""

from pathlib import Path

import contextmail.webhooks
from contextmail.webhooks import sources

NOT_SOURCES = {"__init__", "base", "door", "http", "page", "receiver", "secrets", "unsubscribe"}


def test_every_file_of_a_source_is_in_the_registry_under_its_name(sealer) -> None:
    files = {file.stem for file in Path(contextmail.webhooks.__path__[0]).glob("*.py")} - NOT_SOURCES
    known = sources(sealer)
    assert {name.replace("-", "_") for name in known} == files
    for name, source in known.items():
        assert source.name == name
        assert type(source).__module__ == f"contextmail.webhooks.{name.replace('-', '_')}"


def test_the_scope_of_the_settings_reaches_the_source(sealer) -> None:
    assert sources(sealer, scope="list")["mailchimp"].scope == "list"


def test_hubspot_gets_the_public_url_that_its_signature_covers(sealer) -> None:
    made = sources(sealer, public_url="https://hooks.example.com", hubspot_v1=True)["hubspot"]
    assert (made.public_url, made.v1) == ("https://hooks.example.com", True)
