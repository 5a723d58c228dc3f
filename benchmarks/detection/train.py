"""Train the model that guesses what a sentence says from all of its words, and say how good it is on families unseen.

    pip install -e ".[cli,train]"
    python benchmarks/detection/train.py

Writes two: `src/contextmail/language/meaning`, trained on everything, is what ships; `benchmarks/detection/half`, trained
on the families that are kept for tuning, is what `measure.py` reports.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measure import LABELS, detected, is_reported, sentences, unmerged
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from contextmail.checking import Checker
from contextmail.config import Settings
from contextmail.language.meaning import MOST, ZERO, features

HERE = Path(__file__).parent
SHIPPED = HERE.parent.parent / "src/contextmail/language/meaning"
PRECISION = 0.8
"""Of what only the model finds, the least share that is right: below it a label is not guessed."""
STRENGTH = 20.0


def main() -> None:
    """Train on the half and on the whole."""
    rows = sentences()
    patterns = Checker(Settings(guess=False))
    located = [detected(patterns, row["text"], row["kind"]) for row in rows]
    half = [index for index, row in enumerate(rows) if not is_reported(row["family"])]
    for folder, chosen in ((HERE / "half", half), (SHIPPED, range(len(rows)))):
        train(folder, [rows[index] for index in chosen], [located[index] for index in chosen])
        print(f"{folder}: {len(chosen)} sentences")


def train(folder: Path, rows: Sequence[dict[str, Any]], located: Sequence[dict[str, str]]) -> None:
    """Train on `rows`, and write the model into `folder`."""
    wanted = np.array([[label in row["labels"] for label in LABELS] for row in rows])
    held_out = np.zeros(wanted.shape)
    for seen, unseen in GroupKFold(5).split(rows, groups=[row["family"] for row in rows]):
        vectors, models = fitted([rows[index] for index in seen], wanted[seen])
        matrix = vectors.transform([rows[index] for index in unseen])
        held_out[unseen] = np.column_stack([model.predict_proba(matrix)[:, 1] for model in models])
    vectors, models = fitted(rows, wanted)
    weights = np.column_stack([model.coef_[0] * vectors.idf_ for model in models])
    scale = np.abs(weights).max(axis=0) / (ZERO - 1)
    share = 255 / (vectors.idf_**2).max()
    table = np.column_stack([np.rint(weights / scale) + ZERO, np.rint(vectors.idf_**2 * share)]).astype(np.uint8)
    names = vectors.get_feature_names_out()
    # A feature of which nothing is left after rounding tells nothing.
    kept = (table[:, :-1] != ZERO).any(axis=1)
    numbers = {
        "labels": list(LABELS),
        "trained_on": hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest(),
        "scale": {label: float(f"{value * share**0.5:.6g}") for label, value in zip(LABELS, scale, strict=True)},
        "bias": {label: float(f"{model.intercept_[0]:.6g}") for label, model in zip(LABELS, models, strict=True)},
        "enough": enough(held_out, wanted, located),
        "features": list(names[kept]),
    }
    folder.mkdir(exist_ok=True)
    (folder / "en.json").write_text(json.dumps(numbers, ensure_ascii=False, indent=0) + "\n", "utf-8")
    (folder / "en.bin").write_bytes(table[kept].tobytes())


def fitted(rows: Sequence[dict[str, Any]], wanted: Any) -> tuple[TfidfVectorizer, list[LogisticRegression]]:
    """Fit one model a label."""
    vectors = TfidfVectorizer(analyzer=_features, binary=True, min_df=2)
    matrix = vectors.fit_transform(rows)
    models = [LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0) for _ in LABELS]
    return vectors, [model.fit(matrix, wanted[:, at]) for at, model in enumerate(models)]


def _features(row: dict[str, Any]) -> list[str]:
    return list(features(unmerged(row["text"]), subject=row["kind"] == "subject"))[:MOST]


def enough(held_out: Any, wanted: Any, located: Sequence[dict[str, str]]) -> dict[str, float]:
    """Give the chance from which on each label is guessed: the least that is right often enough beside the patterns."""
    found = {}
    for at, label in enumerate(LABELS):
        pairs = sorted(
            ((held_out[i, at], wanted[i, at]) for i, labels in enumerate(located) if label not in labels), reverse=True
        )
        right, best = 0, 1.01
        for count, (chance, truth) in enumerate(pairs, 1):
            right += truth
            if count >= 5 and right / count >= PRECISION:
                best = chance
        found[label] = float(f"{best:.4f}")
    return found


if __name__ == "__main__":
    main()
