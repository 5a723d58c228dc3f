"""Checking HTML beside only lexing it, and messages of one sentence by the second.

python benchmarks/checking.py
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from measuring import row, turns

from contextmail.checking import Checker
from contextmail.cli.stream import checked_lines
from contextmail.dialects import any_tokens
from contextmail.language.block import masked
from contextmail.language.html import Kind, attributes, lex
from contextmail.language.reading import part_from_bytes
from contextmail.model.message import Message, Part, PartKind

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "tests/data/templates"
SENTENCES = ROOT / "benchmarks/detection/sentences/mixed.jsonl"


def lexed(part: Part) -> int:
    """Find the tags, texts and attributes of `part`, template tokens as atoms."""
    source = masked(part.source, any_tokens(part.source))
    tags = (lexeme for lexeme in lex(source) if lexeme[0] is Kind.OPEN)
    return sum(1 for _, start, end, _ in tags for _ in attributes(source, start, end))


def main() -> None:
    """Measure, and print a row for each promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    checker = Checker()
    parts = [part_from_bytes("html", PartKind.HTML, file.read_bytes()) for file in sorted(TEMPLATES.glob("*.html"))]
    messages = [Message(parts=(part,)) for part in parts]
    sentences = [json.loads(line)["text"] for line in SENTENCES.read_text("utf-8").splitlines()]
    lines = [json.dumps({"id": at, "text": text}).encode() for at, text in enumerate(sentences)]
    ways = {
        "lexer": lambda: [lexed(part) for part in parts],
        "check": lambda: [checker.check(message, opaque=True) for message in messages],
        "sentences": lambda: list(checked_lines(lines, checker)),
    }
    turns(ways, 1)
    seconds = turns(ways, options.runs, time.process_time)
    size = sum(len(part.source) for part in parts) / 1e6
    detail = f"{size / seconds['check']:.1f} MB/s beside {size / seconds['lexer']:.1f} MB/s"
    row("check HTML, share of the lexer's rate", seconds["lexer"] / seconds["check"], 0.5, detail, least=True)
    rate = len(lines) / seconds["sentences"]
    row("check messages of one sentence, thousands a second", rate / 1e3, 2, "as JSON lines, in and out", least=True)


if __name__ == "__main__":
    main()
