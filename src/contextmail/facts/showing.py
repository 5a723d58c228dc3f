"""Show what is known of one customer, each fact with the rows that it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from contextmail.engines.base import Engine, literal
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts.folder import LINES, FactsFolder
from contextmail.facts.lines import readable_lines
from contextmail.facts.touches import read_window
from contextmail.model.fact import FactSpec, FactValue

Row = Mapping[str, Any]
Rows = list[Row]


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A fact of one customer with its evidence: the rows of `table` behind it, the latest first."""

    spec: FactSpec
    value: FactValue
    as_of: datetime | date
    """When it was learned, or when its source was current."""
    table: str = ""
    rows: tuple[Row, ...] = ()
    more: int = 0
    """Rows behind it beyond those in `rows`."""


def show(folder: FactsFolder, customer: str, *, limit: int = 5) -> list[ShownFact] | None:
    """Give every fact of a customer with up to `limit` rows of evidence; None if the customer is not known."""
    with DuckDBEngine(threads=1) as engine:
        values = folder.row(customer, engine)
        if values is None:
            return None
        evidence = _Evidence(folder, customer, engine, values)
        return [_shown(folder, spec, values, evidence, limit) for spec in folder.catalogue.facts.values()]


def _shown(
    folder: FactsFolder, spec: FactSpec, values: Mapping[str, FactValue], evidence: _Evidence, limit: int
) -> ShownFact:
    learned = values.get(spec.learned) if spec.learned else None
    as_of = learned if isinstance(learned, date) else spec.as_of or folder.catalogue.as_of
    table, rows = evidence.behind(spec.name)
    return ShownFact(
        spec, values[spec.name], as_of, table if rows else "", tuple(rows[:limit]), max(0, len(rows) - limit)
    )


class _Evidence:
    """The rows of one customer in every table that was kept."""

    def __init__(self, folder: FactsFolder, customer: str, engine: Engine, values: Mapping[str, FactValue]) -> None:
        self.folder, self.customer, self.engine, self.values = folder, customer, engine, values
        self.clock = folder.catalogue.as_of
        self.loaded: dict[str, Rows] = {}

    def behind(self, name: str) -> tuple[str, Rows]:
        """Give the table and the rows that a fact came from; no rows where none are kept or the fact is unknown."""
        for table, facts in _SOURCES.items():
            if name in facts:
                chosen = facts[name](self, self.rows(table))
                if chosen:
                    return table, chosen
        if window := read_window(name):
            since = self.clock - timedelta(days=window.days)
            sent = [row for row in self.rows("touches") if row["sent"] and row["happened_at"] > since]
            return "touches", [
                row for row in sent if window.channel in ("", row["channel"]) and window.purpose in ("", row["purpose"])
            ]
        if name.startswith("room_at"):
            return "touches", [row for row in self.rows("touches") if row["sent"] or row["planned"]]
        if name.startswith("consent_"):
            _, channel, purpose = name.split("_", 2)
            rows = self.rows("consents")
            return "consents", [r for r in rows if r["channel"] in (channel, None) and r["purpose"] in (purpose, None)]
        column = name.removesuffix("_learned")
        return "customers", [
            {k: r[k] for k in r if k.startswith(column)} for r in self.rows("customers") if column in r
        ]

    def rows(self, table: str) -> Rows:
        """Load the customer's rows of a table, the latest first."""
        if table not in self.loaded:
            self.loaded[table] = self._load(table)
        return self.loaded[table]

    def _load(self, table: str) -> Rows:
        file = self.folder.table(table)
        if file is None:
            return []
        source = f"read_parquet({literal(str(file))})"
        if file.name == LINES:
            products = f"read_parquet({literal(str(self.folder.table('products')))})"
            source = f"({readable_lines(source, products)})"
        names = [str(row[0]) for row in self.engine.rows(f"DESCRIBE SELECT * FROM {source}")]
        order = f" ORDER BY {', '.join(f'{name} DESC' for name in sorted(names, key='happened_at'.__ne__))}"
        found = self.engine.rows(f"SELECT * FROM {source} WHERE customer = {literal(self.customer)}{order}")
        return [dict(zip(names, row, strict=True)) for row in found]

    def order(self, rows: Rows, day: str) -> Rows:
        """Give the kept lines of the first or the latest order."""
        kept = [row for row in rows if row["kept"]]
        if not kept:
            return []
        edge = kept[-1] if day == "first_order" else kept[0]
        return [row for row in kept if row["order_id"] == edge["order_id"]]

    def product(self, rows: Rows, which: str) -> Rows:
        """Give the kept lines of the first, the last or the top product."""
        among = rows if which == "top" else self.order(rows, f"{which}_order")
        return [row for row in among if row["kept"] and row["product"] == self.values[f"{which}_product_id"]]


