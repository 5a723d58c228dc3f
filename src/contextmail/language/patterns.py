"""Load a language's lexicon: patterns that say what a claim looks like, compiled once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from contextmail.errors import ConfigurationError
from contextmail.language.gate import Gate
from contextmail.model.finding import Confidence

_CLASS = re.compile(r"(?<!\?P)<([a-z]+)>")
_CAPITALS = re.compile(r"(\\.|\(\?P)|([^\W\d_])")
_STRAIGHT = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "\u00a0": " ", "\u202f": " ", "‑": "-"}
)
_CURLY = re.compile(f"[{''.join(map(chr, _STRAIGHT))}]")

_TOLD = ("silent-renewal", "mislabelled-purpose")
"""Rules that find what a message tells: news, which may not go with the claim beside it."""


@dataclass(frozen=True)
class Pattern:
    """One construct in which a rule's claim is made, and what an edit of it takes from the phrasebook.

    What is never asked for is never compiled: most patterns meet no text in which they could match.
    """

    id: str
    match: str
    unless: str = ""
    say: str = ""
    whole: bool = False
    confidence: Confidence = "high"

    def search(self, text: str, small: str) -> re.Match[str] | None:
        """Find the claim in `text`, whose small letters are `small`; None where there is none, or an excuse for it."""
        if not self.meets(small):
            return None
        found = self._match.search(text)
        return found if found and found[0].strip() and not (self.unless and self._unless.search(text)) else None

    def meets(self, small: str) -> bool:
        """Say whether the words are in a text in small letters, be there an excuse or none."""
        return bool(self._in_small.search(small))

    @cached_property
    def _match(self) -> re.Pattern[str]:
        return re.compile(self.match, re.IGNORECASE)

    @cached_property
    def _unless(self) -> re.Pattern[str]:
        return re.compile(self.unless, re.IGNORECASE)

    @cached_property
    def _in_small(self) -> re.Pattern[str]:
        """The pattern for text in small letters: several times as fast as one that ignores the case."""
        return re.compile(_CAPITALS.sub(lambda found: found[1] or found[2].lower(), self.match))


@dataclass(frozen=True)
class Lexicon:
    """A language's patterns by rule, its word classes, and the lists that some rules read."""

    language: str
    words: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[Pattern, ...]]
    lists: Mapping[str, Mapping[str, frozenset[str]]]
    grammar: Mapping[str, re.Pattern[str]]
    """How the language builds its sentences, as far as cutting and joining them asks."""

    def claims(self, text: str) -> bool:
        """Say whether `text` certainly makes a claim; what it tells its reader is none."""
        small, possible = text.lower(), self.possible(text).items()
        claimed = (pattern for rule, patterns in possible if rule not in _TOLD for pattern in patterns)
        return any(pattern.confidence == "high" and pattern.search(text, small) for pattern in claimed)

    def possible(self, text: str) -> Mapping[str, Sequence[Pattern]]:
        """Give, by rule, the patterns that could match in `text`, in their order."""
        patterns, gate = self._gated
        possible: dict[str, list[Pattern]] = {}
        for index in gate.passing(text):
            rule, pattern = patterns[index]
            possible.setdefault(rule, []).append(pattern)
        return possible

    @cached_property
    def _gated(self) -> tuple[list[tuple[str, Pattern]], Gate]:
        patterns = [(rule, pattern) for rule, patterns in self.patterns.items() for pattern in patterns]
        return patterns, Gate(pattern.match for _, pattern in patterns)

    def lead(self, sentence: str, start: int, end: int) -> tuple[int, int] | None:
        """Give the span of the fronted phrase ("As a gold member, ") that holds `start` to `end`, or None."""
        found = self.grammar["lead"].match(sentence)
        closed = re.compile(r"s?, (?=\S)").match(sentence, end)
        return (0, closed.end()) if found and found.end() == start and closed else None

    def extended(self, rule: str, says: Sequence[str], never: Sequence[str] = (), *, group: str = "") -> Lexicon:
        """Return this lexicon with a company's own phrases for `rule`, and phrases that never are its claim.

        A match of the phrases has the `group`, if one is named.
        """
        unless = _alternatives(never)
        kept = tuple(_also_unless(pattern, unless) for pattern in self.patterns.get(rule, ()))
        own = tuple(
            Pattern("own", f"(?P<{group}>{_phrase(phrase)})" if group else _phrase(phrase), unless) for phrase in says
        )
        return replace(self, patterns={**self.patterns, rule: own + kept})


def straight(text: str) -> str:
    """Return `text` with typographic quotes, hyphens and spaces made plain, each character in its place."""
    return text if text.isascii() or not _CURLY.search(text) else text.translate(_STRAIGHT)


@cache
def lexicon(language: str = "en") -> Lexicon:
    """Load the lexicon of `language`; raise ConfigurationError when there is none."""
    source = files("contextmail.language") / "lexicon" / f"{language}.toml"
    if not source.is_file():
        raise ConfigurationError(
            f"no lexicon for language {language!r}", cure="set language to one that is shipped: en, de"
        )
    data: dict[str, Any] = tomllib.loads(source.read_text("utf-8"))
    words = {name: tuple(values) for name, values in data.pop("words").items()}
    grammar = {name: re.compile(text, re.IGNORECASE) for name, text in data.pop("grammar").items()}
    classes = {name: _alternatives(values) for name, values in words.items()}
    patterns = {
        rule: tuple(_pattern(e, classes) for e in entries)
        for rule, entries in data.items()
        if isinstance(entries, list)
    }
    lists = {
        rule: {name: frozenset(values) for name, values in table.items()}
        for rule, table in data.items()
        if isinstance(table, dict)
    }
    return Lexicon(language, words, patterns, lists, grammar)


def _pattern(entry: Mapping[str, Any], classes: Mapping[str, str]) -> Pattern:
    return Pattern(
        id=entry["id"],
        match=_spelled_out(entry["match"], classes),
        unless=_spelled_out(entry.get("unless", ""), classes),
        say=entry.get("say", ""),
        whole=entry.get("whole", False),
        confidence="low" if entry.get("low") else "high",
    )


def _spelled_out(text: str, classes: Mapping[str, str]) -> str:
    return _CLASS.sub(lambda m: f"(?:{classes[m[1]]})", text)


def _alternatives(phrases: Sequence[str]) -> str:
    """Join phrases for a pattern, the longest first, so that `very best` is not read as `very`."""
    return "|".join(re.escape(p).replace(r"\ ", " ") for p in sorted(set(phrases), key=lambda p: (-len(p), p)))


def _phrase(phrase: str) -> str:
    text = re.escape(" ".join(straight(phrase).split())).replace(r"\ ", " ")
    return rf"(?<!\w){text}(?!\w)"


def _also_unless(pattern: Pattern, phrases: str) -> Pattern:
    return replace(pattern, unless="|".join(filter(None, (pattern.unless, phrases))))
