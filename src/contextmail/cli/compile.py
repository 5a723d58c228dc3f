"""contextmail compile: a campaign as data, for a service that decides per customer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.output import notes, plural, say
from contextmail.compiling import compile as compile_message


def compile_(
    path: options.Message,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The file to write.", show_default="standard output")
    ] = None,
    safe_only: options.SafeOnly = False,
    propose: options.Propose = None,
    dialect: options.Dialect = None,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
) -> None:
    """Write a campaign as data: edits, predicate trees, policies, cut-points.

    Campaign.load(FILE).decide(facts) then decides for one customer in microseconds, without this tool's libraries.

    ```
    contextmail compile spring.html -o spring.campaign.json
    ```
    """
    settings = options.settings_of(config, dialect=dialect, as_of=as_of, facts=facts)
    folder = wiring.facts_folder(settings) if facts or wiring.has_facts(settings) else None
    with wiring.rewriter(settings, propose=propose) as rewriter:
        campaign = compile_message(
            path,
            settings,
            folder.catalogue if folder else None,
            products=folder.products if folder else None,
            safe_only=safe_only,
            rewriter=rewriter,
        )
    if out is None:
        sys.stdout.write(campaign.model_dump_json(indent=1) + "\n")
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        campaign.save(out)
        edits, policies = plural(len(campaign.edits), "edit"), f"{len(campaign.policies)} policies"
        say((str(out), "bold"), f"  {edits}, {policies}, asks for {plural(len(campaign.facts), 'fact')}")
    notes(campaign.notes)
