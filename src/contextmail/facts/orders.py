"""Facts from order lines: how many orders, how much, when, how often, of what.

An order is one if any of its products was kept. All that a customer bought on one day is one order where no order id
is mapped. Spend counts every line: postage and fees too, and returns as negative amounts.
"""

from __future__ import annotations

from datetime import datetime

from contextmail.engines.base import Engine, literal
from contextmail.facts.block import Block, Column, column
from contextmail.facts.lines import Lines
from contextmail.facts.reading import Table
from contextmail.model.fact import FactType as T


def build_orders(engine: Engine, orders: Table | None, lines: Lines | None, as_of: datetime) -> Block:
    """Make the facts of each customer's orders, and the tables `customer_orders` and `owned_pairs` behind them."""
    if orders is None or lines is None:
        return Block("o", "", _columns(None, lines, as_of, has_categories=False))
    has_categories = bool(engine.rows("SELECT 1 FROM products WHERE category IS NOT NULL LIMIT 1"))
    _customer_orders(engine)
    _owned(engine, has_categories=has_categories)
    if not orders.has("line"):
        _count_doubles(engine, lines)
    extra, joins = "", ""
    if has_categories:
        extra, joins = ", owned_categories", " LEFT JOIN owned_by_category USING (customer)"
    if orders.has("country"):
        extra += ", latest.country"
        joins += (
            " LEFT JOIN (SELECT customer, max_by(country, (happened_at, country)) AS country FROM typed_lines"
            f" WHERE customer IS NOT NULL AND happened_at <= {_clock(as_of)} GROUP BY customer) latest USING (customer)"
        )
    engine.rows(
        "CREATE TEMP VIEW order_facts AS SELECT customer::VARCHAR AS customer, c.* EXCLUDE (customer),"
        " owned.owned_products, first.id AS first_product_id, first.clean AS first_product,"
        " last.id AS last_product_id, last.clean AS last_product, top.id AS top_product_id, top.clean AS top_product"
        f"{extra} FROM customer_totals c LEFT JOIN owned USING (customer) LEFT JOIN top t USING (customer){joins}"
        " LEFT JOIN products first ON first.code = c.first_code LEFT JOIN products last ON last.code = c.last_code"
        " LEFT JOIN products top ON top.code = t.top_code"
    )
    return Block("o", "order_facts", _columns(orders, lines, as_of, has_categories=has_categories))


def _customer_orders(engine: Engine) -> None:
    """Sum up lines to orders, and orders to customers.

    The product that stands for an order is its dearest one that may be named. It is found as the greatest of amount
    and (inverted) product number packed into one whole number, so that equal amounts give the same product each time.
    """
    codes, highest = engine.rows(
        "SELECT (SELECT count(*) + 2 FROM products), (SELECT coalesce(max(abs(amount)), 0) FROM stored_lines)"
    )[0]
    integer = "BIGINT" if int(codes) * (int(highest) + 1) < 2**62 else "HUGEINT"
    dearest = f"coalesce(amount, 0)::{integer} * {codes} + ({codes} - 1 - product_code)"
    engine.rows(
        "CREATE TEMP TABLE customer_orders AS SELECT customer, order_id, sum(amount)::BIGINT AS amount,"
        " min(kept_at) AS happened_at, count(kept_at) AS kept, max(dearest) AS dearest"
        " FROM (SELECT customer, order_id, amount, CASE WHEN kept THEN happened_at END AS kept_at,"
        f" CASE WHEN kept AND named THEN {dearest} END AS dearest FROM stored_lines) GROUP BY customer, order_id"
    )
    code = f"({codes} - 1 - dearest % {codes})::INTEGER"
    first, last = "before IS NULL AND kept > 0", "after IS NULL AND kept > 0"
    engine.rows(
        "CREATE TEMP TABLE customer_totals AS SELECT customer, count(happened_at) AS orders,"
        " sum(amount)::BIGINT AS spend, min(happened_at)::DATE AS first_order, max(happened_at)::DATE AS last_order,"
        " max(happened_at) AS last_order_at, CASE WHEN count(gap) >= 2 THEN median(gap) END AS usual_gap_days,"
        " max(first_code) AS first_code, max(first_lines) AS first_order_lines,"
        " max(last_code) AS last_code, max(last_lines) AS last_order_lines"
        " FROM (SELECT customer, happened_at, amount,"
        " nullif(happened_at::DATE - before::DATE, 0) AS gap,"
        f" CASE WHEN {first} THEN {code} END AS first_code, CASE WHEN {first} THEN kept END AS first_lines,"
        f" CASE WHEN {last} THEN {code} END AS last_code, CASE WHEN {last} THEN kept END AS last_lines"
        " FROM (SELECT *, lag(happened_at) OVER w AS before, lead(happened_at) OVER w AS after FROM customer_orders"
        # Orders of which nothing was kept have no time, and come last.
        " WINDOW w AS (PARTITION BY customer ORDER BY happened_at NULLS LAST, order_id))) GROUP BY customer"
    )


