"""contextmail facts: build, show and describe what is known of every customer."""

from __future__ import annotations

import typer

from contextmail.cli.facts.build import build
from contextmail.cli.facts.describe import describe
from contextmail.cli.facts.next import next_
from contextmail.cli.facts.persons import persons
from contextmail.cli.facts.show import show

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Build, show and describe what is known of every customer.",
)
app.command("build")(build)
app.command("show")(show)
app.command("describe")(describe)
app.command("next")(next_)
app.command("persons")(persons)
