"""Guess what a sentence says from all of its words together, where no pattern locates a claim.

A linear model over words, their beginnings, pairs and triples, trained by `benchmarks/detection/train.py` on the
sentences beside it. It knows nothing of grammar and locates nothing, so what only it finds is only shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from math import exp, sqrt

from contextmail.language.patterns import straight

_WORD = re.compile(r"\ufffc|\w+(?:'\w+)?|[^\w\s]")
MOST = 256
"""Features that are read of one sentence: sums of so many bytes fit into two."""
ZERO = 128
"""The byte that stands for a weight of nothing."""
_STEM = 5


class Meaning:
    """A trained model. `en.json` holds its labels and features in order, `en.bin` a row of bytes for each feature.

    A row is one weight per label and the feature's share in a sentence's length. It is kept as one whole number with
    two bytes for each of these, so that one addition adds them all.
    """

    def __init__(self, told: Traversable, rows: Traversable) -> None:
        numbers = json.loads(told.read_text("utf-8"))
        self.labels: tuple[str, ...] = tuple(numbers["labels"])
        self._scale: Mapping[str, float] = numbers["scale"]
        self._bias: Mapping[str, float] = numbers["bias"]
        self._enough: Mapping[str, float] = numbers["enough"]
        packed = rows.read_bytes()
        wide = bytearray(2 * len(packed))
        wide[::2] = packed
        width = self._width = 2 * (len(self.labels) + 1)
        starts = range(0, len(wide), width)
        self._rows = {
            feature: int.from_bytes(wide[at : at + width], "little")
            for feature, at in zip(numbers["features"], starts, strict=True)
        }

    def chances(self, text: str, *, subject: bool) -> dict[str, float]:
        """Give the chance of each label, 0 to 1, for one sentence; a template token is U+FFFC."""
        known = [row for row in map(self._rows.get, set(features(text, subject=subject))) if row][:MOST]
        sums = memoryview(sum(known).to_bytes(self._width, "little")).cast("H")
        length = sqrt(sums[-1]) or 1.0
        zero = ZERO * len(known)
        return {
            label: 1 / (1 + exp(-(total - zero) * self._scale[label] / length - self._bias[label]))
            for label, total in zip(self.labels, sums, strict=False)
        }

    def guesses(self, text: str, *, subject: bool) -> dict[str, float]:
        """Give the labels that are likely enough to be shown, with their chance."""
        chances = self.chances(text, subject=subject)
        return {label: chance for label, chance in chances.items() if chance >= self._enough[label]}


def features(text: str, *, subject: bool) -> Iterator[str]:
    """Yield a sentence's words, their beginnings, its pairs, triples and pairs with a gap; any number is `0`."""
    words = ("0" if word[0].isdigit() else word for word in _WORD.findall(straight(text).lower()))
    before, last = "", ""
    for word in ("<subject>" if subject else "<body>", *words, "</>"):
        yield word
        if len(word) > _STEM:
            yield f"~{word[:_STEM]}"
        if last:
            yield f"{last} {word}"
        if before:
            yield f"{before} {last} {word}"
            yield f"{before} _ {word}"
        before, last = last, word


@cache
def meaning(language: str) -> Meaning | None:
    """Load the model of a language; None: there is none."""
    folder = files("contextmail.language") / "meaning"
    told = folder / f"{language}.json"
    return Meaning(told, folder / f"{language}.bin") if told.is_file() else None
