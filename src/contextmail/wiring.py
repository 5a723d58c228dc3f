"""Settings to live objects, one function each; nothing else builds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from contextmail.environment import ConsentPlace, consent_keys, consent_place, environment
from contextmail.errors import CapabilityError, ConfigurationError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

    from contextmail.auditing.base import Audited
    from contextmail.checking import Checker
    from contextmail.config import Settings
    from contextmail.connectors.base import Target
    from contextmail.connectors.consents import ConsentSystem
    from contextmail.connectors.mailchimp.target import MailchimpTarget
    from contextmail.connectors.mailchimp.webhooks import Webhooks
    from contextmail.connectors.symptoms import Report
    from contextmail.engines.base import Engine
    from contextmail.facts.building import Progress
    from contextmail.facts.folder import FactsFolder
    from contextmail.model.consent import Scope
    from contextmail.model.consent_options import HubspotSystem
    from contextmail.model.fact import Catalogue
    from contextmail.model.hubspot import HubspotOptions
    from contextmail.model.mailchimp import MailchimpOptions
    from contextmail.model.tables import TableMapping
    from contextmail.store.base import ConsentStore
    from contextmail.store.runs import Runs
    from contextmail.store.sealing import Sealer
    from contextmail.syncing import Sync
    from contextmail.syncing.hearing import Hearing
    from contextmail.webhooks.base import WebhookSource
    from contextmail.webhooks.receiver import Receiver

_LITE = ("sqlite:///", "sqlite+pysqlite:///")


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


def build_facts(
    settings: Settings, *, strict: bool = False, hindsight: bool = True, progress: Progress | None = None
) -> Catalogue:
    """Build the facts of `settings.tables` into the folder `settings.facts`; return their catalogue.

    Facts that the rules name (`touches_14d_sms_ask`, `room_at_2_in_10d`) are made. `progress` is told each stage and
    the share that is done, from 0 to 1. Without `hindsight`, what was refused after the clock is not known yet, which is
    for looking back alone. Raises ConfigurationError; with `strict` also for currencies without rates.
    """
    from contextmail.facts.building import build
    from contextmail.model.identity import OWN
    from contextmail.rules.too_often import CAP, DAYS
    from contextmail.store.permissions import snapshot

    own = settings.rules.get("too-often")
    cap = ((own and own.cap) or CAP, (own and own.days) or DAYS)
    with ledger(settings) as store, _fetched_systems(settings, progress) as systems:
        return build(
            systems.pop(OWN),
            settings.facts,
            as_of=settings.as_of,
            facts=settings.fact_definitions,
            names=facts_asked(settings),
            currency=settings.currency,
            rates=settings.rates,
            cap=cap,
            max_age=settings.max_age,
            ledger=snapshot(store) if store else (),
            systems=systems,
            identity=settings.identity,
            hindsight=hindsight,
            strict=strict,
            bad_row_limit=settings.limits.bad_rows,
            folder=settings.folder,
            progress=progress,
        )


def database_table(to: str, otherwise: str) -> tuple[str, str]:
    """Take `URL#table` apart, `otherwise` where no table is named; the URL may be `env:NAME`, in the environment.

    Raises ConfigurationError where it is not set, MissingExtraError where no database can be written to.
    """
    if not find_spec("sqlalchemy"):
        raise MissingExtraError("sqlalchemy", "sql")
    url, _, table = to.partition("#")
    return _from_environment(url, "--to"), table or otherwise


def pulled_folders(settings: Settings) -> dict[str, Path]:
    """Give the folders that were pulled into, by the system that each is: those of `[systems]` and those of `pulled`.

    A system of `pulled` is called as its folder, or as the folder beneath it.
    """
    found = {name: system.pulled for name, system in settings.systems.items() if system.pulled}
    if settings.pulled:
        for folder in (settings.pulled, *sorted(settings.pulled.glob("*"))):
            if folder.resolve() not in {known.resolve() for known in found.values()}:
                found[re.sub(r"\W", "_", folder.resolve().name)] = folder
    return {name: folder for name, folder in found.items() if (folder / "cursor.json").is_file()}


def _systems(settings: Settings) -> dict[str, dict[str, TableMapping]]:
    """Give each system's tables: those that are mapped by hand, and the pulled ones where none is."""
    from contextmail.model.identity import OWN

    folders = pulled_folders(settings)
    systems: dict[str, dict[str, TableMapping]] = {OWN: dict(settings.tables)}
    systems |= {name: dict(system.tables) for name, system in settings.systems.items()}
    if folders:
        from contextmail.connectors.tables import tables

        with closing(engine(settings)) as opened:
            pulled = {name: tables(opened, folder) for name, folder in folders.items()}
        alone = not settings.systems and len(pulled) == 1 and "customers" not in settings.tables
        for name, found in pulled.items():
            if alone:
                # Nobody says otherwise: the platform's contacts are the company's customers.
                systems[OWN] = {**found, **settings.tables}
            elif name in settings.systems:
                systems[name] = {**found, **systems[name]}
            else:
                mapped = settings.tables.keys() - {"customers"}
                systems[name] = {table: mapping for table, mapping in found.items() if table not in mapped}
    return systems


