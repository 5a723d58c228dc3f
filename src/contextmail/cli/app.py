"""The commands by name; each is loaded when it is asked for, as all of them together take a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "check": "check:check",
    "rewrite": "rewrite:rewrite",
    "preview": "preview:preview",
    "decide": "decide:decide",
    "outcomes": "outcomes:outcomes",
    "backtest": "backtest:backtest",
    "compile": "compile:compile_",
    "plan": "plan:plan",
    "apply": "apply:apply",
    "undo": "undo:undo",
    "refresh": "refresh:refresh",
    "runs": "runs:app",
    "tidy": "tidy:tidy",
    "audit": "audit:audit",
    "pull": "pull:pull",
    "doctor": "doctor:doctor",
    "init": "init:init",
    "consent": "consent:app",
    "webhooks": "webhooks:app",
    "work": "work:work",
    "status": "status:status",
    "reconcile": "reconcile:reconcile",
    "inbox": "inbox:app",
    "forget": "forget:forget",
    "sandbox": "sandbox:sandbox",
    "rule": "rule:rule",
    "rules": "rule:rules",
    "facts": "facts:app",
}
"""Name -> module of `contextmail.cli` and the function or group in it, in the order of `--help`."""

_MANNERS: dict[str, Any] = {
    "no_args_is_help": True,
    "rich_markup_mode": "markdown",
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class _OnDemand(Mapping[str, Any]):
    """The commands, each loaded when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        module, _, inside = COMMANDS[name].partition(":")
        found = getattr(import_module(f"contextmail.cli.{module}"), inside)
        command = typer.main.get_command(found if isinstance(found, typer.Typer) else _alone(found))
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Commands(TyperGroup):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        commands: Any = _OnDemand()
        self.commands = commands


def _alone(function: Any) -> typer.Typer:
    app = typer.Typer(**{**_MANNERS, "no_args_is_help": False})
    app.command()(function)
    return app


app = typer.Typer(
    name="contextmail",
    cls=_Commands,
    help="Every customer gets only what is true for them, wanted by them, and on their channel.",
    epilog="Begin with: contextmail facts build, then contextmail check spring.html",
    **_MANNERS,
)


@app.callback()
def _all() -> None:
    pass
