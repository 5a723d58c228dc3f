"""The facts that every company can have, by name and type: what a predicate may name before any facts are built."""

from __future__ import annotations

import re

from contextmail.model.crossing import CLEAR, PLANNED
from contextmail.model.fact import FactType as T
from contextmail.model.message import Channel, Purpose

STANDARD: dict[str, T] = {
    **dict.fromkeys(
        ("email", "phone", "country", "time_zone", "account", "account_owner", "preferred_channel"), T.TEXT
    ),
    **dict.fromkeys((f"{channel}_obtained" for channel in Channel), T.TEXT),
    **dict.fromkeys((f"consent_{channel}_{purpose}" for channel in Channel for purpose in Purpose), T.TEXT),
    **dict.fromkeys(("first_name", "last_inquiry_channel"), T.TEXT),
    **dict.fromkeys((f"{which}_product{end}" for which in ("first", "last", "top") for end in ("", "_id")), T.TEXT),
    **dict.fromkeys(("orders", "spend", "tenure_days", "days_since_last_order"), T.INT),
    **dict.fromkeys(("first_order_products", "last_order_products"), T.INT),
    **dict.fromkeys(("value_received", "asks_received", "unanswered_streak"), T.INT),
    **dict.fromkeys(("usual_gap_days", "spend_rank", "value_per_ask"), T.FLOAT),
    **dict.fromkeys(("first_order", "last_order", "renewal_at"), T.DATE),
    **dict.fromkeys(("youngest_child_born", "oldest_child_born", "moved_at", "married_at", "student_until"), T.DATE),
    **dict.fromkeys(("room_at", "last_inquiry_at"), T.TIMESTAMP),
    **dict.fromkeys(("name_known", "is_customer"), T.BOOL),
    **dict.fromkeys(("owned_products", "owned_categories", "account_owned_products", "subscriptions", PLANNED), T.SET),
}
"""Facts that are there whatever the tables are; of an absent table they are unknown of everybody."""

_MADE = {
    re.compile(r"touches_[0-9]{1,4}d(?:_\w+)?"): T.INT,
    re.compile(r"room_at_[0-9]{1,4}_in_[0-9]{1,4}d"): T.TIMESTAMP,
}
"""Facts that are made from the name used: any days, channel and purpose, any cap."""


def made_type(name: str) -> T | None:
    """Give the type of a fact that is made from its name, such as `touches_14d_sms_ask`; None for any other."""
    return next((kind for pattern, kind in _MADE.items() if pattern.fullmatch(name)), None)


def types_for(text: str) -> dict[str, T]:
    """Give the types of the standard facts, of `clear_at`, which a campaign makes of the plans, and of those that `text` makes."""
    made = {word: made_type(word) for word in set(re.findall(r"\w+", text))}
    return {**STANDARD, CLEAR: T.TIMESTAMP, **{word: kind for word, kind in made.items() if kind}}
