"""contextmail status: how consent stands, and what only a person can do."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import as_json, number, plural, say, write_json
from contextmail.syncing import Status
from contextmail.syncing import status as look


def status(
    form: Annotated[TextOrJson, typer.Option("--format", help="How it is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Show the age of the oldest withdrawal that some system was not told of, what waits, and the open tasks.

    It raises the alarm where suddenly many withdraw. No system is called. Exit code 0: it runs by itself, 1: something needs a person.

    ```
    contextmail status
    contextmail status --format json
    ```
    """
    with wiring.sync(options.settings_of(config)) as sync:
        found = look(sync)
    if form is TextOrJson.JSON:
        write_json(_as_json(found))
    else:
        _show(found)
    raise typer.Exit(1 if found.needs_a_person else 0)


def _as_json(found: Status) -> dict[str, object]:
    return {
        "at": as_json(found.at),
        "oldest_unsynced_withdrawal_seconds": found.oldest_withdrawal,
        "unsynced_withdrawals": len(found.unsynced),
        "waiting": found.waiting,
        "new": found.new,
        "quarantined": len(found.quarantined),
        "blocked": len(found.blocked),
        "frozen": len(found.frozen),
        "withdrew_within_the_hour": found.withdrew,
        "alarm": found.alarm,
        "tasks": [
            {"id": t.id, "subject": t.subject, "system": t.target, "what": t.what, "since": as_json(t.made_at)}
            for t in found.tasks
        ],
        "swept": {name: as_json(at) for name, at in found.swept.items()},
    }


def _show(found: Status) -> None:
    age = found.oldest_withdrawal
    known = "every withdrawal was told everywhere" if not found.new else "none, but for what the inbox may hold"
    told = known if age is None else f"{_length(age)} old, of {len(found.unsynced)}"
    say(("oldest unsynced withdrawal  ", "bold"), told)
    say(("inbox                       ", "bold"), f"{number(found.new)} new, {len(found.quarantined)} in quarantine")
    say(("outbox                      ", "bold"), f"{number(found.waiting)} waiting, {len(found.blocked)} blocked")
    within = f"{number(found.withdrew)} within the hour, {number(found.busiest)} in the busiest of four weeks before"
    say(("withdrawals                 ", "bold"), within)
    if found.alarm:
        say(("alarm                       ", "bold red"), found.alarm)
    for name, at in found.swept.items():
        when = f"{_length((found.at - at).total_seconds())} ago" if at else "never"
        say(("swept                       ", "bold"), f"{name}: {when}")
    for task in found.tasks:
        say((f"task {task.id:<6}", "yellow"), f"{task.target or 'ledger'}  {task.subject[:8]}  {task.what}")
    if found.quarantined:
        say("contextmail inbox list", f"   {plural(len(found.quarantined), 'event')} that nobody understood")


def _length(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
