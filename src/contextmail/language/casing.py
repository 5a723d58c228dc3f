"""Write a text in the capitals of what it replaces."""

from __future__ import annotations

import re

from contextmail.language.block import OBJECT
from contextmail.language.phrases import SLOT

_LETTERS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
SMALL = frozenset(
    ["a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"]
)


def fit_case(text: str, replaced: str, whole: str, *, opens: bool, headline: bool = True) -> str:
    """Return `text` in the capitals of `replaced`: ALL CAPS, Title Case, or a capital where a sentence opens.

    `whole` is the sentence, which tells a headline in capitals from a single word in them; `opens` says that `replaced`
    opens it; a place that is no `headline` takes more capitals to be read as one. A slot in a headline in capitals gets
    its format in capitals (`{last_order|MONTH}`).
    """
    words = _LETTERS.findall(whole)
    shouted = len(words) > 1 or (OBJECT in whole and any(len(word) > 1 for word in words))
    capitals = whole if len(_LETTERS.findall(replaced)) < 3 else replaced
    if shouted and capitals.upper() == capitals and any(word.upper() != word.lower() for word in words):
        return SLOT.sub(lambda m: f"{{{m[1]}|{(m[2] or 'caps').upper()}}}", _outside_slots(text, str.upper))
    if is_title(words, 3 if headline else 4) and not whole.endswith(".") and _LETTERS.search(replaced):
        text = _outside_slots(
            text, lambda piece: _LETTERS.sub(lambda m: m[0] if m[0] in SMALL else m[0][:1].upper() + m[0][1:], piece)
        )
    if opens and (not replaced[:1].isalpha() or replaced[:1].isupper()):
        return text[:1].upper() + text[1:]
    if replaced[:1].islower() and opens:
        return text[:1].lower() + text[1:]
    return text


def is_title(words: list[str], least: int = 3) -> bool:
    """Say whether these are the words of a headline: `least` or more, each of the longer ones with a capital."""
    longer = [word for word in words if len(word) > 3 or word.lower() not in SMALL]
    return len(longer) >= least and all(word[0].isupper() for word in longer)


def _outside_slots(text: str, change: object) -> str:
    assert callable(change)
    pieces: list[str] = []
    at = 0
    for slot in SLOT.finditer(text):
        pieces += [change(text[at : slot.start()]), slot[0]]
        at = slot.end()
    return "".join([*pieces, change(text[at:])])
