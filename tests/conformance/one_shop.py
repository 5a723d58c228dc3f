"""One invented shop as four sources have it: a Mailchimp sandbox, a HubSpot sandbox, CSV files, a database."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from contextmail import wiring
from contextmail.config import Settings
from contextmail.connectors.base import Source
from contextmail.connectors.pulling import pull
from contextmail.connectors.sql.engine import open_database
from contextmail.model.hubspot import HubspotOptions
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.model.tables import TableMapping

JOINED, SENT, AS_OF = datetime(2026, 1, 1), datetime(2026, 3, 1, 9), datetime(2026, 4, 1)
PEOPLE = {"1": ("ann@example.com", "Ann"), "2": ("bob@example.com", "Bob"), "3": ("eve@example.com", "Eve")}
LEFT, LEFT_AT = "3", datetime(2026, 3, 1, 10)
"""Who unsubscribed on the one message that everybody was sent."""
GOODS = {"L1": "Brass Lantern", "W1": "Wool Blanket"}
ORDERS = (
    ("1001", "1", datetime(2026, 1, 10, 12), (("L1", 2, "4.50"), ("W1", 1, "60.00"))),
    ("1002", "1", datetime(2026, 2, 20, 12), (("L1", 1, "4.50"),)),
    ("1003", "2", datetime(2026, 2, 1, 12), (("W1", 3, "55.10"),)),
    ("1004", "2", datetime(2026, 3, 5, 12), (("L1", 2, "4.50"),)),
)
RETURNED, RETURNED_AT = "1004", datetime(2026, 3, 8, 12)
TABLES: dict[str, tuple[str, list[tuple[object, ...]]]] = {
    "customers": (
        "customer TEXT, email TEXT, first_name TEXT, since TIMESTAMP",
        [(id_, *person, JOINED) for id_, person in PEOPLE.items()],
    ),
    "orders": (
        "customer TEXT, order_no TEXT, product TEXT, product_name TEXT, quantity INT, price NUMERIC(9,2), at TIMESTAMP",
        [
            (who, order, product, GOODS[product], sign * quantity, price, when)
            for order, who, at, lines in ORDERS
            for sign, when in [(1, at), *([(-1, RETURNED_AT)] if order == RETURNED else [])]
            for product, quantity, price in lines
        ],
    ),
    "products": ("product TEXT, name TEXT", list(GOODS.items())),
    "touches": (
        "customer TEXT, at TIMESTAMP, channel TEXT, opened TEXT",
        [(id_, SENT, "email", "no") for id_ in PEOPLE],
    ),
    "consents": (
        "customer TEXT, channel TEXT, purpose TEXT, status TEXT, at TIMESTAMP",
        [(id_, "email", "marketing", "granted", JOINED) for id_ in PEOPLE if id_ != LEFT]
        + [(LEFT, "email", "marketing", "denied", LEFT_AT)],
    ),
}
"""The shop's own tables: columns with their types, and rows."""


@dataclass
class Shop:
    """An open source, and settings of which the shop's facts are built; `folder` is the test's own."""

    source: Source
    settings: Settings
    folder: Path


def _columns(name: str) -> list[str]:
    return [column.split()[0] for column in TABLES[name][0].split(", ")]


def _roles(name: str) -> dict[str, str]:
    return {"order" if column == "order_no" else column: column for column in _columns(name)}


def _settings(folder: Path, **more: object) -> Settings:
    return Settings(as_of=AS_OF, facts=folder / "facts", store=folder / "own", currency="GBP", **more)


@contextmanager
def in_files(folder: Path) -> Iterator[Shop]:
    for name, (_, rows) in TABLES.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([_columns(name), *rows])
    tables = {name: TableMapping(path=str(folder / f"{name}.csv"), columns=_roles(name)) for name in TABLES}
    settings = _settings(folder, tables=tables)
    with wiring.audited(settings, "customers") as source:
        yield Shop(source, settings, folder)


@contextmanager
def in_sqlite(folder: Path) -> Iterator[Shop]:
    with _in_database(folder, f"sqlite:///{folder / 'shop.db'}", "") as shop:
        yield shop


@contextmanager
def in_postgresql(folder: Path) -> Iterator[Shop]:
    url = os.environ.get("CONTEXTMAIL_TEST_POSTGRES")
    if not url:
        pytest.skip("CONTEXTMAIL_TEST_POSTGRES names no PostgreSQL")
    schema = f"shop_{uuid4().hex[:12]}"
    database = open_database(url, "test")
    with database.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    try:
        with _in_database(folder, url, f"{schema}.") as shop:
            yield shop
    finally:
        with database.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
        database.dispose()


@contextmanager
def _in_database(folder: Path, url: str, schema: str) -> Iterator[Shop]:
    database = open_database(url, "test")
    with database.begin() as connection:
        for name, (columns, rows) in TABLES.items():
            connection.execute(sa.text(f"CREATE TABLE {schema}{name} ({columns})"))
            named = ", ".join(f":{column}" for column in _columns(name))
            values = [dict(zip(_columns(name), map(str, row), strict=True)) for row in rows]
            connection.execute(sa.text(f"INSERT INTO {schema}{name} VALUES ({named})"), values)
    database.dispose()
    tables = {name: TableMapping(url=url, table=f"{schema}{name}", columns=_roles(name)) for name in TABLES}
    settings = _settings(folder, tables=tables)
    with wiring.audited(settings, "customers") as source:
        yield Shop(source, settings, folder)


