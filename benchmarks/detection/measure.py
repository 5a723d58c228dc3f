"""Measure detection: precision and recall per label on labelled sentences, and false alarms on ordinary subjects.

    python benchmarks/detection/measure.py                                   the sentences written for this project
    python benchmarks/detection/measure.py labelled.jsonl --subjects ordinary.jsonl --errors

Of the sentences written for this project, families whose hash falls on the second half are reported: neither patterns
nor model were made with any of their wordings (GUIDELINES.md). A file of another origin is reported whole, with the
model that ships.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

from contextmail.checking import Checker
from contextmail.config import Settings
from contextmail.language.meaning import Meaning
from contextmail.rules import CLAIMS

SENTENCES = Path(__file__).parent / "sentences"
READ = SENTENCES / "mixed.jsonl"
"""The oldest file, all of whose rewrites were read and mended: none of its families is reported."""
HALF = Path(__file__).parent / "half"
"""The model that has seen the families for tuning alone."""
LABEL = {name: rule.label for name, rule in CLAIMS.items() if rule.label}
LABELS = tuple(dict.fromkeys(LABEL.values()))
ENOUGH = 50
"""Positives from which a label's figures say something."""
_TOKEN = re.compile(r"\{\{.*?\}\}|\*\|.*?\|\*|%%.*?%%|\{%.*?%\}|\[[A-Z]\w*(?: [A-Z]\w*)*\]")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", nargs="?", type=Path, help="JSON lines with `text`, `labels` and `kind`")
    parser.add_argument("--subjects", type=Path, help="ordinary subjects, unlabelled: JSON lines with `subject`")
    parser.add_argument("--errors", action="store_true", help="list what is wrong, of every label")
    arguments = parser.parse_args()
    rows = read(arguments.labelled) if arguments.labelled else sentences()
    checker, patterns = Checker(), Checker(Settings(guess=False))
    if not arguments.labelled:
        seen = {row["family"] for row in read(READ)}
        rows = [row for row in rows if is_reported(row["family"]) and row["family"] not in seen]
        checker.meaning = Meaning(HALF / "en.json", HALF / "en.bin")
    print(f"{arguments.labelled or SENTENCES.name}: {len(rows)} sentences")
    located, found = ([detected(one, row["text"], row["kind"]) for row in rows] for one in (patterns, checker))
    table("high: located by patterns", rows, [_high(labels) for labels in located])
    table("high and low, patterns alone", rows, located)
    table("high and low, patterns and model", rows, found, errors=arguments.errors)
    if arguments.subjects:
        alarms(checker, [json.loads(line)["subject"] for line in arguments.subjects.read_text("utf-8").splitlines()])


def read(path: Path) -> list[dict[str, Any]]:
    """Read labelled sentences."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def sentences() -> list[dict[str, Any]]:
    """Read all of the sentences written for this project."""
    return [row for path in sorted(SENTENCES.glob("*.jsonl")) for row in read(path)]


def is_reported(family: str) -> bool:
    """Say whether a family of wordings is kept for the report."""
    return hashlib.sha256(family.encode()).hexdigest()[0] >= "8"


def unmerged(text: str) -> str:
    """Put the one character that stands for a template token where a text has one."""
    return _TOKEN.sub("\ufffc", text)


def detected(checker: Checker, text: str, kind: str) -> dict[str, str]:
    """Give label -> confidence of what is found in one sentence."""
    part = kind if kind in ("subject", "preheader") else "text"
    best: dict[str, str] = {}
    for finding in checker.check({part: text}, opaque=True).findings:
        label = LABEL.get(finding.rule)
        if label and best.get(label) != "high":
            best[label] = finding.confidence
    return best


def _high(labels: Mapping[str, str]) -> dict[str, str]:
    return {label: confidence for label, confidence in labels.items() if confidence == "high"}


def table(
    title: str, rows: Sequence[Mapping[str, Any]], found: Iterable[Mapping[str, str]], *, errors: bool = False
) -> None:
    """Print precision, recall and F1 per label, with 95 % intervals where all are pooled."""
    counts: Counter[tuple[str, str]] = Counter()
    wrong: dict[str, list[str]] = {}
    # A file may have been labelled for some of the labels alone.
    labelled = [label for label in LABELS if any(label in row["labels"] for row in rows)]
    for row, labels in zip(rows, found, strict=True):
        for label in labelled:
            outcome = {(True, True): "hit", (True, False): "alarm", (False, True): "miss"}.get(
                (label in labels, label in row["labels"])
            )
            if outcome:
                counts[label, outcome] += 1
                counts["pooled", outcome] += 1
                if outcome != "hit":
                    wrong.setdefault(label, []).append(f"      {outcome:5} {row['text']}")
    print(f"  {title}")
    for label in (*labelled, "pooled"):
        hit, alarm, miss = (counts[label, outcome] for outcome in ("hit", "alarm", "miss"))
        precision, recall = hit / max(hit + alarm, 1), hit / max(hit + miss, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        few = "  few: see --errors" if hit + miss < ENOUGH else ""
        print(
            f"    {label:18} precision {precision:.2f}  recall {recall:.2f}  F1 {f1:.2f}"
            f"  hits {hit:4} alarms {alarm:4} misses {miss:4}{few}"
        )
        if label == "pooled":
            low, high = interval(hit, hit + alarm)
            print(f"      95 %: precision {low:.3f} to {high:.3f}, ", end="")
            low, high = interval(hit, hit + miss)
            print(f"recall {low:.3f} to {high:.3f}")
    if errors:
        for label, lines in wrong.items():
            print("\n".join([f"    {label}", *lines]))


def interval(part: int, whole: int) -> tuple[float, float]:
    """Give the 95 % interval of a share (Wilson, 1927)."""
    if not whole:
        return 0.0, 1.0
    z, share = 1.96, part / whole
    middle, half = share + z * z / (2 * whole), z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return (middle - half) / (1 + z * z / whole), (middle + half) / (1 + z * z / whole)


def alarms(checker: Checker, subjects: Sequence[str]) -> None:
    """Print the alarms per hundred ordinary subjects, the high ones listed."""
    # Ordinary mail is part of a thread.
    raised = [
        (finding.confidence, finding.rule, subject)
        for subject in subjects
        for finding in checker.check({"subject": subject}, opaque=True).findings
        if finding.rule != "fake-reply"
    ]
    for confidence in ("high", "low"):
        some = sum(one == confidence for one, _, _ in raised)
        print(f"  {some} {confidence} alarms in {len(subjects)} subjects: {100 * some / len(subjects):.1f} per 100")
    for confidence, rule, subject in sorted(raised):
        if confidence == "high":
            print(f"    {rule}: {subject}")


if __name__ == "__main__":
    main()
