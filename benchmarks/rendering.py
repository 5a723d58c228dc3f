"""Ten conditions as counts of variants, beside rendering the same mail of 10 KB for each recipient; one thread each.

python benchmarks/rendering.py --customers 1000000
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import django
import jinja2
import liquid
import minijinja
from customers import TYPES, campaign, generate
from django.conf import settings
from django.template import Context, Engine
from measuring import row, turns

from contextmail.deciding import decide
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts.folder import FactsFolder

CONDITIONS = {
    "spend_rank >= 0.9": "spend_rank >= 0.9",
    "orders >= 5": "orders >= 5",
    "orders = 1": "orders == 1",
    "days_since_last_order > 365": "days_since_last_order > 365",
    "tenure_days >= 730": "tenure_days >= 730",
    "is_customer": "is_customer",
    "unanswered_streak > 4": "unanswered_streak > 4",
    "country = 'Japan'": 'country == "Japan"',
    "known(first_name)": 'first_name != ""',
    "preferred_channel = 'sms'": 'preferred_channel == "sms"',
}
WANTED = {"Jinja2": 100, "minijinja": 30, "python-liquid": 400, "Django": 400}
_WORDS = "A lantern for the garden, a candle for the table, and a card for whoever gets them. "


def template() -> str:
    """Write the mail: ten conditionals with merge fields, in the words that all four languages share."""
    parts = ["<html><body><p>Dear {{ first_name }},</p>"]
    for condition in CONDITIONS.values():
        parts.append(
            f"<p>{_WORDS * 8}</p>{{% if {condition} %}}<p>{_WORDS * 2}</p>{{% else %}}<p>{_WORDS}</p>{{% endif %}}"
        )
        parts.append("<p>{{ last_product }}, {{ country }}</p>")
    return "\n".join([*parts, "</body></html>"])


def renderers(source: str) -> dict[str, Callable[[Mapping[str, Any]], str]]:
    """Give a function for each template engine that renders `source` for one recipient, without escaping."""
    settings.configure()
    django.setup()
    jinja, parsed = jinja2.Environment().from_string(source), liquid.Environment().from_string(source)
    mini, of_django = (
        minijinja.Environment(templates={"mail.txt": source}),
        Engine(autoescape=False).from_string(source),
    )
    return {
        "Jinja2": jinja.render,
        "minijinja": lambda row: mini.render_template("mail.txt", **row),
        "python-liquid": lambda row: parsed.render(**row),
        "Django": lambda row: of_django.render(Context(dict(row))),
    }


def sample(facts: FactsFolder, size: int) -> list[dict[str, Any]]:
    """Give `size` recipients as templates want them: without unknowns, on which some of the engines stumble."""
    empty = {"int": 0, "float": 0.0, "bool": False, "text": ""}
    names = [name for name, kind in TYPES.items() if str(kind) in empty]
    with DuckDBEngine(threads=1) as engine:
        rows = engine.rows(f"SELECT {', '.join(names)} FROM read_parquet('{facts.parquet}') LIMIT {size}")
    return [
        {name: empty[str(TYPES[name])] if value is None else value for name, value in zip(names, values, strict=True)}
        for values in rows
    ]


def main() -> None:
    """Measure, and print a row for each promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    source, asked = template(), campaign(list(CONDITIONS), per_edit=1, policies=False)
    with tempfile.TemporaryDirectory() as folder, DuckDBEngine(threads=1) as engine:
        generate(Path(folder), options.customers)
        facts = FactsFolder.open(folder)
        people = sample(facts, 1000)
        ways = renderers(source)
        texts = {name: render(people[0]) for name, render in ways.items()}
        assert len(set(texts.values())) == 1, {name: len(text) for name, text in texts.items()}
        out = Path(folder) / "decisions.parquet"
        ours: dict[str, Callable[[], object]] = {
            "counts": lambda: decide(asked, facts, engine=engine),
            "written": lambda: decide(asked, facts, engine=engine, out=out),
        }
        rendered: dict[str, Callable[[], object]] = {
            name: lambda render=render: [render(person) for person in people]  # type: ignore[misc]
            for name, render in ways.items()
        }
        seconds = turns(ours | rendered, options.runs, time.process_time)
    rates = {name: (options.customers if name in ours else len(people)) / spent for name, spent in seconds.items()}
    for name, wanted in WANTED.items():
        detail = f"{rates['counts'] / 1e6:.1f} million recipients a second beside {rates[name] / 1e3:.1f} thousand;"
        detail += f" {rates['written'] / rates[name]:,.0f} times with the decisions written"
        row(f"ten conditions as counts, times {name}'s rate", rates["counts"] / rates[name], wanted, detail, least=True)


if __name__ == "__main__":
    main()
