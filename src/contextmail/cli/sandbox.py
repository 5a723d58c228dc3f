"""contextmail sandbox: a platform on loopback, to try everything on."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contextmail.cli.output import say
from contextmail.sandbox import hubspot, mailchimp


class Platform(StrEnum):
    """Name a platform that has a sandbox."""

    MAILCHIMP = "mailchimp"
    HUBSPOT = "hubspot"


def sandbox(
    platform: Annotated[Platform, typer.Option("--platform", help="Which platform to serve.")] = Platform.MAILCHIMP,
    port: Annotated[int, typer.Option("--port", help="Where to listen, on 127.0.0.1; 0: any free port.")] = 8025,
    people: Annotated[int, typer.Option("--people", help="How many people to invent.")] = 500,
    shop: Annotated[
        Path | None, typer.Option("--shop", help="A customers.csv, whose people are the audience.", show_default=False)
    ] = None,
    draft: Annotated[
        Path | None, typer.Option("--draft", help="A message to make a draft of.", show_default=False)
    ] = None,
    latency: Annotated[float, typer.Option("--latency", help="Seconds that every call takes.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Other people, the same each time.")] = 0,
) -> None:
    """Serve an account of a platform on loopback until Ctrl-C: invented people and orders, and Mailchimp's outbox page.

    ```
    contextmail sandbox --platform hubspot --port 8026
    ```
    """
    if platform is Platform.MAILCHIMP:
        mailchimp.serve(port, people=people, shop=shop, draft=draft, latency=latency, seed=seed, ready=_say_mailchimp)
    else:
        hubspot.serve(port, people=people, shop=shop, draft=draft, latency=latency, seed=seed, ready=_say_hubspot)


def _say_mailchimp(running: mailchimp.Sandbox) -> None:
    state = running.state
    for audience in state.lists.values():
        say((f"mailchimp:{audience.id}", "bold"), f"  {audience.name}")
    for campaign in state.campaigns.values():
        say((campaign.id, "bold"), f"  the draft {campaign.settings.get('title', '')}")
    say(f"export CONTEXTMAIL_MAILCHIMP_URL={running.url} CONTEXTMAIL_MAILCHIMP_KEY=sandbox-us1")
    say(f"outbox: {running.address}/")


def _say_hubspot(running: hubspot.Sandbox) -> None:
    for held in running.state.lists.values():
        say((f"hubspot:{held.id}", "bold"), f"  {held.name}")
    for email in running.state.emails.values():
        say((email.id, "bold"), f"  the e-mail {email.body['name']}")
    say(f"export CONTEXTMAIL_HUBSPOT_URL={running.url} CONTEXTMAIL_HUBSPOT_TOKEN={running.token}")
