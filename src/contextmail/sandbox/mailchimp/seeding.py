"""A shop to begin with: an audience of invented people, some orders, a draft."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from contextmail.language.messages import read_message
from contextmail.sandbox.mailchimp.model import Audience, Campaign, Customer, Order, OrderLine, Product, Store
from contextmail.sandbox.mailchimp.state import State
from contextmail.sandbox.people import Person, invent, read_people

STATUSES: Mapping[str, float] = {
    "subscribed": 0.86,
    "unsubscribed": 0.07,
    "pending": 0.02,
    "cleaned": 0.02,
    "transactional": 0.02,
    "archived": 0.01,
}
PRODUCTS = (
    Product("84950", "Assorted Colour T-Light Holder", "candles", "https://example.com/84950", 0.65),
    Product("85123A", "White Hanging Heart T-Light Holder", "candles", "https://example.com/85123A", 2.95),
    Product("22423", "Regency Cakestand 3 Tier", "cake and tea", "https://example.com/22423", 12.75),
    Product("85099B", "Jumbo Bag Red Retrospot", "bags", "https://example.com/85099B", 2.08),
    Product("22720", "Set of 3 Cake Tins Pantry Design", "cake and tea", "https://example.com/22720", 4.95),
)


def fill(state: State, people: Iterable[Person], *, name: str = "Lantern & Lace", list_id: str = "") -> Audience:
    """Make an audience of people; most are subscribed, the rest have every other status, by the account's seed."""
    audience = state.add_list(name, list_id=list_id)
    chance = random.Random(f"statuses:{state.seed}")
    words, weights = list(STATUSES), list(STATUSES.values())
    for person, status in ((one, chance.choices(words, weights)[0]) for one in people):
        # Half of those who unsubscribed did so themselves: no write brings them back.
        locked = status == "cleaned" or (status == "unsubscribed" and chance.random() < 0.5)
        values = {tag: text for tag, text in (("FNAME", person.first_name), ("LNAME", person.last_name)) if text}
        member = state.add_member(audience, person.email, status, values, locked=locked)
        if status == "unsubscribed":
            member.unsubscribed_at, member.unsubscribe_reason = member.changed_at, "No reason given"
    return audience


def open_store(
    state: State,
    audience: Audience,
    people: Iterable[Person],
    *,
    products: Iterable[Product] = PRODUCTS,
    orders: Iterable[Order] | None = None,
    currency: str = "GBP",
) -> Store:
    """Connect a store to an audience; without `orders` a few are invented for each customer, by the account's seed.

    Raises KeyError for an order of an unknown customer.
    """
    store = Store(state.short_id(), audience.id, audience.name, currency, state.now())
    store.products = {product.id: product for product in products}
    for person in people:
        store.add_customer(Customer(person.id, person.email, person.first_name, person.last_name, opted_in=True))
    for order in _invented(state, store) if orders is None else orders:
        store.add_order(order)
    state.stores[store.id] = store
    return store


def gift_shop(state: State, customers: Path) -> Audience:
    """Fill an account from the gift shop's customers.csv; their orders are invented."""
    people = list(read_people(customers))
    audience = fill(state, people, list_id="1a2b3c4d5e")
    open_store(state, audience, people)
    return audience


def invented_shop(state: State, count: int) -> Audience:
    """Fill an account with `count` invented people, by the account's seed, and their orders."""
    people = list(invent(count, state.seed))
    audience = fill(state, people)
    open_store(state, audience, people)
    return audience


def add_draft(state: State, audience: Audience, message: Path) -> Campaign:
    """Make a draft of a message as its author keeps it, a file or a folder. Raises TemplateError."""
    texts = {part.name: part.source for part in read_message(message).parts}
    return state.add_campaign(
        audience,
        html=texts.get("html", ""),
        title=message.stem,
        subject_line=texts.get("subject", ""),
        preview_text=texts.get("preheader", ""),
    )


def _invented(state: State, store: Store) -> Iterable[Order]:
    chance = random.Random(f"orders:{state.seed}")
    products = list(store.products.values())
    for customer in store.customers:
        for number in range(chance.choices([0, 1, 2, 3, 5], [30, 40, 15, 10, 5])[0]):
            sold = chance.sample(products, chance.randrange(1, 3))
            lines = tuple(OrderLine(product.id, chance.randrange(1, 7), product.price) for product in sold)
            at = state.now() - timedelta(days=chance.randrange(3, 700))
            yield Order(f"{customer}-{number + 1}", customer, at, lines)
