"""The token of an account, from the environment and from nowhere else; it is never printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contextmail.connectors.addresses import checked
from contextmail.errors import AuthenticationError

KEYS = ("CONTEXTMAIL_HUBSPOT_TOKEN", "HUBSPOT_ACCESS_TOKEN")
URL = "CONTEXTMAIL_HUBSPOT_URL"
HOW_TO_GET = "HubSpot > Development > Keys > Service keys, or the token of a private app that is there"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A bearer token and the address that it is sent to."""

    token: str = field(repr=False)
    url: str = "https://api.hubapi.com"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Credentials:
        """Find the token: `CONTEXTMAIL_HUBSPOT_TOKEN`, else `HUBSPOT_ACCESS_TOKEN`; a URL other than HubSpot's own is
        `CONTEXTMAIL_HUBSPOT_URL`, for a sandbox.

        Raises AuthenticationError without a token, ConfigurationError for a URL by which it would leave the machine
        unencrypted.
        """
        token = next((value.strip() for name in KEYS if (value := environment.get(name, ""))), "")
        if not token:
            raise AuthenticationError(
                "there is no HubSpot token",
                where=f"environment variable {KEYS[0]}",
                cure=f"{HOW_TO_GET}; then export {KEYS[0]}=…",
            )
        url = environment.get(URL, "")
        return cls(token, checked(url, URL, KEYS[0])) if url else cls(token)
