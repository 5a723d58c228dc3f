"""Facts from subscriptions: what runs now, and when it renews next."""

from __future__ import annotations

from contextmail.engines.base import Engine
from contextmail.facts.block import Block, column
from contextmail.facts.reading import Table
from contextmail.model.fact import FactType as T


def build_subscriptions(engine: Engine, table: Table | None, clock: str) -> Block:
    """Make the table `subscriptions` and its facts.

    A subscription is active when it has begun and not ended at the clock; where `active` is mapped it must say so too.
    """
    source = table.said("product", "start", "end", "renewal", "active") if table else "no [tables.subscriptions]"
    if table:
        begun = f"coalesce({table.column('start')} <= {clock}, true)"
        running = f"coalesce({table.column('end')} > {clock}, true)"
        said = f"coalesce({table.column('active')}, false)" if table.has("active") else "true"
        engine.rows(
            "CREATE TEMP TABLE subscriptions AS SELECT customer::VARCHAR AS customer,"
            f" {table.column('product')}::VARCHAR AS product, {table.column('start')}::TIMESTAMP AS started_at,"
            f" {table.column('end')}::TIMESTAMP AS ends_at, {table.column('renewal')}::TIMESTAMP AS renews_at,"
            f" {begun} AND {running} AND {said} AS active FROM {table.relation}"
        )
        engine.rows(
            "CREATE TEMP TABLE subscription_facts AS SELECT customer, bool_or(active) AS subscribed,"
            " coalesce(list_sort(list(DISTINCT product) FILTER (active AND product IS NOT NULL)), []) AS subscriptions,"
            f" min(renews_at) FILTER (active AND renews_at >= {clock}::DATE)::DATE AS renewal_at,"
            " min(started_at)::DATE AS subscriber_since FROM subscriptions GROUP BY customer"
        )
    known, products = table is not None, "active subscriptions, by product id"
    renewal = "next renewal of an active subscription"
    columns = [
        column("subscriptions", T.SET, "s.subscriptions", source, products, known=known, zero="[]::VARCHAR[]"),
        column("renewal_at", T.DATE, "s.renewal_at", source, renewal, known=known),
    ]
    return Block("s", "subscription_facts" if table else "", columns)
