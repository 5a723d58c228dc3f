"""contextmail doctor: tell whether the platform is there, and what we may do."""

from __future__ import annotations

from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import busy, say, write_json


def doctor(
    on: options.On = "",
    form: Annotated[TextOrJson, typer.Option("--format", help="How the report is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Look at the connection: which account, what the key may do, its limits, what is missing and how to get it.

    Exit code 0: nothing is missing, 1: something is.

    ```
    contextmail doctor
    contextmail doctor --on mailchimp:1a2b3c4d5e
    ```
    """
    settings = options.settings_of(config)
    with busy("Looking"):
        report = wiring.doctor(settings, on)
    if form is TextOrJson.JSON:
        symptoms = [{"what": s.what, "found": s.found, "ok": s.ok, "cure": s.cure} for s in report.symptoms]
        write_json({"platform": report.platform, "ok": report.ok, "symptoms": symptoms})
    else:
        for symptom in report.symptoms:
            say(
                ("ok      ", "green") if symptom.ok else ("missing ", "bold red"),
                (f"{symptom.what}: ", "bold"),
                symptom.found,
            )
            if symptom.cure:
                say(f"        {symptom.cure}")
    raise typer.Exit(0 if report.ok else 1)
