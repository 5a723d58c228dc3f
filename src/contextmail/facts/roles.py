"""What the columns of each table can be: the roles that `[tables.*]` maps, and how each is read."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from contextmail.model.message import Channel


class Kind(StrEnum):
    """Say how a role's values are read."""

    ID = "an id"
    TEXT = "text"
    NUMBER = "a number"
    MONEY = "an amount"
    MOMENT = "a date or time"
    BOOL = "true or false"
    CHANNEL = "a channel"


class Role(NamedTuple):
    """How a role is read, and whether a row without it is broken (`needed`) or the table cannot do without (`must`)."""

    kind: Kind
    needed: bool = False
    must: bool = False


_WHO = Role(Kind.ID, needed=True, must=True)
_WHEN = Role(Kind.MOMENT, needed=True, must=True)
_SEEN = Role(Kind.BOOL)

ROLES: dict[str, dict[str, Role]] = {
    "customers": {
        "customer": _WHO,
        "name": Role(Kind.TEXT),
        "first_name": Role(Kind.TEXT),
        "email": Role(Kind.TEXT),
        # Several in one text, set apart by commas, semicolons or blanks.
        "other_emails": Role(Kind.TEXT),
        "merged_ids": Role(Kind.TEXT),
        "phone": Role(Kind.TEXT),
        "country": Role(Kind.TEXT),
        "time_zone": Role(Kind.TEXT),
        "since": Role(Kind.MOMENT),
        "account": Role(Kind.ID),
        "account_owner": Role(Kind.TEXT),
        "preferred_channel": Role(Kind.CHANNEL),
        # Several in one text; a mere year is read too: facts/stages.py.
        "child_born": Role(Kind.TEXT),
        "child_age": Role(Kind.NUMBER),
        "child_age_at": Role(Kind.MOMENT),
        "moved_at": Role(Kind.MOMENT),
        "married_at": Role(Kind.MOMENT),
        "student_until": Role(Kind.TEXT),
        **{f"{channel}_obtained": Role(Kind.TEXT) for channel in Channel},
    },
    "orders": {
        # A row without a customer is anonymous, not broken.
        "customer": Role(Kind.ID, must=True),
        "order": Role(Kind.ID),
        "product": Role(Kind.ID),
        "product_name": Role(Kind.TEXT),
        "category": Role(Kind.TEXT),
        "quantity": Role(Kind.NUMBER, needed=True),
        "price": Role(Kind.MONEY, needed=True),
        "amount": Role(Kind.MONEY, needed=True),
        "at": _WHEN,
        "line": Role(Kind.ID),
        "country": Role(Kind.TEXT),
    },
    "products": {
        "product": _WHO,
        "name": Role(Kind.TEXT),
        "category": Role(Kind.TEXT),
        # Further names and ids, set apart by a line break, a semicolon or a bar.
        "aliases": Role(Kind.TEXT),
        # The address of its own page; `url` is a database's.
        "page": Role(Kind.TEXT),
    },
    "subscriptions": {
        "customer": _WHO,
        "product": Role(Kind.ID),
        "start": Role(Kind.MOMENT),
        "end": Role(Kind.MOMENT),
        "renewal": Role(Kind.MOMENT),
        "active": Role(Kind.BOOL),
    },
    "touches": {
        "customer": _WHO,
        "at": _WHEN,
        "channel": Role(Kind.CHANNEL),
        "purpose": Role(Kind.TEXT),
        "delivered": _SEEN,
        "opened": _SEEN,
        "clicked": _SEEN,
        "answered": _SEEN,
        "planned": _SEEN,
        "campaign": Role(Kind.TEXT),
        "priority": Role(Kind.NUMBER),
    },
    "planned": {
        "customer": _WHO,
        "at": _WHEN,
        "channel": Role(Kind.CHANNEL),
        "purpose": Role(Kind.TEXT),
        "campaign": Role(Kind.TEXT),
        "priority": Role(Kind.NUMBER),
    },
    "inquiries": {"customer": _WHO, "at": _WHEN, "channel": Role(Kind.CHANNEL)},
    "accounts": {"account": _WHO, "name": Role(Kind.TEXT), "owner": Role(Kind.TEXT)},
    "consents": {
        "customer": _WHO,
        "channel": Role(Kind.CHANNEL),
        "purpose": Role(Kind.TEXT),
        "status": Role(Kind.TEXT, needed=True, must=True),
        "at": Role(Kind.MOMENT),
        "obtained": Role(Kind.TEXT),
    },
}

SYNONYMS = {
    "e-mail": "email",
    "mail": "postal",
    "post": "postal",
    "letter": "postal",
    "text": "sms",
    "phone": "call",
    "telephone": "call",
}
"""Other names for a channel."""
