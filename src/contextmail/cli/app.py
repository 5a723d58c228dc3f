"""The commands by name."""

from __future__ import annotations

import typer

from contextmail.cli.check import check
from contextmail.cli.compile import compile_
from contextmail.cli.decide import decide
from contextmail.cli.facts import app as facts
from contextmail.cli.preview import preview
from contextmail.cli.rewrite import rewrite
from contextmail.cli.rule import rule, rules

app = typer.Typer(
    name="contextmail",
    help="Every customer gets only what is true for them, wanted by them, and on their channel.",
    epilog="Begin with: contextmail facts build, then contextmail check spring.html",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(check)
app.command("rewrite")(rewrite)
app.command("preview")(preview)
app.command("decide")(decide)
app.command("compile")(compile_)
app.command("rule")(rule)
app.command("rules")(rules)
app.add_typer(facts, name="facts")
