"""contextmail facts build: one row of facts per customer, from the tables that the settings map."""

from __future__ import annotations

from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.output import notes, number, plural, say
from contextmail.cli.progress import progress


def build(
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="Also write a table keyed by customer: sqlite:FILE, another SQLAlchemy URL, or env:NAME; #TABLE names it.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at several currencies without rates.")] = False,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
) -> None:
    """Make the facts of every customer from the tables that contextmail.toml maps.

    ```
    contextmail facts build
    contextmail facts build --as-of 2011-12-10 --to sqlite:facts.db
    ```
    """
    settings = options.settings_of(config, as_of=as_of, facts=facts)
    url, table = wiring.database_table(to, "contextmail_facts") if to else ("", "")
    with progress() as tell:
        catalogue = wiring.build_facts(settings, strict=strict, progress=tell)
        if url:
            from contextmail.exporting import export_facts

            exported = export_facts(wiring.facts_folder(settings), url, table, progress=tell)
    tables = ", ".join(f"{number(rows)} rows of {name}" for name, rows in catalogue.tables.items())
    who = f"{plural(len(catalogue.facts), 'fact')} of {plural(catalogue.customers, 'customer')}"
    say((str(settings.facts), "bold"), f"  {who}, as of {catalogue.as_of:%Y-%m-%d}, from {tables}")
    if url:
        say((table, "bold"), f"  {plural(exported, 'row')} written to the database")
    notes(catalogue.notes)
