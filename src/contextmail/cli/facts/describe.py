"""contextmail facts describe: which facts there are, of how many customers each is known, and how it is spread."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import as_json, as_text, busy, notes, number, plural, say, write_json
from contextmail.facts.describing import Distribution
from contextmail.facts.describing import describe as describe_facts
from contextmail.model.fact import FactSpec, FactValue


def describe(
    form: Annotated[TextOrJson, typer.Option("--format", help="How it is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
    facts: options.Facts = None,
) -> None:
    """List the facts that predicates may name: type, source, of how many customers known, lowest to highest.

    ```
    contextmail facts describe
    ```
    """
    folder = wiring.facts_folder(options.settings_of(config, facts=facts))
    with busy("Counting"):
        described = describe_facts(folder)
    catalogue = folder.catalogue
    if form is TextOrJson.JSON:
        found = [_as_json(fact) for fact in described]
        write_json({"as_of": catalogue.as_of.isoformat(), "customers": catalogue.customers, "facts": found})
        return
    say((f"{plural(catalogue.customers, 'customer')} as of {catalogue.as_of:%Y-%m-%d}", "bold"))
    width = max(len(fact.spec.name) for fact in described)
    for fact in described:
        known = f"known of {number(fact.known)}" if fact.known else "unknown of everybody"
        unit = f", {fact.spec.unit}" if fact.spec.unit else ""
        say(
            (f"{fact.spec.name:<{width}}", "bold" if fact.known else "dim"),
            f"  {fact.spec.type}{unit}: {known}",
            _spread(fact),
        )
        say((f"{'':<{width}}  {_origin(fact.spec)}", "dim"))
    notes(catalogue.notes)


def _origin(spec: FactSpec) -> str:
    """Say what a fact is, where it comes from and how old it may be."""
    age = "" if spec.max_age_days is None else f"; at most {plural(spec.max_age_days, 'day')} old"
    return f"{spec.description} ({spec.source}{age})".lstrip()


def _spread(fact: Distribution) -> str:
    """Say how a fact is spread: `; 1 to 210, half up to 2`, or its most frequent values."""
    if fact.low is not None:
        return f"; {as_text(fact.low)} to {as_text(fact.high)}, half up to {as_text(fact.median)}"
    most = _shared(fact)
    if not most:
        return f"; {plural(fact.distinct, 'value')}" if fact.distinct else ""
    rest = fact.distinct - len(most)
    more = f" and {number(rest)} more" if rest > 0 else ""
    return "; " + ", ".join(f"{as_text(value)} {number(people)}" for value, people in most) + more


def _shared(fact: Distribution) -> list[tuple[FactValue, int]]:
    """List the most frequent values that say nothing of one person: an address is nobody else's."""
    return [(value, people) for value, people in fact.most if people > 1]


def _as_json(fact: Distribution) -> dict[str, Any]:
    return {
        **fact.spec.model_dump(mode="json"),
        "known": fact.known,
        "low": as_json(fact.low),
        "median": as_json(fact.median),
        "high": as_json(fact.high),
        "distinct": fact.distinct,
        "most": [{"value": as_json(value), "customers": people} for value, people in _shared(fact)],
    }
