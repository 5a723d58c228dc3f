"""An evening of calls: a list goes out, somebody says "do not call me", and the next block is checked again.

    python examples/call_list.py [folder]

The internet provider of examples/situations with its list, from the files of examples/call_list. Every step is a
command that a call centre runs as it stands here.
"""

from __future__ import annotations

import csv
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = Path(__file__).parent / "call_list"


def main() -> None:
    """Tell the evening, step by step, in a copy of the files."""
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(shutil.copytree(FILES, Path(sys.argv[1] if sys.argv[1:] else temp) / "calls"))
        run(folder, "init")
        run(folder, "facts build")

        print("\n== 1. The list: who may be called tonight, and what each of them hears")
        run(folder, "decide evening.txt --list people.csv -o calls.csv --left-out not-called.csv")
        show(folder / "calls.csv", "street", "contextmail_script")
        show(folder / "not-called.csv", "street", "contextmail_outcome", "contextmail_reason")

        print("\n== 2. Two were dialled, and one of them said: do not call me")
        run(folder, "outcomes results.csv --channel call")
        run(folder, "outcomes results.csv --channel call")

        print("\n== 3. Before the next block, the same list again")
        run(folder, "decide --recheck calls.csv -o block.csv --left-out fell-out.csv")
        show(folder / "block.csv", "street", "contextmail_use_before")
        show(folder / "fell-out.csv", "street", "contextmail_reason")

        print("\n== 4. The next evening the list has expired")
        run(folder, "decide --recheck calls.csv -o block.csv --as-of 2026-06-01T18:00:00Z")

        print("\n== 5. Every other system is told by `contextmail work`")
        run(folder, 'consent why-not call "+1 202 555 0104"')


def run(folder: Path, words: str) -> None:
    """Run a command of contextmail as a shell would, and print it with what it says."""
    print(f"$ contextmail {words}")
    done = subprocess.run(
        [sys.executable, "-m", "contextmail", *shlex.split(words)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode > 1:
        sys.exit(done.stderr)
    print("".join(f"  {line}\n" for line in done.stdout.splitlines()), end="")
    print(f"  (exit code {done.returncode})" if done.returncode else "", end="\n" if done.returncode else "")


def show(file: Path, *columns: str) -> None:
    """Print columns of a CSV file."""
    with file.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            print("  |", " | ".join(row[column] for column in columns))


if __name__ == "__main__":
    main()
