"""Facts from order lines, beside one plain statement over the same file, in one process, medians.

    python benchmarks/facts.py                  2 million order lines
    python benchmarks/facts.py --rows 20000000

The plain statement is what anybody would write: GROUP BY customer with count(DISTINCT order), sum, min, max and
list(DISTINCT product), copied to Parquet. Ours reads the same file and writes all facts, netted of returns, with the
lines beside them as evidence. Both run with the same threads; the two take turns, and each turn gives a ratio.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path

from contextmail import facts
from contextmail.engines.base import literal
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.model.tables import TableMapping

AS_OF = datetime(2026, 1, 1)
ROLES = ("customer", "order", "product", "amount", "at")


def generate(file: Path, rows: int) -> None:
    """Write order lines of customers who differ much in how often they buy: three lines an order, 10,000 products."""
    with DuckDBEngine() as engine:
        engine.rows(
            "COPY (SELECT (pow((hash(i // 3) % 1000000007) / 1000000007.0, 2.5) * "
            f'{rows} // 10)::BIGINT AS customer, i // 3 AS "order",'
            " (hash(i * 7 + 3) % 10000)::INTEGER AS product, 100 + (hash(i * 13) % 9900)::BIGINT AS amount,"
            " TIMESTAMP '2020-01-01' + to_seconds((hash(i // 3) % 150000000)::BIGINT) AS \"at\""
            f" FROM range({rows}) t(i) ORDER BY hash(i // 3)) TO {literal(str(file))}"
            " (FORMAT parquet, COMPRESSION zstd)"
        )


def plain(file: Path, out: Path) -> None:
    """Run the plain statement."""
    with DuckDBEngine() as engine:
        engine.rows(
            'COPY (SELECT customer, count(DISTINCT "order"), sum(amount), min("at"), max("at"), list(DISTINCT product)'
            f" FROM {literal(str(file))} GROUP BY customer) TO {literal(str(out))} (FORMAT parquet)"
        )


def ours(file: Path, out: Path) -> str:
    """Build the facts, and give a digest of them."""
    mapping = TableMapping(path=file.name, columns={role: role for role in ROLES}, amounts="minor", currency="GBP")
    facts.build({"orders": mapping}, out, as_of=AS_OF, folder=file.parent)
    return hashlib.sha256((out / "facts.parquet").read_bytes()).hexdigest()[:16]


def _clocks() -> tuple[float, float]:
    """Read the wall clock and the processors' time of this process: the second tells on a busy machine."""
    return time.perf_counter(), time.process_time()


def main() -> None:
    """Measure, and print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.parquet"
        generate(file, options.rows)
        taken: list[tuple[float, ...]] = []
        digests = set()
        for _ in range(options.runs):
            clocks = [*_clocks()]
            plain(file, Path(folder) / "plain.parquet")
            clocks += _clocks()
            digests.add(ours(file, Path(folder) / "facts"))
            clocks += _clocks()
            taken.append(tuple(after - before for before, after in zip(clocks, clocks[2:], strict=False)))
    plain_wall, plain_busy, wall, busy = (statistics.median(times) for times in zip(*taken, strict=True))
    ratios = statistics.median(run[2] / run[0] for run in taken), statistics.median(run[3] / run[1] for run in taken)
    print(
        f"{options.rows:,} order lines, median of {options.runs}; load {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores"
    )
    print(f"  plain statement  {plain_wall:7.2f} s            processors {plain_busy:7.2f} s")
    print(f"  facts            {wall:7.2f} s   x {ratios[0]:.2f}   processors {busy:7.2f} s   x {ratios[1]:.2f}")
    print(f"  same bytes in every run: {'yes' if len(digests) == 1 else 'NO'} ({', '.join(sorted(digests))})")


if __name__ == "__main__":
    main()
