"""What the ledger of consent says of the customers: their own words, which go before what any table says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from contextmail.engines.base import Engine
from contextmail.facts.block import Block, column
from contextmail.facts.reading import Table
from contextmail.facts.rows import load_rows
from contextmail.model.fact import FactType as T
from contextmail.model.ledger import Known

_COLUMNS = ("endpoint", "channel", "purpose", "status", "said_at", "obtained", "wanted", "most", "days")
"""The fields of `Known` in their order, under names that are no words of SQL."""
_NUMBER = r"regexp_replace(phone, '[^0-9+]', '', 'g')"


def read_ledger(engine: Engine, ledger: Iterable[Known], customers: Table | None, temp: Path) -> int:
    """Make the table `ledger`: what is said of each customer's address and number; count its rows.

    Without `customers` there are no addresses, and so no rows.
    """
    found = (list(map(_text, astuple(one))) for one in ledger)
    load_rows(engine, "ledger_said", _COLUMNS, found, temp)
    who = [
        f"SELECT customer::VARCHAR AS customer, {plain} AS endpoint FROM {customers.relation}"
        for role, plain in (("email", "lower(trim(email))"), ("phone", _NUMBER))
        if customers and customers.has(role)
    ]
    nobody = "SELECT NULL::VARCHAR AS customer, NULL::VARCHAR AS endpoint WHERE false"
    engine.rows(
        "CREATE TEMP TABLE ledger AS SELECT DISTINCT customer, channel, purpose, status, said_at::TIMESTAMP AS said_at,"
        " obtained, wanted, most::BIGINT AS most, days::BIGINT AS days"
        f" FROM ledger_said JOIN ({' UNION '.join(who) or nobody}) USING (endpoint)"
    )
    return int(engine.rows("SELECT count(*) FROM ledger")[0][0])


def build_preferences(engine: Engine, customers: Table | None) -> Block:
    """Give the channel that somebody asked for: in the ledger, else in `customers`."""
    engine.rows(
        "CREATE TEMP TABLE asked AS SELECT customer, max(wanted) AS channel FROM ledger WHERE wanted IS NOT NULL GROUP BY 1"
    )
    mapped = customers is not None and customers.has("preferred_channel")
    value = "coalesce(h.channel, c.preferred_channel)" if mapped else "h.channel"
    return Block("h", "asked", [column("preferred_channel", T.TEXT, value, "ledger", "channel that they asked for")])


def own_caps(engine: Engine) -> list[tuple[int, int]]:
    """List the caps that people asked for themselves: (messages, days)."""
    asked = "SELECT DISTINCT most, days FROM ledger WHERE most > 0 AND days > 0 ORDER BY ALL"
    return [(int(most), int(days)) for most, days in engine.rows(asked)]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
