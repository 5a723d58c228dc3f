"""Which patterns could match a text at all, by its words alone: most text holds none of what a pattern needs."""

from __future__ import annotations

import re
import re._parser as syntax  # type: ignore[import-not-found]  # how `re` reads a pattern; it has no public name
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import or_
from typing import Any

_PIECE = re.compile(r" ?\w+ ?")
_NO_WORD = re.compile(r"\W")
_WORD_CHARACTER = list(syntax.parse(r"\w"))

Words = frozenset[str]
"""Pieces of words, in small letters, of which a match holds at least one; a blank is the end of a word."""
Way = list[Words]
"""What one way of matching a pattern needs: a word of each set."""


class Gate:
    """Keep out the patterns that cannot match. Each set of needed words is one bit of a whole number."""

    def __init__(self, patterns: Iterable[str]) -> None:
        found = [(index, frozenset(way)) for index, pattern in enumerate(patterns) for way in ways(pattern)]
        sets = {words: None for _, way in found for words in way}
        bits = {words: 1 << number for number, words in enumerate(sets)}
        self._bits: dict[str, int] = {}
        for words, bit in bits.items():
            for word in words:
                self._bits[word] = self._bits.get(word, 0) | bit
        # A way is looked at where its rarest words stand: those that are long, few and in few patterns.
        spread = Counter(
            word for _, words in {(index, words) for index, way in found for words in way} for word in words
        )
        common = {words: sum(spread[word] * len(word) ** -5 for word in words) for words in sets}
        self._begun: dict[str, list[tuple[int, int]]] = {}
        self._always = sorted({index for index, way in found if not way})
        for index, way in found:
            needs = sum(bits[words] for words in way)
            for word in min(way, key=common.__getitem__, default=()):
                self._begun.setdefault(word, []).append((index, needs))
        self._longest = max(map(len, self._bits), default=0)
        self._read = lru_cache(maxsize=50_000)(self._inside)

    def passing(self, text: str) -> list[int]:
        """Give the indexes of the patterns that may match in `text`, in order."""
        met, begun = 0, []
        for word in filter(None, map(self._read, text.casefold().split())):
            met |= word[0]
            begun += word[1]
        passing = {index for index, needs in begun if needs & met == needs}
        return sorted(passing.union(self._always)) if passing else self._always

    def _inside(self, word: str) -> tuple[int, list[tuple[int, int]]] | None:
        """Give what is met by all that stands inside `word`, and the ways of which it is the rarest word, if any."""
        word = _NO_WORD.sub("  ", f" {word} ")
        lengths = range(1, self._longest + 1)
        pieces = {word[start : start + length] for start in range(len(word)) for length in lengths} & self._bits.keys()
        if not pieces:
            return None
        begun = [way for piece in pieces for way in self._begun.get(piece, ())]
        return reduce(or_, map(self._bits.__getitem__, pieces)), begun


def ways(pattern: str) -> list[Way]:
    """Read off a pattern the ways in which it can match."""
    return _ways(syntax.parse(pattern, re.IGNORECASE))


def _ways(parsed: Iterable[tuple[Any, Any]], literal: str = "") -> list[Way]:
    found: list[Way] = [[]]
    items = [*_flat(parsed), (None, None)]
    for (operator, argument), following in zip(items, [*items[1:], (None, None)], strict=True):
        if operator is syntax.LITERAL:
            literal += chr(argument)
        elif _is_edge(operator, argument):
            literal += " "
        else:
            if operator is syntax.BRANCH:
                # What stands round the branches belongs to each of them: `re` reads you|your as yo(u|ur).
                behind = [following] if following[0] is syntax.LITERAL or _is_edge(*following) else []
                branches = [way for branch in argument[1] for way in _ways([*branch, *behind], literal)]
                single = [words for way in branches if len(way) == 1 for words in way]
                longer = [way for way in branches if len(way) != 1]
                found = _both(found, ([[frozenset().union(*single)]] if single else []) + longer)
            else:
                spelled = _NO_WORD.sub("  ", literal.casefold())
                found = _both(found, [[frozenset([word]) for word in _PIECE.findall(spelled)]])
            literal = ""
            if operator is syntax.ASSERT:
                found = _both(found, _ways(argument[1]))
            elif operator in (syntax.MAX_REPEAT, syntax.MIN_REPEAT) and argument[0] > 0:
                found = _both(found, _ways(argument[2]))
    return found


def _is_edge(operator: Any, argument: Any) -> bool:
    """Say whether a word cannot go on here."""
    if operator is syntax.ASSERT_NOT:
        return list(argument[1]) == _WORD_CHARACTER
    return operator is syntax.AT and argument is not syntax.AT_NON_BOUNDARY


def _both(ways: list[Way], others: list[Way]) -> list[Way]:
    """Join what comes one after the other: each of the more ways with what any of the fewer needs."""
    fewer, more = sorted((ways, others), key=len)
    if len(fewer) == 1:
        return [[*way, *fewer[0]] for way in more]
    shared = [words for words in fewer[0] if all(words in way for way in fewer)]
    ranked = [sorted((words for words in way if words not in shared), key=_vague) for way in fewer]
    either = [frozenset().union(*together) for together in zip(*ranked, strict=False)]
    return [[*way, *shared, *either] for way in more]


def _vague(words: Words) -> tuple[int, int]:
    return -min(map(len, words)), len(words)


def _flat(parsed: Iterable[tuple[Any, Any]]) -> Iterable[tuple[Any, Any]]:
    """Yield the items of a parsed pattern, those of its groups among them."""
    for operator, argument in parsed:
        if operator is syntax.SUBPATTERN:
            yield from _flat(argument[-1])
        else:
            yield operator, argument
