"""Clean the names of products, so that a sentence can name one: "Thank you for the White Hanging Heart T-Light Holder".

Order files hold more than products: postage, fees, and notes that somebody typed where the name belongs ("damaged",
"wrongly coded"). A name that would read badly or be wrong is no name; the sentence then does without.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

_CHARGES = frozenset(
    "postage carriage shipping freight delivery handling fee fees charge charges surcharge commission discount tax vat"
    " refund credit adjustment insurance tip rounding"
    " versand versandkosten porto gebühr gutschrift rabatt pfand".split()
)
"""Last words of what is no product: DOTCOM POSTAGE, Next Day Carriage, AMAZON FEE."""

_GIVEN = re.compile(
    r"(?i)(?:\b(?:gift|store|shop)[ -]?(?:card|voucher|certificate|token|wrap)|\be-?gift|gutschein|geschenkkarte"
    r"|\b(?:voucher|sample|swatche?|tester|(?:waren)?probe|muster))(?:s|e|n|ping)?$"
)
"""How a name ends that is sold or given, but is no product to own: Gift Card, Fabric Swatches."""

_NOTES = frozenset(
    "? ?? manual sample samples check checked damaged damages damage test testing lost missing found broken faulty"
    " rusty smashed crushed mouldy wet unknown none null nan n/a na tbc tbd misc miscellaneous other various"
    " amazon ebay dotcom adjust mix mixed sold display stock return returned cancelled free gift item product"
    " default".split()
)
"""Whole names that say nothing of a product."""

_NOTE_STARTS = ("adjust", "wrong", "?", "damage", "thrown", "incorrect", "oops", "error", "test ", "lost ", "missing ")

_CAPITALS = frozenset(
    "UK USA US EU TV CD CDs DVD LED LCD USB VIP DIY BBQ PVC MDF RGB HD HDMI PC ID XL XXL XXXL XS SPF UV NYC LA"
    " II III IV VI VII VIII IX XI XII BPA FM AM AC DC GPS NFL NBA MLB OK PJ PJs TNT WC".split()
)
_VOWELLESS = frozenset(
    "by my cry dry fly sky try why gym hymn myth rhythm lynx mr mrs ms dr st vs ltd mm cm kg ml lb lbs ft pcs"
    " nr".split()
)
_SMALL = frozenset("a an and as at but by for from in nor of on or per the to with".split())

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ABBREVIATED = re.compile(
    r"\b[A-Za-z]/|\b\w+/[A-Za-z]\b|\b[ABCE-KMNP-Zabce-kmnp-z]['’](?=[A-Za-z]{2,}\b)|&[a-z]+;|\d&|&\d"
)
_MOST = 0.95
_LONGEST = 60


class ProductName(NamedTuple):
    """A product's name as the source has it, and as a sentence can have it; `clean` None: do not name it."""

    source: str
    clean: str | None


def clean_names(catalogue: Mapping[str, Mapping[str, int]]) -> dict[str, ProductName]:
    """Give each product of a catalogue its name: product id -> {name as found: on how many rows}.

    A product may be named if its most frequent name cleans (`clean_name`) and the id is not ambiguous: the names that
    make up 95 % of its rows, notes left out, are alike. Two names are alike if they share at least half of the words
    of the shorter one; case, punctuation, plurals and one-letter slips do not count ("MISELTOE HEART WREATH" and
    "MISTLETOE HEART WREATH CREAM" are alike, "DOLLCRAFT GIRL NICOLE" and "HOME SWEET HOME MUG" are not).

    Where most names of the catalogue are in capitals, one that is mostly in small letters is a note that somebody
    typed, not a name; where most begin with a capital, one without any capital is. Where names pile
    up at the greatest length, the source cuts them off there, and those are not used.
    """
    names = [name for found in catalogue.values() for name in found if name]
    capitals = sum(_share_of_capitals(name) > 0.8 for name in names)
    started = sum(any(c.isupper() for c in name) for name in names)
    floor = 0.5 if 2 * capitals > len(names) else 0.001 if 2 * started > len(names) else 0.0
    cut = _cut_at(set(names))
    return {product: _name(found, floor, cut) for product, found in catalogue.items()}


