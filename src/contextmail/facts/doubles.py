"""The same order in two systems: counted once where it has one id, listed where it only looks the same."""

from __future__ import annotations

from contextmail.engines.base import Engine
from contextmail.facts.reading import Table

_LOOKS_THE_SAME = "the same day and amount as in another system"


def count_orders_once(engine: Engine, orders: Table) -> list[str]:
    """Keep each order of a person in the first system that has it; add to `conflicts` those that look like one order.

    An order is the same under the same id, of the same person, within a day: clocks have zones. Give notes.
    """
    mine = f"SELECT * FROM {orders.relation} WHERE merged_"
    engine.rows(
        'CREATE TEMP TABLE each_order AS SELECT customer, system_, key_, rank_, order_, min("at")::DATE AS day,'
        f" {_total(orders)} AS total FROM ({mine}) WHERE order_ IS NOT NULL GROUP BY ALL"
    )
    engine.rows(
        "CREATE TEMP TABLE repeated_orders AS SELECT DISTINCT b.customer, b.system_, b.order_ FROM each_order a"
        " JOIN each_order b USING (customer, order_)"
        " WHERE a.rank_ < b.rank_ AND abs(date_diff('day', a.day, b.day)) <= 1"
    )
    engine.rows(
        f"DELETE FROM {orders.relation} WHERE merged_ AND (customer, system_, order_) IN"
        " (SELECT (customer, system_, order_) FROM repeated_orders)"
    )
    engine.rows(
        "INSERT INTO conflicts SELECT (SELECT coalesce(max(conflict), 0) FROM conflicts)"
        " + dense_rank() OVER (ORDER BY o.customer, o.day, o.total),"
        f" '{_LOOKS_THE_SAME}', 'order', NULL, o.order_, o.system_, o.key_, o.customer"
        " FROM (SELECT * FROM each_order ANTI JOIN repeated_orders USING (customer, system_, order_)) o SEMI JOIN"
        " (SELECT customer, day, total FROM each_order ANTI JOIN repeated_orders USING (customer, system_, order_)"
        "  WHERE total > 0 GROUP BY ALL HAVING min(system_) <> max(system_)) twice USING (customer, day, total)"
    )
    once = engine.rows("SELECT count(*) FROM repeated_orders")[0][0]
    listed = engine.rows("SELECT count(DISTINCT conflict) FROM conflicts WHERE kind = 'order'")[0][0]
    notes = [f"orders: {once} orders are in two systems under one id, and count once"] if once else []
    if listed:
        notes.append(
            f"orders: {listed} times one person has orders of the same day and amount in two systems, which count as"
            " two; contextmail facts persons --conflicts lists them, and [identity.owner] orders says whose count"
        )
    return notes


def _total(orders: Table) -> str:
    if orders.has("amount"):
        return "sum(amount)"
    factors = [f"{role}::DECIMAL(19, 6)" for role in ("price", "quantity") if orders.has(role)]
    return f"sum({' * '.join(factors)})" if "price" in " ".join(factors) else "0"
