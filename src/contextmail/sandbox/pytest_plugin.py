"""Fixtures for the tests of those who use contextmail: a platform that is there for one test.

They come with the package, by its `pytest11` entry point; a sandbox is imported when a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contextmail.sandbox import hubspot, mailchimp


@pytest.fixture
def mailchimp_sandbox() -> Iterator[mailchimp.Sandbox]:
    """Give an empty Mailchimp account on loopback: fill its `state`, point a client at its `url`."""
    from contextmail.sandbox.mailchimp import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def hubspot_sandbox() -> Iterator[hubspot.Sandbox]:
    """Give an empty HubSpot portal on loopback: fill its `state`, point a client at its `url` with its `token`."""
    from contextmail.sandbox.hubspot import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
