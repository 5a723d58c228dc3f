"""One customer: a decision with the final texts of ten edits; and what `import contextmail` costs.

python benchmarks/single.py
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from customers import AS_OF, TYPES, campaign, generate, one_and_two_terms
from measuring import row, turns

from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts.folder import FactsFolder

IMPORTS = ("import contextmail", "from contextmail import Campaign", "import fastapi")


def one_customer(runs: int) -> None:
    """Decide for a thousand customers, one by one."""
    with tempfile.TemporaryDirectory() as folder, DuckDBEngine() as engine:
        generate(Path(folder), 1000)
        parquet = FactsFolder.open(folder).parquet
        people = [
            dict(zip(TYPES, row, strict=True)) for row in engine.rows(f"SELECT {', '.join(TYPES)} FROM '{parquet}'")
        ]
    asked = campaign(one_and_two_terms())
    walls, used = [], []
    for _ in range(runs):
        start = time.process_time()
        for person in people:
            began = time.perf_counter()
            asked.decide(person, as_of=AS_OF).parts  # noqa: B018  # the texts are written when they are asked for
            walls.append(time.perf_counter() - began)
        used.append((time.process_time() - start) / len(people))
    detail = f"30 predicates, 3 policies, a mail of 10 KB; processor {median(used) * 1e6:.1f} µs"
    row("decide for one customer, ten edits, µs", median(walls[len(people) :]) * 1e6, 50, detail)


def imports(runs: int) -> None:
    """Import in fresh interpreters, in turn."""
    ways = {code: lambda code=code: subprocess.run([sys.executable, "-c", code], check=True) for code in IMPORTS}
    ours, campaign, fastapi = turns(ways, runs).values()
    detail = f"{ours * 1e3:.0f} ms beside {fastapi * 1e3:.0f} ms, the interpreter in both;"
    detail += f" `from contextmail import Campaign` {campaign * 1e3:.0f} ms"
    row("`import contextmail`, times `import fastapi`", ours / fastapi, 0.5, detail)


def main() -> None:
    """Measure, and print a row for each promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    one_customer(runs)
    imports(runs)


if __name__ == "__main__":
    main()
