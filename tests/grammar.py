"""Check that a text has no error of grammar or typography which the text that it came from did not have.

Rules of our own for what cutting and joining can break, and Harper, an offline grammar checker, where it is installed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from importlib.util import find_spec
from typing import Any

_CONSONANT = r"(?:one|once|uni|use|usu|eu|u\b|ufo)"
_MUTE = r"(?:hour|honest|honou?r|heir|[aefhilmnorsx](?:\b|\d)|8|11\b|18\b)"
_PLURAL = "customers|readers|clients|members|guests|donors|fans|people|friends|subscribers"
_SINGULAR = "customer|reader|client|guest|donor|subscriber"
_EMOJI = "☀-➿⏩-⏳⭐🌀-🫿\ufe0f"
RULES = {
    "a word twice": r"\b(?!(?:had|that|so|very|really|bye|hip|knock|no|yes|ha|going) )(\w+) \1\b",
    "a before a vowel": rf"\ba (?!{_CONSONANT})[aeio]\w",
    "an before a consonant": rf"\ban (?!{_MUTE})[b-df-hj-np-tv-z]\w",
    "a blank too many": r"(?<=\S) {2,}(?=\S)|^ +(?=\S)",
    "a blank before a stop": r"(?<=[\w)]) +[,.!?;:…](?!\w)",
    "no blank behind a stop": r"(?<=[a-z][a-z])(?:[,!?;]|\.(?=[A-Z]))(?=[A-Za-z])",
    "a stop at the beginning": r"^[\s" + _EMOJI + r"]*(?:[,.!?;:)]|[–—-] )(?!\S*[\d(])(?! ?[)(])",
    "two stops": r",\s*[,.!?;:]|(?<!\.)\.\.(?!\.)|[.!?][,;]|[!?]\.(?!\.)|\.[!?]",
    "a word that leads nowhere": (
        r"\b(?:our|your|my|an?|the|of|than|because|as our|for your|to our|one of)\s*(?:[,.!?;:]|$)"
        r"|\b(?:as|for|with|and|or|but|being)\s*,|\b(?:for|and|or|as|with|to) ?[.!](?=\s|$)"
    ),
    "a number that does not fit": r"\b1 (?:orders|bestellungen)\b|(?<![\d.,])(?:[2-9]|\d\d+) (?:order|bestellung)\b",
    "one and many": (
        rf"\b(?:you|we|they|{_PLURAL}) (?:is|has|was|gets|deserves|does|am|hears|knows)\b"
        rf"|\bone of (?:our|the) (?:{_SINGULAR})\b|\ban? (?:\w+ed )?(?:{_PLURAL})\b"
        rf"|\b(?:i|he|she|it) (?:are|have|were)\b|\b(?:our|the) (?:{_SINGULAR}) (?:are|have|deserve|get)\b"
    ),
    "a small letter at the beginning": r"(?:[\w)][.!?][\"')\]”’]* (?:["
    + _EMOJI
    + r"]+ )?)(?=[a-zäöü](?!\w*[A-Z]))(?!\w+\.)",
    "thanks for nothing": r"\b(?:thank you|thanks|grateful|danke)(?: for| für)?\s*[,;:]? (?:and|so|und)\b",
    "praise without its praise": rf"\b(?!only|early|daily|weekly|monthly|family|friendly|holy|reply)\w+ly (?:{_PLURAL})\b",
    "joined twice": r"\b(?:and|or|but|so),? (?:and|or|but|so)\b|,? and,|\band and\b",
}
_RULES = {
    name: re.compile(rule, 0 if "small" in name or "blank behind" in name else re.I) for name, rule in RULES.items()
}
_OPENS_SMALL = re.compile(r"^[\"'(\[“„«]*[a-zäöü](?!\w*[A-Z])")
_PAIRS = {"en": ("()", "[]", "“”", "«»"), "de": ("()", "[]", "„“")}
_WORD = re.compile(r"[^\W\d_]{2,}")
_SMALL = frozenset("an and as at but by for from in of on or the to with so is".split())
_SPELLING = ("Spelling", "Style", "Enhancement", "Readability", "WordChoice", "Regionalism")
"""What names, brands and a writer's taste set off; no cutting makes them."""


def new_errors(before: str, after: str, language: str = "en") -> list[str]:
    """List what is wrong in `after` and was not in `before`, each text with one paragraph a line."""
    new = Counter(_errors(after, language))
    new.subtract(_errors(before, language))
    return [*(+new).elements(), *_lost(before.splitlines(), after.splitlines())]


def _errors(text: str, language: str) -> Iterator[str]:
    for line in text.splitlines():
        for name, rule in _RULES.items():
            yield from (f"{name}: {found[0].strip()!r}" for found in rule.finditer(line))
        yield from (f"not closed: {one + two}" for one, two in _PAIRS[language] if line.count(one) != line.count(two))
        if line.count('"') % 2:
            yield 'not closed: "'
        if language == "en":
            yield from _by_harper(line)


def _lost(before: list[str], after: list[str]) -> Iterator[str]:
    """Yield what lines that changed have lost: their capital, their last stop, the capitals of a headline."""
    for kind, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "replace" or end - start != last - first:
            continue
        for old, new in zip(before[start:end], after[first:last], strict=True):
            if end - start > 1 and SequenceMatcher(None, old, new, autojunk=False).ratio() < 0.5:
                continue  # one went, another came
            if _OPENS_SMALL.match(new) and not _OPENS_SMALL.match(old):
                yield f"no capital: {new!r}"
            if _stop(old) not in ("", ",") and not _stop(new) and not _is_exclaimed(old):
                yield f"no stop at the end: {new!r}"
            if _stop(new) == "." and not _stop(old) and not re.search(r"[.!?…] ", old):
                yield f"a headline with a full stop: {new!r}"
            if _shouts(old) and not _shouts(new):
                yield f"no longer in capitals: {new!r}"
            if len(_WORD.findall(old)) > 3 and not _stop(old) and _is_title(old) and not _is_title(new):
                yield f"no longer in a title's capitals: {new!r}"


def _stop(line: str) -> str:
    found = re.search(rf"([.!?…,:;])[\"')\]”’]*[\s{_EMOJI}]*$", line)
    return found[1] if found else ""


def _shouts(line: str) -> bool:
    return line.isupper() and len(re.findall(r"[^\W\d_]{2,}", line)) > 1


def _is_exclaimed(line: str) -> bool:
    """Say whether it asks, or only exclaims: a headline that takes its place may have no mark."""
    return _stop(line) == "?" or (_stop(line) == "!" and len(re.findall(r"[.!?…]+", line)) == 1)


def _is_title(line: str) -> bool:
    words = [word for word in _WORD.findall(line) if word.lower() not in _SMALL]
    return all(word[0].isupper() for word in words)


@cache
def _linter() -> Any:
    if find_spec("harper") is None:
        return None
    from harper import Linter

    return Linter()


@cache
def _by_harper(line: str) -> tuple[str, ...]:
    if (linter := _linter()) is None:
        return ()
    found = (lint for lint in linter.lint(line) if str(lint.lint_kind) not in _SPELLING)
    return tuple(f"{lint.lint_kind}: {lint.message}" for lint in found)