@contextmanager
def _fetched_systems(settings: Settings, progress: Progress | None) -> Iterator[dict[str, Mapping[str, TableMapping]]]:
    """Give each system's tables with those of databases as files."""
    with ExitStack() as files:
        yield {
            system: files.enter_context(_fetched(settings, tables, progress))
            for system, tables in _systems(settings).items()
        }


@contextmanager
def _fetched(
    settings: Settings, tables: Mapping[str, TableMapping], progress: Progress | None
) -> Iterator[Mapping[str, TableMapping]]:
    """Give the tables with those of databases as files; SQLite's are read where they lie."""
    urls = {name: _url(settings, f"[tables.{name}]", mapping.url) for name, mapping in tables.items() if mapping.url}
    lite = {name: tables[name].model_copy(update={"url": url}) for name, url in urls.items() if url.startswith(_LITE)}
    if len(urls) == len(lite):
        yield {**tables, **lite}
        return
    try:
        from contextmail.connectors.sql.fetching import fetched
    except ModuleNotFoundError as error:
        raise MissingExtraError("sqlalchemy", "sql") from error
    others = {name: url for name, url in urls.items() if name not in lite}
    with fetched({**tables, **lite}, others, settings.facts, progress) as files:
        yield files


@contextmanager
def target(settings: Settings, on: str = "") -> Iterator[Target]:
    """Open the audience that `on` names (`mailchimp:LIST`, `hubspot`, `hubspot:LIST`), and close it.

    Without a list it is the audience of the settings; without a platform, the settings' own, else Mailchimp.
    Raises AuthenticationError without a key, ConfigurationError for a platform that there is not or no audience.
    """
    platform, options = _platform(settings, on)
    with closing(import_module(platform).connect(options, environment())) as opened:
        yield opened


def doctor(settings: Settings, on: str = "") -> Report:
    """Look at the connection to a platform: who, what the key may do, what is missing."""
    platform, options = _platform(settings, on)
    report: Report = import_module(f"{platform}.doctor").doctor(options, environment())
    return report


PLATFORMS = {"mailchimp": "contextmail.connectors.mailchimp", "hubspot": "contextmail.connectors.hubspot"}
"""Each with a section of the settings of the same name, and a package with `connect` and `doctor`."""


def _platform(settings: Settings, on: str) -> tuple[str, MailchimpOptions | HubspotOptions]:
    """Give the package of the platform that `on` names, and its options with the audience."""
    name, _, audience = (on or settings.platform or "mailchimp").partition(":")
    if name not in PLATFORMS:
        cure = "mailchimp:LIST, hubspot or hubspot:LIST; contextmail doctor lists the audiences"
        raise ConfigurationError(f"there is no platform {name!r}", where="--on", cure=cure)
    options: MailchimpOptions | HubspotOptions = getattr(settings, name)
    return PLATFORMS[name], options.model_copy(update={"audience": audience} if audience else {})


def _mailchimp(settings: Settings, on: str) -> MailchimpTarget:
    from contextmail.connectors.mailchimp import connect
    from contextmail.model.mailchimp import MailchimpOptions

    _, options = _platform(settings, on)
    if not isinstance(options, MailchimpOptions):
        raise ConfigurationError(f"{on!r} is no audience of Mailchimp's", where="--on", cure="--on mailchimp:LIST")
    return connect(options, environment())


@contextmanager
def audited(settings: Settings, on: str = "") -> Iterator[Audited]:
    """Open what `on` names to be audited: a platform's audience as `target` does, else a table or a file."""
    if on.partition(":")[0] in ("", "mailchimp", "hubspot"):
        with target(settings, on) as opened:
            yield opened
        return
    from contextmail.auditing.table import open_table

    with open_table(on, settings) as table:
        yield table


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


def open_ledger(settings: Settings) -> Hearing:
    """Open the ledger of consent for those who only ask it; whoever asks closes it. Raises as `consent_store` does."""
    from contextmail.syncing.hearing import Hearing

    return Hearing(consent_store(settings), webhook_sources(settings))


