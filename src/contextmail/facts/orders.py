"""Facts from order lines: how many orders, how much, when, how often, of what.

An order is one if any of its products was kept. All that a customer bought on one day is one order where no order id
is mapped. Spend counts every line: postage and fees too, and returns as negative amounts.
"""

from __future__ import annotations

from contextmail.engines.base import Engine
from contextmail.facts.block import Block, Column, column
from contextmail.facts.lines import Lines
from contextmail.facts.reading import Table
from contextmail.model.fact import FactType as T


def build_orders(engine: Engine, orders: Table | None, lines: Lines | None, clock: str) -> Block:
    """Make the facts of each customer's orders, and the tables `customer_totals` and `owned` behind them."""
    if orders is None or lines is None:
        return Block("o", "", _columns(None, lines, clock, has_categories=False))
    has_categories = bool(engine.rows("SELECT 1 FROM products WHERE category IS NOT NULL LIMIT 1"))
    _customer_totals(engine)
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
            f" WHERE customer IS NOT NULL AND happened_at <= {clock} GROUP BY customer) latest USING (customer)"
        )
    engine.rows(
        "CREATE TEMP VIEW order_facts AS SELECT customer::VARCHAR AS customer, c.* EXCLUDE (customer),"
        " owned.owned_products, first.id AS first_product_id, first.clean AS first_product,"
        " last.id AS last_product_id, last.clean AS last_product, top.id AS top_product_id, top.clean AS top_product"
        f"{extra} FROM customer_totals c LEFT JOIN owned USING (customer) LEFT JOIN top t USING (customer){joins}"
        " LEFT JOIN products first ON first.code = c.first_code LEFT JOIN products last ON last.code = c.last_code"
        " LEFT JOIN products top ON top.code = t.top_code"
    )
    return Block("o", "order_facts", _columns(orders, lines, clock, has_categories=has_categories))


def _customer_totals(engine: Engine) -> None:
    """Sum up lines to orders, and orders to customers.

    The product that stands for an order is its dearest one that may be named. It is found as the greatest of amount
    and (inverted) product number packed into one whole number, so that equal amounts give the same product each time.
    """
    codes, highest = engine.rows(
        "SELECT (SELECT count(*) + 2 FROM products), (SELECT coalesce(max(abs(amount)), 0) FROM stored_lines)"
    )[0]
    integer = "BIGINT" if int(codes) * (int(highest) + 1) < 2**62 else "HUGEINT"
    dearest = f"coalesce(amount, 0)::{integer} * {codes} + ({codes} - 1 - product_code)"
    code = f"({codes} - 1 - {{}} % {codes})::INTEGER"
    engine.rows(
        f"""
        CREATE TEMP TABLE customer_totals AS WITH
        marked AS (
            SELECT customer, order_id, amount, CASE WHEN kept THEN happened_at END AS kept_at,
                CASE WHEN kept AND named THEN {dearest} END AS dearest
            FROM stored_lines
        ),
        customer_orders AS (
            SELECT customer, order_id, sum(amount)::BIGINT AS amount, min(kept_at) AS happened_at,
                count(kept_at) AS kept, max(dearest) AS dearest
            FROM marked GROUP BY customer, order_id
        ),
        in_turn AS (
            -- An order of which nothing was kept has no time, and comes last.
            SELECT *, row_number() OVER w = 1 AS is_first, lead(happened_at) OVER w AS next FROM customer_orders
            WINDOW w AS (PARTITION BY customer ORDER BY happened_at NULLS LAST, order_id)
        ),
        edges AS (
            SELECT customer, happened_at, amount, nullif(next::DATE - happened_at::DATE, 0) AS gap,
                CASE WHEN is_first THEN dearest END AS first_dearest,
                CASE WHEN is_first THEN nullif(kept, 0) END AS first_lines,
                CASE WHEN next IS NULL THEN dearest END AS last_dearest,
                CASE WHEN next IS NULL THEN nullif(kept, 0) END AS last_lines
            FROM in_turn
        )
        SELECT customer, count(happened_at) AS orders, sum(amount)::BIGINT AS spend,
            min(happened_at)::DATE AS first_order, max(happened_at)::DATE AS last_order,
            max(happened_at) AS last_order_at, CASE WHEN count(gap) >= 2 THEN median(gap) END AS usual_gap_days,
            {code.format("max(first_dearest)")} AS first_code, max(first_lines) AS first_order_products,
            {code.format("max(last_dearest)")} AS last_code, max(last_lines) AS last_order_products
        FROM edges GROUP BY customer
        """
    )


