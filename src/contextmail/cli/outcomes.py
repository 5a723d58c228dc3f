"""contextmail outcomes: what became of calls, text messages and letters, into the touches and the ledger of consent."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import listed, number, plural, say, write_json
from contextmail.cli.progress import progress
from contextmail.listing.outcomes import Taken, take_outcomes
from contextmail.model.channel import Channel


def outcomes(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV file with columns customer or phone, outcome, at, channel; campaign and purpose if it has them.",
            show_default=False,
        ),
    ],
    channel: Annotated[
        Channel | None, typer.Option("--channel", help="Of rows that name none.", show_default="that of the list")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    form: Annotated[TextOrJson, typer.Option("--format", help="How the counts are written.")] = TextOrJson.TEXT,
    config: options.Config = None,
    facts: options.Facts = None,
) -> None:
    """Take back what became of a list: answered, no_answer, voicemail, delivered, bounced, wrong_person, do_not_call.

    The usual words of diallers are understood, `[lists.outcomes]` adds your own. Every outcome is a touch, which the
    next `facts build` and the next `decide --recheck` count. A spoken opt-out (`do_not_call`) withdraws all marketing
    on that channel, and `contextmail work` tells the other systems; `wrong_person` ends that number for that customer;
    nothing that a file says raises a permission. The same file again adds nothing. A time without a zone is UTC.
    Exit code 0: every row was taken, 1: some were not.

    ```
    contextmail outcomes results.csv --dry-run
    contextmail outcomes results.csv --channel call
    ```
    """
    settings = options.settings_of(config, facts=facts)
    known = wiring.facts_folder(settings) if wiring.has_facts(settings) else None
    with wiring.sync(settings) as sync, progress() as tell:
        done = take_outcomes(file, settings, sync, known, channel=channel or "", dry_run=dry_run, progress=tell)
    if form is TextOrJson.JSON:
        write_json({"dry_run": dry_run, **asdict(done)})
    else:
        _say(done, dry_run=dry_run)
    raise typer.Exit(1 if done.raising or done.broken else 0)


def _say(done: Taken, *, dry_run: bool) -> None:
    say((f"{plural(done.rows, 'row')}{', nothing was written' if dry_run else ''}", "bold"))
    say(f"  {plural(done.new, 'new touch', 'new touches')}, {number(done.known)} that were here before")
    for outcome, rows in sorted(done.outcomes.items(), key=lambda item: -item[1]):
        say(f"    {number(rows):>{len(number(done.new))}}  {outcome}")
    say(f"  {number(done.withdrawals)} new in the ledger; contextmail work tells the other systems")
    if done.by_id:
        say(
            ("  ", "yellow"),
            f"{number(done.by_id)} of customers without a number or address: held here by their id alone",
        )
    if done.undated:
        say(("  ", "yellow"), f"{number(done.undated)} with a time that cannot be read: they count from now")
    if done.erased:
        say(f"  {number(done.erased)} of somebody who was erased: nothing is kept")
    if done.raising:
        raising = f"{plural(len(done.raising), 'row')} would raise a permission, and count as answered: lines {listed(done.raising)}"
        say(("  not taken: ", "yellow"), raising)
    for line, why in done.broken.items():
        say(("  broken: ", "red"), f"line {line}: {why}")
