"""Facts from inquiries: when and how they wrote to us last."""

from __future__ import annotations

from contextmail.engines.base import Engine
from contextmail.facts.block import Block, column
from contextmail.facts.reading import Table
from contextmail.model.fact import FactType as T


def build_inquiries(engine: Engine, table: Table | None, clock: str) -> Block:
    """Make the table `inquiries` and its facts, up to the clock."""
    if table:
        at = table.column("at")
        engine.rows(
            f"CREATE TEMP TABLE inquiries AS SELECT customer::VARCHAR AS customer, {at} AS happened_at,"
            f" {table.column('channel', 'NULL::VARCHAR')} AS channel FROM {table.relation} WHERE {at} <= {clock}"
        )
        engine.rows(
            "CREATE TEMP TABLE inquiry_facts AS SELECT customer, max(happened_at) AS last_inquiry_at,"
            " max_by(channel, (happened_at, channel)) AS last_inquiry_channel FROM inquiries GROUP BY customer"
        )
    known, source = table is not None, table.said("at", "channel") if table else "no [tables.inquiries]"
    when = "when they last wrote or called"
    columns = [
        column("last_inquiry_at", T.TIMESTAMP, "i.last_inquiry_at", source, when, known=known),
        column("last_inquiry_channel", T.TEXT, "i.last_inquiry_channel", source, "and how", known=known),
    ]
    return Block("i", "inquiry_facts" if table else "", columns)
