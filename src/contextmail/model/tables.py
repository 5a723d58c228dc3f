"""How a company's tables are read: where each lies, and which of its columns is what."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contextmail.model.fact import FactType


class TableMapping(BaseModel):
    """Say where a table lies and what its columns mean: `[tables.orders]` in contextmail.toml.

    The table is a file (`path`), a SELECT over files (`sql`), or a database's (`url`), one of the three. A value of
    `columns` is a column's name, or an expression of the predicate language over the table's columns plus
    `starts_with`. Of `customers`, every column that no role takes is a fact of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = ""
    """A CSV (also `.gz`) or Parquet file, or `file.db::table` of a DuckDB or SQLite file; relative to the settings."""
    sql: str = ""
    """A SELECT in DuckDB's SQL; the files that it names are relative to the settings."""
    url: str = ""
    """A database: an SQLAlchemy URL without a password (`sqlite:///shop.db`), or `env:NAME`, in the environment."""
    table: str = ""
    """With `url`: its table or view, `orders` or `sales.orders`."""
    query: str = ""
    """With `url`: a SELECT in the database's own SQL, in place of `table`."""
    columns: dict[str, str] = {}
    """Role -> column or expression: `customer`, `order`, `product`, `at` …; facts/roles.py has each table's."""
    where: str = ""
    """A condition over the table's columns: other rows are not read."""
    amounts: Literal["major", "minor"] = "major"
    """Prices and amounts are in pounds (`major`) or in whole pence (`minor`)."""
    currency: str = ""
    """A column, or one currency for all rows (`GBP`); empty: the company's."""
    is_return: str = ""
    """Of orders, a condition: the row takes back what another sold. A negative quantity or amount always does."""
    is_product: str = ""
    """Of orders, a condition: the row is a product, not postage or a fee, which count as spend only."""
    dates: str = ""
    """How dates are written when not as 2024-01-31: a format such as `%d/%m/%Y %H:%M`, or `epoch` for seconds since
    1970. Times without a zone are UTC."""
    encoding: str = "utf-8"
    delimiter: str = ""
    """Of a CSV file; empty: seen from its first line."""
    as_of: datetime | None = None
    """When the table was current; None: at the clock of the build."""
    learned: dict[str, str] = {}
    """Of customers: fact -> the column that says when it was learned of each."""
    max_age: dict[str, int] = {}
    """Of customers: fact -> days after which it is unknown again; 365 where none are said."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(map(bool, (self.path, self.sql, self.url))) != 1:
            raise ValueError("a table has a path, sql or a url; give one of them")
        if self.url and bool(self.table) == bool(self.query):
            raise ValueError("a url needs either a table or a query; give one of them")
        if not self.url and (self.table or self.query):
            raise ValueError("table and query are of a database; give its url")
        return self


class FactDefinition(BaseModel):
    """Define a fact of the company's own: `[[fact]]` in contextmail.toml.

    `sql` is an expression of the predicate language over the other facts, or a SELECT whose first two columns are a
    customer and the value, over the build's tables (`lines`, `products`, `touches` …) and `facts`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    sql: str
    type: FactType | None = None
    """None: as the expression gives it."""
    max_age: int | None = Field(default=None, ge=0)
    """Days after which it is unknown again, from the `learned` fact on; None: as the facts that it is made of."""
    learned: str = ""
    """The fact (a date) that says when this one was learned; empty: at the clock of the build."""
    description: str = ""

    @property
    def is_select(self) -> bool:
        """Say whether `sql` is a SELECT, not an expression."""
        return self.sql.lstrip(" (\n\t").lower().startswith(("select", "with ", "from "))


TABLES = (
    "customers",
    "orders",
    "products",
    "subscriptions",
    "touches",
    "planned",
    "inquiries",
    "accounts",
    "consents",
)
"""The tables that there can be; `customers` or `orders` is required."""
