"""contextmail apply: write what a plan says."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.applying import apply as apply_plan
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import number, plural, say, write_json
from contextmail.cli.progress import progress
from contextmail.planning.folder import read_plan


def apply(
    plan: Annotated[Path, typer.Argument(help="The folder of a plan.", show_default=False)],
    form: Annotated[TextOrJson, typer.Option("--format", help="How the result is told.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Write a plan's fields, segment and draft, or what an audit mends; nothing is sent. Run it again where it was stopped.

    Exit code 0: all of it, 1: something to look at (contacts that were left out, what the draft still lacks).

    ```
    contextmail apply plans/spring
    ```
    """
    settings = options.settings_of(config)
    made = read_plan(plan)
    with (
        wiring.runs(settings) as runs,
        wiring.ledger(settings) as ledger,
        wiring.target(settings, made.on) as target,
        progress() as tell,
    ):
        done = apply_plan(plan, target, runs, settings, ledger=ledger, progress=tell)
    if form is TextOrJson.JSON:
        write_json(asdict(done))
    elif made.kind == "tidy":
        say(("deleted ", "bold"), ", ".join(done.fields) or "nothing")
    else:
        say(("run     ", "bold"), done.run)
        say(
            ("fields  ", "bold"),
            f"{plural(len(done.fields), 'field')} created, {plural(done.people_written, 'contact')} written",
        )
        if done.segment:
            say(("segment ", "bold"), f"{done.segment}: {plural(done.segment_people, 'contact')}")
        if done.draft:
            say(("draft   ", "bold"), f"{done.draft}: look at it, and send it from the platform")
        if done.tasks:
            say(
                ("tasks   ", "bold"),
                f"{plural(done.tasks, 'task')} for the owners of those who are rerouted to a person",
            )
        for item in done.checklist:
            say(("lacks   ", "yellow"), item)
        for reason, count in done.skipped:
            say(("skipped ", "yellow"), f"{number(count)}: {reason}")
        say((f"contextmail undo {done.run}", "bold"), "   takes all of it back")
    raise typer.Exit(1 if done.skipped or done.checklist else 0)
