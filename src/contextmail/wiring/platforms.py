"""Settings to platforms, and to a table in the place of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from contextmail.environment import environment
from contextmail.errors import ConfigurationError
from contextmail.wiring.tables import fetched

if TYPE_CHECKING:
    from contextmail.config import Settings
    from contextmail.connectors.base import Source, Target
    from contextmail.connectors.mailchimp.target import MailchimpTarget
    from contextmail.connectors.symptoms import Report
    from contextmail.model.hubspot import HubspotOptions
    from contextmail.model.mailchimp import MailchimpOptions
    from contextmail.store.runs import Runs

PLATFORMS = {"mailchimp": "contextmail.connectors.mailchimp", "hubspot": "contextmail.connectors.hubspot"}
"""Each with a section of the settings of the same name, and a package with `connect` and `doctor`."""


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


@contextmanager
def audited(settings: Settings, on: str = "") -> Iterator[Source]:
    """Open what `on` names to be audited: a platform's audience as `target` does, else a table or a file."""
    if on.partition(":")[0] in ("", *PLATFORMS):
        with target(settings, on) as opened:
            yield opened
        return
    from contextmail.auditing.table import open_table

    named = {name: mapping for name, mapping in settings.tables.items() if name == on}
    with (
        fetched(settings, named, None) as tables,
        open_table(on, settings.model_copy(update={"tables": tables})) as table,
    ):
        yield table


def runs(settings: Settings) -> Runs:
    """Open the memory of runs; whoever asks closes it."""
    from contextmail.store.runs import Runs

    return Runs(settings.store)


def mailchimp_target(settings: Settings, on: str) -> MailchimpTarget:
    """Open the audience of Mailchimp's that `on` names; whoever asks closes it. Raises as `target` does."""
    from contextmail.connectors.mailchimp import connect
    from contextmail.model.mailchimp import MailchimpOptions

    _, options = _platform(settings, on)
    if not isinstance(options, MailchimpOptions):
        raise ConfigurationError(f"{on!r} is no audience of Mailchimp's", where="--on", cure="--on mailchimp:LIST")
    return connect(options, environment())


def patient(settings: Settings) -> Settings:
    """Let a push that goes unanswered wait in the outbox, where others pass it, rather than in the connector."""
    mailchimp, hubspot = settings.mailchimp, settings.hubspot
    gentle = {
        "mailchimp": mailchimp.model_copy(update={"attempts": min(mailchimp.attempts, 3)}),
        "hubspot": hubspot.model_copy(update={"attempts": min(hubspot.attempts, 3)}),
    }
    return settings.model_copy(update=gentle)


def _platform(settings: Settings, on: str) -> tuple[str, MailchimpOptions | HubspotOptions]:
    """Give the package of the platform that `on` names, and its options with the audience."""
    name, _, audience = (on or settings.platform or "mailchimp").partition(":")
    if name not in PLATFORMS:
        cure = "mailchimp:LIST, hubspot or hubspot:LIST; contextmail doctor lists the audiences"
        raise ConfigurationError(f"there is no platform {name!r}", where="--on", cure=cure)
    options: MailchimpOptions | HubspotOptions = getattr(settings, name)
    return PLATFORMS[name], options.model_copy(update={"audience": audience} if audience else {})
