"""Settings to the store of consent, the systems that it is kept in step with, and their webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from contextmail.environment import ConsentPlace, consent_keys, consent_place, environment
from contextmail.errors import CapabilityError, ConfigurationError, MissingExtraError
from contextmail.wiring.platforms import mailchimp_target, patient, runs, target
from contextmail.wiring.tables import database_url, pulled_folders

if TYPE_CHECKING:
    from contextmail.config import Settings
    from contextmail.connectors.consents import ConsentSystem
    from contextmail.connectors.mailchimp.webhooks import Webhooks
    from contextmail.model.consent import Scope
    from contextmail.model.consent_options import HubspotSystem
    from contextmail.store.base import ConsentStore
    from contextmail.store.sealing import Sealer
    from contextmail.syncing import Sync
    from contextmail.syncing.hearing import Hearing
    from contextmail.webhooks.base import WebhookSource
    from contextmail.webhooks.receiver import Receiver


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


@contextmanager
def sync(settings: Settings) -> Iterator[Sync]:
    """Open the consent store with every system that it is kept in step with and the campaigns that wait; close them.

    Raises as `consent_store` and `consent_systems` do.
    """
    from contextmail.applying.leaving import WaitingCampaigns
    from contextmail.syncing import Sync

    with closing(consent_store(settings)) as store, ExitStack() as opened:
        waiting = WaitingCampaigns(runs(settings), lambda on: target(patient(settings), on), store)
        systems = {**consent_systems(settings, store), waiting.name: waiting}
        for system in systems.values():
            opened.callback(system.close)
        yield Sync(store, systems, settings.consent, missing=lambda: missing_webhooks(settings, store))


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
            source = mailchimp_target(patient(settings), name)
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
            return SqlConsents(name, database_url(settings, f'[consent.systems."{name}"]', system.url), system)
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

    return HubspotConsents(Transport(credentials, patient(settings).hubspot), system, remembered=remembered)


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


def webhook_sources(settings: Settings) -> Mapping[str, WebhookSource]:
    """Give what understands each source's events, as `[consent]` says."""
    from contextmail.webhooks import sources

    own = settings.consent
    scopes = {s.scope for s in own.systems.values() if s.kind == "mailchimp"}
    sealer = _sealer(ConsentPlace(settings.store, settings.store, settings.brand, production=False))
    scope: Literal["channel", "list"] = "list" if scopes == {"list"} else "channel"
    return sources(sealer, scope=scope, public_url=own.public_url, hubspot_v1=own.hubspot_v1)


@contextmanager
def webhooks(settings: Settings, store: ConsentStore, on: str) -> Iterator[Webhooks]:
    """Open the webhooks of the audience that `on` names. Raises as `target` does, CapabilityError for HubSpot."""
    if on.partition(":")[0] == "hubspot":
        cure = "contextmail webhooks secret hubspot:PORTAL says what to set there by hand, and keeps the app's secret"
        raise CapabilityError("HubSpot lets no program set a private app's webhooks", where="--on hubspot", cure=cure)
    with closing(mailchimp_target(settings, on)) as opened:
        from contextmail.connectors.mailchimp.webhooks import Webhooks

        yield Webhooks(opened.transport, opened.audience, store)


def missing_webhooks(settings: Settings, store: ConsentStore) -> dict[str, str]:
    """Say at which system a webhook of ours is gone or switched off, with its cure. Raises as `target` does."""
    missing = {}
    for name, system in settings.consent.systems.items():
        if system.kind == "mailchimp":
            with webhooks(patient(settings), store, name) as ours:
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


def _consent_store(place: ConsentPlace, sealer: Sealer) -> ConsentStore:
    from contextmail.store.sqlite_consent import SqliteConsentStore

    return SqliteConsentStore(place.file, sealer, production=place.production)


def _sealer(place: ConsentPlace) -> Sealer:
    from contextmail.store.sealing import Sealer

    return Sealer(*consent_keys(place.store), brand=place.brand)
