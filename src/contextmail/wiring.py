"""Settings to live objects, one function each; nothing else builds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contextmail.environment import ConsentPlace, consent_keys, consent_place, environment
from contextmail.errors import ConfigurationError, MissingExtraError

if TYPE_CHECKING:
    from contextmail.checking import Checker
    from contextmail.config import Settings
    from contextmail.connectors.base import Target
    from contextmail.connectors.consents import ConsentSystem
    from contextmail.connectors.mailchimp.doctor import Report
    from contextmail.connectors.mailchimp.target import MailchimpTarget
    from contextmail.connectors.mailchimp.webhooks import Webhooks
    from contextmail.engines.base import Engine
    from contextmail.facts.building import Progress
    from contextmail.facts.folder import FactsFolder
    from contextmail.model.consent import Scope
    from contextmail.model.fact import Catalogue
    from contextmail.model.mailchimp import MailchimpOptions
    from contextmail.model.tables import TableMapping
    from contextmail.store.base import ConsentStore
    from contextmail.store.runs import Runs
    from contextmail.store.sealing import Sealer
    from contextmail.syncing import Sync
    from contextmail.webhooks.base import WebhookSource
    from contextmail.webhooks.receiver import Receiver


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
    from contextmail.store.permissions import snapshot

    own = settings.rules.get("too-often")
    cap = ((own and own.cap) or CAP, (own and own.days) or DAYS)
    with ledger(settings) as store:
        return build(
            _tables(settings),
            settings.facts,
            as_of=settings.as_of,
            facts=settings.fact_definitions,
            names=facts_asked(settings),
            currency=settings.currency,
            rates=settings.rates,
            cap=cap,
            max_age=settings.max_age,
            ledger=snapshot(store) if store else (),
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


def consent_store(settings: Settings) -> ConsentStore:
    """Open inbox, ledger and outbox; whoever asks closes it.

    Raises ConfigurationError without keys, and in production for a place that does not last.
    """
    own = settings.consent
    place = ConsentPlace(settings.store, settings.store / own.store, settings.brand, own.production)
    return _consent_store(place, _sealer(place))


@contextmanager
def ledger(settings: Settings) -> Iterator[ConsentStore | None]:
    """Open the ledger of consent for those who only ask it, and close it; None: this company keeps none."""
    if not (settings.store / settings.consent.store).is_file():
        yield None
        return
    with closing(consent_store(settings)) as store:
        yield store


def _consent_store(place: ConsentPlace, sealer: Sealer) -> ConsentStore:
    from contextmail.store.sqlite_consent import SqliteConsentStore

    return SqliteConsentStore(place.file, sealer, production=place.production)


def _sealer(place: ConsentPlace) -> Sealer:
    from contextmail.store.sealing import Sealer

    return Sealer(*consent_keys(place.store), brand=place.brand)


def receiver() -> Receiver:
    """Open the receiver of webhooks, as contextmail.toml in the working folder and the environment say.

    It loads no vendor's library, no engine and not pydantic, so that it answers soon after its start. Whoever asks
    closes it. Raises ConfigurationError without keys, or where a secret that is kept is weak.
    """
    from contextmail.webhooks import sources
    from contextmail.webhooks.receiver import Receiver

    place = consent_place()
    sealer = _sealer(place)
    opened = Receiver(_consent_store(place, sealer), sources(sealer))
    opened.check()
    return opened


@contextmanager
def sync(settings: Settings) -> Iterator[Sync]:
    """Open the consent store with every system that it is kept in step with and the campaigns that wait; close them.

    Raises as `consent_store` and `consent_systems` do.
    """
    from contextmail.applying.leaving import WaitingCampaigns
    from contextmail.syncing import Sync

    with closing(consent_store(settings)) as store, ExitStack() as opened:
        waiting = WaitingCampaigns(runs(settings), lambda on: target(_patient(settings), on))
        systems = {**consent_systems(settings, store), waiting.name: waiting}
        for system in systems.values():
            opened.callback(system.close)
        yield Sync(store, systems, settings.consent, missing=lambda: missing_webhooks(settings, store))


def webhook_sources(settings: Settings) -> Mapping[str, WebhookSource]:
    """Give what understands each source's events, as `[consent]` says."""
    from contextmail.webhooks import sources

    scopes = {s.scope for s in settings.consent.systems.values() if s.kind == "mailchimp"}
    sealer = _sealer(ConsentPlace(settings.store, settings.store, settings.brand, production=False))
    return sources(sealer, scope="list" if scopes == {"list"} else "channel")


