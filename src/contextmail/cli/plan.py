"""contextmail plan: what a campaign would write to an audience, as a folder that a person reviews."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.formats import next_json, next_line
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import console, notes, number, plural, say, write_json
from contextmail.cli.progress import progress
from contextmail.errors import ConfigurationError
from contextmail.model.plan import Plan
from contextmail.planning import plan as plan_campaign

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_OUTCOMES = ("send", "hold", "reroute", "drop")


def plan(
    campaign: Annotated[
        str, typer.Argument(help="A draft's id, or a local message; with --held none.", show_default=False)
    ] = "",
    on: options.On = "",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The folder of the plan.", show_default="plans/CAMPAIGN")
    ] = None,
    held: Annotated[str, typer.Option("--held", help="Plan for those whom this run held, whose time has come.")] = "",
    paste: Annotated[
        bool, typer.Option("--paste", help="Make segment and fields alone, and print the texts for your own draft.")
    ] = False,
    expires: Annotated[
        datetime | None,
        typer.Option(
            "--expires", help="After that the message is no longer sent to those who wait.", show_default=False
        ),
    ] = None,
    planned_at: Annotated[
        datetime | None, typer.Option("--planned-at", help="When it will be sent (UTC).", show_default=False)
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(
            "--priority", help="Among messages planned for the same people: higher first.", show_default=False
        ),
    ] = None,
    form: Annotated[
        TextOrJson, typer.Option("--format", help="How the plan is told; json has counts only.")
    ] = TextOrJson.TEXT,
    safe_only: options.SafeOnly = False,
    propose: options.Propose = None,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
) -> None:
    """Read a campaign and its audience, and write down what would change: nothing is written to the platform.

    Exit code 0: within its limits, 1: over a limit, so that apply would refuse it.

    ```
    contextmail plan 7a1b2c3d --on mailchimp:1a2b3c4d5e
    contextmail plan spring.html --on mailchimp:1a2b3c4d5e --format json
    contextmail plan --held 20260531-1f2e3d4c
    ```
    """
    if bool(campaign) == bool(held):
        raise ConfigurationError("a plan is of a campaign, or of a run's held people", cure="name one of the two")
    settings = options.settings_of(config, as_of=as_of, facts=facts)
    folder = out or Path("plans") / (Path(campaign).stem if campaign else f"{held}-held-{settings.as_of:%Y%m%d}")
    known = wiring.facts_folder(settings)
    with wiring.runs(settings) as runs, wiring.ledger(settings) as ledger:
        on = on or (runs.get(held).audience if held else "")
        with (
            wiring.target(settings, on) as target,
            wiring.rewriter(settings, propose=propose) as rewriter,
            progress() as tell,
        ):
            made = plan_campaign(
                campaign, target, known, settings,
                out=folder, held=held, runs=runs, ledger=ledger, paste=paste, expires=expires,
                planned_at=planned_at, priority=priority, safe_only=safe_only, rewriter=rewriter, progress=tell,
            )  # fmt: skip
    if form is TextOrJson.JSON:
        write_json(_as_json(made, folder))
    else:
        _say(made, folder)
    raise typer.Exit(0 if all(check.ok for check in made.checks) else 1)


def _as_json(plan: Plan, folder: Path) -> dict[str, Any]:
    """Give counts and names, and nothing of any person or text."""
    return {
        "plan": str(folder),
        **plan.model_dump(
            mode="json",
            include={
                "run", "on", "made_at", "valid_until", "as_of", "held_of", "recipients", "others", "decisions",
                "fields", "changes", "people_changed", "segment", "segment_people", "held", "calls", "notes", "digest",
            },
        ),
        "edits": [
            {
                "rule": e.rule, "part": e.part, "as": e.mode, "people": [text.people for text in e.texts],
                "bought_next": list(map(next_json, e.bought_next)),
            }
            for e in plan.edits
        ],
        "checks": [{**check.model_dump(), "ok": check.ok} for check in plan.checks],
    }  # fmt: skip


def _say(plan: Plan, folder: Path) -> None:
    out = console()
    if not plan.paste:
        for line in plan.draft.diff.split("\n")[:-1]:
            say((line.rstrip("\r"), _DIFF_STYLES.get(line[:1], "")), to=out)
    for edit in plan.edits:
        say((edit.rule, "cyan"), f'  "{edit.quote}" in the {edit.part}  ({edit.mode})', to=out)
        for text in edit.texts:
            shown = f'"{text.text}"' if text.text else "nothing"
            say(f"  {number(text.people):>9}  ", shown, (f"    {text.when or 'everybody else'}", "dim"), to=out)
        for bought in edit.bought_next:
            say((f"             bought next: {next_line(bought)}", "dim"), to=out)
    _say_people(plan)
    fields = ", ".join(f"{field.tag}{'' if field.create else ' (is there)'}" for field in plan.fields)
    say(
        ("fields  ", "bold"),
        f"{fields or 'none'}: {plural(plan.changes, 'value')} of {plural(plan.people_changed, 'contact')} change",
    )
    say(("segment ", "bold"), f"{plan.segment}: {plural(plan.segment_people, 'contact')}")
    if plan.paste:
        _say_texts(plan)
    else:
        _say_draft(plan)
    calls = plan.calls
    say(
        ("calls   ", "bold"),
        f"{number(calls.reads)} reads and {number(calls.writes)} writes, about {calls.seconds:,.0f} s",
    )
    for check in plan.checks:
        state = ("ok      ", "green") if check.ok else ("refused ", "bold red")
        cure = "" if check.ok or not check.setting else f"  ({check.setting})"
        say(state, f"{check.name}: {check.found:.4g}, at most {check.limit:.4g}{cure}")
    notes(plan.notes)
    say((f"contextmail apply {folder}", "bold"), f"   until {plan.valid_until:%Y-%m-%d %H:%M} UTC")


def _say_people(plan: Plan) -> None:
    others = ", ".join(f"{number(count)} {status}" for status, count in plan.others.items())
    say((plural(plan.recipients, "recipient"), "bold"), f"  ({others}: never sent to)" if others else "")
    for outcome in _OUTCOMES:
        for reason in plan.decisions:
            if reason.outcome == outcome:
                say(f"{number(reason.people):>9}  ", (outcome, "bold"), f"  {reason.reason}")


def _say_draft(plan: Plan) -> None:
    say(("draft   ", "bold"), plan.draft.title)
    for name, value in plan.draft.kept.items():
        say((f"        keeps {name}: {value}", "dim"))
    for setting in plan.draft.lost:
        say(("        loses ", "yellow"), setting)


def _say_texts(plan: Plan) -> None:
    """Print what a person puts into a draft of their own."""
    say(("paste   ", "bold"), "into your own draft, and choose the segment there:")
    for name, text in plan.draft.parts.items():
        if text != plan.draft.original.get(name):
            say((f"--- {name}", "cyan"))
            say(text)
