"""contextmail audit: what is wrong with an audience, and the plan of what can be mended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from contextmail import wiring
from contextmail.auditing import Audit
from contextmail.auditing import audit as audit_source
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import note, number, plural, say, write_json
from contextmail.cli.progress import progress

_WHATS = 5


def audit(
    on: Annotated[
        str,
        typer.Option(
            "--on", help="mailchimp:LIST, hubspot, a table of the settings, or a file.", show_default="as set"
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A new folder for a CSV of each check.", show_default=False)
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan", help="A new folder for the plan of what can be mended; of a table, its copy.", show_default=False
        ),
    ] = None,
    form: Annotated[
        TextOrJson, typer.Option("--format", help="How it is told; json has counts only.")
    ] = TextOrJson.TEXT,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
) -> None:
    """Look for dirty names, addresses, doubles, labels that are not so, and consent that is not there or differs.

    Nothing is written to the audience. The plan mends names alone, where the repair is certain; the rest is in the
    lists, which hold addresses. Exit code 0: nothing was found, 1: something.

    ```
    contextmail audit --on mailchimp:1a2b3c4d5e
    contextmail audit --on mailchimp:1a2b3c4d5e -o to-do --plan plans/clean-up
    contextmail audit --on people.csv --plan mended
    ```
    """
    settings = options.settings_of(config, as_of=as_of, facts=facts)
    known = wiring.facts_folder(settings) if wiring.has_facts(settings) else None
    with wiring.audited(settings, on) as source, wiring.ledger(settings) as ledger, progress() as tell:
        done = audit_source(source, settings, facts=known, ledger=ledger, out=out, plan=plan, progress=tell)
    if form is TextOrJson.JSON:
        write_json(_as_json(done))
    else:
        _say(done, out, plan)
    raise typer.Exit(1 if any(check.found for check in done.checks) else 0)


def _as_json(done: Audit) -> dict[str, Any]:
    """Give counts by what was found, and nothing of any contact."""
    checks = {
        check.name: {"unlooked": check.unlooked}
        if check.unlooked
        else {"found": check.found, "mended": check.mended, "by": dict(check.whats)}
        for check in done.checks
    }
    made = done.plan.model_dump(mode="json", exclude={"files"}) if done.plan else None
    return {"on": done.on, "contacts": done.contacts, "checks": checks, "plan": made}


def _say(done: Audit, out: Path | None, plan: Path | None) -> None:
    say((plural(done.contacts, "contact"), "bold"), f" of {done.on}")
    for check in done.checks:
        if check.unlooked:
            say(f"{'':>9}  ", (check.name, "dim"), (f"  not looked for: {check.unlooked}", "dim"))
            continue
        mended = f"  ({number(check.mended)} can be mended)" if check.mended else ""
        say(f"{number(check.found):>9}  ", (check.name, "bold"), mended)
        # The last one takes no more room than to say that there is another.
        shown = len(check.whats) if len(check.whats) == _WHATS + 1 else _WHATS
        for what, count in list(check.whats.items())[:shown]:
            say(f"{number(count):>20}  {what}")
        if len(check.whats) > shown:
            say(f"{sum(list(check.whats.values())[shown:]):>20,}  of {len(check.whats) - shown} other kinds")
        if check.examples:
            say((f"{'':>20}  such as {', '.join(check.examples)}", "dim"))
    if out:
        say(("lists   ", "bold"), f"{out}: they hold addresses")
    if done.copy:
        say(("copy    ", "bold"), f"{done.copy}: with the names mended; the table is as it was")
    if done.plan:
        say(
            ("mends   ", "bold"),
            f"{plural(done.plan.changes, 'value')} of {plural(done.plan.people_changed, 'contact')}, about"
            f" {done.plan.calls.seconds:,.0f} s",
        )
        for check_ in done.plan.checks:
            if not check_.ok:
                note(f"refused: {check_.name}: {check_.found:.4g}, at most {check_.limit:.4g}  ({check_.setting})")
        if done.plan.changes and all(check_.ok for check_ in done.plan.checks):
            say((f"contextmail apply {plan}", "bold"), f"   until {done.plan.valid_until:%Y-%m-%d %H:%M} UTC")
