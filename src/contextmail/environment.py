"""What opens the consent store: a few names of contextmail.toml and the environment, read by the standard library alone.

`config` reads and checks everything; loading it and pydantic would double the receiver's time to its first answer.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contextmail.errors import ConfigurationError

FILE = "contextmail.toml"
KEYS = "keys.env"
"""The file of keys in the folder `store`, where the environment does not hold them."""
LOOKUP_KEY = "CONTEXTMAIL_LOOKUP_KEY"
SEAL_KEYS = "CONTEXTMAIL_SEAL_KEYS"


@dataclass(frozen=True, slots=True)
class ConsentPlace:
    """Where consent is kept: `file` in the folder `store`, for the brand, on a disk that must last in `production`.

    And what a signature is checked by: `public_url` and `hubspot_v1` of `[consent]`.
    """

    store: Path
    file: Path
    brand: str
    production: bool
    public_url: str = ""
    hubspot_v1: bool = False


def environment() -> Mapping[str, str]:
    """Give the environment to those who look for a key: no setting holds one."""
    return os.environ


def consent_place(file: Path = Path(FILE)) -> ConsentPlace:
    """Read where consent is kept, as `config.load(file)` would have it. Raises ConfigurationError."""
    try:
        values = tomllib.loads(file.read_text("utf-8-sig")) if file.is_file() else {}
        own = values.get("consent", {})
        store = Path(os.environ.get("CONTEXTMAIL_STORE") or file.parent / values.get("store", ".contextmail"))
        brand = os.environ.get("CONTEXTMAIL_BRAND") or values.get("brand", "")
        return ConsentPlace(
            store,
            store / own.get("store", "consent.db"),
            brand,
            production=own.get("production", False) is not False,
            public_url=str(own.get("public_url", "")),
            hubspot_v1=own.get("hubspot_v1", False) is True,
        )
    except (ValueError, TypeError, AttributeError):
        cure = "contextmail status names the line"
        raise ConfigurationError("not what contextmail reads", where=str(file), cure=cure) from None


def consent_keys(store: Path) -> tuple[str, tuple[str, ...]]:
    """Give the lookup key and the seal keys of consent, the newest first; empty where there are none.

    The environment goes before the file `keys.env` in the folder `store`.
    """
    file = store / KEYS
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    written = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    lookup, seals = (os.environ.get(name) or written.get(name, "") for name in (LOOKUP_KEY, SEAL_KEYS))
    return lookup.strip(), tuple(key.strip() for key in seals.split(",") if key.strip())
