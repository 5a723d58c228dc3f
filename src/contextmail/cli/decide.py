"""contextmail decide: send, hold, reroute or drop, for every customer."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import busy, number, plural, say, write_json
from contextmail.deciding import Counts
from contextmail.deciding import decide as decide_all
from contextmail.errors import ConfigurationError
from contextmail.model.decision import Outcome


def decide(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="A message: .html, .txt, .eml or .json, or a folder of its parts; none with --recheck.",
            show_default=False,
        ),
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(
            "--list", help="A CSV list of people: decide for its rows, and write their texts.", show_default=False
        ),
    ] = None,
    recheck: Annotated[
        Path | None,
        typer.Option("--recheck", help="A list that --list wrote: decide again for its rows.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="A Parquet file: one row per customer; of a list, a CSV file: one row for each who is reached.",
            show_default=False,
        ),
    ] = None,
    left_out: Annotated[
        Path | None,
        typer.Option(
            "--left-out", help="Of a list: a CSV file of the other rows, each with the reason.", show_default=False
        ),
    ] = None,
    scripts: Annotated[
        Path | None,
        typer.Option("--scripts", help="With --list: a folder for a text file per row.", show_default=False),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option("--hours", min=0.01, help="With --list: for how long it may be used.", show_default="as set"),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="A new table: an SQLAlchemy URL or env:NAME; #TABLE names it.", show_default=False),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="With --to: replace the table's rows.")] = False,
    append: Annotated[bool, typer.Option("--append", help="With --to: add to the table's rows.")] = False,
    form: Annotated[TextOrJson, typer.Option("--format", help="How the counts are written.")] = TextOrJson.TEXT,
    safe_only: options.SafeOnly = False,
    dialect: options.Dialect = None,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
) -> None:
    """Decide for every customer: send, hold, reroute or drop, with the reason, and which text of each edit.

    ```
    contextmail decide spring.html
    contextmail decide spring.html -o decisions.parquet
    contextmail decide spring.html --to env:SHOP_DB#spring_decisions
    ```

    For a call centre, an SMS gateway or a letter shop: a CSV list in, and out those who may be reached now, each with
    their own text. The list says until when it may be used; check it again before each block that is dialled, and
    bring back what became of it with `contextmail outcomes`. `--left-out` says who is not on it, and why.

    ```
    contextmail decide evening.txt --list people.csv -o calls.csv --left-out not-called.csv
    contextmail decide --recheck calls.csv -o block.csv
    contextmail outcomes results.csv
    ```

    Exit code 0: done, 1: rows fell out of a list that was checked again, or rows of a list cannot be read.
    """
    settings = options.settings_of(config, dialect=dialect, as_of=as_of, facts=facts)
    folder = wiring.facts_folder(settings)
    if people or recheck:
        if to or replace or append:
            raise ConfigurationError("a list is written to files", where="--to", cure="--list PEOPLE -o calls.csv")
        from contextmail.cli.lists import ListFiles, on_list

        files = ListFiles(path, people, recheck, out, left_out, scripts)
        on_list(files, settings, folder, hours=hours, safe_only=safe_only, form=form)
    if path is None or left_out or scripts or hours:
        cure = "decide MESSAGE, decide MESSAGE --list PEOPLE -o LIST, or decide --recheck LIST -o BLOCK"
        raise ConfigurationError("no message" if path is None else "these options are of a list", cure=cure)
    from contextmail.compiling import compile as compile_message

    campaign = compile_message(path, settings, folder.catalogue, products=folder.products, safe_only=safe_only)
    if (replace or append) and (not to or (replace and append)):
        what = "they say what happens to the table of --to: take one"
        raise ConfigurationError(what, where="--replace, --append", cure="--to URL#TABLE --replace")
    url, table = wiring.database_table(to, "contextmail_decisions") if to else ("", "")
    with busy("Deciding"), TemporaryDirectory(prefix="contextmail-") as temp:
        file = out or (Path(temp) / "decisions.parquet" if url else None)
        counts = decide_all(campaign, folder, out=file, as_of=settings.as_of)
        if url and file:
            from contextmail.exporting import export_decisions

            mode: Literal["create", "replace", "append"] = "replace" if replace else "append" if append else "create"
            export_decisions(file, campaign.id, settings.as_of, url, table, mode=mode)
    if form is TextOrJson.JSON:
        write_json(_as_json(counts, out))
    else:
        _say(counts, out)
        if table:
            say(f"written to {table}")


def _as_json(counts: Counts, out: Path | None) -> dict[str, object]:
    reasons = [{"outcome": o, "reason": r, "customers": n} for (o, r), n in _by_severity(counts)]
    return {
        "customers": counts.customers,
        "outcomes": {outcome.value: counts.of(outcome) for outcome in Outcome},
        "reasons": reasons,
        "variants": counts.variants,
        "texts": counts.texts,
        "notes": counts.notes,
        "out": str(out) if out else None,
    }


def _say(counts: Counts, out: Path | None) -> None:
    """Say the counts; the notes come first, for what is not known of consent decides over all the rest."""
    for line in counts.notes:
        say((line, "yellow"))
    width = len(number(counts.customers))
    for outcome in Outcome:
        people = counts.of(outcome)
        if people:
            say((f"{outcome:<8}", "bold"), f"{number(people):>{width}}")
        for (name, reason), some in _by_severity(counts):
            if name == outcome and reason:
                say(f"  {'':<6}{number(some):>{width}}  {reason}")
    say((f"{plural(counts.customers, 'customer')}, {plural(counts.texts, 'different text')}", "bold"))
    if out:
        say(f"written to {out}")


def _by_severity(counts: Counts) -> list[tuple[tuple[str, str], int]]:
    order = [outcome.value for outcome in Outcome]
    return sorted(counts.reasons.items(), key=lambda item: (order.index(item[0][0]), -item[1], item[0]))
