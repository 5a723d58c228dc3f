"""Put the blocks of facts side by side: one row per customer, and the facts that need more than one table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from contextmail.engines.base import Engine, quoted
from contextmail.facts.ages import Ages
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
    "planned": "SELECT customer FROM planned",
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
    priced = lines is not None and lines.has_amounts
    owned, related, begun = [], [], []
    if orders:
        related.append("coalesce(o.orders, 0) > 0")
        begun.append("o.first_order")
        if orders.has("product"):
            owned.append("o.owned_products")
    if subscriptions:
        related.append("coalesce(s.subscribed, false)")
        begun.append("s.subscriber_since")
        owned.append("s.subscriptions")
    both = "list_sort(list_distinct(list_concat(o.owned_products::VARCHAR[], s.subscriptions)))"
    since = f"least({', '.join(begun)})" if begun else "NULL"
    if customers and customers.has("since"):
        since = f"coalesce(c.since::DATE, {since})"
    said, days = "orders, subscriptions" if subscriptions else "orders", f"date_diff('day', {since}, {clock}::DATE)"
    own, tie = (
        "products that they kept or subscribe to, by id",
        "has an order of which something was kept, or a subscription",
    )
    old, age = "customers (since), else the first order or subscription", "days since the relationship began"
    cuts, share = "orders, by 101 cut-points of spend", "share of buyers whose spend they reach"
    ranked = _rank_sql(points) if points else "0.0"
    return [
        column(
            "owned_products", T.SET, both if len(owned) > 1 else "".join(owned), said, own, known=bool(owned), zero="[]"
        ),
        column("is_customer", T.BOOL, " OR ".join(related), said, tie, known=bool(related), zero="false"),
        column("tenure_days", T.INT, days, old, age, known=since != "NULL", unit="days"),
        column("spend_rank", T.FLOAT, ranked, cuts, share, known=priced, zero="0.0", unit="share"),
    ]


def assemble(
    engine: Engine,
    tables: Collection[str],
    blocks: Sequence[Block],
    derived: Sequence[Column],
    ages: Ages,
    notes: list[str],
    *,
    plain_sets: bool,
) -> tuple[str, dict[str, FactSpec]]:
    """Give the relation of all facts, one row per customer in order, and their specifications.

    A fact that two blocks give is taken from the first that knows it. With `plain_sets` sets are lists of text,
    else they may be lists of an enumeration, which are written to Parquet as text and much faster.
    """
    chosen: dict[str, Column] = {}
    for candidate in map(ages.dated, [*(entry for block in blocks for entry in block.columns), *derived]):
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
