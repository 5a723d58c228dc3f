"""contextmail check: what a message says of its recipients, and of how many it is untrue."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.checking import Checker
from contextmail.cli import baseline as baselines
from contextmail.cli import formats, options
from contextmail.cli.findings import Looked, Status, counted, look, messages_at, without_baseline
from contextmail.cli.formats import Format
from contextmail.cli.output import busy, plural, say
from contextmail.cli.stream import checked_lines
from contextmail.errors import ConfigurationError, TemplateError


def check(
    paths: Annotated[
        list[str],
        typer.Argument(help="Messages: files, folders; or - for JSON lines on standard input.", show_default=False),
    ],
    form: Annotated[Format, typer.Option("--format", help="How findings are written.")] = Format.TEXT,
    dialect: options.Dialect = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline", help="Findings that are known, and do not count.", show_default="as set, else ./baseline.json"
        ),
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write what is found now as the baseline.")
    ] = False,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
    no_facts: Annotated[bool, typer.Option("--no-facts", help="Look at the words alone.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show also what is suppressed or true of everybody.")
    ] = False,
) -> None:
    """Find what a message says of its recipients that is not true of them.

    Where facts are built, each claim is counted: of how many it is untrue and unknown. One that is true of everybody
    is nothing to look at. Exit code 0: nothing, 1: something to look at, 2: could not run.

    ```
    contextmail check spring.html
    contextmail check --no-facts --format github templates/
    contextmail check --format jsonl - < messages.jsonl
    ```
    """
    settings = options.settings_of(config, dialect=dialect, as_of=as_of, facts=facts, baseline=baseline)
    if "-" in paths:
        if paths != ["-"] or form is not Format.JSONL:
            raise ConfigurationError("- stands for JSON lines", cure="contextmail check --format jsonl -")
        raise typer.Exit(_stream(wiring.checker(settings)))
    folder = wiring.facts_folder(settings) if not no_facts and (facts or wiring.has_facts(settings)) else None
    checker = wiring.checker(settings, folder)
    looked, broken = _look(paths, checker)
    if write_baseline:
        known = [item.finding for one in looked for item in one.weighed if not item.finding.suppressed]
        count = baselines.write(settings.baseline, known)
        say(f"{settings.baseline}: {plural(count, 'finding')} will not count from now on")
        raise typer.Exit(2 if broken else 0)
    if folder:
        with busy("Counting for whom it is untrue"):
            looked = counted(looked, checker, folder)
    if baseline or settings.baseline.is_file():
        looked = without_baseline(looked, settings.baseline)
    formats.write(looked, form, verbose=verbose)
    raise typer.Exit(2 if broken else 1 if _something(looked) else 0)


def _look(paths: Sequence[str], checker: Checker) -> tuple[list[Looked], bool]:
    """Check every message, and say of one that cannot be read why, without giving up the others."""
    looked: list[Looked] = []
    broken = False
    for path in (message for given in paths for message in messages_at(Path(given))):
        try:
            looked.append(look(path, checker))
        except TemplateError as error:
            sys.stderr.write(f"contextmail: {error}\n")
            broken = True
    return looked, broken


def _something(looked: Sequence[Looked]) -> bool:
    return any(item.status is Status.OPEN for one in looked for item in one.weighed)


def _stream(checker: Checker) -> int:
    """Answer standard input line by line, each at once: whoever waits for an answer gets it."""
    code = 0
    for line, look_at_it in checked_lines(sys.stdin.buffer, checker):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        code = max(code, int(look_at_it))
    return code
