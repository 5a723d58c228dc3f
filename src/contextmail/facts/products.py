"""The dictionary of products: every id of orders, products and subscriptions with its name, clean name and category."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contextmail.engines.base import Engine
from contextmail.facts import columns
from contextmail.facts.reading import Table
from contextmail.facts.rows import load_rows
from contextmail.language.products import clean_names


def build_products(engine: Engine, tables: Mapping[str, Table], temp: Path) -> int:
    """Make the table `products` and the type `product_id`; give the number of products.

    The table has id, name, clean, category, nameable, `code` (a small number, in the order of the ids as text) and
    `key` (the id as order lines have it). Names come from the products table, else from the order lines. `product_id`
    is an enumeration in the same order, so that ids are grouped and sorted as small numbers.
    """
    found = _found(engine, tables)
    names: dict[str, dict[str, int]] = {}
    categories: dict[str, str] = {}
    for product, name, category, count in found:
        names.setdefault(product, {})
        if name is not None:
            names[product][name] = names[product].get(name, 0) + count
        if category is not None:
            categories.setdefault(product, category)
    clean = clean_names(names)
    rows = (
        (i, clean[i].source or None, clean[i].clean, categories.get(i), clean[i].clean and "true")
        for i in sorted(names)
    )
    load_rows(engine, "product_rows", ("id", "name", "clean", "category", "nameable"), rows, temp)
    orders = tables.get("orders")
    numbers = orders is not None and columns.is_integer(orders.roles.get("product", ""))
    key = "try_cast(id AS BIGINT)" if numbers else "id"
    # An enumeration has at least one value.
    engine.rows("CREATE TYPE product_id AS ENUM (SELECT id FROM product_rows UNION SELECT '' ORDER BY 1)")
    engine.rows(
        "CREATE TEMP TABLE products AS SELECT id, name, clean, category,"
        f" coalesce(nameable = 'true', false) AS nameable, {key} AS key, id::product_id AS product,"
        " enum_code(id::product_id)::INTEGER AS code FROM product_rows ORDER BY id"
    )
    return len(names)


def _found(engine: Engine, tables: Mapping[str, Table]) -> list[tuple[str, str | None, str | None, int]]:
    """List products with each of their names and categories; those of the products table come first, and alone."""
    parts = []
    if products := tables.get("products"):
        name, category = products.column("name"), products.column("category")
        parts.append(
            f"SELECT 1 AS rank, product::VARCHAR AS id, {name} AS name, {category} AS category, 1 AS n"
            f" FROM {products.relation}"
        )
    if (orders := tables.get("orders")) and orders.has("product"):
        name, category = orders.column("product_name"), orders.column("category")
        parts.append(
            f"SELECT 2 AS rank, product::VARCHAR AS id, {name} AS name, {category} AS category, count(*) AS n"
            f" FROM (SELECT * FROM {orders.relation} WHERE product IS NOT NULL) GROUP BY ALL"
        )
    if (subscriptions := tables.get("subscriptions")) and subscriptions.has("product"):
        parts.append(
            "SELECT DISTINCT 3 AS rank, product::VARCHAR AS id, NULL AS name, NULL AS category, 1 AS n"
            f" FROM {subscriptions.relation} WHERE product IS NOT NULL"
        )
    if not parts:
        return []
    everything = " UNION ALL ".join(parts)
    return [
        (str(row[0]), row[1], row[2], int(row[3]))
        for row in engine.rows(
            "SELECT id, any_value(name) AS name, any_value(category) AS category, sum(n)::BIGINT AS n FROM"
            f" (SELECT *, min(rank) FILTER (name IS NOT NULL) OVER (PARTITION BY id) AS best FROM ({everything}))"
            " WHERE name IS NULL OR rank = best GROUP BY id, name, category ORDER BY id, n DESC, name, category"
        )
    ]
