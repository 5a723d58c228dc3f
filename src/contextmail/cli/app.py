"""The commands by name."""

from __future__ import annotations

import typer

from contextmail.cli.apply import apply
from contextmail.cli.check import check
from contextmail.cli.compile import compile_
from contextmail.cli.decide import decide
from contextmail.cli.doctor import doctor
from contextmail.cli.facts import app as facts
from contextmail.cli.plan import plan
from contextmail.cli.preview import preview
from contextmail.cli.pull import pull
from contextmail.cli.refresh import refresh
from contextmail.cli.rewrite import rewrite
from contextmail.cli.rule import rule, rules
from contextmail.cli.runs import app as runs
from contextmail.cli.sandbox import sandbox
from contextmail.cli.tidy import tidy
from contextmail.cli.undo import undo

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
app.command("plan")(plan)
app.command("apply")(apply)
app.command("undo")(undo)
app.command("refresh")(refresh)
app.add_typer(runs, name="runs")
app.command("tidy")(tidy)
app.command("pull")(pull)
app.command("doctor")(doctor)
app.command("sandbox")(sandbox)
app.command("rule")(rule)
app.command("rules")(rules)
app.add_typer(facts, name="facts")
