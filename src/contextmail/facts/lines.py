"""Order lines as they count: typed, up to the clock, doubles dropped by line id, and marked as kept or taken back.

A return takes back the latest purchase of that product by that customer that is still kept, unit by unit; what it
returns beyond their purchases (bought before the file begins) takes back nothing. A product of which they returned as
many as they bought, or more, is kept in no line. Units are quantities; without them amounts; without either, rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from contextmail.engines.base import Engine, literal
from contextmail.errors import ConfigurationError
from contextmail.facts.money import fixed_currency, line_amount
from contextmail.facts.reading import Table

_PARQUET = "(FORMAT parquet, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1)"
"""Numbers as differences, and no search for a dictionary: written and read in two thirds of the time."""


@dataclass(slots=True)
class Lines:
    """What was found in the order lines on the way."""

    currency: str = ""
    has_amounts: bool = True
    notes: list[str] = field(default_factory=list)


def build_lines(
    engine: Engine,
    orders: Table,
    *,
    clock: str,
    currency: str,
    rates: Mapping[str, Decimal],
    strict: bool,
    file: Path,
) -> Lines:
    """Write the lines to `file`, and make two views of them.

    `stored_lines` has customer, order_id, product_code, quantity, amount, happened_at, is_return, is_product, kept and
    named (the product may be); `customer` keeps its type (a whole number or text), amounts are minor units of the
    company's currency. `lines` is the same with ids as text, for people. Raises ConfigurationError for several
    currencies without rates if `strict`.
    """
    found = _currencies(engine, orders)
    lines = Lines(currency or fixed_currency(orders) or (found[0] if len(found) == 1 else ""))
    amount = _amount(orders, lines, found, rates, strict=strict)
    engine.rows(f"CREATE TEMP VIEW typed_lines AS {_typed(orders, amount)}")
    source = f"(SELECT * FROM typed_lines WHERE customer IS NOT NULL AND happened_at <= {clock})"
    if orders.has("line"):
        source = _without_doubles(engine, source, lines)
    units = "abs(quantity)" if orders.has("quantity") else "abs(amount)" if lines.has_amounts else "1"
    stored = engine.rows(
        "COPY (SELECT l.customer, l.order_id, enum_code(p.product) AS product_code, l.quantity, l.amount, l.happened_at, l.is_return,"
        f" l.is_product, l.is_product AND NOT l.is_return AND {units} > 0 AS kept,"
        " coalesce(p.nameable, false) AS named"
        f" FROM {source} l LEFT JOIN products p ON p.key = l.product_key) TO {literal(str(file))} {_PARQUET}"
    )[0][0]
    engine.rows(f"CREATE TEMP VIEW stored_lines AS SELECT * FROM read_parquet({literal(str(file))})")
    if engine.rows("SELECT 1 FROM stored_lines WHERE is_return AND is_product LIMIT 1"):
        netted = file.with_suffix(".net")
        engine.rows(f"COPY ({_net(units)}) TO {literal(str(netted))} {_PARQUET}")
        netted.replace(file)
    engine.rows(f"CREATE TEMP VIEW lines AS {readable_lines('stored_lines', 'products')}")
    if stored < orders.rows - orders.broken_count:
        _count_left_out(engine, orders, lines, clock)
    return lines


def _count_left_out(engine: Engine, orders: Table, lines: Lines, clock: str) -> None:
    anonymous, later = engine.rows(
        f"SELECT count(*) FILTER (customer IS NULL), count(*) FILTER (happened_at > {clock}) FROM typed_lines"
    )[0]
    if anonymous:
        lines.notes.append(f"orders: {anonymous} of {orders.rows} rows have no customer and were left out")
    if later:
        lines.notes.append(f"orders: {later} rows are later than the clock and were left out")


def readable_lines(lines: str, products: str) -> str:
    """Select stored lines with their products' ids and names, customers as text."""
    return (
        "SELECT l.customer::VARCHAR AS customer, l.order_id, p.id AS product, p.name AS product_name, l.quantity,"
        " l.amount, l.happened_at, l.is_return, l.is_product, l.kept"
        f" FROM {lines} l LEFT JOIN {products} p ON p.code = l.product_code"
    )


def _currencies(engine: Engine, orders: Table) -> list[str]:
    if not orders.has("currency"):
        return [fixed] if (fixed := fixed_currency(orders)) else []
    codes = engine.rows(f"SELECT DISTINCT currency FROM {orders.relation} WHERE customer IS NOT NULL ORDER BY currency")
    return [str(row[0]) for row in codes]


