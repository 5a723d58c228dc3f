"""Settings to live objects, one function each; nothing else builds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from contextmail.config import Settings, environment
from contextmail.errors import ConfigurationError

if TYPE_CHECKING:
    from contextmail.checking import Checker
    from contextmail.connectors.base import Target
    from contextmail.connectors.mailchimp.doctor import Report
    from contextmail.connectors.mailchimp.target import MailchimpTarget
    from contextmail.engines.base import Engine
    from contextmail.facts.building import Progress
    from contextmail.facts.folder import FactsFolder
    from contextmail.model.fact import Catalogue
    from contextmail.model.mailchimp import MailchimpOptions
    from contextmail.model.tables import TableMapping
    from contextmail.store.runs import Runs


def checker(settings: Settings) -> Checker:
    """Load the rules, the lexicon and the phrasebook."""
    from contextmail.checking import Checker

    return Checker(settings)


def engine(settings: Settings) -> Engine:
    """Open the engine that runs SQL over facts; whoever asks closes it."""
    from contextmail.engines.duckdb import DuckDBEngine

    return DuckDBEngine(folder=settings.folder)


def facts_folder(settings: Settings) -> FactsFolder:
    """Open the built facts. Raises ConfigurationError where there are none."""
    from contextmail.facts.folder import FactsFolder

    if not has_facts(settings):
        raise ConfigurationError("no facts are built here", where=str(settings.facts), cure="contextmail facts build")
    return FactsFolder.open(settings.facts)


def has_facts(settings: Settings) -> bool:
    """Say whether facts are built."""
    return (settings.facts / "catalogue.json").is_file()


def build_facts(settings: Settings, *, strict: bool = False, progress: Progress | None = None) -> Catalogue:
    """Build the facts of `settings.tables` into the folder `settings.facts`; return their catalogue.

    Facts that the rules name (`touches_14d_sms_ask`, `room_at_2_in_10d`) are made. `progress` is told each stage and
    the share that is done, from 0 to 1. Raises ConfigurationError; with `strict` also for currencies without rates.
    """
    from contextmail.facts.building import build
    from contextmail.rules.too_often import CAP, DAYS

    own = settings.rules.get("too-often")
    cap = ((own and own.cap) or CAP, (own and own.days) or DAYS)
    return build(
        _tables(settings),
        settings.facts,
        as_of=settings.as_of,
        facts=settings.fact_definitions,
        names=facts_asked(settings),
        currency=settings.currency,
        rates=settings.rates,
        cap=cap,
        strict=strict,
        bad_row_limit=settings.limits.bad_rows,
        folder=settings.folder,
        progress=progress,
    )


def _tables(settings: Settings) -> Mapping[str, TableMapping]:
    """Give the tables that are mapped by hand, and the pulled ones where none is."""
    if settings.pulled is None or not (settings.pulled / "cursor.json").is_file():
        return settings.tables
    from contextmail.connectors.tables import by_address, tables

    with closing(engine(settings)) as opened:
        pulled = tables(opened, settings.pulled)
    if "customers" in settings.tables:
        # The platform's keys mean nothing to the company's own customers: facts built before know their addresses.
        known = has_facts(settings)
        facts = settings.facts / "facts.parquet"
        pulled = {n: by_address(m, settings.pulled, facts) for n, m in pulled.items() if known and n != "customers"}
    return {**pulled, **settings.tables}


@contextmanager
def target(settings: Settings, on: str = "") -> Iterator[Target]:
    """Open the audience that `on` names (`mailchimp:LIST`, or `mailchimp` for the one of the settings), and close it.

    Raises AuthenticationError without a key, ConfigurationError for a platform that there is not or no audience.
    """
    with closing(_mailchimp(settings, on)) as opened:
        yield opened


def _mailchimp(settings: Settings, on: str) -> MailchimpTarget:
    from contextmail.connectors.mailchimp import connect

    return connect(_options(settings, on), environment())


def _options(settings: Settings, on: str) -> MailchimpOptions:
    platform, _, audience = on.partition(":")
    if platform not in ("", "mailchimp"):
        cure = "mailchimp:LIST; contextmail doctor lists the audiences"
        raise ConfigurationError(f"there is no platform {platform!r}", where="--on", cure=cure)
    return settings.mailchimp.model_copy(update={"audience": audience} if audience else {})


def doctor(settings: Settings, on: str = "") -> Report:
    """Look at the connection to a platform: who, what the key may do, what is missing."""
    from contextmail.connectors.mailchimp.doctor import doctor

    return doctor(_options(settings, on), environment())


def runs(settings: Settings) -> Runs:
    """Open the memory of runs; whoever asks closes it."""
    from contextmail.store.runs import Runs

    return Runs(settings.store)


def facts_asked(settings: Settings) -> set[str]:
    """List the facts that the company's rules and phrases name, so that those made from their names are built."""
    from contextmail.compiling import policy_rules
    from contextmail.model.message import Message, Purpose
    from contextmail.predicates.sqltext import names_used

    loaded = checker(settings)
    policies = [
        rule.definition(Message(parts=(), purpose=purpose))
        for rule in policy_rules(settings).values()
        for purpose in Purpose
    ]
    texts = [rule.override.true_when or rule.claim.true_when for rule in loaded.rules.values()]
    texts += [policy.allow_when for policy in policies]
    texts += [
        variant.when for entry in loaded.phrasebook.entries.values() for variant in entry.variants if variant.when
    ]
    facts = {name for policy in policies for name in (policy.until, policy.to) if name}
    return facts.union(
        set(settings.fields.values()), *(names_used(text, ownership=settings.ownership) for text in texts)
    )
