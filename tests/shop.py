"""A small shop whose facts are built for a test: its catalogue, and who bought what after what."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from contextmail import facts
from contextmail.facts import FactsFolder
from contextmail.model.tables import TableMapping

PEOPLE = 30
"""Who bought the first of a pair, and the second a month later; ten times as many bought something else."""


def shop_of(catalogue: Sequence[Mapping[str, str]], bought_next: Mapping[str, Sequence[str]]) -> FactsFolder:
    """Build the facts of a shop: `catalogue` has product, name, aliases, page; `bought_next` product -> products."""
    return _shop(json.dumps(catalogue), json.dumps(bought_next))


@cache
def _shop(catalogue: str, bought_next: str) -> FactsFolder:
    folder = Path(mkdtemp(prefix="contextmail-shop-"))
    columns = ("product", "name", "aliases", "page")
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns, restval="")
        writer.writeheader()
        writer.writerows(json.loads(catalogue))
    pairs = [(before, after) for before, others in json.loads(bought_next).items() for after in others]
    lines = [f"other{n},o{n},OTHER,1,5.00,2026-01-0{1 + n % 9}" for n in range(10 * PEOPLE)]
    for at, (before, after) in enumerate(pairs):
        for n in range(PEOPLE + len(pairs) - at):  # the first of them is the surest
            lines += [
                f"p{before}{n},a{before}{n},{before},1,5.00,2026-02-01",
                f"p{before}{n},b{at}{n},{after},1,5.00,2026-03-01",
            ]
    header = "customer,order,product,quantity,price,at"
    (folder / "orders.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    tables = {
        "products": TableMapping(path="products.csv", columns={name: name for name in columns}),
        "orders": TableMapping(path="orders.csv", columns={name: name for name in header.split(",")}),
    }
    facts.build(tables, folder / "facts", as_of=datetime(2026, 5, 31), currency="GBP", folder=folder)
    return FactsFolder.open(folder / "facts")
