"""A business to begin with: contacts of invented people, their firms, owners, deals, orders, an e-mail."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from contextmail.language.messages import read_message
from contextmail.sandbox.hubspot.model import Email, Record, RecordList
from contextmail.sandbox.hubspot.state import State, stamp
from contextmail.sandbox.people import Person, invent, read_people

EVERYBODY = "All customers"
FIRMS = (
    "Alder Birch Cedar Damson Elm Fir Gorse Hazel Ivy Juniper Larch Maple Oak Pine Rowan Sorrel Thorn Willow".split()
)
TRADES = "Bakery Books Consulting Design Farm Foods Gardens Interiors Joinery Kitchens Lights Music".split()
PLANS = (("free", 0), ("pro", 49), ("enterprise", 490))
PRODUCTS = (
    ("84950", "Assorted Colour T-Light Holder", 0.65),
    ("85123A", "White Hanging Heart T-Light Holder", 2.95),
    ("22423", "Regency Cakestand 3 Tier", 12.75),
    ("85099B", "Jumbo Bag Red Retrospot", 2.08),
)


def portal(state: State, people: int | Path) -> RecordList:
    """Fill a portal, by its seed, with so many invented people or those of a customers.csv; gives everybody's list.

    A few opted out, left one subscription type, bounced, or are no marketing contacts.
    """
    everybody = list(invent(people, state.seed) if isinstance(people, int) else read_people(people))
    chance = random.Random(f"portal:{state.seed}")
    owners = [state.add_owner(*name.split()) for name in ("Ruth Vale", "Sam Brook", "Tara Finch")]
    news = state.add_definition("Newsletter", description="News and offers")
    state.add_definition("Product updates", description="What is new in the product")
    for name in ("plan", "mrr", "seats"):
        state.add_property("companies", name, type="string" if name == "plan" else "number")
    state.add_property("contacts", "customer_number")
    goods = [state.add("products", {"name": name, "hs_sku": sku, "price": str(price)}) for sku, name, price in PRODUCTS]
    firms = [_firm(state, chance, number) for number in range(max(1, len(everybody) // 6))]
    held = state.add_list(EVERYBODY)
    for person in everybody:
        contact = _contact(state, chance, person, chance.choice(owners).id)
        state.join(held, contact.id)
        if chance.random() < 0.7:
            firm = chance.choice(firms)
            state.associations.tie("contacts", contact.id, "companies", firm.id)
            if chance.random() < 0.4:
                _deal(state, chance, contact, firm)
        for _ in range(chance.choices([0, 1, 2, 3, 5], [30, 40, 15, 10, 5])[0]):
            _order(state, chance, contact, goods)
        _left(state, chance, person.email, news.id)
    return held


def add_draft(state: State, reached: RecordList, message: Path) -> Email:
    """Make an e-mail of a message as its author keeps it, a file or a folder. Raises TemplateError."""
    texts = {part.name: part.source for part in read_message(message).parts}
    widgets = {
        "preview_text": _widget("@hubspot/preview_text", value=texts.get("preheader", "")),
        "hs_email_body": _widget("@hubspot/rich_text", html=texts.get("html", "")),
    }
    to = {"contactIlsLists": {"include": [reached.id], "exclude": []}}
    return state.add_email(message.stem, texts.get("subject", ""), widgets=widgets, to=to)


def _widget(path: str, **body: str) -> dict[str, object]:
    return {"body": {"path": path, **body}, "type": "module", "order": 1}


def _contact(state: State, chance: random.Random, person: Person, owner: str) -> Record:
    names = {"firstname": person.first_name, "lastname": person.last_name, "hubspot_owner_id": owner}
    return state.add_contact(
        person.email, marketing=chance.random() < 0.95, customer_number=person.id, lifecyclestage="customer", **names
    )


def _firm(state: State, chance: random.Random, number: int) -> Record:
    name = f"{chance.choice(FIRMS)} {chance.choice(TRADES)} {number + 1}"
    plan, price = chance.choice(PLANS)
    seats = chance.randrange(1, 40)
    money = {"plan": plan, "mrr": str(price * seats), "seats": str(seats)}
    return state.add("companies", {"name": name, "domain": f"{name.replace(' ', '-').lower()}.example.com", **money})


def _deal(state: State, chance: random.Random, contact: Record, firm: Record) -> None:
    stage = chance.choice(state.stages)
    closed = stamp(state.now() - timedelta(days=chance.randrange(3, 700)))
    told = {"dealname": f"{firm.values['name']}: licences", "pipeline": "default", "dealstage": stage}
    deal = state.add("deals", {**told, "amount": str(chance.randrange(1, 90) * 100), "closedate": closed})
    state.associations.tie("contacts", contact.id, "deals", deal.id)
    state.associations.tie("deals", deal.id, "companies", firm.id)


def _order(state: State, chance: random.Random, contact: Record, goods: list[Record]) -> None:
    at = stamp(state.now() - timedelta(days=chance.randrange(3, 700)))
    order = state.add(
        "orders", {"hs_order_name": "Web order", "hs_currency_code": "GBP", "hs_external_created_date": at}
    )
    total = 0.0
    for product in chance.sample(goods, chance.randrange(1, 3)):
        count, price = chance.randrange(1, 7), float(product.values["price"])
        told = {"name": product.values["name"], "hs_product_id": product.id, "hs_sku": product.values["hs_sku"]}
        money = {"quantity": str(count), "price": str(price), "amount": f"{count * price:.2f}"}
        line = state.add("line_items", {**told, **money})
        state.associations.tie("orders", order.id, "line_items", line.id)
        total += count * price
    order.values |= {"hs_total_price": f"{total:.2f}", "hs_external_order_id": f"W{order.id}"}
    order.values |= {"hs_fulfillment_status": "fulfilled", "hs_pipeline_stage": "processed"}
    state.associations.tie("contacts", contact.id, "orders", order.id)


def _left(state: State, chance: random.Random, email: str, subscription: int) -> None:
    number = chance.random()
    if number < 0.04:
        state.unsubscribe(email)
    elif number < 0.08:
        state.unsubscribe(email, subscription)
    elif number < 0.10:
        state.bounce(email)
    elif number < 0.70:
        state.subscribe(email, subscription)
