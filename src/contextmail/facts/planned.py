"""The fact of planned messages, whichever tool will send them: `planned`, planned rows of `touches`, and our own runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from contextmail.engines.base import Engine, literal
from contextmail.facts.block import Block, column
from contextmail.facts.reading import Table
from contextmail.model.crossing import PLANNED, Waiting
from contextmail.model.fact import FactType as T


def build_planned(
    engine: Engine,
    table: Table | None,
    touches: Table | None,
    own: Iterable[tuple[Waiting, Path]],
    people: Callable[[], str],
    clock: str,
) -> Block:
    """Make the fact `planned_messages`, what will be sent after the clock; what is transactional crosses nothing.

    `own` are the messages that contextmail itself prepared, each with a Parquet file of its addresses (`email`);
    `people` gives the relation of customers and their endpoints, and is asked only if there are some.
    """
    said, selects = [], []
    if touches:
        said.append(touches.said("at", "priority", "campaign"))
        selects.append(
            f"SELECT customer, {_entry('happened_at', 'priority', 'campaign')} AS entry FROM touches"
            " WHERE planned AND purpose IS DISTINCT FROM 'transactional'"
        )
    if table:
        said.append(table.said("at", "priority", "campaign"))
        at, purpose = table.column("at"), f"lower({table.column('purpose', 'NULL::VARCHAR')})"
        entry = _entry(at, table.column("priority", "0"), table.column("campaign"))
        engine.rows(
            f"CREATE TEMP TABLE planned AS SELECT customer::VARCHAR AS customer, {entry} AS entry FROM {table.relation}"
            f" WHERE {at} > {clock} AND {purpose} IS DISTINCT FROM 'transactional'"
        )
        selects.append("SELECT customer, entry FROM planned")
    for waits, segment in own:
        said = [*said, "runs"] if "runs" not in said else said
        selects.append(
            f"SELECT p.customer, {literal(waits.entry)} FROM read_parquet({literal(str(segment))}) s"
            f" JOIN {people()} p ON p.endpoint = lower(trim(s.email))"
        )
    if selects:
        engine.rows(
            f"CREATE TEMP TABLE planned_facts AS SELECT customer, list_sort(list_distinct(list(entry))) AS {PLANNED}"
            f" FROM ({' UNION ALL '.join(selects)}) GROUP BY customer"
        )
    source = ", ".join(said) or "no [tables.planned] or [tables.touches]"
    about = "messages that will reach them: time (UTC), priority, campaign"
    fact = column(PLANNED, T.SET, f"n.{PLANNED}", source, about, known=bool(said), zero="[]::VARCHAR[]")
    return Block("n", "planned_facts" if selects else "", [fact])


def _entry(at: str, priority: str, campaign: str) -> str:
    """Write `Waiting.entry` as SQL."""
    return f"strftime({at}, '%Y-%m-%dT%H:%M:%S') || ' ' || coalesce({priority}, 0)::BIGINT || ' ' || coalesce({campaign}, '')"
