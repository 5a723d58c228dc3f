"""Mailchimp's merge language: `*|FNAME|*`, `*|IF:X=a|*...*|ELSE:|*...*|END:IF|*`.

Sources: Mailchimp Transactional help, "About Dynamic and Conditional Merge Tags" and "How to Use Merge Tags to Add
Dynamic Content"; the Marketing API's page on merge fields. Only what those call certain is written or understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from contextmail.dialects.base import Condition, Token, TokenKind
from contextmail.dialects.inert import inert
from contextmail.errors import TemplateError

_TAG = re.compile(r"\*\|([A-Za-z][^|\r\n]*+)\|\*")
_END = re.compile(r"\*\|END:(\w+)\|\*", re.IGNORECASE)
_FIELD = r"[A-Z][A-Z0-9_]*"
_PRESENT = re.compile(_FIELD)
# Spaces as in the official examples: none round equality, one on each side of an order.
_EQUALITY = re.compile(rf"({_FIELD})(!?=)([A-Za-z0-9_-]+)")
_ORDER = re.compile(rf"({_FIELD}) (<=|>=|<|>) (-?\d+)")
_FILTERS: Mapping[str, Callable[[str], str]] = {
    "UPPER": str.upper,
    "LOWER": str.lower,
    "TITLE": str.title,
    "HTML": str,
    "URL": str,
}
_PHP_DATE = {"Y": "%Y", "y": "%y", "m": "%m", "d": "%d", "M": "%b", "F": "%B", "D": "%a", "l": "%A"}
_MERGE_TAG = re.compile(r"[A-Z][A-Z0-9_]{0,9}")
_KEY = re.compile(r"[A-Za-z0-9_]+")

SYSTEM_TAGS = frozenset(
    """ARCHIVE ARCHIVE_LINK_SHORT ARCHIVE_PAGE CAMPAIGN_UID CURRENT_YEAR EMAIL EMAIL_UID EMAIL_TYPE FORWARD ABOUT_LIST
    FACEBOOK MC_LANGUAGE MC_LANGUAGE_LABEL MC_PREVIEW_TEXT REWARDS REWARDS_TEXT SUBJECT UNIQID UNSUB UPDATE_PROFILE
    USER_URL ABUSE_EMAIL LIST_ADDRESS_HTML IFNOT TWITTER LIKE LISTS POLL SURVEY PROMO_CODE""".split()
)


@dataclass
class Mailchimp:
    """Mailchimp's merge language; `clock` is the day that date tags print in a preview."""

    name: str = "mailchimp"
    chooses: bool = True
    clock: Callable[[], date] = date.today

    def tokens(self, source: str) -> list[Token]:
        """List the merge tags of `source` in order; a word that an `END:` closes opens a block."""
        return list(_tokens(source))

    def system(self, name: str) -> bool:
        """Tell whether the platform itself fills the tag, so that no audience field is needed."""
        return ":" in name or name in SYSTEM_TAGS

    def slot(self, field: str, default: str) -> str:
        """Write `*|FIELD|*`; the default lies in the audience field, since no tag can say it.

        Raises ValueError for a name that is no merge tag (at most 10 of A-Z, 0-9, _; upper case).
        """
        del default
        return f"*|{_merge_tag(field)}|*"

    def choose(self, field: str, branches: Sequence[tuple[str, str]], neutral: str) -> str:
        """Write a conditional by equality; texts are template source. Raises ValueError for an odd field or key."""
        if not branches:
            return neutral
        _merge_tag(field)
        parts = []
        for word, (key, text) in zip(["IF", *["ELSEIF"] * len(branches)], branches, strict=False):
            if not _KEY.fullmatch(key):
                raise ValueError(f"{key!r} is no key: letters, digits and _ only")
            parts.append(f"*|{word}:{field}={key}|*{text}")
        return "".join(parts) + f"*|ELSE:|*{neutral}*|END:IF|*"

    def inert(self, text: str) -> str:
        """Part every opening mark, of this language or another, with a blank."""
        return inert(text)

    def render(self, source: str, values: Mapping[str, str | None], defaults: Mapping[str, str]) -> str:
        """Render `source` for one contact; tags that the platform fills stay as they are.

        A default fills a field that is null or empty where it is printed; a condition sees the field alone.
        Raises TemplateError for a block that is not closed.
        """
        out: list[str] = []
        shown, open_blocks, at = True, list[_Block](), 0
        for token in self.tokens(source):
            if shown:
                out.append(source[at : token.start])
            at = token.end
            inside = source[token.start + 2 : token.end - 2]
            if token.kind is TokenKind.OPEN:
                taken = shown and _holds(inside, values)
                open_blocks.append(_Block(shown, taken, token.start))
                shown = taken
            elif token.kind is TokenKind.BRANCH and open_blocks:
                block = open_blocks[-1]
                shown = block.outer and not block.taken and (token.name == "ELSE" or _holds(inside, values))
                block.taken = block.taken or shown
            elif token.kind is TokenKind.CLOSE and open_blocks:
                shown = open_blocks.pop().outer
            elif token.kind is TokenKind.VALUE and shown:
                out.append(self._printed(inside, values, defaults))
        if open_blocks:
            line = source.count("\n", 0, open_blocks[-1].start) + 1
            raise TemplateError("a block is not closed", where=f"line {line}", cure="add *|END:IF|*")
        return "".join(out) + source[at:]

    def _printed(self, inside: str, values: Mapping[str, str | None], defaults: Mapping[str, str]) -> str:
        head, _, rest = inside.partition(":")
        if inside in values or inside in defaults:
            return values.get(inside) or defaults.get(inside, "")
        if head in _FILTERS and rest:
            return _FILTERS[head](values.get(rest) or defaults.get(rest, ""))
        if head == "DATE" and rest:
            return "".join(self.clock().strftime(_PHP_DATE[sign]) if sign in _PHP_DATE else sign for sign in rest)
        if inside == "CURRENT_YEAR":
            return str(self.clock().year)
        return f"*|{inside}|*" if self.system(inside) else ""


