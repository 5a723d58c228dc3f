"""contextmail refresh: judge an applied draft again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.applying import refresh as refresh_run
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import number, plural, say, write_json
from contextmail.cli.progress import progress


def refresh(
    run: Annotated[str, typer.Argument(help="A run, as contextmail runs lists it.", show_default=False)],
    form: Annotated[TextOrJson, typer.Option("--format", help="How the result is told.")] = TextOrJson.TEXT,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
) -> None:
    """Judge an applied draft by the facts of now, and write only what moved towards saying less to fewer people.

    What more is true of somebody waits for a plan. Exit code 0: nothing waits, 1: something to look at.

    ```
    contextmail facts build && contextmail refresh 20260531-1f2e3d4c
    ```
    """
    settings = options.settings_of(config, as_of=as_of, facts=facts)
    known = wiring.facts_folder(settings)
    with (
        wiring.runs(settings) as runs,
        wiring.ledger(settings) as ledger,
        wiring.target(settings, runs.get(run).audience) as target,
        progress() as tell,
    ):
        done = refresh_run(run, target, known, runs, settings, ledger=ledger, progress=tell)
    if form is TextOrJson.JSON:
        write_json(asdict(done))
    else:
        say(f"{plural(done.people_written, 'contact')} written, {number(done.people_removed)} taken out of the segment")
        if done.gains:
            say((f"{plural(done.gains, 'contact')} could read more: contextmail plan shows it", "yellow"))
        if done.failed:
            say((f"{plural(done.failed, 'contact')} could not be written, and left the segment", "yellow"))
    raise typer.Exit(1 if done.gains or done.failed else 0)
