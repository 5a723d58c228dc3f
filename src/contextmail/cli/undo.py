"""contextmail undo: take back what a run wrote."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.applying import undo as undo_run
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import plural, say, write_json
from contextmail.cli.progress import progress


def undo(
    run: Annotated[str, typer.Argument(help="A run, as contextmail runs lists it.", show_default=False)],
    form: Annotated[TextOrJson, typer.Option("--format", help="How the result is told.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Put fields, segment and draft back as they were before a run, except what somebody has changed since.

    It refuses once the draft is scheduled or sent. Exit code 0: all of it, 1: something stays, and is listed.

    ```
    contextmail undo 20260531-1f2e3d4c
    ```
    """
    settings = options.settings_of(config)
    with wiring.runs(settings) as runs, wiring.target(settings, runs.get(run).audience) as target, progress() as tell:
        kind = runs.get(run).kind
        done = undo_run(run, target, runs, progress=tell)
    if form is TextOrJson.JSON:
        write_json(asdict(done))
    else:
        if kind == "campaign":
            say(("draft   ", "bold"), "deleted" if done.draft else "there is none of ours to delete")
            say(("segment ", "bold"), "deleted" if done.segment else "there is none of ours to delete")
        say(
            ("fields  ", "bold"),
            f"{plural(len(done.fields_deleted), 'field')} deleted, {plural(done.people_restored, 'contact')} restored",
        )
        for what in done.left:
            say(("stays   ", "yellow"), what)
    raise typer.Exit(1 if done.left else 0)
