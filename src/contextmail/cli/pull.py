"""contextmail pull: bring what a platform knows into a folder, from which facts are built."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import number, say, write_json
from contextmail.cli.progress import progress
from contextmail.connectors.pulling import STREAMS, Cursor, Stream
from contextmail.connectors.pulling import pull as pull_streams


def pull(
    on: options.On = "",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The folder to pull into.", show_default="as set, else ./pulled")
    ] = None,
    touches: Annotated[
        bool, typer.Option("--touches", help="Only who was sent what, and what they did with it.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option("--since", help="What changed since then; else since the last pull.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything again, whatever was pulled before.")] = False,
    form: Annotated[TextOrJson, typer.Option("--format", help="How the counts are written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Pull contacts, orders, products, touches and consents; what was pulled before is not read again.

    A pull that was stopped goes on. Set `pulled` in contextmail.toml, and facts build reads the folder.

    ```
    contextmail pull --on mailchimp:1a2b3c4d5e
    contextmail pull --touches
    ```
    """
    settings = options.settings_of(config)
    folder = out or settings.pulled or Path("pulled")
    streams: tuple[Stream, ...] = ("touches",) if touches else tuple(STREAMS)
    cursor = Cursor.load(folder)
    start = None if everything else since or (cursor.since() if cursor else None)
    with wiring.target(settings, on) as target, progress() as tell:
        rows = pull_streams(
            target, folder, since=start, streams=streams, progress=lambda s, n: tell(f"{s}: {n:,}", 0.0)
        )
    if form is TextOrJson.JSON:
        write_json({"folder": str(folder), "rows": rows})
        return
    for stream, count in rows.items():
        say(f"{number(count):>9}  {stream}")
    say(f"written to {folder}")
    if settings.pulled is None:
        say(f'pulled = "{folder}" in contextmail.toml lets facts build read it')