def _owned(engine: Engine, *, has_categories: bool) -> None:
    """List the products that each customer kept; the one on most of their lines, from two on, is their top product."""
    engine.rows(
        "CREATE TEMP TABLE owned_pairs AS SELECT customer, product_code AS code, count(*)::INTEGER AS lines"
        " FROM stored_lines WHERE kept AND product_code IS NOT NULL GROUP BY ALL"
    )
    codes = engine.rows("SELECT count(*) + 2 FROM products")[0][0]
    packed = f"lines::BIGINT * {codes} + ({codes} - 1 - code)"
    engine.rows(
        f"CREATE TEMP TABLE top AS SELECT customer, ({codes} - 1 - max({packed}) % {codes})::INTEGER AS top_code"
        " FROM owned_pairs JOIN products USING (code) WHERE lines > 1 AND nameable GROUP BY customer"
    )
    engine.rows(
        "CREATE TEMP TABLE owned AS SELECT customer, list_sort(list(product)) AS owned_products"
        " FROM owned_pairs JOIN products USING (code) GROUP BY customer"
    )
    if has_categories:
        engine.rows(
            "CREATE TEMP TABLE owned_by_category AS SELECT customer,"
            " list_sort(list(DISTINCT category)) AS owned_categories"
            " FROM owned_pairs JOIN products USING (code) WHERE category IS NOT NULL GROUP BY customer"
        )


def _count_doubles(engine: Engine, lines: Lines) -> None:
    """Count rows that are equal in every mapped column; only a line id could tell doubles from two equal purchases.

    Equal rows have the same customer and product, so only such pairs with several lines, or with a line that was not
    kept, are looked at.
    """
    equal = (
        "SELECT count(*) AS n FROM {} GROUP BY customer, order_id, product_code, quantity, amount, happened_at"
        " HAVING n > 1"
    )
    pairs = (
        "(SELECT customer, code AS product_code FROM owned_pairs WHERE lines > 1"
        " UNION SELECT customer, product_code FROM stored_lines WHERE NOT kept AND product_code IS NOT NULL)"
    )
    several = f"stored_lines SEMI JOIN {pairs} USING (customer, product_code)"
    without = "(SELECT * FROM stored_lines WHERE product_code IS NULL)"
    found = engine.rows(f"SELECT sum(n - 1) FROM ({equal.format(several)} UNION ALL {equal.format(without)})")[0][0]
    if found:
        lines.notes.append(
            f"orders: {found} rows are equal to another one and were kept; map a line id (`line`) to drop doubles"
        )


def _columns(orders: Table | None, lines: Lines | None, as_of: datetime, *, has_categories: bool) -> list[Column]:
    """Describe the facts; those whose columns are not mapped are unknown."""
    absent = orders is None
    source = orders.said("customer", "order", "at") if orders else "no [tables.orders]"
    goods = orders.said("product", "product_name") if orders else source
    paid = orders.said("quantity", "price", "amount") if orders else source
    has_products = orders is not None and orders.has("product")
    has_amounts = lines is not None and lines.has_amounts
    unit = f"minor {lines.currency}".strip() if lines else "minor"
    days = f"date_diff('day', {{}}, {_clock(as_of)}::DATE)"

    def fact(
        name: str, type_: T, sql: str, about: str, why: str, *, known: bool = True, zero: str = "NULL", unit: str = ""
    ) -> Column:
        present = known and not absent
        return column(name, type_, sql if present else "NULL", about, why, zero=zero if present else "NULL", unit=unit)

    return [
        fact("orders", T.INT, "o.orders", source, "orders of which something was kept", zero="0"),
        fact(
            "spend",
            T.INT,
            "o.spend",
            paid,
            "sum of all lines, returns taken off",
            known=has_amounts,
            zero="0",
            unit=unit,
        ),
        fact("first_order", T.DATE, "o.first_order", source, "day of the first order"),
        fact("last_order", T.DATE, "o.last_order", source, "day of the latest order"),
        fact("days_since_last_order", T.INT, days.format("o.last_order"), source, "days to the clock", unit="days"),
        fact(
            "usual_gap_days",
            T.FLOAT,
            "o.usual_gap_days",
            source,
            "median days between days of ordering; unknown under three such days",
            unit="days",
        ),
        *(
            entry
            for which, what in (
                ("first", "dearest product of the first order"),
                ("last", "dearest product of the latest order"),
                ("top", "product on most of their order lines, at least two"),
            )
            for entry in (
                fact(
                    f"{which}_product",
                    T.TEXT,
                    f"o.{which}_product",
                    goods,
                    f"{what}, if it can be named",
                    known=has_products,
                ),
                fact(
                    f"{which}_product_id",
                    T.TEXT,
                    f"o.{which}_product_id",
                    goods,
                    f"its id, as {which}_product",
                    known=has_products,
                ),
            )
        ),
        fact(
            "first_order_products",
            T.INT,
            "o.first_order_lines",
            goods,
            "lines kept of the first order",
            known=has_products,
        ),
        fact(
            "last_order_products",
            T.INT,
            "o.last_order_lines",
            goods,
            "lines kept of the latest order",
            known=has_products,
        ),
        fact(
            "country",
            T.TEXT,
            "o.country",
            orders.said("country") if orders else source,
            "of their latest line",
            known=orders is not None and orders.has("country"),
        ),
        fact(
            "owned_categories",
            T.SET,
            "o.owned_categories",
            goods,
            "categories of owned products",
            known=has_categories,
            zero="[]::VARCHAR[]",
        ),
    ]


def _clock(as_of: datetime) -> str:
    return f"TIMESTAMP {literal(str(as_of))}"
