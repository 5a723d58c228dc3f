"""Facts from planned messages, whichever tool will send them: the table `planned`, and the planned rows of `touches`."""

from __future__ import annotations

from contextmail.engines.base import Engine
from contextmail.facts.block import Block, column
from contextmail.facts.reading import Table
from contextmail.model.crossing import PLANNED
from contextmail.model.fact import FactType as T


def read_planned(engine: Engine, table: Table | None, clock: str) -> None:
    """Make the table `planned`: what the company's own table says will be sent after the clock."""
    if table:
        engine.rows(
            f"CREATE TEMP TABLE planned AS SELECT customer::VARCHAR AS customer, {table.column('at')} AS happened_at,"
            f" {table.column('channel', 'NULL::VARCHAR')} AS channel,"
            f" lower({table.column('purpose', 'NULL::VARCHAR')}) AS purpose,"
            f" coalesce({table.column('priority', '0')}, 0)::BIGINT AS priority,"
            f" coalesce({table.column('campaign')}, '') AS campaign FROM {table.relation} WHERE {table.column('at')} > {clock}"
        )


def build_planned(engine: Engine, table: Table | None, touches: Table | None) -> Block:
    """Make the fact `planned_messages`; what is transactional crosses nothing.

    The touches hold the rows of `planned` already, where there are touches.
    """
    said = [one.said("at", "priority", "campaign") for one in (touches, table) if one]
    if said:
        rows = "touches WHERE planned AND" if touches else "planned WHERE"
        # the form that model.crossing.entry writes
        engine.rows(
            "CREATE TEMP TABLE planned_facts AS SELECT customer, list_sort(list_distinct(list("
            "strftime(happened_at, '%Y-%m-%dT%H:%M:%S') || ' ' || priority || ' ' || campaign)))"
            f" AS {PLANNED} FROM {rows} purpose IS DISTINCT FROM 'transactional' GROUP BY customer"
        )
    about = "messages that will reach them: time (UTC), priority, campaign"
    source = ", ".join(said) or "no [tables.planned] or [tables.touches]"
    fact = column(PLANNED, T.SET, f"n.{PLANNED}", source, about, known=bool(said), zero="[]::VARCHAR[]")
    return Block("n", "planned_facts" if said else "", [fact])