@dataclass(slots=True)
class _Block:
    outer: bool
    taken: bool
    start: int


@lru_cache(maxsize=8)
def _tokens(source: str) -> tuple[Token, ...]:
    if "*|" not in source:
        return ()
    blocks = {"IF", "IFNOT", *(word.upper() for word in _END.findall(source))}
    return tuple(_token(match, blocks) for match in _TAG.finditer(source))


def _token(match: re.Match[str], blocks: set[str]) -> Token:
    inside = match[1]
    head, colon, rest = inside.partition(":")
    word = head.upper()
    kind, name, condition = TokenKind.VALUE, inside, None
    if word == "END" and colon:
        kind, name = TokenKind.CLOSE, rest.upper()
    elif word == "ELSE":
        kind, name = TokenKind.BRANCH, "ELSE"
    elif word == "ELSEIF":
        kind, name = TokenKind.BRANCH, "ELSEIF"
        condition = _condition(rest) if head == word else None
    elif colon and word in blocks:
        kind, name = TokenKind.OPEN, word
        condition = _condition(rest, absent=word == "IFNOT") if head in ("IF", "IFNOT") else None
    elif word in _FILTERS and rest:
        name = rest
    return Token(match.start(), match.end(), kind, name, None, condition)


def _condition(text: str, *, absent: bool = False) -> Condition | None:
    if _PRESENT.fullmatch(text):
        return Condition(text, "absent" if absent else "present")
    match = None if absent else _EQUALITY.fullmatch(text) or _ORDER.fullmatch(text)
    return Condition(*match.groups()) if match else None


def _holds(inside: str, values: Mapping[str, str | None]) -> bool:
    """Decide `IF:...`, `IFNOT:...` or `ELSEIF:...`; the right side is a literal, a missing value equals nothing."""
    head, _, text = inside.partition(":")
    match = re.fullmatch(r"\s*([^\s=!<>]+)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", text)
    if match is None:
        truth = bool(values.get(text if head != "INTERESTED" else inside))
    else:
        field, op, literal = match.groups()
        truth = _compares(values.get(field) or "", op, literal)
    return not truth if head == "IFNOT" else truth


def _compares(value: str, op: str, literal: str) -> bool:
    if op in ("=", "!="):
        return (bool(value) and value == literal) is (op == "=")
    try:
        left, right = float(value), float(literal)
    except ValueError:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


def _merge_tag(field: str) -> str:
    if not _MERGE_TAG.fullmatch(field):
        raise ValueError(f"{field!r} is no merge tag: A-Z, 0-9 and _, at most 10, upper case")
    return field
