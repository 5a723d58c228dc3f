"""The nouns of the platform: what an account holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contextmail.sandbox.mailchimp.roster import Roster


@dataclass(slots=True)
class Member:
    """A contact of one audience; `key` is the MD5 of the address in lower case.

    `values` maps merge field ids to values and is replaced, never changed, so that a sent campaign can keep it.
    `locked` is True after the person's own unsubscribe, a bounce or a complaint: no write subscribes them again.
    """

    key: str
    email: str
    status: str
    web_id: int
    changed_at: datetime
    signed_up_at: datetime
    values: Mapping[int, Any] = field(default_factory=dict)
    locked: bool = False
    unsubscribed_at: datetime | None = None
    unsubscribe_reason: str = ""
    interests: frozenset[str] = frozenset()
    segments: tuple[int, ...] = ()
    language: str = ""
    email_type: str = "html"
    vip: bool = False
    sms_phone: str = ""
    sms_status: str = ""
    opted_at: datetime | None = None
    """When the person signed up themselves, if they ever did."""
    ip_opt: str = ""
    source: str = "API - Generic"

    @property
    def short_id(self) -> str:
        """Give the address's id across the whole platform, which webhooks call `id`."""
        return self.key[:10]


@dataclass(slots=True)
class MergeField:
    """A contact field of an audience."""

    id: int
    tag: str
    name: str
    type: str = "text"
    required: bool = False
    default: str = ""
    public: bool = False
    order: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    help_text: str = ""


@dataclass(slots=True)
class Segment:
    """A segment; a static one is a tag at the same time, and `keys` are its members (a dict keeps their order)."""

    id: int
    name: str
    type: str
    created_at: datetime
    updated_at: datetime
    keys: dict[str, None] = field(default_factory=dict)
    match: str = "any"
    conditions: tuple[Mapping[str, Any], ...] = ()


@dataclass(slots=True)
class InterestCategory:
    """A group category with its interests, id -> name."""

    id: str
    title: str
    type: str
    interests: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Webhook:
    """A webhook of an audience; without a secret it was made before signing came, and is not signed."""

    id: str
    url: str
    events: dict[str, bool]
    sources: dict[str, bool]
    secret: str = ""


@dataclass(slots=True)
class Audience:
    """An audience, which the API calls a list."""

    id: str
    name: str
    web_id: int
    created_at: datetime
    double_optin: bool = False
    from_name: str = "Lantern & Lace"
    from_email: str = "shop@example.com"
    members: Roster = field(default_factory=Roster)
    fields: dict[int, MergeField] = field(default_factory=dict)
    segments: dict[int, Segment] = field(default_factory=dict)
    categories: dict[str, InterestCategory] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    next_field: int = 1

    def join(self, segment: Segment, members: Iterable[Member]) -> None:
        """Put members into a static segment, which is to tag them."""
        for member in members:
            if member.key not in segment.keys:
                segment.keys[member.key] = None
                member.segments = (*member.segments, segment.id)
        self.members.changed()

    def leave(self, segment: Segment, members: Iterable[Member]) -> None:
        """Take members out of a static segment, which is to take the tag off them."""
        for member in members:
            segment.keys.pop(member.key, None)
            member.segments = tuple(number for number in member.segments if number != segment.id)
        self.members.changed()

    def field_tagged(self, tag: str) -> MergeField | None:
        """Give the field of that tag."""
        return next((one for one in self.fields.values() if one.tag == tag), None)

    def tagged_values(self, values: Mapping[int, Any]) -> dict[str, Any]:
        """Give values by tag, as the API does: every field of the audience, empty text where there is none."""
        return {one.tag: values.get(one.id, "") for one in self.fields.values()}


@dataclass(slots=True)
class Template:
    """A classic template of the account."""

    id: int
    name: str
    html: str
    created_at: datetime


@dataclass(slots=True)
class Campaign:
    """A campaign; `status` is save, paused, schedule, sending or sent."""

    id: str
    web_id: int
    type: str
    list_id: str
    created_at: datetime
    settings: dict[str, Any] = field(default_factory=dict)
    segment_opts: dict[str, Any] = field(default_factory=dict)
    tracking: dict[str, Any] = field(default_factory=dict)
    status: str = "save"
    content_type: str = "html"
    html: str = ""
    plain_text: str = ""
    send_at: datetime | None = None
    sent: int = 0

    @property
    def editable(self) -> bool:
        """Tell whether it may still be changed."""
        return self.status in ("save", "paused")


@dataclass(slots=True)
class Receipt:
    """One recipient of a sent campaign, with the values that they were sent, and what they did."""

    key: str
    email: str
    values: Mapping[int, Any]
    vip: bool
    opens: list[datetime] = field(default_factory=list)
    clicks: list[tuple[datetime, str]] = field(default_factory=list)
    bounce: str = ""
    unsubscribed_at: datetime | None = None
    reason: str = ""


@dataclass(slots=True)
class Automation:
    """A classic automation and its e-mails."""

    id: str
    title: str
    list_id: str
    created_at: datetime
    emails: tuple[Campaign, ...] = ()


@dataclass(slots=True)
class Customer:
    """A customer of a store."""

    id: str
    email: str
    first_name: str
    last_name: str
    opted_in: bool
    orders: int = 0
    spent: float = 0.0


@dataclass(slots=True)
class Product:
    """A product of a store; `category` is what the API calls its type."""

    id: str
    title: str
    category: str = ""
    url: str = ""
    price: float = 0.0


@dataclass(slots=True)
class OrderLine:
    """A line of an order: the price is of one piece, in the store's currency."""

    product: str
    quantity: int
    price: float


@dataclass(slots=True)
class Order:
    """An order of a store."""

    id: str
    customer: str
    at: datetime
    lines: tuple[OrderLine, ...]
    financial_status: str = "paid"
    cancelled_at: datetime | None = None
    campaign: str = ""

    @property
    def changed_at(self) -> datetime:
        """Give when it last changed."""
        return self.cancelled_at or self.at

    @property
    def total(self) -> float:
        """Give the sum of its lines."""
        return round(sum(line.quantity * line.price for line in self.lines), 2)


@dataclass(slots=True)
class Store:
    """A connected store."""

    id: str
    list_id: str
    name: str
    currency: str
    created_at: datetime
    customers: dict[str, Customer] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    customers_by_email: dict[str, Customer] = field(default_factory=dict)

    def add_customer(self, customer: Customer) -> None:
        """Take a customer in, found by id and by address."""
        self.customers[customer.id] = customer
        self.customers_by_email[customer.email.lower()] = customer

    def add_order(self, order: Order) -> None:
        """Take an order in and add it to its customer's totals. Raises KeyError for an unknown customer."""
        customer = self.customers[order.customer]
        self.orders[order.id] = order
        customer.orders += 1
        customer.spent = round(customer.spent + order.total, 2)
