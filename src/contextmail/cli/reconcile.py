"""contextmail reconcile: compare every system with the ledger, and repair."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import busy, plural, say, write_json
from contextmail.reconciling import reconcile as compare
from contextmail.syncing import push_due


def reconcile(
    full: Annotated[bool, typer.Option("--full", help="Every contact, not only those that changed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list; record nothing and tell nobody.")] = False,
    form: Annotated[TextOrJson, typer.Option("--format", help="How the drift is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Read what every system holds, record withdrawals of which no webhook told, and repair where one holds too much.

    Exit code 0: all in step, 1: there was drift, a sweep that did not end, or a webhook of ours that is gone.

    ```
    contextmail reconcile --dry-run
    contextmail reconcile --full
    ```
    """
    with wiring.sync(options.settings_of(config)) as sync, busy("Comparing"):
        report = compare(sync, full=full, dry_run=dry_run)
        if not dry_run:
            push_due(sync, report)
    if form is TextOrJson.JSON:
        drift = [asdict(one) | {"scope": str(one.scope)} for one in report.drift]
        write_json({"drift": drift, "failed": report.failed, "missing": report.missing, **report.counts()})
    else:
        for one in report.drift:
            say(("drift   ", "yellow"), f"{one.system}  {one.subject[:8]}  {one.scope}: {one.holds} -> {one.wanted}")
        for name, reason in report.failed.items():
            say(("failed  ", "bold red"), f"{name}: {reason}; it is swept from the same time again")
        for name, what in report.missing.items():
            say(("missing ", "yellow"), f"{name}: {what}")
        say(f"{plural(len(report.drift), 'drift')}, {plural(report.changes, 'change')} recorded")
    raise typer.Exit(1 if report.drift or report.failed or report.missing else 0)
