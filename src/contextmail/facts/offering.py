"""The products of a folder of facts: which of them keys mean, and what their buyers bought next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from contextmail.engines.base import listed, literal
from contextmail.facts.folder import KEYS
from contextmail.facts.keys import Keys
from contextmail.model.pitch import BoughtNext

if TYPE_CHECKING:
    from contextmail.facts.folder import FactsFolder

SUPPORT, LIFT = 20, 2.0
"""People who bought both, one after the other, and how many times as many as chance would have it, at the least."""
MOST = 3
"""Products that are proposed for one: of each recipient the first that they do not own."""
_Z = 1.645
"""Of a one-sided bound that holds in nineteen of twenty cases."""


class Named(NamedTuple):
    """A product that a key means; `name` is as a sentence can have it, and empty for keys of links."""

    product: str
    name: str
    shared: bool
    """The key means other products too."""


class Products:
    """The products of a folder of facts, read when they are asked for."""

    def __init__(self, folder: FactsFolder) -> None:
        self._folder = folder

    @cached_property
    def keys(self) -> Keys:
        """Give the keys of all products, and the heads of their names."""
        return Keys(self._folder.path / KEYS)

    def has(self, product: str) -> bool:
        """Say whether there is a product of that id."""
        return bool(self._folder.rows(f"SELECT 1 FROM {self._table('products')} WHERE id = {literal(product)}"))

    def meant(self, keys: Collection[str]) -> dict[str, Sequence[Named]]:
        """Give the products that each key means, by key; those that mean none are left out."""
        if not keys:
            return {}
        found: dict[str, list[Named]] = {}
        wanted = f"SELECT key, product, coalesce(name, ''), shared FROM {self._table('names')}"
        for key, *named in self._folder.rows(f"{wanted} WHERE key IN {listed(keys)} ORDER BY key, product"):
            found.setdefault(key, []).append(Named(*named))
        return dict(found)

    def bought_next(
        self, products: Collection[str], *, support: int = SUPPORT, lift: float = LIFT, most: int = MOST
    ) -> dict[str, Sequence[BoughtNext]]:
        """Give what buyers of each product bought in a later order, the surest first, at most `most` of each.

        At least `support` people did, and their share is `lift` times that of all buyers who ever bought it, which is
        asked of the share's lower bound (Wilson's). Only order lines that were kept count, and only products whose name
        is theirs alone.
        """
        if not products or self._folder.table("lines") is None:
            return {}
        found: dict[str, list[BoughtNext]] = {}
        for product, *row in self._folder.rows(self._next_sql(products, support, lift, most)):
            found.setdefault(product, []).append(BoughtNext(*row))
        return dict(found)

    def _next_sql(self, products: Collection[str], support: int, lift: float, most: int) -> str:
        half = f"{_Z} * sqrt(share * (1 - share) / buyers + {_Z**2} / (4 * buyers ^ 2))"
        return f"""
            WITH kept AS (
                SELECT customer, order_id, product_code AS code, happened_at FROM {self._table("lines")}
                WHERE kept AND product_code IS NOT NULL
            ),
            pitched AS (SELECT code, id FROM {self._table("products")} WHERE id IN {listed(products)}),
            begun AS (
                SELECT code, customer, min(happened_at) AS happened_at, arg_min(order_id, happened_at) AS order_id
                FROM kept SEMI JOIN pitched USING (code) GROUP BY ALL
            ),
            pairs AS (
                SELECT b.code AS before, k.code, count(DISTINCT customer) AS people
                FROM begun b JOIN kept k USING (customer)
                WHERE k.happened_at > b.happened_at AND k.order_id IS DISTINCT FROM b.order_id AND k.code <> b.code
                GROUP BY ALL HAVING people >= {support}
            ),
            usual AS (
                SELECT code, count(DISTINCT customer) / (SELECT count(DISTINCT customer) FROM kept) AS usual
                FROM kept SEMI JOIN pairs USING (code) GROUP BY code
            ),
            counted AS (
                SELECT *, people / buyers AS share FROM pairs JOIN usual USING (code)
                JOIN (SELECT code AS before, count(*) AS buyers FROM begun GROUP BY code) USING (before)
            ),
            bounded AS (
                SELECT *, (share + {_Z**2} / (2 * buyers) - {half}) / (1 + {_Z**2} / buyers) / usual AS surely
                FROM counted
            )
            SELECT a.id, p.id, p.clean, people, buyers, share / usual, surely
            FROM bounded JOIN {self._table("products")} p USING (code) JOIN pitched a ON a.code = before
            SEMI JOIN (SELECT product, name FROM {self._table("names")} WHERE NOT shared) own
                ON own.product = p.id AND own.name = p.clean
            WHERE p.nameable AND surely >= {lift} AND NOT regexp_matches(p.clean, '[/,;]\\S')
            QUALIFY row_number() OVER (PARTITION BY before ORDER BY surely DESC, p.id) <= {most}
            ORDER BY a.id, surely DESC, p.id
        """

    def _table(self, name: str) -> str:
        return f"read_parquet({literal(str(self._folder.path / f'{name}.parquet'))})"
