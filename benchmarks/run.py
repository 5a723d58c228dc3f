"""Measure every promise of speed, and write benchmarks/RESULTS.md: ratios, side by side in one run.

    python benchmarks/run.py             an hour's quarter: 10 million customers, 20 million order lines
    python benchmarks/run.py --quick     two minutes: a tenth and less of that
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = "duckdb sqlglot pydantic fastapi jinja2 minijinja python-liquid Django".split()
FULL = {
    "single.py": [],
    "checking.py": [],
    "rendering.py": [],
    "deciding.py": [],
    "facts.py": ["--rows", "20000000"],
}
QUICK = {
    "rendering.py": ["--customers", "1000000", "--runs", "3"],
    "deciding.py": ["--customers", "1000000", "--runs", "3"],
    "facts.py": ["--rows", "2000000", "--runs", "3"],
}


def machine() -> str:
    """Describe where this runs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpu = next((line.split(": ")[1] for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} × {cpu or platform.processor()}, {memory:.0f} GB, {platform.system()},"
        f" Python {platform.python_version()}; {packages}."
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def main() -> None:
    """Run each benchmark and gather what it prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    printed = {}
    for name, arguments in (FULL | QUICK if quick else FULL).items():
        print(f"{name} …", file=sys.stderr, flush=True)
        done = subprocess.run([sys.executable, HERE / name, *arguments], check=True, stdout=subprocess.PIPE, text=True)
        printed[name] = done.stdout.strip()
        print(printed[name], flush=True)
    facts = printed.pop("facts.py")
    text = "\n".join(
        [
            "# Speed",
            "",
            f"Printed by `make bench`{' (`--quick`)' if quick else ''}. {machine()}",
            "",
            "Medians, the ways in turn within one run. Seconds are this machine's: the ratios count.",
            "",
            "| what | measured | wanted | | |",
            "|---|---|---|---|---|",
            *printed.values(),
            "",
            "A render writes each recipient's text; the counts do not: the platform fills in the chosen variant when it sends.",
            "What comes out instead is a handful of texts to read, with the number of people behind each.",
            "",
            "## Facts from order lines (wanted: at most 2 times the plain statement, the same bits on every run)",
            "",
            "```",
            facts,
            "```",
            "",
        ]
    )
    (HERE / ("RESULTS-quick.md" if quick else "RESULTS.md")).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