def _amount(orders: Table, lines: Lines, found: list[str], rates: Mapping[str, Decimal], *, strict: bool) -> str:
    """Write the amount of a line, or NULL with a note where it cannot be known."""
    rates = {code.upper(): rate for code, rate in rates.items()}
    missing = [code for code in found if code != lines.currency and code not in rates]
    if missing:
        codes = ", ".join("none" if code == "None" else code for code in missing)
        what = f"orders are in {len(found)} currencies, and there is no rate for {codes}"
        company = "" if lines.currency else 'currency = "GBP" (the company\'s) and '
        cure = f"set {company}[rates] {missing[0]} = … in contextmail.toml"
        if strict:
            raise ConfigurationError(what, where="[tables.orders] currency", cure=cure)
        lines.notes.append(f"{what}: spend is unknown; {cure}")
        lines.has_amounts, lines.currency = False, lines.currency if len(found) == 1 else ""
        return "NULL::BIGINT"
    amount = line_amount(orders, lines.currency, rates, found)
    lines.has_amounts = amount != "NULL::BIGINT"
    return amount


def _typed(orders: Table, amount: str) -> str:
    """Select a table's rows with their signs: what is returned has a negative amount."""
    negative = [f"{orders.column(role)} < 0" for role in ("quantity", "amount") if orders.has(role)]
    returned = " OR ".join([*(["is_return"] if orders.has("is_return") else []), *negative]) or "false"
    order_id = orders.column("order", f"{orders.column('at')}::DATE")
    line = f", {orders.column('line')} AS line" if orders.has("line") else ""
    country = f", {orders.column('country')} AS country" if orders.has("country") else ""
    return (
        f"SELECT customer, {order_id} AS order_id, {orders.column('product', 'NULL::VARCHAR')} AS product_key,"
        f" {orders.column('quantity', 'NULL::BIGINT')} AS quantity,"
        f" CASE WHEN {returned} THEN -abs(amount_minor) ELSE amount_minor END AS amount,"
        f" {orders.column('at')} AS happened_at, {returned} AS is_return,"
        f" {orders.column('is_product', 'true')} AS is_product{line}{country}"
        f" FROM (SELECT *, {amount} AS amount_minor FROM {orders.relation})"
    )


def _without_doubles(engine: Engine, source: str, lines: Lines) -> str:
    """Keep one row of each line id of an order: the latest."""
    total, distinct = engine.rows(
        "SELECT count(*), count(DISTINCT (order_id, line)) FILTER (line IS NOT NULL) + count(*) FILTER (line IS NULL)"
        f" FROM {source}"
    )[0]
    if total > distinct:
        lines.notes.append(f"orders: {total - distinct} rows repeat a line id and were left out")
    return (
        f"(SELECT * FROM {source} QUALIFY line IS NULL OR row_number() OVER (PARTITION BY order_id, line"
        " ORDER BY happened_at DESC, customer, product_key, quantity, amount) = 1)"
    )


def _net(units: str) -> str:
    """Mark each stored line as kept or not, by running sums over the customers and products that have returns.

    A purchase is kept as far as the sum of units never sinks below what it was before the purchase.
    """
    pair = "PARTITION BY customer, product_code"
    order = "ORDER BY happened_at, is_return, order_id, quantity, amount ROWS BETWEEN"
    same = "s.customer = a.customer AND s.product_code IS NOT DISTINCT FROM a.product_code"
    return f"""
        WITH affected AS (SELECT DISTINCT customer, product_code FROM stored_lines WHERE is_return AND is_product),
        signed AS (
            SELECT s.*, CASE WHEN is_return THEN -{units} ELSE {units} END AS change
            FROM stored_lines s SEMI JOIN affected a ON {same}
            WHERE is_product
        ),
        summed AS (
            SELECT *, sum(change) OVER ({pair}) AS total,
                sum(change) OVER ({pair} {order} UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far
            FROM signed
        ),
        sunk AS (SELECT *, min(so_far) OVER ({pair} {order} CURRENT ROW AND UNBOUNDED FOLLOWING) AS lowest FROM summed)
        SELECT * EXCLUDE (change, total, so_far, lowest)
            REPLACE (kept AND total > 0 AND lowest > so_far - change AS kept)
        FROM sunk
        UNION ALL
        SELECT s.* FROM stored_lines s ANTI JOIN affected a ON s.is_product AND {same}
        ORDER BY customer, happened_at, order_id, product_code, quantity, amount, kept
    """
