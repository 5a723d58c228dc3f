"""Facts from the account (the company) that a person belongs to: who owns the relationship, what its people own."""

from __future__ import annotations

from collections.abc import Mapping

from contextmail.engines.base import Engine
from contextmail.facts.block import Block, column
from contextmail.facts.reading import Table
from contextmail.model.fact import FactType as T


def build_accounts(engine: Engine, tables: Mapping[str, Table], *, has_products: bool) -> Block:
    """Make the facts of each customer's account; without `account` in customers they are unknown.

    The account owns what any of its people owns: products kept, and products of active subscriptions.
    """
    customers, accounts = tables.get("customers"), tables.get("accounts")
    owner = "NULL::VARCHAR"
    joins = ""
    sources = []
    if customers and customers.has("account_owner"):
        owner, sources = "c.account_owner", [customers.said("account_owner")]
    if customers and customers.has("account") and accounts and accounts.has("owner"):
        engine.rows(
            "CREATE TEMP TABLE accounts AS SELECT account::VARCHAR AS account, min(owner) AS owner"
            f" FROM {accounts.relation} GROUP BY ALL"
        )
        joins += " LEFT JOIN accounts a ON a.account = c.account::VARCHAR"
        owner, sources = f"coalesce({owner}, a.owner)", [*sources, accounts.said("owner")]
    owned = "NULL::VARCHAR[]"
    owns = bool(customers and customers.has("account") and has_products)
    if owns:
        _owned(engine, tables)
        joins += " LEFT JOIN account_owned w ON w.account = c.account::VARCHAR"
        owned = "CASE WHEN c.account IS NOT NULL THEN coalesce(w.products, []) END"
    known = bool(joins or sources)
    if known:
        engine.rows(
            f"CREATE TEMP VIEW account_facts AS SELECT c.customer, {owner} AS account_owner,"
            f" {owned} AS account_owned_products FROM customers c{joins}"
        )
    said, who = ", ".join(sources) or "no [tables.accounts]", "who at the company owns the relationship"
    theirs, what = "customers (account), orders, subscriptions", "products that any person of the account owns"
    columns = [
        column("account_owner", T.TEXT, "a.account_owner", said, who, known=bool(sources)),
        column("account_owned_products", T.SET, "a.account_owned_products", theirs, what, known=owns),
    ]
    return Block("a", "account_facts" if known else "", columns)


def _owned(engine: Engine, tables: Mapping[str, Table]) -> None:
    parts = []
    if "orders" in tables:
        parts.append("SELECT customer::VARCHAR AS customer, unnest(owned_products)::VARCHAR AS product FROM owned")
    if "subscriptions" in tables:
        parts.append("SELECT customer, product FROM subscriptions WHERE active AND product IS NOT NULL")
    engine.rows(
        "CREATE TEMP TABLE account_owned AS SELECT c.account::VARCHAR AS account,"
        " list_sort(list(DISTINCT product)) AS products"
        f" FROM ({' UNION ALL '.join(parts)}) JOIN customers c USING (customer)"
        " WHERE c.account IS NOT NULL GROUP BY ALL"
    )
