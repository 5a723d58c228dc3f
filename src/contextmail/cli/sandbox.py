"""contextmail sandbox: a platform on loopback, to try everything on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contextmail.cli.output import say
from contextmail.sandbox.mailchimp.sandbox import Sandbox, serve


def sandbox(
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
    """Serve a Mailchimp account on loopback until Ctrl-C: invented people and orders, and an outbox in the browser.

    ```
    contextmail sandbox --port 8025
    ```
    """
    serve(port, people=people, shop=shop, draft=draft, latency=latency, seed=seed, ready=_say)


def _say(running: Sandbox) -> None:
    state = running.state
    for audience in state.lists.values():
        say((f"mailchimp:{audience.id}", "bold"), f"  {audience.name}")
    for campaign in state.campaigns.values():
        say((campaign.id, "bold"), f"  the draft {campaign.settings.get('title', '')}")
    say(f"export CONTEXTMAIL_MAILCHIMP_URL={running.url} CONTEXTMAIL_MAILCHIMP_KEY=sandbox-us1")
    say(f"outbox: {running.address}/")
