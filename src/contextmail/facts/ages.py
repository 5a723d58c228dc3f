"""How long a fact may support a claim: older than that at the clock, it is unknown.

| kind | days |
|---|---|
| what cannot change, or holds until they say otherwise: names, addresses, consents, preferences, the first order, days of birth, moving and marriage, `room_at` | it does not age |
| what moves with every order, message and renewal: `orders`, `spend`, `owned_products`, `is_customer` … | 30 |
| a window of messages (`touches_7d`) | its own days, at most 30 |
| what they told of themselves: further columns of `customers`, each from the day it was learned | 365 |
| a `[[fact]]` | as the facts that it is made of; of a SELECT 30 |

`[max_age]` in contextmail.toml says otherwise of any fact: `spend = 90`, `country = 700`, `orders = "never"`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.facts.block import Column
from contextmail.facts.catalogue import STANDARD, made_type
from contextmail.facts.touches import read_window

MONTH, YEAR = 30, 365

_LASTING = re.compile(
    "email|phone|country|time_zone|account|preferred_channel|name_known|room_at.*|consent_.+|.+_(obtained|learned)"
    "|(youngest|oldest)_child_born|moved_at|married_at|student_until"
    "|first_(name|order|order_products|product|product_id)"
)


@dataclass(frozen=True, slots=True)
class Ages:
    """Say of each fact how old it may be, and make unknown what is older at the clock."""

    clock: datetime
    tables: Mapping[str, datetime] = field(default_factory=dict)
    """Table -> when it was current; the clock where it is not said."""
    own: Mapping[str, int | Literal["never"]] = field(default_factory=dict)
    """Fact -> days, as the settings say."""

    def of(self, name: str) -> int | None:
        """Give the days that a fact may be old; None: it does not age."""
        if name in self.own:
            days = self.own[name]
            return None if days == "never" else days
        if window := read_window(name):
            return min(window.days, MONTH)
        if _LASTING.fullmatch(name):
            return None
        return MONTH if name in STANDARD or made_type(name) else YEAR

    def dated(self, column: Column) -> Column:
        """Note a fact's age and its source's date; unknown if the source is older at the clock than the fact may be."""
        days = self.of(column.spec.name)
        current = self.tables.get(column.spec.source.split(" ")[0].rstrip(","))
        spec = column.spec.model_copy(update={"max_age_days": days, "as_of": current})
        if days is not None and current and self.clock - current > timedelta(days=days):
            return replace(column, spec=spec, sql="NULL", zero="NULL")
        return replace(column, spec=spec)

    def refuse_unknown(self, facts: Collection[str]) -> None:
        """Raise ConfigurationError where the settings give the age of a fact that there is not."""
        for name in self.own:
            if name not in facts:
                cure = did_you_mean(name, facts) or "contextmail facts describe lists the facts"
                raise ConfigurationError(f"no fact {name!r}", where="[max_age]", cure=cure)
