"""contextmail inbox: the events that were not understood, and to take them again."""

from __future__ import annotations

from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import as_json, plural, say, write_json
from contextmail.syncing import replay as take_again
from contextmail.syncing.status import MOST

app = typer.Typer(
    rich_markup_mode="markdown", no_args_is_help=True, help="List events that were not understood, and take them again."
)
Source = Annotated[str, typer.Option("--source", help="Only of this source: mailchimp.", show_default="all")]


@app.command("list")
def list_(
    source: Source = "",
    form: Annotated[TextOrJson, typer.Option("--format", help="How the list is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """List the events in quarantine, the oldest first, and why; what they say stays sealed.

    Exit code 0: there are none, 1: there are.

    ```
    contextmail inbox list --source mailchimp
    ```
    """
    with wiring.sync(options.settings_of(config)) as sync:
        events = sync.store.inbox("quarantined", source=source, limit=MOST)
    rows = [
        {"id": e.id, "from": f"{e.source}:{e.account}", "received_at": as_json(e.received_at), "reason": e.reason}
        for e in events
    ]
    if form is TextOrJson.JSON:
        write_json(rows)
    else:
        for row in rows:
            say(
                (f"{row['id']:<8}", "bold"),
                f"{row['received_at']:.19}  {row['from']}  ",
                (f"{row['reason']}", "yellow"),
            )
        say(f"{plural(len(rows), 'event')} in quarantine")
    raise typer.Exit(1 if rows else 0)


@app.command()
def replay(source: Source = "", config: options.Config = None) -> None:
    """Give the events in quarantine back to the worker, after an update that understands them.

    ```
    contextmail inbox replay --source mailchimp
    ```
    """
    with wiring.sync(options.settings_of(config)) as sync:
        count = take_again(sync, source=source)
    say(f"{plural(count, 'event')} for contextmail work to take again")
