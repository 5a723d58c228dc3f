"""Dispose of what a language model proposed: a text is taken only where it says what the phrasebook's text says.

No list of what is forbidden would hold: what a sentence can say of its reader has no end. So what is allowed is listed
(`[proposals]` of the phrasebook), and whatever is not a word of the phrasebook's text, in its order, is refused: praise,
urgency, care, time, counts, names, negations, questions, another language, and what anybody is, has or did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from contextmail.language.block import Place
from contextmail.language.casing import fit_case, is_title
from contextmail.language.editing import STEERING, Barrier
from contextmail.language.patterns import straight
from contextmail.language.phrases import SLOT, Leeway

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
_PAUSES = ",–—"
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

    @property
    def last(self) -> str:
        """Give the last word of a phrase."""
        return self.text.split()[-1].casefold()


def disposed(proposed: str, text: str, leeway: Leeway, room: Room) -> str | Barrier:
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
    first, core, last = _edges(straight(text), leeway)
    begins, new, ends = _edges(proposed, leeway)
    if (begins.strip(), ends.strip()) not in ((first.strip(), last.strip()), ("", "")):
        return Barrier("it begins or ends with other signs than the text")
    if new == core:
        return text
    if lost := _too_long(new, core, room) or _other_words(new, core, leeway):
        return Barrier(lost)
    replaced = SLOT.sub("", core)
    return first + fit_case(new, replaced, replaced, opens=True) + last


def _edges(text: str, leeway: Leeway) -> tuple[str, str, str]:
    """Give what is before the first word, from there to the end of the last one, and what is behind."""
    words = list(_words(text, leeway))
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


def _other_words(new: str, core: str, leeway: Leeway) -> str:
    """Say which word or sign is not the text's, or which is missing; empty: it says the same."""
    words, old = (list(_words(text, leeway)) for text in (new, core))
    if _signs(new, words) != _signs(core, old):
        return "it has other signs than the text, or more or fewer sentences"
    if core.startswith("{") != new.startswith("{"):
        return "it begins with a slot, or the text does"
    kept = [word.key for word in old if word.key not in leeway.drop]
    may_come = {word.casefold() for word in leeway.add}
    for before, word in pairwise([None, *words]):
        assert word is not None
        if kept and word.key == kept[0]:
            del kept[0]
        elif word.key in kept:
            break
        elif word.key not in may_come and not _behind(before, word, leeway):
            return f"it adds a word that the text does not say: {word.text}"
    if kept:
        return f"it leaves out or moves a word: {next(word.text for word in old if word.key == kept[0])}"
    return _halting(words, old, leeway) or _odd_capitals(words, old, core, leeway)


def _behind(before: _Word | None, word: _Word, leeway: Leeway) -> bool:
    """Say whether a word stands where alone it may be added."""
    return before is not None and before.last in leeway.only_behind.get(word.key, ())


def _halting(words: list[_Word], old: list[_Word], leeway: Leeway) -> str:
    """Say where it cannot be read: a word said twice, an end behind which something must follow."""
    if _twice(words) - _twice(old):
        return "it says a word twice"
    last = words[-1].last
    if last in leeway.never_last and last != old[-1].last:
        return f"it breaks off: behind {last}"
    return ""


def _twice(words: list[_Word]) -> set[str]:
    return {one.last for one, following in pairwise(words) if one.last == following.text.split()[0].casefold()}


def _odd_capitals(words: list[_Word], old: list[_Word], core: str, leeway: Leeway) -> str:
    """Say which word has capitals of its own; in a headline all of them are fitted afterwards."""
    shown = SLOT.sub("", core)
    if shown.upper() == shown or is_title([word.text for word in old if word.text[0].isalpha()]):
        return ""
    known = {*leeway.add, *leeway.only_behind, *(word.text for word in old)}
    for phrase in (phrase for phrases in leeway.same for phrase in phrases):
        known.update((phrase, *phrase.split()))
    for word in words[1:]:
        if not word.text.islower() and word.text not in known:
            return f"it writes a word with a capital: {word.text}"
    return ""


def _words(text: str, leeway: Leeway) -> Iterator[_Word]:
    pattern, meanings = _reader(leeway.same)
    for match in pattern.finditer(text):
        small = match[0].casefold()
        yield _Word(meanings.get(small, small), match[0], *match.span())


def _signs(text: str, words: list[_Word]) -> Counter[str]:
    """Count what is neither word, blank nor pause."""
    inside = {at for word in words for at in range(word.start, word.end)}
    return Counter(
        sign for at, sign in enumerate(text) if at not in inside and not sign.isspace() and sign not in _PAUSES
    )


@lru_cache
def _reader(same: tuple[tuple[str, ...], ...]) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Give what tells words apart, and for each phrase the first of those that mean the same."""
    meanings = {straight(phrase).casefold(): phrases[0].casefold() for phrases in same for phrase in phrases}
    phrases = "|".join(re.escape(phrase) for phrase in sorted(meanings, key=len, reverse=True))
    return re.compile(rf"(?i)\b(?:{phrases})(?!\w)|" * bool(phrases) + rf"(?:{SLOT.pattern})|{_WORD}"), meanings
