"""Load a language's phrasebook: what to say instead of a claim, with a brand's own lines on top."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from contextmail.errors import ConfigurationError
from contextmail.model.finding import Variant

SLOT = re.compile(r"\{([a-z_][a-z0-9_]*)(?:\|([a-z]+|[A-Z]+))?\}")
"""A slot of a text: `{fact}` or `{fact|format}`; a format in capitals writes the fact in capitals."""
_GROUP = re.compile(r"\{match\.(\w+)\}")
_WORD = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Say:
    """One entry: texts with the predicates that must hold for them, and a neutral one where nothing may stay empty."""

    variants: tuple[Variant, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """What a language says instead: entries by name, the nouns of the business."""

    words: Mapping[str, str]
    entries: Mapping[str, Say]
    spoken: Mapping[str, str]
    same: tuple[tuple[str, ...], ...] = ()
    """Phrases that mean the same, which alone a language model may choose among."""

    def aloud(self) -> Phrasebook:
        """Give the phrasebook of a call, which nobody reads."""
        return replace(self, words={**self.words, **self.spoken})

    def say(self, name: str, groups: Mapping[str, str | None] | None = None) -> Say:
        """Give the entry `name` with words and the pattern's groups in place; slots stay. Raises ConfigurationError."""
        entry = self.entries.get(name)
        if entry is None:
            raise ConfigurationError(
                f"the phrasebook has no entry {name!r}", where=f"[phrasebook.say.{name}]", cure="add it"
            )
        return Say(
            tuple(Variant(v.when, None if v.text is None else self.fill(v.text, groups or {})) for v in entry.variants),
            self.fill(entry.heading, groups or {}),
        )

    def fill(self, text: str, groups: Mapping[str, str | None]) -> str:
        """Put the business's words and a pattern's groups into `text`."""
        text = _GROUP.sub(lambda m: groups.get(m[1]) or "", text)
        return _WORD.sub(lambda m: self.words.get(m[1], m[1]), text)


def phrasebook(language: str = "en", overrides: Mapping[str, Any] | None = None) -> Phrasebook:
    """Load the phrasebook of `language` with `overrides` (the table `[phrasebook]` of contextmail.toml) on top.

    Raises ConfigurationError for a language that is not shipped and for an entry that is not of the form
    `variants = [{ when = "...", text = "..." }, { text = "..." }]`.
    """
    source = files("contextmail.language") / "phrasebook" / f"{language}.toml"
    if not source.is_file():
        raise ConfigurationError(
            f"no phrasebook for language {language!r}", cure="set language to one that is shipped: en"
        )
    data = _merged(tomllib.loads(source.read_text("utf-8")), overrides or {})
    book = Phrasebook(
        words=data["words"],
        spoken={**data["spoken"], **(overrides or {}).get("words", {})},
        entries={name: _entry(name, entry) for name, entry in data["say"].items()},
    )
    return replace(book, same=_same(data.get("proposals", {}), book))


def slots(text: str) -> list[str]:
    """List the facts that the slots of `text` name."""
    return [m[1] for m in SLOT.finditer(text)]


def _entry(name: str, entry: Any) -> Say:
    try:
        variants = tuple(Variant(v.get("when", ""), v["text"]) for v in entry["variants"])
    except (KeyError, TypeError, AttributeError):
        raise ConfigurationError(
            "an entry is a list of texts",
            where=f"[phrasebook.say.{name}]",
            cure='variants = [{ when = "orders = 1", text = "…" }, { text = "a text that is true of everybody" }]',
        ) from None
    return Say(variants, entry.get("heading", ""))


def _same(table: Any, book: Phrasebook) -> tuple[tuple[str, ...], ...]:
    try:
        lists = [[*phrases] for phrases in table.get("same", ()) if not isinstance(phrases, str)]
        return tuple(tuple(book.fill(phrase, {}) for phrase in phrases) for phrases in lists)
    except (AttributeError, TypeError):
        raise ConfigurationError(
            "phrases that mean the same are lists of texts",
            where="[phrasebook.proposals]",
            cure='same = [["thank you", "many thanks"], ["we hope", "we really hope"]]',
        ) from None


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        merged[key] = (
            _merged(merged[key], value)
            if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
            else value
        )
    return merged
