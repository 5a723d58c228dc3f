"""Check, rewrite and decide a gift shop's campaign for its real customers: the commands that a team would type.

Run it by `make demo`, or from anywhere: everything that it writes goes to `out/demo`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).parent / "gift_shop"
OUT = Path(__file__).parent.parent / "out" / "demo"
TO = "../../out/demo"
THREE = (
    ("16180", "is one of the best, and has been quiet since August"),
    ("12966", "bought once, ten days ago"),
    ("99001", "is on the list and never bought"),
)


def main() -> None:
    """Run the campaign through contextmail, step by step."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    facts = ["--facts", f"{TO}/facts"]
    say("1. Facts: half a million real order lines become one row of facts per customer.")
    run("facts", "build", *facts)
    say("2. Check: what does the winter campaign say of its recipients, and of how many is it true?")
    run("check", "winter.html", *facts, looks=True)
    say("3. Rewrite: the template in Mailchimp's own language; nothing but the claims changes.")
    run("rewrite", "winter.html", "-o", f"{TO}/rewritten", *facts)
    for customer, who in THREE:
        say(f"4. Preview: customer {customer} {who}.")
        run("preview", "winter.html", "--customer", customer, *facts)
    say("5. Decide: who gets it, who waits, who is left alone, and why.")
    run("decide", "winter.html", "-o", f"{TO}/decisions.parquet", *facts)
    run("compile", "winter.html", "-o", f"{TO}/winter.json", *facts)
    say("Everything is in out/demo:")
    for file in sorted(path for path in OUT.rglob("*") if path.is_file()):
        print(f"   {file.relative_to(OUT.parent.parent)}  {file.stat().st_size:,} bytes")


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}\n", flush=True)


def run(*words: str, looks: bool = False) -> None:
    """Run a command in the shop's folder, shown as typed; `looks`: that it finds something is no failure."""
    print("$ contextmail " + " ".join(words), flush=True)
    done = subprocess.run([sys.executable, "-m", "contextmail", *words], check=False, cwd=SHOP)
    if done.returncode not in ((0, 1) if looks else (0,)):
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
