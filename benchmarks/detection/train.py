"""Train the model that guesses what a sentence says from all of its words.

    pip install -e ".[cli,train]"
    python benchmarks/detection/train.py

Writes two: `src/contextmail/language/meanings`, trained on everything, is what ships; `benchmarks/detection/half`, trained
on the families that are kept for tuning, is what `measure.py` reports.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measure import LABELS, is_reported, sentences, unmerged
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from contextmail.language.meaning import MOST, ZERO, features, numbered

HERE = Path(__file__).parent
SHIPPED = HERE.parent.parent / "src/contextmail/language/meanings"
GUESSED = tuple(label for label in LABELS if label not in ("generic_greeting", "generic_subject"))
"""What words tell; that a greeting has no name, and a subject no topic, is told by the words that are not there."""
STRENGTH = 20.0
"""How far the weights may follow the sentences: the inverse of scikit-learn's regularisation."""


def main() -> None:
    """Train on the half and on the whole."""
    rows = sentences()
    for folder, chosen in ((HERE / "half", [row for row in rows if not is_reported(row["family"])]), (SHIPPED, rows)):
        train(folder, chosen)
        print(f"{folder}: {len(chosen)} sentences")


def train(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Train on `rows`, and write the model into `folder`."""
    wanted = np.array([[label in row["labels"] for label in GUESSED] for row in rows])
    vectors, models = fitted(rows, wanted)
    weights = np.column_stack([model.coef_[0] * vectors.idf_ for model in models])
    scale = np.abs(weights).max(axis=0) / (ZERO - 1)
    share = 255 / (vectors.idf_**2).max()
    table = np.column_stack([np.rint(weights / scale) + ZERO, np.rint(vectors.idf_**2 * share)]).astype(np.uint8)
    names = vectors.get_feature_names_out()
    # A feature of which nothing is left after rounding tells nothing.
    kept = (table[:, :-1] != ZERO).any(axis=1)
    words = sorted({word for name in names[kept] for word in name.split(" ")} - {"_"})
    numbers = {word: number for number, word in enumerate(words, 1)}
    order = struct.pack(f"<{kept.sum()}Q", *(numbered(name, numbers) for name in names[kept]))
    told = {
        "labels": list(GUESSED),
        "trained_on": hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest(),
        "scale": {label: float(f"{value * share**0.5:.6g}") for label, value in zip(GUESSED, scale, strict=True)},
        "bias": {label: float(f"{model.intercept_[0]:.6g}") for label, model in zip(GUESSED, models, strict=True)},
        "features": int(kept.sum()),
        "words": words,
    }
    folder.mkdir(exist_ok=True)
    (folder / "en.json").write_text(json.dumps(told, ensure_ascii=False, indent=0) + "\n", "utf-8")
    (folder / "en.bin").write_bytes(order + table[kept].tobytes())


def fitted(rows: Sequence[dict[str, Any]], wanted: Any) -> tuple[TfidfVectorizer, list[LogisticRegression]]:
    """Fit one model a label."""
    vectors = TfidfVectorizer(analyzer=_features, binary=True, min_df=2)
    matrix = vectors.fit_transform(rows)
    models = [LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0) for _ in GUESSED]
    return vectors, [model.fit(matrix, wanted[:, at]) for at, model in enumerate(models)]


def _features(row: dict[str, Any]) -> list[str]:
    return list(features(unmerged(row["text"]), subject=row["kind"] == "subject"))[:MOST]


if __name__ == "__main__":
    main()
