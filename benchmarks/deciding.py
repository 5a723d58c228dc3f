"""Decisions for everybody, beside a plain GROUP BY over the same file; each run in a process of its own.

python benchmarks/deciding.py --customers 1000000
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path
from statistics import median

from measuring import child, row

WAYS = {"30 predicates of one and two terms": ("simple", 3), "30 predicates of four terms": ("complex", 10)}


def decided(name: str, folder: Path) -> None:
    """Decide for everybody: from Parquet to Parquet and counts."""
    from customers import campaign, four_terms, one_and_two_terms

    from contextmail.deciding import decide
    from contextmail.facts.folder import FactsFolder

    asked = campaign(one_and_two_terms() if name == "simple" else four_terms())
    decide(asked, FactsFolder.open(folder), out=folder / f"{name}.parquet")


def plain(name: str, folder: Path) -> None:
    """Group as many customers into as many groups, the greatest of each column for each; the set is left out."""
    from customers import TYPES

    from contextmail.engines.base import literal
    from contextmail.engines.duckdb import DuckDBEngine

    columns = ", ".join(f"max({c}) AS {c}" for c in ("customer", *TYPES) if c != "owned_categories")
    groups = (folder / f"{name}.groups").read_text()
    with DuckDBEngine() as engine:
        # A table, so that no row has to become Python's.
        engine.rows(
            f"CREATE TEMP TABLE grouped AS SELECT hash(customer) % {groups} AS code, count(*) AS people, {columns}"
            f" FROM {literal(str(folder / 'facts.parquet'))} GROUP BY code"
        )


def prepare(customers: int, folder: Path) -> None:
    """Write the facts, decide once, and note how many groups that makes."""
    from customers import generate

    from contextmail.engines.base import literal
    from contextmail.engines.duckdb import DuckDBEngine

    generate(folder, customers)
    for name in ("simple", "complex"):
        decided(name, folder)
        out = literal(str(folder / f"{name}.parquet"))
        with DuckDBEngine() as engine:
            found = engine.rows(
                f'SELECT count(*) FROM (SELECT DISTINCT * EXCLUDE (customer, until, "to") FROM read_parquet({out}))'
            )
        (folder / f"{name}.groups").write_text(str(found[0][0]))


def main() -> None:
    """Measure, and print a row for each promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--child", nargs=3, metavar=("WAY", "NAME", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        way, name, folder = options.child
        start = time.perf_counter()
        if way == "prepare":
            prepare(int(name), Path(folder))
        else:
            {"decided": decided, "plain": plain}[way](name, Path(folder))
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    with tempfile.TemporaryDirectory() as folder:
        child(__file__, "--child", "prepare", str(options.customers), folder)
        peak = 0.0
        for what, (name, wanted) in WAYS.items():
            seconds: dict[str, list[float]] = {"decided": [], "plain": []}
            for _ in range(options.runs):
                for way, times in seconds.items():
                    answer = child(__file__, "--child", way, name, folder)
                    times.append(answer["seconds"])
                    peak = max(peak, answer["mb"]) if way == "decided" else peak
            ours, base = median(seconds["decided"]), median(seconds["plain"])
            groups = int((Path(folder) / f"{name}.groups").read_text())
            detail = f"{options.customers:,} customers, {groups:,} groups: {ours:.1f} s beside {base:.1f} s"
            row(f"decide: {what} and 3 policies, times a plain GROUP BY", ours / base, wanted, detail)
        row("decide: peak memory, MB", peak, 1000, "the whole process, resource.getrusage")


if __name__ == "__main__":
    main()
