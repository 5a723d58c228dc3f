"""The key to an account, from the environment and from nowhere else; it is never printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from contextmail.connectors.addresses import checked
from contextmail.errors import AuthenticationError, ConfigurationError

KEYS = ("CONTEXTMAIL_MAILCHIMP_KEY", "MAILCHIMP_API_KEY")
URL = "CONTEXTMAIL_MAILCHIMP_URL"
HOW_TO_GET = "Mailchimp > Profile > Extras > API keys > Create a key"

_DATA_CENTRE = re.compile(r"-([a-z]{2}[0-9]{1,4})$")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key and the address that it is sent to, which ends in `/3.0`."""

    key: str = field(repr=False)
    url: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Credentials:
        """Find the key: `CONTEXTMAIL_MAILCHIMP_KEY`, else `MAILCHIMP_API_KEY`; a URL other than Mailchimp's own is
        `CONTEXTMAIL_MAILCHIMP_URL`, for a sandbox.

        Raises AuthenticationError without a key, ConfigurationError for one that cannot be Mailchimp's or would
        leave the machine unencrypted.
        """
        key = next((value.strip() for name in KEYS if (value := environment.get(name, ""))), "")
        if not key:
            raise AuthenticationError(
                "there is no Mailchimp key",
                where=f"environment variable {KEYS[0]}",
                cure=f"{HOW_TO_GET}; then export {KEYS[0]}=…",
            )
        if url := environment.get(URL, ""):
            plain = checked(url, URL, KEYS[0])
            return cls(key, plain if plain.endswith("/3.0") else f"{plain}/3.0")
        centre = _DATA_CENTRE.search(key)
        if not centre:
            what = "the key does not end in its data centre (-us6, -eu1 …)"
            raise ConfigurationError(what, where="environment", cure=f"copy it whole: {HOW_TO_GET}")
        return cls(key, f"https://{centre[1]}.api.mailchimp.com/3.0")
