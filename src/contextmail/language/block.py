"""A block: one stretch of text as a reader sees it, with the way back to every character's place in the source."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import unescape
from html.entities import html5
from typing import Literal, NamedTuple

from contextmail.dialects.base import Token, TokenKind
from contextmail.language.conditions import Chains

OBJECT = "\ufffc"
"""Stands for one template token in a block's text."""

# A template token's place in the masked source: the first character, then the others. Both are Unicode
# non-characters, which no mail may hold; a source that does loses them as invisible.
TOKEN_HEAD, TOKEN_TAIL = "\ufdd0", "\ufdd1"

_INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffc"
    "\x00-\x08\x0e-\x1b\x7f"
)
# What is not shown as it stands. It begins with one set of characters, which the regex engine skips to quickly; the
# group that took part says what it is: 1 white space other than one blank, 2 a token, 3 invisible, 4 a reference.
_NOT_PLAIN = (
    rf"(?:(?<=[^\S ])\s*+|(?<= )\s++)()|(?<={TOKEN_HEAD}){TOKEN_TAIL}*+()"
    rf"|(?<=[{_INVISIBLE}{TOKEN_TAIL}])[{_INVISIBLE}{TOKEN_TAIL}]*+()"
)
_REFERENCE = r"(?<=&)(?:\#[0-9]+;?|\#[xX][0-9a-fA-F]+;?|[a-zA-Z][a-zA-Z0-9]{0,31};?)()"
_SPECIAL = re.compile(rf"[\s&{TOKEN_HEAD}{TOKEN_TAIL}{_INVISIBLE}](?:{_NOT_PLAIN}|{_REFERENCE})")
_PLAIN_SPECIAL = re.compile(rf"[\s{TOKEN_HEAD}{TOKEN_TAIL}{_INVISIBLE}](?:{_NOT_PLAIN})")
_ONLY_INVISIBLE = re.compile(rf"[{_INVISIBLE}{TOKEN_HEAD}{TOKEN_TAIL}]*")

Context = Literal["text", "attr-double", "attr-single", "attr-bare", "line", "plain"]


class Place(StrEnum):
    """Say where in a message a block stands."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    CELL = "cell"
    BUTTON = "button"
    PREHEADER = "preheader"
    ALT = "alt"
    TITLE = "title"
    SUBJECT = "subject"
    LINE = "line"
    TEXT = "text"
    SCRIPT = "script"
    HIDDEN = "hidden"


class Mark(NamedTuple):
    """Something of a block that is no text: `source[start:end]` is an inline tag, an image or a comment.

    `turn` is 1 for a start tag, -1 for an end tag, 0 for what stands alone; `barrier` says in a person's words
    why an edit may not swallow it, and is empty where it may.
    """

    start: int
    end: int
    name: str
    turn: int
    barrier: str = ""


@dataclass(slots=True, eq=False)
class Block:
    """One block of a part, as a reader sees it."""

    text: str
    """White space collapsed, entities decoded, invisible characters dropped; `<br>` is a newline, each token U+FFFC."""
    place: Place
    tag: str
    """The innermost block element's name; empty outside HTML."""
    context: Context
    """How its characters are written in the source."""
    source: str = field(repr=False)
    """The whole part's source."""
    tokens: dict[int, Token]
    """Index in `text` -> the token that stands there."""
    marks: tuple[Mark, ...]
    """Inline tags and the like, in order of the source."""
    mso: bool = False
    """Inside an MSO conditional comment: only Outlook shows it."""
    locked: bool = False
    """Inside what the platform repeats or replaces: one edit here is not one place in what is sent."""
    element: tuple[int, int] | None = None
    """The innermost element that holds only this block and can be removed whole; None: there is none."""
    chains: Chains = field(repr=False, default_factory=lambda: Chains(()))
    _at: list[int] = field(repr=False, default_factory=list)
    _starts: list[int] = field(repr=False, default_factory=list)
    _ends: list[int] = field(repr=False, default_factory=list)

    def source_start(self, index: int) -> int:
        """Give the offset in the source at which the character `text[index]` begins."""
        run = bisect_right(self._at, index) - 1
        return self._starts[run] if self._ends[run] >= 0 else self._starts[run] + index - self._at[run]

    def source_end(self, index: int) -> int:
        """Give the offset in the source at which the character `text[index]` ends."""
        run = bisect_right(self._at, index) - 1
        return self._ends[run] if self._ends[run] >= 0 else self._starts[run] + index - self._at[run] + 1

    @property
    def conditions(self) -> tuple[Token, ...]:
        """Give the OPEN and BRANCH tokens that enclose the whole block, outermost first."""
        enclosing = self.chains.round(self._starts[0], self.source_end(len(self.text) - 1))
        return tuple(token for group in enclosing for token in group)

    def conditions_at(self, index: int) -> tuple[Token, ...]:
        """Give the OPEN and BRANCH tokens that enclose the character `text[index]`, those inside the block too."""
        return tuple(token for group in self.chains.at(self.source_start(index)) for token in group)


