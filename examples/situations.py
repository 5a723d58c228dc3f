"""Six situations that people complain about, each with its message, its customers, and what each of them gets.

    python examples/situations.py                          all of them
    python examples/situations.py robot_call               one

A file of examples/situations/ holds a message as a JSON message has it, the settings as contextmail.toml has them, and
what is known of some customers. docs/situations.md is printed from them.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import contextmail

FOLDER = Path(__file__).parent / "situations"
CLOCK = datetime(2026, 5, 31, 9)


def outcomes(situation: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Give, for each customer, the decision with its reason, and what they read or hear."""
    campaign = contextmail.compile(situation["message"], contextmail.Settings(**situation.get("settings", {})))
    for name, facts in situation["customers"].items():
        one = campaign.decide(facts, as_of=CLOCK)
        words = " ".join(one.parts["text"].split()) if one.outcome == "send" else ""
        to = f" to {one.decision.to}" if one.decision.to else ""
        yield name, f"{one.outcome}{to} ({one.reason})" if one.reason else one.outcome, words


def main() -> None:
    """Print the situations that are named, or all of them."""
    for path in sorted(FOLDER.glob("*.toml")):
        if sys.argv[1:] and path.stem not in sys.argv[1:]:
            continue
        situation = tomllib.loads(path.read_text("utf-8"))
        print(f"{situation['title']}\n")
        print(f"  written: {' '.join(situation['message']['text'].split())}")
        for name, decision, words in outcomes(situation):
            print(f"  {name}: {decision}" + (f": {words}" if words else ""))
        print()


if __name__ == "__main__":
    main()
