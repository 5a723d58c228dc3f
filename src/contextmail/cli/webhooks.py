"""contextmail webhooks: where the events of consent come in, and by which secrets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.output import note, plural, say
from contextmail.connectors.consents import new_secret
from contextmail.errors import ConfigurationError
from contextmail.webhooks.hubspot import EVENTS, PROPERTIES
from contextmail.webhooks.secrets import SHORTEST

if TYPE_CHECKING:
    from pathlib import Path

    from contextmail.config import Settings
    from contextmail.connectors.mailchimp.webhooks import Webhooks

_OVERLAP = timedelta(hours=24)
"""For how long the secret before is still good: the other side takes over the new one in that time."""
Url = Annotated[
    str,
    typer.Option(
        "--url", help="Where the receiver is reached from outside: https://hooks.example.com.", show_default=False
    ),
]
SameUrl = Annotated[str, typer.Option("--url", help="Another public URL of the receiver.", show_default="as it is")]

app = typer.Typer(
    rich_markup_mode="markdown",
    no_args_is_help=True,
    help="Register webhooks at a platform, list, rotate and remove them, and make signing secrets.",
)


@app.command()
def add(url: Url, on: options.On = "", config: options.Config = None) -> None:
    """Register a webhook of every event and source, and keep its path and its secret; the receiver must be running.

    Its address is shown only once. To call this again changes nothing where the webhook is there and whole.

    ```
    contextmail webhooks add --on mailchimp:1a2b3c4d5e --url https://hooks.example.com
    ```
    """
    with _webhooks(config, on) as ours:
        made = ours.add(url)
        if made is None:
            say("it is there already")
        else:
            _show_once(f"registered at {ours.name}", made)


@app.command("list")
def list_(on: options.On = "", config: options.Config = None) -> None:
    """List our webhooks at the platform, without their tokens. Exit code 1: one is gone, or not told of everything."""
    with _webhooks(config, on) as ours:
        for hook in ours.hooks():
            told = "told of everything" if hook.whole else "not told of everything"
            say((hook.id, "bold"), f"  {hook.url}  {told}, {'signed' if hook.signed else 'not signed'}")
        missing = ours.missing()
    if missing:
        note(missing)
    raise typer.Exit(1 if missing else 0)


@app.command()
def rotate(url: SameUrl = "", on: options.On = "", config: options.Config = None) -> None:
    """Register another webhook with another path and secret, then remove the one before.

    Nothing is lost in between, and a rotation that was interrupted is ended by calling it again.
    """
    with _webhooks(config, on) as ours:
        _show_once(f"rotated at {ours.name}", ours.rotate(url))


@app.command()
def remove(url: SameUrl = "", on: options.On = "", config: options.Config = None) -> None:
    """Remove our webhooks at the platform, and forget their secrets. Those of other tools stay."""
    with _webhooks(config, on) as ours:
        say(f"{plural(ours.remove(url), 'webhook')} removed at {ours.name}")


@app.command()
def secret(
    name: Annotated[
        str,
        typer.Argument(
            help="webhook:NAME, a service that we tell; standard:NAME, one that tells us; hubspot:PORTAL.",
            show_default=False,
        ),
    ],
    config: options.Config = None,
) -> None:
    """Make a secret for Standard Webhooks, from us or to us, and show it once; the one before is good for a day more.

    Of HubSpot, keep the secret that its app has, read from the terminal or from standard input, and say what is to be
    set there by hand: HubSpot lets no program set a private app's webhooks.

    ```
    contextmail webhooks secret webhook:crm
    contextmail webhooks secret hubspot:62515
    ```
    """
    kind, _, account = name.partition(":")
    if kind not in ("webhook", "standard", "hubspot") or not account:
        cure = "webhook:NAME, standard:NAME or hubspot:PORTAL"
        raise ConfigurationError(f"{name!r} is none of them", where="NAME", cure=cure)
    settings = options.settings_of(config)
    made = _of_the_app(settings) if kind == "hubspot" else new_secret()
    with closing(wiring.consent_store(settings)) as store:
        lapses = datetime.now(UTC).replace(tzinfo=None) + _OVERLAP
        store.set_secret(kind, account, made, keep_old_until=lapses)
    if kind == "hubspot":
        _say_what_to_set(settings, account)
        return
    path = "" if kind == "webhook" else f"; events come to /hooks/standard/{account}"
    _show_once(f"for {name}{path}", made)


def _of_the_app(settings: Settings) -> str:
    if not settings.consent.public_url:
        cure = '[consent] public_url = "https://hooks.example.com"'
        raise ConfigurationError("HubSpot signs the receiver's public URL", where="contextmail.toml", cure=cure)
    given: str = typer.prompt("The app's client secret", hide_input=sys.stdin.isatty(), err=True).strip()
    if len(given.encode()) < SHORTEST:
        cure = "HubSpot > Settings > Integrations > Private apps > the app > Auth > Client secret"
        raise ConfigurationError(f"a secret has {SHORTEST} bytes at least", where="client secret", cure=cure)
    return given


def _say_what_to_set(settings: Settings, portal: str) -> None:
    say(
        "kept; now set the webhooks of the app at HubSpot by hand: Settings > Integrations > Private apps > the app > Webhooks"
    )
    say("target URL  ", (f"{settings.consent.public_url.rstrip('/')}/hooks/hubspot/{portal}", "bold"))
    say(f"subscribe to  {', '.join(EVENTS)}")
    say(f"properties  {', '.join(PROPERTIES)}, and each hs_email_optout_NUMBER")
    note("whether an opt-out itself is told is not documented: `contextmail work` sweeps every 15 minutes besides")


@contextmanager
def _webhooks(config: Path | None, on: str) -> Iterator[Webhooks]:
    settings = options.settings_of(config)
    with closing(wiring.consent_store(settings)) as store, wiring.webhooks(settings, store, on) as opened:
        yield opened


def _show_once(what: str, value: str) -> None:
    say(what)
    say((value, "bold"))
    note("it is shown only this once: whoever has it can send events in its name")
