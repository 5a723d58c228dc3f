"""Guess what a sentence says from all of its words together, where no pattern locates a claim.

A linear model over words, their beginnings, pairs and triples, trained by `benchmarks/detection/train.py` on the
sentences beside it. It knows nothing of grammar and locates nothing, so what only it finds is only shown.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from math import exp, log, sqrt

from contextmail.language.patterns import straight

MOST = 256
"""Features that are counted of one sentence: the sum of so many bytes fits into two."""
ZERO = 128
"""The byte that stands for a weight of nothing."""
_WORD = re.compile(r"\ufffc|\w+(?:'\w+)?|[^\w\s]")
_NUMBER = re.compile(r"\b\d\w*(?:'\w+)?")
_ENOUGH = log(0.4 / 0.6)
"""The score of a chance of 0.4: of what was guessed from there on in wordings never seen, four in five were right."""
_STEM = 5
_BITS = 16
_SUBJECT, _BODY, _END = "<subject>", "<body>", "</>"


class Meaning:
    """A trained model of two files.

    `en.json` holds the labels and the words, whose place from 1 on is their number; `en.bin` holds the features: first
    the number of each (see `numbered`), then for each a byte per label, its weight, and one for its share in a
    sentence's length. Such a row is read as one whole number with two bytes for each, so that one addition adds all.
    """

    def __init__(self, told: Traversable, rows: Traversable) -> None:
        told_of = json.loads(told.read_text("utf-8"))
        self.labels: tuple[str, ...] = tuple(told_of["labels"])
        self._scale: Mapping[str, float] = told_of["scale"]
        self._bias: Mapping[str, float] = told_of["bias"]
        self._numbers = {word: number for number, word in enumerate(told_of["words"], 1)}
        data, count = rows.read_bytes(), told_of["features"]
        self._width = 2 * (len(self.labels) + 1)
        self._weights = bytearray(2 * (len(data) - 8 * count))
        self._weights[::2] = data[8 * count :]
        starts = range(0, len(self._weights), self._width)
        self._rows = dict(zip(struct.unpack_from(f"<{count}Q", data), starts, strict=True))

    def chances(self, text: str, *, subject: bool) -> dict[str, float]:
        """Give the chance of each label, 0 to 1, for one sentence; a template token is U+FFFC."""
        return {label: _chance(score) for label, score in self._scores(text, subject=subject).items()}

    def guesses(self, text: str, *, subject: bool) -> dict[str, float]:
        """Give the labels that are likely enough to be shown, with their chance; one word, as beside a token, says none."""
        if sum(any(sign.isalpha() for sign in word) for word in text.split()) < 2:
            return {}
        scores = self._scores(text, subject=subject)
        return {label: _chance(score) for label, score in scores.items() if score >= _ENOUGH}

    def _scores(self, text: str, *, subject: bool) -> dict[str, float]:
        weights, width, total = self._weights, self._width, 0
        known = self._rows.keys() & self._features(text, subject=subject)
        for feature in sorted(known)[:MOST]:
            at = self._rows[feature]
            total += int.from_bytes(weights[at : at + width], "little")
        sums = struct.unpack(f"<{width // 2}H", total.to_bytes(width, "little"))
        length, zero = sqrt(sums[-1]) or 1.0, ZERO * min(len(known), MOST)
        return {
            label: (total - zero) * self._scale[label] / length + self._bias[label]
            for label, total in zip(self.labels, sums, strict=False)
        }

    def _features(self, text: str, *, subject: bool) -> set[int]:
        """Give the numbers of a sentence's features, as far as their words are known."""
        number, found = self._numbers.get, set()
        before = last = 0
        for word in _words(text, subject=subject):
            this = number(word, 0)
            if len(word) > _STEM:
                found.add(number(f"~{word[:_STEM]}", 0))
            if this:
                found.add(this)
                pair = this << _BITS
                if last:
                    found.add(pair | last)
                    if before:
                        found.add((pair | last) << _BITS | before)
                if before:
                    found.add(pair << _BITS | before)
            before, last = last, this
        return found


def _chance(score: float) -> float:
    return 1 / (1 + exp(-score))


def numbered(feature: str, numbers: Mapping[str, int]) -> int:
    """Give a feature's number: its last word first, 16 bits for each; a gap is the number 0."""
    number = 0
    for word in reversed(feature.split(" ")):
        number = number << _BITS | (0 if word == "_" and " " in feature else numbers[word])
    return number


def features(text: str, *, subject: bool) -> Iterator[str]:
    """Yield a sentence's words, their beginnings, its pairs, triples and pairs with a gap; any number is `0`."""
    before, last = "", ""
    for word in _words(text, subject=subject):
        yield word
        if len(word) > _STEM:
            yield f"~{word[:_STEM]}"
        if last:
            yield f"{last} {word}"
        if before:
            yield f"{before} {last} {word}"
            yield f"{before} _ {word}"
        before, last = last, word


def _words(text: str, *, subject: bool) -> list[str]:
    said: list[str] = _WORD.findall(_NUMBER.sub("0", straight(text).lower()))
    return [_SUBJECT if subject else _BODY, *said, _END]


@cache
def meaning(language: str) -> Meaning | None:
    """Load the model of a language; None: there is none."""
    folder = files("contextmail.language") / "meanings"
    told = folder / f"{language}.json"
    return Meaning(told, folder / f"{language}.bin") if told.is_file() else None
