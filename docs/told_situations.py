"""The situations of examples/situations as a page: the story, the message, and what each customer gets."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))
from situations import FOLDER, campaign_of, outcomes

__all__ = ["FOLDER", "campaign_of", "outcomes", "page"]


def page() -> str:
    """Give the page as Markdown."""
    head = "# Situations\n\nWhat people complain about most, and what becomes of it. `python examples/situations.py` runs them.\n"
    return head + "".join(_sections())


def _sections() -> Iterator[str]:
    for path in sorted(FOLDER.glob("*.toml")):
        situation = tomllib.loads(path.read_text("utf-8"))
        yield f"\n## {situation['title']}\n\n{situation['story'].strip()}\n\n"
        yield f"> {' '.join(situation['message']['text'].split())}\n\n| customer | decision | reads or hears |\n|---|---|---|\n"
        for name, decision, words in outcomes(situation):
            yield f"| {name} | {decision} | {words or '–'} |\n"
        yield f"\n[The message, the settings and the customers](../examples/situations/{path.name}).\n"
