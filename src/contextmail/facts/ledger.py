"""What the ledger of consent says of the customers: their own words, which go before what any table says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple
from pathlib import Path

from contextmail.engines.base import Engine
from contextmail.facts.block import Block, column
from contextmail.facts.endpoints import normalise_odd
from contextmail.facts.reading import Table
from contextmail.facts.rows import load_rows
from contextmail.model.fact import FactType as T
from contextmail.model.ledger import Known

_COLUMNS = ("endpoint", "channel", "purpose", "status", "said_at", "obtained", "wanted", "most", "days")
"""The fields of `Known` in their order, under names that are no words of SQL."""


def read_ledger(engine: Engine, ledger: Iterable[Known], people: Callable[[], str], temp: Path) -> int:
    """Make the table `ledger`: what is said of each customer's addresses and numbers; count its rows.

    `people` gives the relation of customers and their endpoints, and is asked only if anything is said.
    """
    found = (list(map(_text, astuple(one))) for one in ledger)
    load_rows(engine, "ledger_said", _COLUMNS, found, temp)
    said = bool(engine.rows("SELECT 1 FROM ledger_said LIMIT 1"))
    nobody = "(SELECT NULL::VARCHAR AS customer, NULL::VARCHAR AS endpoint WHERE false)"
    normalise_odd(engine, "ledger_odd", "ledger_said", "endpoint", temp)
    engine.rows(
        "CREATE TEMP TABLE ledger AS SELECT DISTINCT p.customer, p.endpoint, channel, purpose, status,"
        " said_at::TIMESTAMP AS said_at, obtained, wanted, most::BIGINT AS most, days::BIGINT AS days"
        " FROM ledger_said s LEFT JOIN ledger_odd o ON o.written = s.endpoint"
        f" JOIN {people() if said else nobody} p ON p.endpoint = coalesce(o.endpoint, s.endpoint)"
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
