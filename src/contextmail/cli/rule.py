"""contextmail rule and rules: what a rule does, why it hurts, examples; the page is the rule's own docstring."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from typing import Annotated

import typer

from contextmail.checking import Checker
from contextmail.cli import options
from contextmail.cli.output import say
from contextmail.compiling import policy_rules
from contextmail.config import Settings
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.model.claim import Claim, Policy
from contextmail.model.message import Message
from contextmail.rules.base import ClaimRule, Context, PolicyRule
from contextmail.rules.custom import CustomClaim, CustomPolicy
from contextmail.rules.stale_life_stage import StaleLifeStage

_OWN = "A {kind} of your own, from contextmail.toml."
AnyRule = ClaimRule | PolicyRule


def rule(
    name: Annotated[str, typer.Argument(help="The rule's name; none: list the rules.", show_default=False)] = "",
    config: options.Config = None,
) -> None:
    """Say what a rule does, why it hurts, and how it is set here.

    ```
    contextmail rule unearned-value-claim
    ```
    """
    settings = options.settings_of(config)
    found = _rules(settings)
    if not name:
        _list(found)
        return
    if name not in found:
        raise ConfigurationError(f"no rule {name!r}", cure=did_you_mean(name, found) or "contextmail rules lists them")
    one = found[name]
    say((name, "bold"))
    say()
    for line in _page(one).split("\n"):
        say((line.removeprefix("## "), "bold") if line.startswith("## ") else line)
    say()
    say(("As it is set here", "bold"))
    for line in _set(_definition(one, settings), one):
        say(line)


def rules(config: options.Config = None) -> None:
    """List the rules: claims, which are about what a message says, and policies, about what it does.

    ```
    contextmail rules
    ```
    """
    _list(_rules(options.settings_of(config)))


def _list(found: dict[str, AnyRule]) -> None:
    width = max(map(len, found))
    for title, kind in (("Claims", ClaimRule), ("Policies", PolicyRule)):
        say((title, "bold"))
        for name, one in found.items():
            if isinstance(one, kind):
                say("  ", (name.ljust(width), "cyan"), f"  {_page(one).partition(chr(10))[0]}")


def _rules(settings: Settings) -> dict[str, AnyRule]:
    return {**Checker(settings).rules, **policy_rules(settings)}


def _page(one: AnyRule) -> str:
    if isinstance(one, CustomClaim | CustomPolicy):
        return _OWN.format(kind="claim" if isinstance(one, CustomClaim) else "policy")
    return cleandoc(type(one).__doc__ or "").replace("```\n", "").replace("\n```", "")


def _definition(one: AnyRule, settings: Settings) -> Claim | Policy:
    """Give a rule as it holds for an e-mail of marketing, with what the company changed."""
    message = Message(parts=())
    if isinstance(one, PolicyRule):
        return one.definition(message)
    checker = Checker(settings)
    return one.definition(Context(message, checker.lexicon, checker.phrasebook))


def _set(definition: Claim | Policy, one: AnyRule) -> Iterator[str]:
    if isinstance(definition, Claim):
        if says := [*definition.says, *one.override.says]:
            yield f"  says        {', '.join(says)}"
        yield f"  true when   {definition.true_when}"
        if isinstance(one, StaleLifeStage):
            yield from (f"    {stage:<14}{text}" for stage, text in one.stages.items())
    else:
        yield f"  allow when  {definition.allow_when}"
    yield f"  otherwise   {definition.otherwise}"
    yield f"  unknown is  {definition.unknown_is}"
    if one.override.allow:
        yield f"  suppressed  {one.override.allow}"
