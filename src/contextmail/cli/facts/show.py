"""contextmail facts show: everything that is known of one customer, with the rows that it came from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import as_json, as_text, say, write_json
from contextmail.errors import ConfigurationError
from contextmail.facts.showing import Row, ShownFact
from contextmail.facts.showing import show as show_facts


def show(
    customer: Annotated[str, typer.Argument(help="A customer's id, as the tables have it.", show_default=False)],
    rows: Annotated[int, typer.Option("--rows", min=0, help="Rows of evidence for each fact.")] = 2,
    form: Annotated[TextOrJson, typer.Option("--format", help="How it is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
    facts: options.Facts = None,
) -> None:
    """Show what is known of one customer: each fact with its age and the rows that it came from.

    ```
    contextmail facts show 17850
    ```
    """
    folder = wiring.facts_folder(options.settings_of(config, facts=facts))
    shown = show_facts(folder, customer, limit=rows)
    if shown is None:
        cure = "write the id as the tables have it"
        raise ConfigurationError("the facts have no such customer", where=str(folder.path), cure=cure)
    if form is TextOrJson.JSON:
        write_json([_as_json(fact) for fact in shown])
        return
    width = max(len(fact.spec.name) for fact in shown)
    for fact in shown:
        if fact.value is not None:
            _say(fact, width)
    if unknown := [fact.spec.name for fact in shown if fact.value is None]:
        say((f"unknown: {', '.join(unknown)}", "dim"))


def _say(fact: ShownFact, width: int) -> None:
    name = f"{fact.spec.name:<{width}}"
    unit = f" {fact.spec.unit}" if fact.spec.unit else ""
    say((name, "bold"), f"  {as_text(fact.value)}{unit}", (f"  {fact.as_of:%Y-%m-%d}, {fact.spec.source}", "dim"))
    for cells in filter(None, map(_cells, fact.rows)):
        say((f"{'':<{width}}    {fact.table}: {cells}", "dim"))
    if fact.more:
        say((f"{'':<{width}}    and {fact.more:,} more", "dim"))


def _cells(row: Row) -> str:
    known = ((name, value) for name, value in row.items() if value is not None and name != "customer")
    return ", ".join(f"{name} {as_text(value)}" for name, value in known)


def _as_json(fact: ShownFact) -> dict[str, Any]:
    return {
        "name": fact.spec.name,
        "type": fact.spec.type,
        "value": as_json(fact.value),
        "unit": fact.spec.unit,
        "source": fact.spec.source,
        "as_of": fact.as_of.isoformat(),
        "table": fact.table,
        "rows": [{name: as_json(value) for name, value in row.items()} for row in fact.rows],
        "more": fact.more,
    }
