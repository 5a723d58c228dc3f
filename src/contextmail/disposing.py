"""Dispose of what a language model proposed: a text is taken only where it says what the phrasebook's text says.

No list of what is forbidden would hold: what a sentence can say of its reader has no end, and words that are each
harmless make no sentence. So what is allowed is listed: phrases that mean the same (`[proposals]` of the phrasebook).
Whatever else is not the phrasebook's text, word by word, is refused: praise, urgency, care, time, counts, names,
negations, questions, another language, and what anybody is, has or did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from contextmail.language.block import Place
from contextmail.language.casing import fit_case, is_title
from contextmail.language.editing import STEERING, Barrier
from contextmail.language.patterns import straight
from contextmail.language.phrases import SLOT

_NUMBER = r"\d(?:[\d.,]*\d)?"
_KEPT = {
    "a slot": SLOT,
    "a template token": re.compile(r"\*\||\|\*|\{[{%]|[%}]\}|\[\[|\]\]|%%|\$\{"),
    "HTML": re.compile(r"[<>]|&#?\w+;"),
    "a link": re.compile(r"\w+:/*\w\S*|www\.|\w+\.\w\S*|@|//"),
    "a price": re.compile(rf"[$€£¥%]\s?{_NUMBER}|{_NUMBER}\s?(?:[$€£¥%]|[A-Z]{{3}}\b)|[$€£¥%]"),
    "a code": re.compile(r"\b(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*\d)[A-Z0-9-]{3,}\b"),
    "a number": re.compile(_NUMBER),
}
"""What a text keeps, neither more nor less of it."""
Same = tuple[tuple[str, ...], ...]
"""Lists of phrases that mean the same."""
_ROOM = {Place.SUBJECT: 60, Place.PREHEADER: 110}
"""Characters of the whole line."""
_LONGER = 60
"""Characters by which a text of running text may grow."""
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")
_WORD = r"[^\W_]+(?:['-][^\W_]+)*"


@dataclass(frozen=True, slots=True)
class Room:
    """Where a text stands: what is on its line before and behind it."""

    place: Place
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, a slot or a phrase of a text: `key` is what it means, `text` how it is written."""

    key: str
    text: str
    start: int
    end: int


def disposed(proposed: str, text: str, same: Same, room: Room) -> str | Barrier:
    """Give the text that may stand for `text`, in its capitals, or say why the phrasebook's stays.

    `text` has its slots unfilled (`{fact}`, `{fact|format}`), and so has what is proposed.
    """
    if not proposed.strip():
        return Barrier("it is empty")
    if _BREAKS.search(proposed.strip()):
        return Barrier("it has more than one line")
    if STEERING.search(proposed) or not proposed.strip().isprintable():
        return Barrier("it holds characters that are no text")
    proposed = " ".join(straight(proposed).split())
    if lost := _unkept(proposed, straight(text)):
        return Barrier(lost)
    first, core, last = _edges(straight(text), same)
    begins, new, ends = _edges(proposed, same)
    if (begins.strip(), ends.strip()) not in ((first.strip(), last.strip()), ("", "")):
        return Barrier("it begins or ends with other signs than the text")
    if new == core:
        return text
    if lost := _too_long(new, core, room) or _other_words(new, core, same):
        return Barrier(lost)
    replaced = SLOT.sub("", core)
    return first + fit_case(new, replaced, replaced, opens=True) + last


def _edges(text: str, same: Same) -> tuple[str, str, str]:
    """Give what is before the first word, from there to the end of the last one, and what is behind."""
    words = [word for word in _words(text, same) if word.key[0].isalnum() or len(word.key) > 1]
    if not words:
        return text, "", ""
    return text[: words[0].start], text[words[0].start : words[-1].end], text[words[-1].end :]


def _unkept(new: str, core: str) -> str:
    for name, pattern in _KEPT.items():
        before, after = (Counter(m[0] for m in pattern.finditer(text)) for text in (core, new))
        if before - after:
            return f"it loses {name}: {_first(before - after)}"
        if after - before:
            return f"it adds {name}: {_first(after - before)}"
    return ""


def _first(counted: Counter[str]) -> str:
    return next(iter(counted))


def _too_long(new: str, core: str, room: Room) -> str:
    line = len(room.before) + len(room.after) if room.place in _ROOM else 0
    most = max(_ROOM.get(room.place, len(core) + _LONGER), line + len(core))
    return f"it is too long: {line + len(new)} characters, at most {most}" if line + len(new) > most else ""


def _other_words(new: str, core: str, same: Same) -> str:
    """Say what is not the text's, what is missing or moved; empty: both say the same, in the same order."""
    words, old = (list(_words(text, same)) for text in (new, core))
    keys, kept = ([word.key for word in found] for found in (words, old))
    if keys == kept:
        return _odd_capitals(words, old, core, same)
    if added := Counter(keys) - Counter(kept):
        return f"it adds a word or sign: {_written(words, _first(added))}"
    if lost := Counter(kept) - Counter(keys):
        return f"it leaves out a word or sign: {_written(old, _first(lost))}"
    return "it moves words"


def _written(words: list[_Word], key: str) -> str:
    return next(word.text for word in words if word.key == key)


def _odd_capitals(words: list[_Word], old: list[_Word], core: str, same: Same) -> str:
    """Say which word has capitals of its own; in a headline all of them are fitted afterwards."""
    shown = SLOT.sub("", core)
    if shown.upper() == shown or is_title(re.findall(_WORD, shown)):
        return ""
    known = {word.text for word in old}.union(*same)
    for word in words[1:]:
        if word.text != word.text.lower() and word.text not in known:
            return f"it writes a word with a capital: {word.text}"
    return ""


def _words(text: str, same: Same) -> Iterator[_Word]:
    pattern, meanings = _reader(same)
    for match in pattern.finditer(text):
        small = match[0].lower()
        yield _Word(meanings.get(small, small), match[0], *match.span())


@lru_cache
def _reader(same: Same) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Give what tells words and signs apart, and for each phrase the first of those that mean the same."""
    meanings = {straight(phrase).lower(): phrases[0].lower() for phrases in same for phrase in phrases}
    phrases = "|".join(re.escape(phrase) for phrase in sorted(meanings, key=len, reverse=True))
    known = rf"\b(?:{phrases})(?!\w)|" if phrases else ""
    return re.compile(rf"(?i){known}(?:{SLOT.pattern})|{_WORD}|\S"), meanings
