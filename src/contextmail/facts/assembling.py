"""Put the blocks of facts side by side: one row per customer, and the facts that need more than one table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from contextmail.engines.base import Engine, quoted
from contextmail.facts.block import SQL_TYPES, Block, Column, column
from contextmail.facts.lines import Lines
from contextmail.facts.reading import Table
from contextmail.model.fact import FactSpec
from contextmail.model.fact import FactType as T

_PEOPLE = {
    "customers": "SELECT customer FROM customers",
    "orders": "SELECT customer::VARCHAR AS customer FROM customer_totals",
    "subscriptions": "SELECT customer FROM subscriptions",
    "touches": "SELECT customer FROM touches",
    "inquiries": "SELECT customer FROM inquiries",
    "consents": "SELECT customer FROM consents",
}


def cut_points(engine: Engine, lines: Lines | None) -> list[int]:
    """Give the 0th to 100th percentile of spend over those who have an order; empty without amounts or orders.

    Each is a value that occurs (`quantile_disc`), so that the same file gives the same points on every engine.
    """
    if lines is None or not lines.has_amounts:
        return []
    points = ", ".join(str(percent / 100) for percent in range(101))
    found = engine.rows(f"SELECT quantile_disc(spend, [{points}]) FROM customer_totals WHERE orders > 0")[0][0]
    return [int(point) for point in found] if found else []


def rank(value: int, points: Sequence[int]) -> float:
    """Give the highest percentile (0 to 1) whose cut-point `value` reaches; 0 at the lowest point and below."""
    if not points or value <= points[0]:
        return 0.0
    return max(percent for percent, point in enumerate(points) if point <= value) / 100


def across(tables: Mapping[str, Table], lines: Lines | None, points: Sequence[int], clock: str) -> list[Column]:
    """Describe the facts that need more than one table."""
    orders, subscriptions, customers = (tables.get(name) for name in ("orders", "subscriptions", "customers"))
    goods = orders is not None and orders.has("product")
    owned = {
        (False, False): "NULL",
        (True, False): "o.owned_products",
        (False, True): "s.subscriptions",
        (True, True): "list_sort(list_distinct(list_concat(o.owned_products::VARCHAR[], s.subscriptions)))",
    }[goods, subscriptions is not None]
    related = [
        *(["coalesce(o.orders, 0) > 0"] if orders else []),
        *(["coalesce(s.subscribed, false)"] if subscriptions else []),
    ]
    begun = [
        *(["o.first_order"] if orders else []),
        *(["s.subscriber_since"] if subscriptions else []),
    ]
    earliest = f"least({', '.join(begun)})" if begun else "NULL::DATE"
    since = f"coalesce(c.since::DATE, {earliest})" if customers and customers.has("since") else earliest
    tables_said = "orders, subscriptions" if subscriptions else "orders"
    amounts = lines is not None and lines.has_amounts
    return [
        column(
            "owned_products", T.SET, owned, tables_said, "products that they kept or subscribe to, by id",
            zero="NULL" if owned == "NULL" else "[]",
        ),
        column(
            "is_customer", T.BOOL, " OR ".join(related) or "NULL", tables_said,
            "has an order of which something was kept, or a subscription",
            zero="false" if related else "NULL",
        ),
        column(
            "tenure_days", T.INT, f"date_diff('day', {since}, {clock}::DATE)" if since != "NULL::DATE" else "NULL",
            "customers (since), else the first order or subscription", "days since the relationship began", unit="days",
        ),
        column(
            "spend_rank", T.FLOAT, _rank_sql(points) if amounts and points else "0.0" if amounts else "NULL",
            "orders, by 101 cut-points of spend",
            "share of buyers whose spend they reach", zero="0.0" if amounts else "NULL", unit="share",
        ),
    ]  # fmt: skip


def assemble(
    engine: Engine,
    tables: Collection[str],
    blocks: Sequence[Block],
    derived: Sequence[Column],
    notes: list[str],
    *,
    plain_sets: bool,
) -> tuple[str, dict[str, FactSpec]]:
    """Give the relation of all facts, one row per customer in order, and their specifications.

    A fact that two blocks give is taken from the first that knows it. With `plain_sets` sets are lists of text,
    else they may be lists of an enumeration, which are written to Parquet as text and much faster.
    """
    chosen: dict[str, Column] = {}
    for candidate in [*(entry for block in blocks for entry in block.columns), *derived]:
        name, before = candidate.spec.name, chosen.get(candidate.spec.name)
        if before is None or before.sql == "NULL" != candidate.sql:
            if before is not None and before.spec.type is not candidate.spec.type:
                notes.append(
                    f"{name} is {candidate.spec.type} in {candidate.spec.source}, not {before.spec.type}: it is unknown"
                )
                continue
            chosen[name] = candidate
    present = [block for block in blocks if block.relation]
    joins = f"{present[0].relation} {present[0].alias}"
    who = f"{present[0].alias}.customer"
    if len(present) > 1:
        everybody = " UNION ".join(sql for name, sql in _PEOPLE.items() if name in tables)
        engine.rows(f"CREATE TEMP TABLE people AS {everybody}")
        who = "p.customer"
        joins = "people p " + " ".join(
            f"LEFT JOIN {block.relation} {block.alias} ON {block.alias}.customer = p.customer" for block in present
        )
    known = "".join(
        f", {_value(entry, plain_sets=plain_sets)} AS {quoted(name)}"
        for name, entry in chosen.items()
        if entry.sql != "NULL"
    )
    unknown = "".join(
        f", NULL::{SQL_TYPES[entry.spec.type]} AS {quoted(name)}"
        for name, entry in chosen.items()
        if entry.sql == "NULL"
    )
    # Sorted before the unknown facts are added: a sort carries every column along.
    relation = f"(SELECT *{unknown} FROM (SELECT {who} AS customer{known} FROM {joins} ORDER BY customer))"
    return relation, {name: entry.spec for name, entry in chosen.items()}


def _rank_sql(points: Sequence[int]) -> str:
    """Write `rank` as SQL: a tree of comparisons, which is faster than a join for so few points."""
    ranks = sorted({point: rank(point, points) for point in points}.items())

    def within(steps: Sequence[tuple[int, float]]) -> str:
        if len(steps) == 1:
            return f"{steps[0][1]}::DOUBLE"
        middle = len(steps) // 2
        return (
            f"CASE WHEN o.spend >= {steps[middle][0]} THEN {within(steps[middle:])} ELSE {within(steps[:middle])} END"
        )

    return f"CASE WHEN o.spend IS NOT NULL THEN {within(ranks)} END"


def _value(entry: Column, *, plain_sets: bool) -> str:
    type_ = SQL_TYPES[entry.spec.type]
    value = entry.sql if entry.zero == "NULL" else f"coalesce({entry.sql}, {entry.zero})"
    if entry.spec.type is T.SET and entry.sql != "NULL" and not plain_sets:
        return value
    return f"({value})::{type_}"
