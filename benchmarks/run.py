"""Measure every promise of speed, and write benchmarks/RESULTS.md: ratios, side by side in one run.

python benchmarks/run.py             10 million customers, 20 million order lines: a quarter of an hour or more
python benchmarks/run.py --quick     a tenth of that, printed only
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
PACKAGES = "duckdb sqlglot pydantic fastapi starlette uvicorn jinja2 minijinja python-liquid Django".split()
SCRIPTS = ("single.py", "checking.py", "rendering.py", "deciding.py", "receiver.py", "facts.py")
QUICK = {
    "rendering.py": ["--customers", "1000000"],
    "deciding.py": ["--customers", "1000000"],
    "receiver.py": ["--seconds", "10"],
    "facts.py": ["--rows", "2000000"],
}
FULL = {"facts.py": ["--rows", "20000000"]}


def machine() -> str:
    """Describe where this runs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpuinfo = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    cpu = next((line.split(": ")[1] for line in cpuinfo.splitlines() if line.startswith("model name")), "")
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} × {cpu or platform.processor()}, {memory:.0f} GB, {system}; {packages}."


def main() -> None:
    """Run each benchmark and gather what it prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    printed = {}
    for name in SCRIPTS:
        command = [sys.executable, HERE / name, *(QUICK if quick else FULL).get(name, [])]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        printed[name] = done.stdout.strip()
        print(printed[name], flush=True)
    if quick:
        return
    facts = printed.pop("facts.py")
    text = "\n".join(
        [
            "# Speed",
            "",
            f"Printed by `make bench`. {machine()}",
            "",
            "Medians, the ways in turn within one run. Seconds are this machine's: the ratios count.",
            "",
            "| what | measured | wanted | | |",
            "|---|---|---|---|---|",
            *printed.values(),
            "",
            "A render writes each recipient's text; the counts do not: the platform fills them in when it sends.",
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
    (HERE / "RESULTS.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
