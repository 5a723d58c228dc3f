"""Options that several commands take, and the settings that they come to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contextmail.config import Settings, load


class TextOrJson(StrEnum):
    """Name the format of a command that counts or lists."""

    TEXT = "text"
    JSON = "json"


Message = Annotated[
    Path, typer.Argument(help="A message: .html, .txt, .eml or .json, or a folder of its parts.", show_default=False)
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Settings: contextmail.toml, or the folder that holds it.", show_default="./contextmail.toml"
    ),
]
On = Annotated[
    str,
    typer.Option(
        "--on",
        help="The audience: mailchimp:LIST, hubspot, hubspot:LIST; without a list the one of the settings.",
        show_default="as set",
    ),
]
Dialect = Annotated[
    str | None,
    typer.Option(
        "--dialect", help="Template language: mailchimp, hubl or liquid.", show_default="seen from the tokens"
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="The clock of facts, ages and policies: 2026-05-31.", show_default="now"),
]
Facts = Annotated[
    Path | None, typer.Option("--facts", help="The folder of built facts.", show_default="as set, else ./facts")
]
SafeOnly = Annotated[
    bool, typer.Option("--safe-only", help="Leave out the edits that replace or remove whole sentences.")
]

Propose = Annotated[
    bool | None,
    typer.Option(
        "--propose/--no-propose",
        help="Let the language model of [rewriter] propose other words for the texts.",
        show_default="as set",
    ),
]


def settings_of(
    config: Path | None,
    *,
    dialect: str | None = None,
    as_of: str | None = None,
    facts: Path | None = None,
    baseline: Path | None = None,
) -> Settings:
    """Load the settings with what the command line says on top. Raises ConfigurationError."""
    return load(config, dialect=dialect, as_of=as_of, facts=facts, baseline=baseline)
