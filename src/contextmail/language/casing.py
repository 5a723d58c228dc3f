"""Write a text in the capitals of what it replaces."""

from __future__ import annotations

import re

from contextmail.language.phrases import SLOT

_LETTERS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SMALL = frozenset(
    ["a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"]
)


def fit_case(text: str, replaced: str, whole: str, *, opens: bool) -> str:
    """Return `text` in the capitals of `replaced`: ALL CAPS, Title Case, or a capital where a sentence opens.

    `whole` is the block's text, which tells a headline in capitals from a single word in them; `opens` says that
    `replaced` opens a sentence. Slots stay as they are.
    """
    words = _LETTERS.findall(whole)
    if len(words) > 1 and whole.upper() == whole and any(word.upper() != word.lower() for word in words):
        return _outside_slots(text, str.upper)
    if is_title(words) and _LETTERS.search(replaced):
        text = _outside_slots(text, lambda piece: _LETTERS.sub(lambda m: m[0] if m[0] in _SMALL else m[0][:1].upper() + m[0][1:], piece))
    if opens and (not replaced[:1].isalpha() or replaced[:1].isupper()):
        return text[:1].upper() + text[1:]
    if replaced[:1].islower() and opens:
        return text[:1].lower() + text[1:]
    return text


def is_title(words: list[str]) -> bool:
    """Say whether these are the words of a headline: three or more, each of the longer ones with a capital."""
    longer = [word for word in words if len(word) > 3 or word.lower() not in _SMALL]
    return len(longer) >= 3 and all(word[0].isupper() for word in longer)


def _outside_slots(text: str, change: object) -> str:
    assert callable(change)
    pieces: list[str] = []
    at = 0
    for slot in SLOT.finditer(text):
        pieces += [change(text[at : slot.start()]), slot[0]]
        at = slot.end()
    return "".join([*pieces, change(text[at:])])
