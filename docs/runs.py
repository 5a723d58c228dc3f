"""What the gift shop's campaigns show of each rule: real runs, cut to the lines that are the rule's."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from told_situations import FOLDER, outcomes

SHOP = Path(__file__).parent.parent / "examples" / "gift_shop"
CAMPAIGNS = ("winter.html",)
CUSTOMERS = ("12966", "16180", "99001")
"""Who bought once, who is one of the best, and who never bought: the first who reads something else is shown."""

Print = Callable[[list[str], Path], str]
"""Run contextmail with these words in a folder, and give what it prints."""


def sections(printed: Print) -> dict[str, str]:
    """Give, for each rule that the shop's campaigns or the situations meet, a section that shows it."""
    shown = {rule: f"```console\n{text}\n```\n" for rule, text in _console(printed)}
    for rule, text in _told():
        shown.setdefault(rule, text)
    return {rule: f"\n## A run\n{text}" for rule, text in shown.items()}


def _console(printed: Print) -> Iterator[tuple[str, str]]:
    """Yield a rule's lines of each command; the first campaign in which it has some is taken."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(shutil.copytree(SHOP, Path(folder) / "shop", ignore=shutil.ignore_patterns("facts")))
        printed(["facts", "build"], shop)
        lines: dict[str, list[str]] = {}
        for campaign in CAMPAIGNS:
            found = _blocks(printed(["check", campaign], shop), r"\S+:\d+:\d+ (?P<rule>[a-z-]+)  ")
            told = [
                (
                    customer,
                    _blocks(printed(["preview", campaign, "--customer", customer], shop), r"(?P<rule>[a-z-]+)  \""),
                )
                for customer in CUSTOMERS
            ]
            for rule in found.keys() - lines.keys():
                lines[rule] = [f"$ contextmail check {campaign}", *found[rule]]
                mended = next(((who, blocks[rule]) for who, blocks in told if rule in blocks), None)
                if mended:
                    lines[rule] += [f"$ contextmail preview {campaign} --customer {mended[0]}", *mended[1]]
            decided = printed(["decide", campaign], shop).splitlines()
            for outcome, line in _reasons(decided):
                rule = line.split()[-1]
                if rule not in lines:
                    lines[rule] = [f"$ contextmail decide {campaign}", outcome, line]
    for rule, text in lines.items():
        yield rule, "\n".join(text)


def _blocks(printed: str, opening: str) -> dict[str, list[str]]:
    """Cut what is printed into a rule's first finding: its line, and what is indented below it."""
    blocks: dict[str, list[str]] = {}
    taken: list[str] | None = None
    for line in printed.splitlines():
        begun = re.match(opening, line)
        if begun:
            taken = None if begun["rule"] in blocks else blocks.setdefault(begun["rule"], [])
        elif not line.startswith("  "):
            taken = None
        if taken is not None:
            taken.append(line)
    return blocks


def _reasons(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each reason's line with the line of its outcome."""
    outcome = ""
    for line in lines:
        if re.match(r"(send|hold|drop|reroute)\b", line):
            outcome = line
        elif line.startswith("  ") and re.search(r"[\d,]+  [a-z-]+$", line):
            yield outcome, line


def _told() -> Iterator[tuple[str, str]]:
    """Yield, for each rule that decides in a situation, what becomes of its customers."""
    for path in sorted(FOLDER.glob("*.toml")):
        situation = tomllib.loads(path.read_text("utf-8"))
        rows = list(outcomes(situation))
        head = f"[{situation['title']}](../situations.md):\n\n| customer | decision | reads or hears |\n|---|---|---|\n"
        table = head + "".join(f"| {who} | {decision} | {words or '–'} |\n" for who, decision, words in rows)
        for _, decision, _ in rows:
            if reason := re.search(r"\((.+)\)$", decision):
                yield reason[1], table
