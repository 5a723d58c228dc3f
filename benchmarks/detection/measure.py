"""Measure detection: precision and recall per label on labelled sentences, and false alarms on ordinary subjects.

    python benchmarks/detection/measure.py                                   the sentences written for this project
    python benchmarks/detection/measure.py labelled.jsonl --subjects ordinary.jsonl --errors

Of the sentences written for this project, families whose hash falls on the second half are reported: the patterns were
never tuned on any of their wordings (GUIDELINES.md). A file of another origin is reported whole.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from contextmail.checking import Checker

WRITTEN = Path(__file__).parent / "written.jsonl"
LABEL = {
    "unearned-value-claim": "value_claim",
    "unearned-loyalty-claim": "loyalty_claim",
    "unearned-absence-claim": "absence_claim",
    "generic-greeting": "generic_greeting",
    "generic-subject": "generic_subject",
    "stranger-talk": "resell",
    "owned-offer": "resell",
    "robotic-care": "care_claim",
    "unfounded-urgency": "urgency_claim",
    "known-question": "ask_known",
    "no-substance": "info_free",
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", nargs="?", type=Path, default=WRITTEN)
    parser.add_argument("--subjects", type=Path, help="ordinary subjects, unlabelled: JSON lines with `subject`")
    parser.add_argument("--errors", action="store_true", help="list what is wrong")
    arguments = parser.parse_args()
    checker = Checker()
    rows = [json.loads(line) for line in arguments.labelled.read_text("utf-8").splitlines()]
    rows = [row for row in rows if "family" not in row or is_reported(row["family"])]
    found = [detected(checker, row["text"], row["kind"]) for row in rows]
    print(f"{arguments.labelled.name}: {len(rows)} sentences")
    for confidence in ("high", "high and low"):
        table(rows, found, low=confidence != "high", errors=arguments.errors)
    if arguments.subjects:
        alarms(checker, [json.loads(line)["subject"] for line in arguments.subjects.read_text("utf-8").splitlines()])


def is_reported(family: str) -> bool:
    """Say whether a family of wordings is kept for the report."""
    return hashlib.sha256(family.encode()).hexdigest()[0] >= "8"


def detected(checker: Checker, text: str, kind: str) -> dict[str, str]:
    """Give label -> confidence of what is found in one sentence."""
    part = kind if kind in ("subject", "preheader") else "text"
    best: dict[str, str] = {}
    for finding in checker.check({part: text}, opaque=True).findings:
        label = LABEL.get(finding.rule)
        if label and best.get(label) != "high":
            best[label] = finding.confidence
    return best


def labels_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the labels that these sentences were labelled for, of those that a rule finds."""
    return sorted({label for row in rows for label in row["labels"]}.intersection(LABEL.values()))


def table(rows: Sequence[Mapping[str, Any]], found: Iterable[Mapping[str, str]], *, low: bool, errors: bool) -> None:
    """Print precision and recall per label."""
    counts: Counter[tuple[str, str]] = Counter()
    wrong = []
    for row, labels in zip(rows, found, strict=True):
        for label in labels_of(rows):
            got, wanted = label in labels and (low or labels[label] == "high"), label in row["labels"]
            outcome = {(True, True): "hit", (True, False): "alarm", (False, True): "miss"}.get((got, wanted))
            if outcome:
                counts[(label, outcome)] += 1
                wrong += [] if outcome == "hit" else [f"    {outcome:5} {label}: {row['text']}"]
    print(f"  {'high and low' if low else 'high'}")
    for label in (*labels_of(rows), "pooled"):
        hit, alarm, miss = (
            sum(n for (name, outcome), n in counts.items() if outcome == kind and label in (name, "pooled"))
            for kind in ("hit", "alarm", "miss")
        )
        precision, recall = hit / max(hit + alarm, 1), hit / max(hit + miss, 1)
        print(
            f"    {label:18} precision {precision:.2f}  recall {recall:.2f}  hits {hit:3} alarms {alarm:3} misses {miss:3}"
        )
    if errors and low:
        print("\n".join(wrong))


def alarms(checker: Checker, subjects: Iterable[str]) -> None:
    """Print the alarms per hundred ordinary subjects, each listed."""
    subjects = list(subjects)
    raised = [
        (finding.rule, subject)
        for subject in subjects
        for finding in checker.check({"subject": subject}, opaque=True).findings
        # Ordinary mail is part of a thread.
        if finding.confidence == "high" and finding.rule != "fake-reply"
    ]
    print(f"  {len(raised)} high alarms in {len(subjects)} subjects: {100 * len(raised) / len(subjects):.1f} per 100")
    for rule, subject in sorted(raised):
        print(f"    {rule}: {subject}")


if __name__ == "__main__":
    main()
