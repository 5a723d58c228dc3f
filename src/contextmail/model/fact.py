"""What is known of a customer: fact types, their specifications and the catalogue of a build."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

FactValue = int | float | bool | str | date | datetime | tuple[str, ...] | None
"""The value of one fact: None is unknown; a set is a tuple (or any collection) of text without None."""


class FactType(StrEnum):
    """Name the type of a fact; the engine's column type stands beside each.

    Money is INT in minor units of the company's currency (pence, cents); timestamps are UTC without a zone.
    """

    INT = "int"  # BIGINT
    FLOAT = "float"  # DOUBLE, never NaN or infinite
    BOOL = "bool"  # BOOLEAN
    DATE = "date"  # DATE
    TIMESTAMP = "timestamp"  # TIMESTAMP, UTC
    TEXT = "text"  # VARCHAR
    SET = "set"  # VARCHAR[], sorted, without NULL


class FactSpec(BaseModel):
    """Describe one fact: its type, where it comes from and how long it may support a claim."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: FactType
    source: str
    """The table and columns, as a person would say it: `orders (InvoiceNo, Quantity)`."""
    description: str = ""
    unit: str = ""
    """`minor GBP`, `days`, `share`; empty for a plain number or text."""
    max_age_days: int | None = None
    """Older than this at the clock, the fact is unknown; None: it does not age."""
    as_of: datetime | None = None
    """When its source was current; None: the catalogue's `as_of`."""
    learned: str | None = None
    """The fact (a date) that says when this one was learned of each customer; None: `as_of` holds for all."""


class Catalogue(BaseModel):
    """Everything about a build of facts but the rows: types, sources, clock, cut-points, what was skipped."""

    model_config = ConfigDict(frozen=True)

    as_of: datetime
    customers: int
    facts: dict[str, FactSpec]
    tables: dict[str, int] = {}
    """Rows read, by table."""
    cut_points: dict[str, list[int]] = {}
    """101 values for each ranked fact: `spend` -> its 0th to 100th percentile, so that one customer can be ranked."""
    currency: str = ""
    notes: list[str] = []
    """What a person should know of this build: skipped rows, anonymous rows, doubles, currencies without rates."""

    @property
    def types(self) -> dict[str, FactType]:
        """Give name -> type of every fact, as the predicate checker wants them."""
        return {name: spec.type for name, spec in self.facts.items()}
