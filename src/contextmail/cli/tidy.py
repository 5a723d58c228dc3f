"""contextmail tidy: which contact fields of ours nobody uses any more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.applying import plan_tidy
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import busy, say, write_json


def tidy(
    on: options.On = "",
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of the plan.")] = Path("plans/tidy"),
    form: Annotated[TextOrJson, typer.Option("--format", help="How the list is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Look where contextmail's contact fields are used, and plan the deletion of those that nothing uses.

    Nothing is deleted before the plan is applied. Exit code 0: nothing to delete, 1: something.

    ```
    contextmail tidy --on mailchimp:1a2b3c4d5e
    contextmail apply plans/tidy
    ```
    """
    settings = options.settings_of(config)
    with wiring.runs(settings) as runs, wiring.target(settings, on) as target, busy("Looking where fields are used"):
        made = plan_tidy(target, runs, settings, out=out)
    going = [field for field in made.fields if field.delete]
    if form is TextOrJson.JSON:
        write_json({"plan": str(out), **made.model_dump(mode="json", include={"run", "on", "valid_until", "fields"})})
    else:
        for field in made.fields:
            say(("delete  ", "red") if field.delete else ("leave   ", "green"), f"{field.tag}  {field.why}")
        say((f"contextmail apply {out}", "bold") if going else "nothing to delete")
    raise typer.Exit(1 if going else 0)
