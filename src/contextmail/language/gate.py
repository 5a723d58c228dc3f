"""Which patterns could match a text at all, by its words alone: most text holds none of what a pattern needs."""

from __future__ import annotations

import re
import re._parser as syntax  # type: ignore[import-not-found]  # how `re` reads a pattern; it has no public name
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"\w+")

Words = frozenset[str]
"""Words, or pieces of words, in small letters, of which a match holds at least one."""


class Gate:
    """Keep out the patterns that cannot match. Each set of needed words is one bit of a whole number."""

    def __init__(self, patterns: Iterable[str]) -> None:
        bits: dict[Words, int] = {}
        self._needs = [sum(bits.setdefault(words, 1 << len(bits)) for words in needed(pattern)) for pattern in patterns]
        self._bits: dict[str, int] = {}
        for words, bit in bits.items():
            for word in words:
                self._bits[word] = self._bits.get(word, 0) | bit
        self._longest = max(map(len, self._bits), default=0)
        self._bits_of = lru_cache(maxsize=50_000)(self._inside)

    def passing(self, text: str) -> list[int]:
        """Give the indexes of the patterns that may match in `text`."""
        bits = 0
        for word in set(_WORD.findall(text.casefold())):
            bits |= self._bits_of(word)
        return [index for index, needs in enumerate(self._needs) if needs & bits == needs]

    def _inside(self, word: str) -> int:
        """Give the bits of all that stands inside `word`: a pattern need not match whole words."""
        bits, get = 0, self._bits.get
        for start in range(len(word)):
            for end in range(start + 1, min(start + self._longest, len(word)) + 1):
                bits |= get(word[start:end], 0)
        return bits


def needed(pattern: str) -> set[Words]:
    """Read off a pattern sets of words, of each of which every match holds at least one."""
    return set(_needed(syntax.parse(pattern, re.IGNORECASE)))


def _needed(parsed: Iterable[tuple[Any, Any]], literal: str = "") -> list[Words]:
    needs: list[Words] = []
    for operator, argument in [*_flat(parsed), (None, None)]:
        if operator is syntax.LITERAL:
            literal += chr(argument)
            continue
        if operator is syntax.BRANCH:
            # What stands before the ways begins each of them: `re` reads you|your as yo(u|ur).
            needs += _either([_needed(way, literal) for way in argument[1]])
        else:
            needs += [frozenset([word]) for word in _WORD.findall(literal.casefold())]
        literal = ""
        if operator is syntax.ASSERT:
            needs += _needed(argument[1])
        elif operator in (syntax.MAX_REPEAT, syntax.MIN_REPEAT) and argument[0] > 0:
            needs += _needed(argument[2])
    return needs


def _either(ways: Sequence[Sequence[Words]]) -> Iterator[Words]:
    """Join what each way needs, the most telling words of each first: the longest."""
    ranked = [sorted(way, key=lambda words: (-min(map(len, words)), len(words))) for way in ways]
    return (frozenset().union(*together) for together in zip(*ranked, strict=False))


def _flat(parsed: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Yield the items of a parsed pattern, those of its groups among them."""
    for operator, argument in parsed:
        if operator is syntax.SUBPATTERN:
            yield from _flat(argument[-1])
        else:
            yield operator, argument
