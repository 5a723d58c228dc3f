"""contextmail forget: erase a person everywhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.applying.forgetting import forget_in_files
from contextmail.cli import options
from contextmail.cli.output import plural, say
from contextmail.syncing import endpoints_of, erase


def forget(
    endpoint: Annotated[
        str, typer.Argument(help="An address or number; - reads it, so that no shell remembers it.", show_default=False)
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    plan: Annotated[
        list[Path] | None, typer.Option("--plan", help="The folder of a plan that is not in plans/; may be repeated.")
    ] = None,
    config: options.Config = None,
) -> None:
    """Erase an address or number: it is suppressed at once, deleted in every system, and only a keyed hash is kept.

    Later imports and webhooks cannot bring it back. What a system cannot do just now is finished by `contextmail work`.
    Their rows leave the facts, what was pulled, plans and runs, too; the company's own tables are not contextmail's.
    Exit code 0: gone everywhere, 1: some systems are still to delete it.

    ```
    contextmail forget ada@example.com
    ```
    """
    known = sys.stdin.readline().strip() if endpoint == "-" else endpoint
    if not yes:
        typer.confirm("Delete everything about them, in every system, for good?", abort=True)
    settings = options.settings_of(config)
    with wiring.sync(settings) as sync, wiring.runs(settings) as runs:
        everywhere = endpoints_of(sync, known)
        report = erase(sync, known)
        ours = [
            settings.facts,
            *wiring.pulled_folders(settings).values(),
            *Path("plans").glob("*"),
            *(plan or ()),
        ]
        gone = forget_in_files(everywhere, runs, *ours)
    left = report.waiting + report.blocked
    say("forgotten" if not left else "suppressed; some systems are still to delete it: contextmail status")
    say(f"{plural(gone.rows, 'row')} removed from {plural(gone.files, 'file')} of facts, pulls, plans and runs")
    raise typer.Exit(1 if left else 0)
