"""What outcomes tell of touches that no table has: who was reached, and whom one must not try again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from contextmail.engines.base import Engine
from contextmail.facts.rows import load_rows
from contextmail.model.touch import Touch, TouchOutcome, barred_channels

_COLUMNS = ("customer", "endpoint", "channel", "purpose", "happened_at", "reached", "reacted")
_BARRED = ("customer", "endpoint", "channel", "purpose", "happened_at")


def read_touched(engine: Engine, touches: Iterable[Touch], people: str, temp: Path) -> None:
    """Make the tables `touched` and `barred` of customers.

    `people` is a relation of customers and their endpoints, for a touch that names no customer. `barred` says at which
    endpoint a customer is not to be reached, for which channel and purpose (NULL: any); without an endpoint, it is
    all of theirs, as the ledger cannot hold what somebody said of whom no address or number is known.
    """
    barred: list[tuple[str | None, ...]] = []

    def rows() -> Iterator[tuple[str | None, ...]]:
        for touch in touches:
            barred.extend(_barred(touch))
            flags = (str(touch.outcome.reached), str(touch.outcome.reacted))
            yield touch.customer, touch.endpoint, touch.channel, touch.purpose, str(touch.at), *flags

    load_rows(engine, "touched_read", _COLUMNS, rows(), temp)
    load_rows(engine, "barred_read", _BARRED, barred, temp)
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT coalesce(t.customer, p.customer) AS customer,"
        " t.happened_at::TIMESTAMP AS happened_at, channel, purpose, reached::BOOLEAN AS reached,"
        f" reacted::BOOLEAN AS reacted FROM touched_read t LEFT JOIN {people} p"
        " ON t.customer IS NULL AND p.endpoint = t.endpoint WHERE coalesce(t.customer, p.customer) IS NOT NULL"
    )
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE barred AS SELECT DISTINCT customer, endpoint, channel, purpose,"
        " happened_at::TIMESTAMP AS happened_at FROM barred_read"
    )


def heard_sql(clock: str) -> str:
    """Give `touched` as rows of the table `touches`."""
    return (
        "(SELECT customer, happened_at, channel, purpose, reached, reacted, true AS sent, false AS planned,"
        " 0 AS priority, NULL::VARCHAR AS campaign FROM touched"
        f" WHERE happened_at <= {clock})"
    )


def bar_in_ledger(engine: Engine, people: str) -> None:
    """Add to the table `ledger` whom an outcome bars; a customer who left the endpoint, or granted since, is not."""
    engine.rows(
        "INSERT INTO ledger SELECT b.customer, b.endpoint, b.channel, b.purpose, 'denied', b.happened_at, NULL, NULL,"
        f" NULL, NULL FROM barred b WHERE (b.endpoint IS NULL OR (b.customer, b.endpoint) IN (SELECT (customer, endpoint)"
        f" FROM {people})) AND NOT EXISTS (SELECT 1 FROM ledger g WHERE b.endpoint IS NULL AND g.customer = b.customer"
        " AND g.channel = b.channel AND g.status = 'granted' AND g.said_at > b.happened_at)"
    )


def _barred(touch: Touch) -> Iterator[tuple[str | None, ...]]:
    """Give the rows of `barred` that an outcome makes; the ledger itself has what was said at an endpoint."""
    wrong = touch.outcome is TouchOutcome.WRONG_PERSON
    if touch.customer and (wrong or not touch.endpoint):
        for channel in barred_channels(touch.outcome, touch.channel):
            yield touch.customer, touch.endpoint, channel, None if wrong else "marketing", str(touch.at)