@contextmanager
def ledger(settings: Settings) -> Iterator[Hearing | None]:
    """Open the ledger of consent for those who only ask it, and close it; None: this company keeps none."""
    if not (settings.store / settings.consent.store).is_file():
        yield None
        return
    with closing(open_ledger(settings)) as opened:
        yield opened


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
    understood = sources(sealer, public_url=place.public_url, hubspot_v1=place.hubspot_v1)
    opened = Receiver(_consent_store(place, sealer), understood)
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
        waiting = WaitingCampaigns(runs(settings), lambda on: target(_patient(settings), on), store)
        systems = {**consent_systems(settings, store), waiting.name: waiting}
        for system in systems.values():
            opened.callback(system.close)
        yield Sync(store, systems, settings.consent, missing=lambda: missing_webhooks(settings, store))


def webhook_sources(settings: Settings) -> Mapping[str, WebhookSource]:
    """Give what understands each source's events, as `[consent]` says."""
    from contextmail.webhooks import sources

    own = settings.consent
    scopes = {s.scope for s in own.systems.values() if s.kind == "mailchimp"}
    sealer = _sealer(ConsentPlace(settings.store, settings.store, settings.brand, production=False))
    scope: Literal["channel", "list"] = "list" if scopes == {"list"} else "channel"
    return sources(sealer, scope=scope, public_url=own.public_url, hubspot_v1=own.hubspot_v1)


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
        case "hubspot":
            if name != "hubspot":
                where = f'[consent.systems."{name}"]'
                raise ConfigurationError("a portal is called hubspot", where=where, cure="[consent.systems.hubspot]")
            return _hubspot_consents(settings, system)
        case "sql":
            try:
                from contextmail.connectors.sql.consent import SqlConsents
            except ModuleNotFoundError as error:
                raise MissingExtraError("sqlalchemy", "sql") from error
            return SqlConsents(name, _url(settings, f'[consent.systems."{name}"]', system.url), system)
        case "webhook":
            try:
                from contextmail.connectors.webhook import WebhookConsents
            except ModuleNotFoundError as error:
                raise MissingExtraError("standardwebhooks", "receiver") from error
            account = name.rpartition(":")[2]
            return WebhookConsents(
                name, system.url, lambda: store.secrets("webhook", account, datetime.now(UTC).replace(tzinfo=None))
            )


def _hubspot_consents(settings: Settings, system: HubspotSystem) -> ConsentSystem:
    from contextmail.connectors.hubspot.credentials import Credentials

    credentials = Credentials.of(environment())
    try:
        from contextmail.connectors.hubspot.consent import HubspotConsents
        from contextmail.connectors.hubspot.transport import Transport
    except ModuleNotFoundError as error:
        raise MissingExtraError("hubspot-api-client", "hubspot") from error
    from contextmail.connectors.remembered import address_of

    def remembered(record: str) -> str:
        return address_of(pulled_folders(settings).values(), "hubspot", record)

    return HubspotConsents(Transport(credentials, _patient(settings).hubspot), system, remembered=remembered)


def _patient(settings: Settings) -> Settings:
    """Let a push that goes unanswered wait in the outbox, where others pass it, rather than in the connector."""
    mailchimp, hubspot = settings.mailchimp, settings.hubspot
    gentle = {
        "mailchimp": mailchimp.model_copy(update={"attempts": min(mailchimp.attempts, 3)}),
        "hubspot": hubspot.model_copy(update={"attempts": min(hubspot.attempts, 3)}),
    }
    return settings.model_copy(update=gentle)


def _url(settings: Settings, section: str, url: str) -> str:
    """Give the URL of a database, its file if it has one beside contextmail.toml; `env:NAME` is in the environment."""
    url = _from_environment(url, f"{section} url")
    kind, slashes, file = url.partition(":///")
    if kind.startswith("sqlite") and file and not file.startswith((":memory:", "file:")):
        return f"{kind}{slashes}{settings.folder.resolve() / file}"
    return url


def _from_environment(url: str, where: str) -> str:
    kind, _, variable = url.partition(":")
    if kind == "env" and not (url := environment().get(variable, "")):
        cure = f"export {variable}=postgresql://user:password@host/database"
        raise ConfigurationError(f"{variable} is not set", where=where, cure=cure)
    return url


@contextmanager
def webhooks(settings: Settings, store: ConsentStore, on: str) -> Iterator[Webhooks]:
    """Open the webhooks of the audience that `on` names. Raises as `target` does, CapabilityError for HubSpot."""
    if on.partition(":")[0] == "hubspot":
        cure = "contextmail webhooks secret hubspot:PORTAL says what to set there by hand, and keeps the app's secret"
        raise CapabilityError("HubSpot lets no program set a private app's webhooks", where="--on hubspot", cure=cure)
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
