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
from contextmail.config import Settings
from contextmail.connectors.base import Source
from contextmail.connectors.pulling import STREAMS, Cursor, Stream
from contextmail.connectors.pulling import pull as pull_streams


def pull(
    on: options.On = "",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The folder to pull into.", show_default="one of its own in ./pulled"),
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

    A pull that was stopped goes on. Each audience has a folder of its own in `pulled`: set that in contextmail.toml, and
    facts build reads them all, as it does the folders of `[systems]`.

    ```
    contextmail pull --on mailchimp:1a2b3c4d5e
    contextmail pull --on hubspot
    contextmail pull --touches
    ```
    """
    settings = options.settings_of(config)
    streams: tuple[Stream, ...] = ("touches",) if touches else tuple(STREAMS)
    with wiring.target(settings, on) as target, progress() as tell:
        folder = out or _folder(settings, target)
        cursor = Cursor.load(folder)
        start = None if everything else since or (cursor.since() if cursor else None)
        rows = pull_streams(
            target, folder, since=start, streams=streams, progress=lambda s, n: tell(f"{s}: {n:,}", 0.0)
        )
    if form is TextOrJson.JSON:
        write_json({"folder": str(folder), "rows": rows})
        return
    for stream, count in rows.items():
        say(f"{number(count):>9}  {stream}")
    say(f"written to {folder}")
    if folder not in wiring.pulled_folders(settings).values():
        say(f'pulled = "{out or folder.parent}" in contextmail.toml lets facts build read it')


def _folder(settings: Settings, source: Source) -> Path:
    """Give the folder that holds this source already; else the one that a system names for it, or one of its own."""
    for folder in wiring.pulled_folders(settings).values():
        cursor = Cursor.load(folder)
        if cursor and cursor.source == f"{source.name}:{source.audience}":
            return folder
    waiting = [system.pulled for system in settings.systems.values() if system.pulled and not system.pulled.exists()]
    named = (folder for folder in waiting if folder.name.startswith(source.name))
    return next(named, (settings.pulled or Path("pulled")) / f"{source.name}-{source.audience}")