@contextmanager
def on_mailchimp(folder: Path) -> Iterator[Shop]:
    from contextmail.sandbox.mailchimp import Sandbox, seeding
    from contextmail.sandbox.mailchimp.model import Order, OrderLine, Product
    from contextmail.sandbox.people import Person

    now = [JOINED.replace(tzinfo=UTC)]
    with Sandbox(clock=lambda: now[0]) as sandbox, pytest.MonkeyPatch.context() as patch:
        state = sandbox.state
        audience = state.add_list("Lantern & Lace")
        for email, name in PEOPLE.values():
            state.add_member(audience, email, values={"FNAME": name})
        store = seeding.open_store(
            state,
            audience,
            [Person(id_, email, name, "") for id_, (email, name) in PEOPLE.items()],
            products=[Product(id_, name) for id_, name in GOODS.items()],
            orders=[
                Order(
                    order,
                    who,
                    at.replace(tzinfo=UTC),
                    tuple(OrderLine(one, n, float(price)) for one, n, price in lines),
                )
                for order, who, at, lines in ORDERS
            ],
        )
        store.orders[RETURNED].cancelled_at = RETURNED_AT.replace(tzinfo=UTC)
        now[0] = SENT.replace(tzinfo=UTC)
        spring = state.add_campaign(audience, title="Spring").id
        state.send(spring, open_share=0)
        now[0] = LEFT_AT.replace(tzinfo=UTC)
        state.unsubscribe(audience.id, PEOPLE[LEFT][0], campaign_id=spring)
        now[0] = AS_OF.replace(tzinfo=UTC)
        patch.setenv("CONTEXTMAIL_MAILCHIMP_URL", sandbox.url)
        patch.setenv("CONTEXTMAIL_MAILCHIMP_KEY", "secret-of-ours-us1")
        settings = _settings(folder, pulled=folder / "pulled", mailchimp=MailchimpOptions(audience=audience.id))
        with wiring.audited(settings, "mailchimp") as source:
            yield Shop(source, settings, folder)


@contextmanager
def on_hubspot(folder: Path) -> Iterator[Shop]:
    from contextmail.sandbox.hubspot import Sandbox
    from contextmail.sandbox.hubspot.state import stamp

    now = [JOINED.replace(tzinfo=UTC)]
    with Sandbox(clock=lambda: now[0]) as sandbox, pytest.MonkeyPatch.context() as patch:
        state = sandbox.state
        letters = state.add_definition("Newsletter").id
        state.add_property("contacts", "hs_email_last_send_date", own=False)
        sent = stamp(SENT.replace(tzinfo=UTC))
        ids = {}
        for id_, (email, name) in PEOPLE.items():
            ids[id_] = state.add_contact(email, firstname=name, hs_email_last_send_date=sent).id
            state.subscribe(email, letters)
        goods = {id_: state.add("products", {"name": name}) for id_, name in GOODS.items()}
        for order, who, at, lines in ORDERS:
            on = {"hs_external_created_date": stamp(at.replace(tzinfo=UTC)), "hs_currency_code": "GBP"}
            made = state.add("orders", {"hs_order_name": order, **on})
            if order == RETURNED:
                made.values["hs_fulfillment_status"] = "cancelled"
                made.updated_at = RETURNED_AT.replace(tzinfo=UTC)
            state.associations.tie("contacts", ids[who], "orders", made.id)
            for product, quantity, price in lines:
                sold = {"hs_product_id": goods[product].id, "quantity": str(quantity), "price": price}
                line = state.add("line_items", {"name": GOODS[product], **sold})
                state.associations.tie("orders", made.id, "line_items", line.id)
        now[0] = LEFT_AT.replace(tzinfo=UTC)
        state.unsubscribe(PEOPLE[LEFT][0])
        now[0] = AS_OF.replace(tzinfo=UTC)
        patch.setenv("CONTEXTMAIL_HUBSPOT_URL", sandbox.url)
        patch.setenv("CONTEXTMAIL_HUBSPOT_TOKEN", sandbox.token)
        settings = _settings(folder, pulled=folder / "pulled", hubspot=HubspotOptions())
        with wiring.audited(settings, "hubspot") as source:
            yield Shop(source, settings, folder)


def facts(shop: Shop) -> dict[str, dict[str, object]]:
    """Build the shop's facts, of what is pulled where they are a platform's: address -> fact -> value."""
    if shop.settings.pulled:
        pull(shop.source, shop.settings.pulled)
    wiring.build_facts(shop.settings)
    with wiring.facts_folder(shop.settings) as built, wiring.engine(shop.settings) as engine:
        customers = [str(row[0]) for row in engine.rows(f"SELECT customer FROM read_parquet('{built.parquet}')")]
        rows = [built.row(customer) or {} for customer in customers]
    return {str(row["email"]): dict(row) for row in rows}
