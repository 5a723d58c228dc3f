"""Facts from inquiries: when and how they wrote to us last."""

from __future__ import annotations

from datetime import datetime

from contextmail.engines.base import Engine, literal
from contextmail.facts.block import Block, column
from contextmail.facts.reading import Table
from contextmail.model.fact import FactType as T


def build_inquiries(engine: Engine, table: Table | None, as_of: datetime) -> Block:
    """Make the table `inquiries` and its facts, up to the clock."""
    if table:
        at = table.column("at")
        engine.rows(
            f"CREATE TEMP TABLE inquiries AS SELECT customer::VARCHAR AS customer, {at} AS happened_at,"
            f" {table.column('channel', 'NULL::VARCHAR')} AS channel FROM {table.relation}"
            f" WHERE {at} <= TIMESTAMP {literal(str(as_of))}"
        )
        engine.rows(
            "CREATE TEMP TABLE inquiry_facts AS SELECT customer, max(happened_at) AS last_inquiry_at,"
            " max_by(channel, (happened_at, channel)) AS last_inquiry_channel FROM inquiries GROUP BY customer"
        )
    source = table.said("at", "channel") if table else "no [tables.inquiries]"
    return Block(
        "i",
        "inquiry_facts" if table else "",
        [
            column(
                "last_inquiry_at",
                T.TIMESTAMP,
                "i.last_inquiry_at" if table else "NULL",
                source,
                "when they last wrote or called",
            ),
            column("last_inquiry_channel", T.TEXT, "i.last_inquiry_channel" if table else "NULL", source, "and how"),
        ],
    )
