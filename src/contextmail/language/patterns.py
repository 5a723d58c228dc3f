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
_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "\u00a0": " ", "\u202f": " ", "‑": "-"})


@dataclass(frozen=True, slots=True)
class Pattern:
    """One construct in which a rule's claim is made, and what an edit of it takes from the phrasebook."""

    id: str
    regex: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    say: str = ""
    whole: bool = False
    confidence: Confidence = "high"

    def search(self, text: str) -> re.Match[str] | None:
        """Find the claim in `text`; None where there is none, or an excuse for it."""
        found = self.regex.search(text)
        return found if found and found[0].strip() and not (self.unless and self.unless.search(text)) else None


@dataclass(frozen=True)
class Lexicon:
    """A language's patterns by rule, its word classes, and the lists that some rules read."""

    language: str
    words: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[Pattern, ...]]
    lists: Mapping[str, Mapping[str, frozenset[str]]]
    leads: re.Pattern[str]
    """How a fronted phrase about the recipient opens: "As a "."""
    owners: re.Pattern[str]
    """Words to somebody who has a product already."""

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
        return patterns, Gate(pattern.regex for _, pattern in patterns)

    def lead(self, sentence: str, start: int, end: int) -> tuple[int, int] | None:
        """Give the span of the fronted phrase ("As a gold member, ") that holds `start` to `end`; None: there is none."""
        found = self.leads.match(sentence)
        closed = re.compile(r"s?, (?=\S)").match(sentence, end)
        return (0, closed.end()) if found and found.end() == start and closed else None

    def extended(self, rule: str, says: Sequence[str], never: Sequence[str] = ()) -> Lexicon:
        """Return this lexicon with a company's own phrases for `rule`, and phrases that never are its claim."""
        unless = _alternatives(never) if never else None
        kept = tuple(_also_unless(pattern, unless) for pattern in self.patterns.get(rule, ()))
        excuse = re.compile(unless, re.IGNORECASE) if unless else None
        own = tuple(Pattern("own", re.compile(_phrase(phrase), re.IGNORECASE), excuse) for phrase in says)
        return replace(self, patterns={**self.patterns, rule: own + kept})


def straight(text: str) -> str:
    """Return `text` with typographic quotes, hyphens and spaces made plain, each character in its place."""
    return text.translate(_STRAIGHT)


@cache
def lexicon(language: str = "en") -> Lexicon:
    """Load the lexicon of `language`; raise ConfigurationError when there is none."""
    source = files("contextmail.language") / "lexicon" / f"{language}.toml"
    if not source.is_file():
        raise ConfigurationError(
            f"no lexicon for language {language!r}", cure="set language to one that is shipped: en"
        )
    data: dict[str, Any] = tomllib.loads(source.read_text("utf-8"))
    words = {name: tuple(values) for name, values in data.pop("words").items()}
    leads, owners = (re.compile(data.pop(name), re.IGNORECASE) for name in ("leads", "owners"))
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
    return Lexicon(language, words, patterns, lists, leads, owners)


def _pattern(entry: Mapping[str, Any], classes: Mapping[str, str]) -> Pattern:
    unless = entry.get("unless")
    return Pattern(
        id=entry["id"],
        regex=_compile(entry["match"], classes),
        unless=_compile(unless, classes) if unless else None,
        say=entry.get("say", ""),
        whole=entry.get("whole", False),
        confidence="low" if entry.get("low") else "high",
    )


def _compile(text: str, classes: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile(_CLASS.sub(lambda m: f"(?:{classes[m[1]]})", text), re.IGNORECASE)


def _alternatives(phrases: Sequence[str]) -> str:
    """Join phrases for a pattern, the longest first, so that `very best` is not read as `very`."""
    return "|".join(re.escape(p).replace(r"\ ", " ") for p in sorted(set(phrases), key=lambda p: (-len(p), p)))


def _phrase(phrase: str) -> str:
    text = re.escape(" ".join(straight(phrase).split())).replace(r"\ ", " ")
    return rf"(?<!\w){text}(?!\w)"


def _also_unless(pattern: Pattern, phrases: str | None) -> Pattern:
    if not phrases:
        return pattern
    before = f"{pattern.unless.pattern}|" if pattern.unless else ""
    unless = re.compile(f"{before}{phrases}", re.IGNORECASE)
    return replace(pattern, unless=unless)
