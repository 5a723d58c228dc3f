"""Print what each source and target can and cannot do: what its connector says of itself, asked on the sandboxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from tempfile import TemporaryDirectory

from contextmail import wiring
from contextmail.config import Settings
from contextmail.connectors import hubspot, mailchimp
from contextmail.connectors.base import Capability
from contextmail.connectors.pulling import STREAMS
from contextmail.connectors.sql.engine import open_database
from contextmail.model.hubspot import HubspotOptions
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.model.tables import TABLES, TableMapping
from contextmail.sandbox import hubspot as portal
from contextmail.sandbox import mailchimp as account

HEAD = """# Providers

What a platform cannot represent is a capability that its connector lacks; whoever asks for it gets an error with the
step to take. No write of a field carries a consent status, and nothing here sends.
"""
LIMITS = {
    "fields": "contact fields that we may have",
    "field_bytes": "bytes of a value",
    "page": "contacts that a call reads",
    "batch": "contacts that a call writes",
    "segment_batch": "contacts that a call adds to a segment",
    "connections": "calls at the same time",
}
HOW = {
    "Mailchimp": "source contacts shop reports writing watching segments drafts uses consent webhooks",
    "HubSpot": "source contacts companies shop statuses properties writing lists emails uses tasks consent",
}
Can = Mapping[str, frozenset[Capability]]
"""What is set (empty: nothing) -> what the connector can then."""


def page() -> str:
    """Give the page."""
    return HEAD + "\n## What each can\n\n" + "\n".join(_table()) + "\n" + _files() + "".join(map(_how, HOW))


def _table() -> Iterator[str]:
    told, limits = _asked()
    yield f"| | {' | '.join(told)} |"
    yield "|---" * (len(told) + 1) + "|"
    for capability in Capability:
        yield f"| {capability.value} | {' | '.join(_can(capability, by) for by in told.values())} |"
    for name, words in LIMITS.items():
        yield f"| {words} | {' | '.join(_limit(limits[source].get(name)) for source in told)} |"


def _limit(number: int | None) -> str:
    return "—" if number is None else f"{number:,}"


def _can(capability: Capability, by: Can) -> str:
    able = [setting for setting, can in by.items() if capability in can]
    return "no" if not able else "yes" if "" in able else f"by `{able[0]}`"


def _asked() -> tuple[dict[str, Can], dict[str, Mapping[str, int]]]:
    """Ask each connector what it can, and its account for its limits."""
    told: dict[str, Can] = {}
    limits: dict[str, Mapping[str, int]] = {}
    with account.Sandbox() as running:
        env = {"CONTEXTMAIL_MAILCHIMP_URL": running.url, "CONTEXTMAIL_MAILCHIMP_KEY": "sandbox-us1"}
        with closing(mailchimp.connect(MailchimpOptions(audience="1"), env)) as opened:
            told["Mailchimp"], limits["Mailchimp"] = {"": opened.capabilities}, opened.account().limits
    settings: Mapping[str, Mapping[str, object]] = {
        "": {},
        '[hubspot] mode = "choose"': {"mode": "choose"},
        "[hubspot] reroute_tasks = true": {"reroute_tasks": True},
    }
    for name, tier in (("HubSpot Professional, Enterprise", "professional"), ("HubSpot Free, Starter", "starter")):
        with portal.Sandbox() as running:
            env = {"CONTEXTMAIL_HUBSPOT_URL": running.url, "CONTEXTMAIL_HUBSPOT_TOKEN": running.token}
            by: dict[str, frozenset[Capability]] = {}
            for setting, given in settings.items():
                options = HubspotOptions.model_validate({"tier": tier, **given})
                with closing(hubspot.connect(options, env)) as opened:
                    by[setting], limits[name] = opened.capabilities, opened.account().limits
            told[name] = by
    for name, can, account_limits in _tables():
        told[name], limits[name] = can, account_limits
    return told, limits


def _tables() -> Iterator[tuple[str, Can, Mapping[str, int]]]:
    """Ask a table of contacts what it can; what else a platform streams is a table of facts of its own."""
    mapped: dict[str, frozenset[Capability]] = {
        f"[tables.{stream}]": frozenset({needs}) for stream, needs in STREAMS.items() if needs and stream in TABLES
    }
    with TemporaryDirectory() as temp:
        folder = Path(temp)
        (folder / "people.csv").write_text("email\n")
        url = f"sqlite:///{folder / 'people.db'}"
        database = open_database(url, "docs")
        with database.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE people (email TEXT)")
        database.dispose()
        for name, mapping in {
            "files (CSV, Parquet)": TableMapping(path=str(folder / "people.csv")),
            "databases (SQL)": TableMapping(url=url, table="people"),
        }.items():
            with wiring.audited(Settings(tables={"customers": mapping}), "customers") as opened:
                yield name, {"": opened.capabilities, **mapped}, opened.account().limits


def _files() -> str:
    return f"""
Without drafts, `contextmail plan --paste` makes fields and segment, and prints the texts for a draft of your own.

## Files and databases

Tables of facts come from files and from any database that SQLAlchemy reaches:
{", ".join(f"`{name}`" for name in TABLES)}. Facts and decisions are written back as files or tables; a table also keeps consent (docs/consent.md).
They cannot be written as an audience: `contextmail rewrite` and `contextmail compile` give the texts.
"""


def _how(platform: str) -> str:
    """Print what the modules of a connector say of how they do it."""
    package = f"contextmail.connectors.{platform.lower()}"
    texts = "\n\n".join(getdoc(import_module(f"{package}.{name}")) or "" for name in HOW[platform].split())
    return f"\n## {platform}\n\n{texts}\n"
