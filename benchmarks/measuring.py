"""Take turns, take medians, and print one row of Markdown for each promise."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median


def row(what: str, measured: float, wanted: float, detail: str, *, least: bool = False) -> None:
    """Print a ratio beside what is wanted of it: at most, or at least."""
    met = measured >= wanted if least else measured <= wanted
    sign = "at least" if least else "at most"
    print(
        f"| {what} | {measured:,.2f} | {sign} {wanted:,g} | {'met' if met else '**missed**'} | {detail} |", flush=True
    )


def turns(
    ways: Mapping[str, Callable[[], object]], runs: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Run each way in turn, `runs` times, and give the median seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            start = clock()
            way()
            seconds[name].append(clock() - start)
    return {name: median(times) for name, times in seconds.items()}


def child(*arguments: str) -> dict[str, float]:
    """Run Python with `arguments` in a process of its own, and read the JSON that it prints last."""
    done = subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
