"""What a portal holds: records of any kind, properties, lists, e-mails, owners, and what people chose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Wish = Literal["SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED"]

KINDS = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "tickets": "0-5", "products": "0-7"}
KINDS |= {"line_items": "0-8", "tasks": "0-27", "notes": "0-46", "orders": "0-123"}
"""Object kinds with the ids of their types."""
ONE = {kind: "company" if kind == "companies" else kind.removesuffix("s") for kind in KINDS}
BY_NAME = {name: kind for kind, id_ in KINDS.items() for name in (kind, id_, ONE[kind])}
"""A kind by each of its names: `contacts`, `contact`, `0-1`."""


@dataclass(slots=True)
class Record:
    """A contact, company, deal, order...: `values` are the properties that were written, always text."""

    id: str
    values: dict[str, str]
    created_at: datetime
    updated_at: datetime
    additional: list[str] = field(default_factory=list)
    """A contact's further addresses."""
    merged: list[str] = field(default_factory=list)
    """Ids of the records that were merged into this one."""

    @property
    def email(self) -> str:
        """Give a contact's primary address."""
        return self.values.get("email", "")

    @property
    def addresses(self) -> list[str]:
        """Give all of a contact's addresses, the primary one first."""
        return [address for address in (self.email, *self.additional) if address]


@dataclass(slots=True)
class Property:
    """A property's definition; `own` is False for the platform's."""

    name: str
    label: str
    group: str
    type: str = "string"
    field_type: str = "text"
    options: list[dict[str, Any]] = field(default_factory=list)
    read_only: bool = False
    unique: bool = False
    own: bool = True
    description: str = ""
    on_forms: bool = False


@dataclass(slots=True)
class RecordList:
    """A list; only MANUAL ones take members by the API. `members` are record ids with the time they joined."""

    id: str
    name: str
    kind: str
    processing: str
    created_at: datetime
    updated_at: datetime
    members: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Owner:
    """A user who may own records."""

    id: str
    user_id: int
    email: str
    first_name: str
    last_name: str
    created_at: datetime


@dataclass(slots=True)
class Email:
    """A marketing e-mail; `body` is everything that a client may write."""

    id: str
    body: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    state: str = "DRAFT"
    programmable: bool = False
    """Conditionals see the contact's properties."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A subscription type."""

    id: int
    name: str
    purpose: str
    created_at: datetime
    description: str = ""
    active: bool = True
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address chose for one subscription type, or for all of them."""

    status: Wish
    at: datetime
    source: str
    legal_basis: str = ""
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of choice as the timeline tells it; `subscription` 0 is all of them."""

    email: str
    subscription: int
    status: Wish
    source: str
    at: datetime
