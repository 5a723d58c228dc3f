"""contextmail runs: what was applied, and what of it is still remembered."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import as_json, number, plural, say, write_json

app = typer.Typer(
    rich_markup_mode="markdown",
    invoke_without_command=True,
    help="List what was applied, show one run, forget what is over.",
)


@app.callback()
def runs(
    context: typer.Context,
    form: Annotated[TextOrJson, typer.Option("--format", help="How the list is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """List the runs, the latest first."""
    if context.invoked_subcommand:
        return
    with wiring.runs(options.settings_of(config)) as memory:
        known = memory.all()
    if form is TextOrJson.JSON:
        write_json([{name: as_json(value) for name, value in asdict(run).items()} for run in known])
        return
    for run in known:
        say((run.run, "bold"), f"  {run.state:<8}  {run.changed_at:%Y-%m-%d %H:%M}  {run.audience}  {run.title}")
    if not known:
        say("nothing was applied from here")


@app.command()
def show(run: Annotated[str, typer.Argument(help="A run.", show_default=False)], config: options.Config = None) -> None:
    """Show a run's journal, its fields, and the contacts that it left out (by the platform's key).

    ```
    contextmail runs show 20260531-1f2e3d4c
    ```
    """
    with wiring.runs(options.settings_of(config)) as memory:
        known = memory.get(run)
        say((known.run, "bold"), f"  {known.state}  {known.audience}  {known.title}")
        for step, phase, detail in memory.steps(run):
            told = "  ".join(f"{name}: {value}" for name, value in detail.items() if not isinstance(value, list))
            say((f"{phase:<7}", "dim"), f"{step}  ", (told, "dim"))
        for use in memory.uses(known.audience, run=run):
            say(("field  ", "dim"), f"{use.tag}  {'released' if use.released else 'in use'}")
        for key, reason in memory.skipped(run).items():
            say(("skipped ", "yellow"), f"{key}  {reason}")


@app.command()
def prune(config: options.Config = None) -> None:
    """Forget the runs that are over: undone, or none of their fields is there any more.

    ```
    contextmail runs prune
    ```
    """
    with wiring.runs(options.settings_of(config)) as memory:
        over = memory.over()
        for run in over:
            memory.forget(run)
        say(f"{plural(len(over), 'run')} forgotten, {number(len(memory.all()))} remembered")
