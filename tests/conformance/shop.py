"""A shop with its facts and its audience, for tests that plan and apply."""

import csv
import html
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.memory_target import MemoryTarget

from contextmail.campaign import Campaign
from contextmail.config import Settings, load
from contextmail.facts.folder import FactsFolder
from contextmail.wiring import build_facts

AS_OF = datetime(2024, 6, 1)
SETTINGS = """\
currency = "GBP"
[fields]
FNAME = "first_name"
[limits]
dropped = 1.0
[tables.customers]
path = "customers.csv"
customer = "id"
first_name = "name"
email = "email"
[tables.orders]
path = "orders.csv"
customer = "customer"
order = "order"
product = "product"
product_name = "title"
quantity = "quantity"
price = "price"
at = "at"
[tables.consents]
path = "consents.csv"
customer = "id"
channel = "channel"
purpose = "purpose"
status = "status"
at = "at"
[tables.touches]
path = "touches.csv"
customer = "id"
channel = "channel"
purpose = "purpose"
at = "at"
"""
MESSAGE = {
    "subject": "You are our most valuable customer",
    "preheader": "We miss you!",
    "html": "<html><body><p>Dear *|FNAME|*,</p><p>You are our most valuable customer.</p>"
    "<p>Thank you for your continued loyalty!</p><p>New here? Become a customer today!</p>"
    '<p>See <a href="https://example.com/">the lights</a>.</p></body></html>',
}


@dataclass
class Person:
    """A customer of the shop: `orders` are (day, product, price)."""

    id: str
    name: str = ""
    orders: tuple[tuple[str, str, str], ...] = ()
    consent: str = "granted"
    touches: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        return f"p{self.id}@example.com"


BOUGHT = (
    ("2022-03-01", "Brass Lantern", "400"),
    ("2023-03-01", "Wool Blanket", "60"),
    ("2024-05-20", "Brass Lantern", "900"),
)
BEST = Person("1", "ADA", BOUGHT)
ONCE = Person("2", "Bo", (("2024-05-01", "Wool Blanket", "60.00"),))
NEVER = Person("3")
DENIED = Person("4", "Cy", (("2023-01-01", "Brass Lantern", "40"),), consent="denied")
WEARY = Person(
    "5", "Di", (("2023-01-01", "Tea & Toast Tray", "40"),), touches=("2024-05-28", "2024-05-29", "2024-05-30")
)
PEOPLE = (BEST, ONCE, NEVER, DENIED, WEARY)


@dataclass
class Shop:
    """Built facts, settings, and an audience of the same people."""

    settings: Settings
    facts: FactsFolder
    target: MemoryTarget
    folder: Path
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def row(self, customer: str) -> dict[str, Any]:
        """Give the facts of a customer; empty: there are none."""
        if customer not in self.known:
            self.known[customer] = dict(self.facts.row(customer) or {})
        return self.known[customer]

    def rebuild(self, people: tuple[Person, ...]) -> None:
        """Let the facts be of other people, or of the same ones later."""
        write_tables(self.folder, people)
        build_facts(self.settings)
        self.facts = FactsFolder.open(self.settings.facts)
        self.known.clear()


def make_shop(folder: Path, people: tuple[Person, ...] = PEOPLE) -> Shop:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contextmail.toml").write_text(SETTINGS)
    write_tables(folder, people)
    settings = load(folder, as_of=AS_OF)
    build_facts(settings)
    target = MemoryTarget()
    for person in people:
        target.add(person.email, FNAME=person.name)
    target.add_draft("spring", **MESSAGE)
    return Shop(settings, FactsFolder.open(settings.facts), target, folder)


def write_tables(folder: Path, people: tuple[Person, ...]) -> None:
    lines = [
        (f"{p.id}-{n}", p.id, title[:3], title, 1, price, at)
        for p in people
        for n, (at, title, price) in enumerate(p.orders)
    ]
    tables = {
        "customers": (("id", "name", "email"), [(p.id, p.name, p.email) for p in people]),
        "orders": (("order", "customer", "product", "title", "quantity", "price", "at"), lines),
        "consents": (
            ("id", "channel", "purpose", "status", "at"),
            [(p.id, "email", "marketing", p.consent, "2022-01-01") for p in people],
        ),
        "touches": (
            ("id", "channel", "purpose", "at"),
            [(p.id, "email", "ask", at) for p in people for at in p.touches] or [("0", "email", "ask", "2001-01-01")],
        ),
    }
    for name, (header, rows) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as out:
            csv.writer(out).writerows([header, *rows])


def delivered(shop: Shop, draft: str, campaign: Campaign) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Give, for each recipient of a draft, every part as the platform sends it, and as it is true of them."""
    from contextmail.dialects import DIALECTS

    made = shop.target.drafts[draft]
    defaults = {column.tag: column.default for column in shop.target.columns.values()}
    dialect, read = DIALECTS["mailchimp"], {}
    for key in shop.target.segments[made.segment][1]:
        member = shop.target.people[key]
        row = shop.row(member.email.removeprefix("p").removesuffix("@example.com"))
        truth = campaign.decide({**row, "facts_as_of": shop.facts.catalogue.as_of}, as_of=AS_OF).parts
        sent, true = (
            {n: _seen(dialect.render(t, member.fields, defaults)) for n, t in parts.items()}
            for parts in (made.parts, truth)
        )
        read[key] = (sent, true)
    return read


def _seen(source: str) -> str:
    return " ".join(html.unescape(source).split())