def _owned(engine: Engine, *, has_categories: bool) -> None:
    """List the products that each customer kept; the one on most of their lines, from two on, is their top product.

    Sorting each customer's small list costs half of what grouping by customer and product does; only the products
    that are in a list more than once are grouped then.
    """
    engine.rows(
        "CREATE TEMP TABLE owned AS SELECT customer, bought,"
        " list_filter(bought, lambda product, i: i = 1 OR product <> bought[i - 1]) AS owned_products"
        " FROM (SELECT customer, list_sort(list(product)) AS bought FROM stored_lines"
        " JOIN products ON code = product_code WHERE kept GROUP BY customer)"
    )
    engine.rows(
        "CREATE TEMP TABLE repeated AS SELECT customer, product, count(*) AS lines"
        " FROM (SELECT customer, unnest(bought) AS product FROM owned WHERE len(bought) > len(owned_products))"
        " GROUP BY ALL HAVING lines > 1"
    )
    codes = engine.rows("SELECT count(*) + 2 FROM products")[0][0]
    packed = f"lines * {codes} + ({codes} - 1 - code)"
    engine.rows(
        f"CREATE TEMP TABLE top AS SELECT customer, ({codes} - 1 - max({packed}) % {codes})::INTEGER AS top_code"
        " FROM repeated JOIN products USING (product) WHERE nameable GROUP BY customer"
    )
    if has_categories:
        engine.rows(
            "CREATE TEMP TABLE owned_by_category AS SELECT customer,"
            " list_sort(list(DISTINCT category)) AS owned_categories"
            " FROM (SELECT customer, unnest(owned_products) AS product FROM owned) JOIN products USING (product)"
            " WHERE category IS NOT NULL GROUP BY customer"
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
        "(SELECT customer, enum_code(product) AS product_code FROM repeated"
        " UNION SELECT customer, product_code FROM stored_lines WHERE NOT kept AND product_code IS NOT NULL)"
    )
    several = f"stored_lines SEMI JOIN {pairs} USING (customer, product_code)"
    without = "(SELECT * FROM stored_lines WHERE product_code IS NULL)"
    found = engine.rows(f"SELECT sum(n - 1) FROM ({equal.format(several)} UNION ALL {equal.format(without)})")[0][0]
    if found:
        lines.notes.append(
            f"orders: {found} rows are equal to another one and were kept; map a line id (`line`) to drop doubles"
        )


def _columns(orders: Table | None, lines: Lines | None, clock: str, *, has_categories: bool) -> list[Column]:
    """Describe the facts; those whose columns are not mapped are unknown."""
    source = orders.said("customer", "order", "at") if orders else "no [tables.orders]"
    goods = orders.said("product", "product_name") if orders else source
    paid = orders.said("quantity", "price", "amount") if orders else source
    place = orders.said("country") if orders else source
    named = orders is not None and orders.has("product")
    priced, unit = lines is not None and lines.has_amounts, f"minor {lines.currency if lines else ''}".strip()
    placed = orders is not None and orders.has("country")
    days = f"date_diff('day', o.last_order, {clock}::DATE)"
    gaps = "median days between days of ordering; unknown under three such days"

    def fact(
        name: str,
        type_: T,
        source: str,
        what: str,
        *,
        sql: str = "",
        known: bool = True,
        zero: str = "NULL",
        unit: str = "",
    ) -> Column:
        known = known and orders is not None
        return column(name, type_, sql or f"o.{name}", source, what, known=known, zero=zero, unit=unit)

    whole = [
        fact("orders", T.INT, source, "orders of which something was kept", zero="0"),
        fact("spend", T.INT, paid, "sum of all lines, returns taken off", known=priced, zero="0", unit=unit),
        fact("first_order", T.DATE, source, "day of the first order"),
        fact("last_order", T.DATE, source, "day of the latest order"),
        fact("days_since_last_order", T.INT, source, "days to the clock", sql=days, unit="days"),
        fact("usual_gap_days", T.FLOAT, source, gaps, unit="days"),
    ]
    for which, what in _STANDS_FOR.items():
        whole += [
            fact(f"{which}_product", T.TEXT, goods, f"{what}, if it can be named", known=named),
            fact(f"{which}_product_id", T.TEXT, goods, f"its id, as {which}_product", known=named),
        ]
    categories = "categories of owned products"
    return [
        *whole,
        fact("first_order_products", T.INT, goods, "lines kept of the first order", known=named),
        fact("last_order_products", T.INT, goods, "lines kept of the latest order", known=named),
        fact("country", T.TEXT, place, "of their latest line", known=placed),
        fact("owned_categories", T.SET, goods, categories, known=has_categories, zero="[]::VARCHAR[]"),
    ]


_STANDS_FOR = {
    "first": "dearest product of the first order",
    "last": "dearest product of the latest order",
    "top": "product on most of their order lines, at least two",
}