@lru_cache(maxsize=65536)
def clean_name(text: str) -> str | None:
    """Clean one name, or give None if it does not name a product that a sentence could name.

    Capitals become title case; names in mixed case keep theirs. None for notes and charges ("POSTAGE", "Manual",
    "Bank Charges", "?"), for names without a word, longer than 60 characters, or with abbreviations that a reader
    would stumble on ("SFT DRNK 2 LITER BTL", "C/COVER"), and for what is cut off inside a bracket.
    """
    text = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in unicodedata.normalize("NFC", text))
    text = " ".join(text.split()).strip(" *-_.,;:#'\"/|")
    text = re.sub(r"\s+([,;:.!?])", r"\1", re.sub(r"(?i)\b(of)(?=\d)", r"\1 ", text))
    words = _WORD.findall(text)
    lowered = text.lower()
    if not words or len(text) > _LONGEST or not any((len(w) > 2 and w.isalpha()) or not w.isascii() for w in words):
        return None
    if lowered in _NOTES or lowered.startswith(_NOTE_STARTS) or "?" in text or words[-1].lower() in _CHARGES:
        return None
    if _ABBREVIATED.search(text) or any(map(_is_abbreviation, words)):
        return None
    if re.search(r"[<>{}|\\^~\[\]]|https?:|www\.|@", text) or text.count("(") != text.count(")"):
        return None
    if _share_of_capitals(text) > 0.5:
        return _title(text)
    # A brand keeps its own capitals: iPhone.
    return text[0].upper() + text[1:] if words[0].islower() else text


def can_be_owned(name: str) -> bool:
    """Say whether a clean name is that of a product, not of a voucher or a sample."""
    return not _GIVEN.search(name)


def _cut_at(names: Iterable[str]) -> int:
    """Give the length at which the source cuts names off; 0: it does not.

    Names of that length are then many more than those that are one character shorter.
    """
    lengths = Counter(map(len, names))
    longest = max(lengths, default=0)
    return longest if longest >= 20 and lengths[longest] >= max(5, 2 * lengths[longest - 1]) else 0


def _name(found: Mapping[str, int], floor: float, cut: int) -> ProductName:
    by_count = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    source = by_count[0][0] if by_count else ""
    names = [
        (name, count)
        for name, count in by_count
        if len(name) != cut and _share_of_capitals(name) >= floor and clean_name(name)
    ]
    if not names or 2 * sum(count for _, count in names) < sum(found.values()):
        return ProductName(source, None)
    (chosen, so_far), rows = names[0], sum(count for _, count in names)
    for name, count in names[1:]:
        if so_far >= _MOST * rows:
            break
        if not _alike(chosen, name):
            return ProductName(chosen, None)
        so_far += count
    return ProductName(chosen, clean_name(chosen))


def _alike(one: str, other: str) -> bool:
    words, others = _key_words(one), _key_words(other)
    if len(words) > len(others):
        words, others = others, words
    shared = sum(bool(get_close_matches(word, others, n=1, cutoff=0.8)) for word in words)
    return 2 * shared >= len(words)


def _key_words(name: str) -> list[str]:
    return [word.lower().rstrip("s") for word in _WORD.findall(name) if word.lower() not in _SMALL]


def _share_of_capitals(name: str) -> float:
    """Give the share of letters that are capitals; 1.0 for scripts that have none, whose names are never notes."""
    cased = [c for c in name if c.isupper() or c.islower()]
    return sum(c.isupper() for c in cased) / len(cased) if cased else 1.0


def _is_abbreviation(word: str) -> bool:
    """Say whether a word of Latin letters has no vowel: FRZN, BTL."""
    if len(word) < 2 or not word.isascii() or not word.isalpha() or word.upper() in _CAPITALS:
        return False
    return word.lower() not in _VOWELLESS and not re.search(r"[aeiouy]", word.lower())


def _title(text: str) -> str:
    first = True

    def write(match: re.Match[str]) -> str:
        nonlocal first
        word, beginning, first = match[0], first, False
        if word in _CAPITALS or (any(c.isdigit() for c in word) and len(word) <= 3 and not word[-1:].islower()):
            return word if not word.upper().endswith(("'S", "’S")) else word[:-1] + "s"
        small = word.lower()
        if small in _SMALL and not beginning:
            return small
        return re.sub(r"[^\W\d_]", lambda letter: letter[0].upper(), small, count=1) if small[0].isalpha() else small

    return _WORD.sub(write, text)
