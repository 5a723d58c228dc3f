"""contextmail facts persons: why customers of several systems are one person, and who stays apart."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import plural, say, write_json
from contextmail.errors import ConfigurationError
from contextmail.facts.explaining import explain, list_conflicts


def persons(
    customer: Annotated[str, typer.Argument(help="A customer's id, as facts show has it.", show_default=False)] = "",
    conflicts: Annotated[
        Path | None,
        typer.Option("--conflicts", help="Write the identifiers that contradict each other here, as CSV."),
    ] = None,
    form: Annotated[TextOrJson, typer.Option("--format", help="How it is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
    facts: options.Facts = None,
) -> None:
    """Say who a customer is in each system, and which address or id ties them together.

    Customers whose identifiers contradict each other stay apart: `--conflicts` writes a list to work through, with a row
    for each customer of each conflict.

    ```
    contextmail facts persons 17850
    contextmail facts persons --conflicts conflicts.csv
    ```
    """
    folder = wiring.facts_folder(options.settings_of(config, facts=facts))
    if conflicts:
        count = list_conflicts(folder, conflicts)
        say((str(conflicts), "bold"), f"  {plural(count, 'conflict')}, each row a customer who stays apart")
    elif not customer:
        raise ConfigurationError("nobody is named", where="facts persons", cure="name a customer, or --conflicts FILE")
    if not customer:
        return
    if (person := explain(folder, customer)) is None:
        cure = "write the id as contextmail facts show has it"
        raise ConfigurationError("no such customer is known", where=str(folder.path), cure=cure)
    if form is TextOrJson.JSON:
        write_json(asdict(person))
        return
    say((person.customer, "bold"), f"  is {', '.join(person.customers)}")
    for tie in person.ties:
        say((f"{tie.kind} {tie.value}", "bold"), f"  {', '.join(tie.customers)}")
    if not person.ties:
        say("nothing ties them to anybody else")