def masked(source: str, tokens: Sequence[Token]) -> str:
    """Return `source` with every token replaced by as many non-characters, so that no lexer looks inside."""
    parts: list[str] = []
    at = 0
    for token in tokens:
        parts += source[at : token.start], TOKEN_HEAD, TOKEN_TAIL * (token.end - token.start - 1)
        at = token.end
    parts.append(source[at:])
    return "".join(parts)


class BlockBuilder:
    """Gather the characters of one block after another from a masked source.

    The masked source has the same length as the source, with the tokens replaced, so that offsets agree.
    """

    __slots__ = (
        "_at",
        "_ends",
        "_length",
        "_parts",
        "_pending",
        "_starts",
        "_token_at",
        "_tokens",
        "chains",
        "marks",
        "masked",
        "source",
    )

    def __init__(self, source: str, masked: str, token_at: dict[int, Token], chains: Chains) -> None:
        self.source, self.masked, self._token_at, self.chains = source, masked, token_at, chains
        self._clear()

    def fork(self) -> BlockBuilder:
        """Begin another builder over the same source, for text that stands inside other text."""
        return BlockBuilder(self.source, self.masked, self._token_at, self.chains)

    def _clear(self) -> None:
        self._parts: list[str] = []
        self._at: list[int] = []
        self._starts: list[int] = []
        self._ends: list[int] = []  # -1: the run maps one to one; else the end of a run of one unit
        self._length = 0
        self._tokens: dict[int, Token] = {}
        self._pending: list[tuple[str, int, int, Token | None]] = []
        self.marks: list[Mark] = []

    @property
    def begun(self) -> bool:
        """Tell whether there is anything to close: text, or tags round text that has not come."""
        return self._length > 0 or bool(self.marks)

    def feed(self, start: int, end: int, *, entities: bool = True) -> None:
        """Add the source's `[start, end)` as text."""
        masked = self.masked
        if masked[start:end].isspace():
            if self._length:
                self.space(start, end)
            return
        for match in (_SPECIAL if entities else _PLAIN_SPECIAL).finditer(masked, start, end):
            begin, stop = match.span()
            if begin > start:
                self._plain(start, begin)
            start = stop
            if match.lastindex == 1:
                self.space(begin, stop)
            elif match.lastindex == 2:
                self._token(begin)
            elif match.lastindex == 4:
                self._entity(match.group(), begin)
        if start < end:
            self._plain(start, end)

    def space(self, start: int, end: int, sign: str = " ") -> None:
        """Add white space, or a line break (`sign` a newline); at the edges of a block, and after white space, none."""
        if not self._length:
            return
        pending = self._pending
        last = pending[-1][0] if pending else self._parts[-1][-1]
        if sign == "\n" and pending and last == " ":
            pending[-1] = (sign, start, end, None)
        elif sign == "\n" or last not in " \n":
            pending.append((sign, start, end, None))

    def take(
        self, place: Place, tag: str, context: Context, *, mso: bool = False, locked: bool = False
    ) -> Block | None:
        """Close the block; None when a reader sees nothing of it."""
        if not self._length:
            if self.marks or self._pending:
                self.marks, self._pending = [], []
            return None
        block = Block(
            "".join(self._parts), place, tag, context, self.source, self._tokens, tuple(self.marks), mso, locked,
            None, self.chains, self._at, self._starts, self._ends,
        )  # fmt: skip
        self._clear()
        return block

    def _put(self, text: str, start: int, end: int = -1, token: Token | None = None) -> None:
        if self._pending:
            pending, self._pending = self._pending, []
            for waiting in pending if self._length else ():
                self._put(*waiting)
        if token is not None:
            self._tokens[self._length] = token
        self._parts.append(text)
        self._at.append(self._length)
        self._starts.append(start)
        self._ends.append(end)
        self._length += len(text)

    def _plain(self, start: int, end: int) -> None:
        """Add text whose only white space is single blanks."""
        masked = self.masked
        if masked[start] == " ":
            self.space(start, start + 1)
            start += 1
        if end > start and masked[end - 1] == " ":
            if end - 1 > start:
                self._put(masked[start : end - 1], start)
            self.space(end - 1, end)
        elif end > start:
            self._put(masked[start:end], start)

    def _token(self, start: int) -> None:
        token = self._token_at.get(start)
        if token is None:
            return
        if token.kind is TokenKind.VALUE:
            self._put(OBJECT, start, token.end, token)
        else:
            # At the edges of a block these are conditions round it; only between its characters are they part of it.
            self._pending.append((OBJECT, start, token.end, token))

    def _entity(self, raw: str, start: int) -> None:
        """Add a character reference by html.unescape's rules: the longest known name, with or without its semicolon."""
        name = raw[1:]
        if name[0] == "#" or name in html5:
            shown, end = unescape(raw), start + len(raw)
        else:
            known = next((length for length in range(len(name) - 1, 1, -1) if name[:length] in html5), 0)
            shown, end = (html5[name[:known]], start + 1 + known) if known else (raw, -1)
        if shown.isspace():
            self.space(start, end)
        elif end < 0:
            self._put(shown, start)
        else:
            if not _ONLY_INVISIBLE.fullmatch(shown):
                self._put(shown, start, end)
            if end < start + len(raw):
                self._put(self.masked[end : start + len(raw)], end)