Choice = Callable[[_Evidence, Rows], Rows]


def _all(_evidence: _Evidence, rows: Rows) -> Rows:
    return rows


def _kept(_evidence: _Evidence, rows: Rows) -> Rows:
    return [row for row in rows if row["kept"]]


def _one_per_order(evidence: _Evidence, rows: Rows) -> Rows:
    """Give each order with its day and sum."""
    orders: dict[Any, dict[str, Any]] = {}
    for row in _kept(evidence, rows):
        order = orders.setdefault(
            row["order_id"], {"order_id": row["order_id"], "happened_at": row["happened_at"], "lines": 0}
        )
        order["lines"] += 1
        if row["amount"] is not None:
            order["amount"] = order.get("amount", 0) + row["amount"]
    return list(orders.values())


def _edge(day: str) -> Choice:
    return lambda evidence, rows: evidence.order(rows, day)


def _named(which: str) -> Choice:
    return lambda evidence, rows: evidence.product(rows, which)


def _active(_evidence: _Evidence, rows: Rows) -> Rows:
    return [row for row in rows if row["active"]]


def _unanswered(evidence: _Evidence, rows: Rows) -> Rows:
    streak = evidence.values["unanswered_streak"]
    reached = [row for row in rows if row["sent"] and row["reached"]]
    return reached[:streak] if isinstance(streak, int) else []


def _purpose(*purposes: str) -> Choice:
    return lambda _, rows: [row for row in rows if row["sent"] and row["reached"] and row["purpose"] in purposes]


_SOURCES: dict[str, dict[str, Choice]] = {
    "lines": {
        **dict.fromkeys(("orders", "usual_gap_days", "is_customer"), _one_per_order),
        **dict.fromkeys(("spend", "spend_rank", "country"), _all),
        **dict.fromkeys(("owned_products", "owned_categories"), _kept),
        **dict.fromkeys(("first_order", "first_order_products", "tenure_days"), _edge("first_order")),
        **dict.fromkeys(("last_order", "last_order_products", "days_since_last_order"), _edge("last_order")),
        **{f"{which}_product{end}": _named(which) for which in ("first", "last", "top") for end in ("", "_id")},
    },
    "subscriptions": {
        **dict.fromkeys(("subscriptions", "renewal_at", "owned_products", "is_customer"), _active),
        "tenure_days": _all,
    },
    "inquiries": dict.fromkeys(("last_inquiry_at", "last_inquiry_channel"), lambda _, rows: rows[:1]),
    "touches": {
        "unanswered_streak": _unanswered,
        "value_received": _purpose("value"),
        "asks_received": _purpose("ask"),
        "value_per_ask": _purpose("value", "ask"),
    },
    "customers": {
        **dict.fromkeys(
            ("first_name", "name_known"),
            lambda _, rows: [{k: r[k] for k in ("first_name", "name") if k in r} for r in rows],
        ),
        "tenure_days": lambda _, rows: [{"since": r["since"]} for r in rows if "since" in r],
    },
}
"""Table -> fact -> which of the customer's rows are behind it; the first table that has some is shown."""