def consent_systems(settings: Settings, store: ConsentStore) -> dict[str, ConsentSystem]:
    """Open every system of `[consent.systems]`, by name; no call is made yet, and whoever asks closes them.

    Raises ConfigurationError, AuthenticationError without a key, MissingExtraError.
    """
    return {name: _consent_system(settings, name, store) for name in settings.consent.systems}


def _consent_system(settings: Settings, name: str, store: ConsentStore) -> ConsentSystem:
    system = settings.consent.systems[name]
    match system.kind:
        case "mailchimp":
            if name != f"mailchimp:{system.audience}":
                cure = f'[consent.systems."mailchimp:{system.audience}"]'
                where = f'[consent.systems."{name}"]'
                raise ConfigurationError("the name is not its audience's", where=where, cure=cure)
            source = _mailchimp(_patient(settings), name)
            from contextmail.connectors.mailchimp.consent import MailchimpConsents

            return MailchimpConsents(source, grants=system.grants, scope=system.scope)
        case "sql":
            try:
                from contextmail.connectors.sql.consent import SqlConsents
            except ModuleNotFoundError as error:
                raise MissingExtraError("sqlalchemy", "sql") from error
            return SqlConsents(name, _url(settings, name, system.url), system)
        case "webhook":
            try:
                from contextmail.connectors.webhook import WebhookConsents
            except ModuleNotFoundError as error:
                raise MissingExtraError("standardwebhooks", "receiver") from error
            account = name.rpartition(":")[2]
            return WebhookConsents(
                name, system.url, lambda: store.secrets("webhook", account, datetime.now(UTC).replace(tzinfo=None))
            )


def _patient(settings: Settings) -> Settings:
    """Let a push that goes unanswered wait in the outbox, where others pass it, rather than in the connector."""
    gentle = settings.mailchimp.model_copy(update={"attempts": min(settings.mailchimp.attempts, 3)})
    return settings.model_copy(update={"mailchimp": gentle})


def _url(settings: Settings, name: str, url: str) -> str:
    """Give the URL of a database, its file if it has one beside contextmail.toml; `env:NAME` is in the environment."""
    kind, _, variable = url.partition(":")
    if kind == "env" and not (url := environment().get(variable, "")):
        cure = f"export {variable}=postgresql://user:password@host/database"
        raise ConfigurationError(f"{variable} is not set", where=f'[consent.systems."{name}"] url', cure=cure)
    kind, slashes, file = url.partition(":///")
    if kind.startswith("sqlite") and file and not file.startswith((":memory:", "file:")):
        return f"{kind}{slashes}{settings.folder.resolve() / file}"
    return url


@contextmanager
def webhooks(settings: Settings, store: ConsentStore, on: str) -> Iterator[Webhooks]:
    """Open the webhooks of the audience that `on` names. Raises as `target` does."""
    with closing(_mailchimp(settings, on)) as opened:
        from contextmail.connectors.mailchimp.webhooks import Webhooks

        yield Webhooks(opened.transport, opened.audience, store)


def missing_webhooks(settings: Settings, store: ConsentStore) -> dict[str, str]:
    """Say at which system a webhook of ours is gone or switched off, with its cure. Raises as `target` does."""
    missing = {}
    for name, system in settings.consent.systems.items():
        if system.kind == "mailchimp":
            with webhooks(_patient(settings), store, name) as ours:
                missing[name] = ours.missing()
    return {name: what for name, what in missing.items() if what}


def unsubscribe_url(public_url: str, endpoint: str, scope: Scope | None = None) -> str:
    """Make the link by which a person leaves `scope` (None: all marketing by e-mail): no address is in it.

    `public_url` is where the receiver is reached from outside, `https://...`; the keys are those of the working folder
    or the environment. Raises ConfigurationError, and RecordRejected for an endpoint that is none.
    """
    from contextmail.webhooks.unsubscribe import MARKETING, Unsubscription, link

    today = datetime.now(UTC).date()
    return link(_sealer(consent_place()), public_url, Unsubscription(endpoint, scope or MARKETING, today))


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
