"""contextmail init: the keys of the consent store, and settings to begin with."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from contextmail.cli.output import say
from contextmail.config import load
from contextmail.environment import FILE, KEYS, LOOKUP_KEY, SEAL_KEYS, consent_keys
from contextmail.errors import ConfigurationError
from contextmail.store.sealing import new_keys

_STARTER = """\
# contextmail: what is set here, and nothing secret. Each line that is commented out shows its default or an example.

# brand = "My Shop"              # the company as its customers know it; do not change it once consent is kept
# currency = "USD"
# platform = "mailchimp"

# [tables.customers]             # your tables, CSV or Parquet: contextmail facts build
# path = "customers.csv"
# customer = "id"
# email = "email"

# [mailchimp]
# audience = "1a2b3c4d5e"        # contextmail doctor lists them

# [consent]
# production = true              # refuse a store that is temporary, read-only or on a network disk

# [consent.systems."mailchimp:1a2b3c4d5e"]
# kind = "mailchimp"
# audience = "1a2b3c4d5e"
"""


class Preset(StrEnum):
    """Name the settings for a usual shape of tables; each is a file of `contextmail/presets`."""

    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    STRIPE = "stripe"
    CHARITY = "charity"
    SAAS = "saas"

    @property
    def text(self) -> str:
        """Give the settings, with the comments that explain them."""
        return (files("contextmail") / "presets" / f"{self}.toml").read_text("utf-8")

    @property
    def needs(self) -> list[str]:
        """List what has to lie beside the settings, as they say themselves."""
        named = re.search(r"^# Needed.*?(?=^#\n# Then|^# Then)", self.text, re.MULTILINE | re.DOTALL)
        return [line.removeprefix("# ").removeprefix("#") for line in named[0].splitlines()] if named else []


def init(
    folder: Annotated[Path, typer.Argument(help="Where contextmail.toml lies, or is to lie.")] = Path(),
    preset: Annotated[
        Preset | None, typer.Option("--preset", help="Settings for tables of this shape.", show_default=False)
    ] = None,
) -> None:
    """Make the keys that keep addresses out of the consent store, and a contextmail.toml to begin with.

    What is there already is never overwritten.

    ```
    contextmail init
    contextmail init --preset shopify
    ```
    """
    file = folder / FILE
    if file.exists():
        if preset:
            cure = f"contextmail init --preset {preset} OTHER_FOLDER, and take what you need from there"
            raise ConfigurationError("these settings are there already, and are kept", where=str(file), cure=cure)
        say(f"kept   {file}")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(preset.text if preset else _STARTER, "utf-8")
        say(("made   ", "green"), str(file))
    settings = load(file)
    keys, ledger = settings.store / KEYS, settings.store / settings.consent.store
    if any(consent_keys(settings.store)):
        say(f"kept   the keys, from {keys if keys.exists() else 'the environment'}")
    elif ledger.exists():
        cure = f"bring back {KEYS}, or set {LOOKUP_KEY} and {SEAL_KEYS}"
        raise ConfigurationError(
            "consent is kept here, and its keys are not: new ones do not open it", where=str(ledger), cure=cure
        )
    else:
        _make_keys(keys)
        say(("made   ", "green"), str(keys))
    if preset:
        say("")
        for line in preset.needs:
            say(line)
    say(("\nNext", "bold"))
    if preset:
        say(f"  read {file}: it explains itself    contextmail facts build")
    say(f"  keep a copy of {keys} where you keep passwords: without it, nobody's consent is found again")
    say(f"  in production, set {LOOKUP_KEY} and {SEAL_KEYS} in the environment instead, the same everywhere")
    say("  contextmail doctor                      is the platform reached")
    say("  contextmail consent import FILE         take over the opt-outs that you have")
    say("  contextmail work                        keep every system in step")


def _make_keys(file: Path) -> None:
    """Write keys that only their owner reads, in a folder that no repository takes up."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    ignored = file.with_name(".gitignore")
    if not ignored.exists():
        ignored.write_text("*\n", "utf-8")
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as out:
        out.write("# The keys of the consent store. Seal keys are listed newest first, parted by commas.\n")
        out.writelines(f"{name}={key}\n" for name, key in new_keys().items())
