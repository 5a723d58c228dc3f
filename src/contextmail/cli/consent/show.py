"""contextmail consent show and why-not: a permission with its reasons, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated, Any

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import as_json, say, write_json
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Change, Permission, Reason, Scope, Verdict, fold, permission
from contextmail.model.consent_story import Step, explain
from contextmail.model.endpoint import normalise

Endpoint = Annotated[str, typer.Argument(help="An address, or a number with its country.", show_default=False)]

_STYLE = {Verdict.ALLOW: "green", Verdict.DENY: "red", Verdict.ASK: "yellow"}
_ANSWER = {
    Verdict.ALLOW: "yes",
    Verdict.DENY: "no",
    Verdict.ASK: "not decided here: nothing is on record, and the law of the recipient's country decides",
}


def show(
    endpoint: Endpoint,
    form: Annotated[TextOrJson, typer.Option("--format", help="How it is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Show what may be sent to an address or number, with the reasons, and tell how it came about, change by change.

    ```
    contextmail consent show ada@example.com
    contextmail consent show "+44 1632 960961" --format json
    ```
    """
    changes = _changes(endpoint, config)
    standing = fold(changes)
    held = {scope: permission(standing, scope) for scope in _scopes(endpoint, changes)}
    stories = {scope: explain(changes, scope) for scope in held}
    if form is TextOrJson.JSON:
        write_json(
            {
                "endpoint": endpoint,
                "permissions": [_permission(scope, found) for scope, found in held.items()],
                "preferences": [change.value for change in standing.preferences.values()],
                "changes": [_told(step, stories, number) for number, step in enumerate(_first(stories))],
            }
        )
        return
    say((endpoint, "bold"))
    for scope, found in held.items():
        say(
            (f"  {found.verdict:<6}", _STYLE[found.verdict]),
            f"{scope}  ",
            ("; ".join(map(_because, found.reasons)), "dim"),
        )
    for change in standing.preferences.values():
        say("  prefers ", change.value, (f"  {_provenance(change)}", "dim"))
    if changes:
        say(("\nHow it came about", "bold"))
    for number, step in enumerate(_first(stories)):
        told = _told(step, stories, number)
        what = f"{step.change.act} {step.change.value}".rstrip()
        say(
            f"  {step.change.received_at:%Y-%m-%d %H:%M}  ",
            (what, "bold"),
            f" {step.change.scope}  {_provenance(step.change)}",
        )
        for moved in told["moved"]:
            say(f"    {moved['scope']}: {moved['before']} -> ", (moved["after"], _STYLE[Verdict(moved["after"])]))
        if told["note"]:
            say((f"    {told['note']}", "dim"))


def why_not(
    channel: Annotated[Channel, typer.Argument(help="How they would be reached.", show_default=False)],
    endpoint: Endpoint,
    purpose: Annotated[Purpose, typer.Option("--purpose", help="What the message is for.")] = Purpose.MARKETING,
    list_: Annotated[str, typer.Option("--list", help="The list that it goes to.", show_default=False)] = "",
    topic: Annotated[str, typer.Option("--topic", help="What it is about.", show_default=False)] = "",
    config: options.Config = None,
) -> None:
    """Say in one line whether a message may go, and why not. Exit code 0: it may, 1: it may not, or it is not decided.

    ```
    contextmail consent why-not email ada@example.com
    contextmail consent why-not sms "+44 1632 960961" --purpose service
    ```
    """
    found = permission(fold(_changes(endpoint, config)), Scope(channel, purpose, list_, topic))
    answer = _ANSWER[found.verdict]
    if found.verdict is not Verdict.ASK:
        answer = f"{answer}: {'; '.join(map(_because, found.reasons))}"
    say((answer, _STYLE[found.verdict]))
    raise typer.Exit(0 if found.verdict is Verdict.ALLOW else 1)


def _changes(endpoint: str, config: Any) -> list[Change]:
    known = normalise(endpoint)
    with closing(wiring.open_ledger(options.settings_of(config))) as ledger:
        consents = ledger.now()
        return consents.changes(consents.subject(known))


def _scopes(endpoint: str, changes: Sequence[Change]) -> list[Scope]:
    """List the scopes that matter: the channels that fit the endpoint, and what was ever said of it."""
    usual = (Channel.EMAIL,) if "@" in endpoint else (Channel.SMS, Channel.VOICE, Channel.CALL)
    channels = list(dict.fromkeys([*usual, *(change.scope.channel for change in changes if change.scope.channel)]))
    purposes = list(dict.fromkeys([*Purpose, *(change.scope.purpose for change in changes if change.scope.purpose)]))
    narrow = {
        change.scope for change in changes
        if change.scope.channel and change.scope.purpose and (change.scope.list or change.scope.topic)
    }  # fmt: skip
    return [Scope(channel, purpose) for channel in channels for purpose in purposes] + sorted(narrow)


def _first(stories: dict[Scope, list[Step]]) -> list[Step]:
    return next(iter(stories.values()))


def _told(step: Step, stories: dict[Scope, list[Step]], number: int) -> dict[str, Any]:
    """Tell one change: what it moved, and if nothing, why, in the widest scope that it speaks of."""
    here = [(scope, story[number]) for scope, story in stories.items()]
    moved = [(scope, one) for scope, one in here if one.before is not one.after]
    spoken = [one for scope, one in here if step.change.scope.covers(scope)] or [one for _, one in here]
    change = step.change
    return {
        "at": as_json(change.at),
        "received_at": as_json(change.received_at),
        "act": change.act,
        "value": change.value,
        "scope": str(change.scope),
        "by": change.actor,
        "method": change.method,
        "source": change.source,
        "assurance": change.assurance,
        "evidence": change.evidence,
        "moved": [{"scope": str(scope), "before": one.before, "after": one.after} for scope, one in moved],
        "note": "" if moved else spoken[0].note,
    }


def _permission(scope: Scope, found: Permission) -> dict[str, Any]:
    reasons = [{"code": reason.code, "text": _because(reason)} for reason in found.reasons]
    return {"scope": str(scope), "verdict": found.verdict, "choice": found.choice, "reasons": reasons}


def _because(reason: Reason) -> str:
    return f"{reason.text} ({_provenance(reason.change)})" if reason.change else reason.text


def _provenance(change: Change) -> str:
    """Say who did it, how, when and where it comes from."""
    by = f"by the {change.actor}" + (f", {change.method}" if change.method not in ("", change.actor) else "")
    said = f"on {change.at:%Y-%m-%d %H:%M}" if change.at else "undated"
    if change.at is None or change.counts_at > change.at:
        said += f", counts from {change.counts_at:%Y-%m-%d %H:%M}"
    sure = "" if change.assurance == "signed" else f", {change.assurance}"
    return f"{by}, {said}" + (f", {change.source}" if change.source else "") + sure
