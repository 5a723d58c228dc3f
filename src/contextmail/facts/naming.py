"""The names and addresses by which a message may pitch a product, as keys that are looked up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contextmail.engines.base import Engine
from contextmail.facts.folder import KEYS
from contextmail.facts.keys import write_keys
from contextmail.facts.reading import Table
from contextmail.facts.rows import load_rows
from contextmail.language.mentions import head_of, id_key, link_key, name_key
from contextmail.language.products import can_be_owned, clean_name

_Row = tuple[str, str, str | None]
"""Key, product, and the name as a message has it; None: the key is a link's."""
_APART = r"\s*[|;\n]\s*"


def build_names(engine: Engine, products: Table | None, temp: Path, *, lines: bool) -> None:
    """Make the table `names`: key, product, name (as a message has it) and shared; and a file of all keys and heads.

    Each product has a key for its id, its clean name, each of its aliases and its address. `shared` keys are of
    several products. What orders hold, but never as a product (postage), has none.
    """
    goods = "products"
    if lines:
        goods = (
            "(SELECT * FROM products ANTI JOIN (SELECT product_code AS code FROM stored_lines GROUP BY ALL"
            " HAVING NOT bool_or(is_product)) USING (code))"
        )
    rows = [row for product, name in engine.rows(f"SELECT id, clean FROM {goods}") for row in _of_name(product, name)]
    if products and products.has("aliases"):
        listed = f"unnest(string_split_regex(trim({products.column('aliases')}), '{_APART}'))"
        rows += [
            row for product, alias in engine.rows(_known(products, goods, listed)) for row in _of_alias(product, alias)
        ]
    if products and products.has("page"):
        pages = engine.rows(_known(products, goods, products.column("page")))
        rows += [(key, product, None) for product, page in pages if (key := link_key(page))]
    load_rows(engine, "name_rows", ("key", "product", "name"), dict.fromkeys(rows), temp)
    write_keys((text for key, _, _ in rows for text in (key, head_of(key)) if text), temp / KEYS)
    engine.rows(
        "CREATE TEMP TABLE names AS SELECT *, count(*) OVER (PARTITION BY key) > 1 AS shared"
        " FROM (SELECT key, product, min(name) AS name FROM name_rows GROUP BY ALL)"
    )


def _known(products: Table, goods: str, value: str) -> str:
    """Select each product with a value of its own table, where it has one."""
    given = f"SELECT product::VARCHAR AS id, {value} AS value FROM {products.relation}"
    return f"SELECT id, value FROM ({given}) SEMI JOIN {goods} USING (id) WHERE value <> ''"


def _of_name(product: str, name: str | None) -> Iterator[_Row]:
    yield id_key(product), product, None
    if name and can_be_owned(name) and (key := name_key(name)):
        yield key, product, name


def _of_alias(product: str, alias: str) -> Iterator[_Row]:
    if " " not in alias:
        yield id_key(alias), product, None
    if (name := clean_name(alias)) and can_be_owned(name) and (key := name_key(name)):
        yield key, product, name
