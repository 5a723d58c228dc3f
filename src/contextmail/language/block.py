"""A block: one stretch of text as a reader sees it, with the way back to every character's place in the source."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import unescape
from html.entities import html5
from itertools import accumulate
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


Run = tuple[str, int, int, Token | None]
"""A stretch of visible text, its start and end in the source, and the token that it stands for.

With an end of -1 each character is one of the source's, from the start on. Runs and marks are plain tuples until
somebody asks for them, which for most blocks is never.
"""
RawMark = tuple[int, int, str, int, str]
"""The fields of a Mark."""


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
    mso: bool = False
    """Inside an MSO conditional comment: only Outlook shows it."""
    locked: bool = False
    """Inside what the platform repeats or replaces: one edit here is not one place in what is sent."""
    element: tuple[int, int] | None = None
    """The innermost element that holds only this block and can be removed whole; None: there is none."""
    chains: Chains = field(repr=False, default_factory=lambda: Chains(()))
    _marks: Sequence[RawMark] = field(repr=False, default=())
    _runs: Sequence[Run] = field(repr=False, default=())
    _at: Sequence[int] = field(repr=False, default=())
    """The index in `text` at which each run begins; empty until it is asked for."""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Give the inline tags and the like, in order of the source."""
        return tuple(map(Mark._make, self._marks))

    @property
    def start(self) -> int:
        """Give the offset in the source at which its first character begins."""
        return self._runs[0][1]

    def source_start(self, index: int) -> int:
        """Give the offset in the source at which the character `text[index]` begins."""
        start, end, offset = self._run(index)
        return start + (offset if end < 0 else 0)

    def source_end(self, index: int) -> int:
        """Give the offset in the source at which the character `text[index]` ends."""
        start, end, offset = self._run(index)
        return end if end >= 0 else start + offset + 1

    def _run(self, index: int) -> tuple[int, int, int]:
        """Give start and end of the run that holds `text[index]`, and how far into it that is."""
        if not self._at:
            self._at = list(accumulate((len(text) for text, *_ in self._runs), initial=0))
        number = bisect_right(self._at, index, hi=len(self._runs)) - 1
        return *self._runs[number][1:3], index - self._at[number]

    @property
    def conditions(self) -> tuple[Token, ...]:
        """Give the OPEN and BRANCH tokens that enclose the whole block, outermost first."""
        enclosing = self.chains.round(self.start, self.source_end(len(self.text) - 1))
        return tuple(token for group in enclosing for token in group)

    def conditions_at(self, index: int) -> tuple[Token, ...]:
        """Give the OPEN and BRANCH tokens that enclose the character `text[index]`, those inside the block too."""
        return tuple(token for group in self.chains.at(self.source_start(index)) for token in group)


def _reads_as_written(text: str) -> bool:
    """Say, at the cost of a few searches, whether `text` holds no white space but single blanks, and no invisibles."""
    return text.isprintable() and "  " not in text and "\u034f" not in text and OBJECT not in text


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

    __slots__ = ("_pending", "_token_at", "chains", "marks", "masked", "runs", "source")

    def __init__(self, source: str, masked: str, token_at: dict[int, Token], chains: Chains) -> None:
        self.source, self.masked, self._token_at, self.chains = source, masked, token_at, chains
        self._clear()

    def fork(self) -> BlockBuilder:
        """Begin another builder over the same source, for text that stands inside other text."""
        return BlockBuilder(self.source, self.masked, self._token_at, self.chains)

    def _clear(self) -> None:
        self.runs: list[Run] = []
        self.marks: list[RawMark] = []
        self._pending: list[Run] = []  # what counts only between two characters of the block

    def feed(self, start: int, end: int, *, entities: bool = True) -> None:
        """Add the source's `[start, end)` as text."""
        masked = self.masked
        core = masked[start:end].strip()
        if _reads_as_written(core) and not (entities and "&" in core):
            self._plain(start, end, core)
            return
        for match in (_SPECIAL if entities else _PLAIN_SPECIAL).finditer(masked, start, end):
            begin, stop = match.span()
            if begin > start:
                self._plain(start, begin, masked[start:begin].strip())
            start = stop
            if match.lastindex == 1:
                self.space(begin, stop)
            elif match.lastindex == 2:
                self._token(begin)
            elif match.lastindex == 4:
                self._entity(match.group(), begin)
        if start < end:
            self._plain(start, end, masked[start:end].strip())

    def space(self, start: int, end: int, sign: str = " ") -> None:
        """Add white space, or a line break (`sign` a newline); at the edges of a block, and after white space, none."""
        if not self.runs:
            return
        pending = self._pending
        last = (pending or self.runs)[-1][0][-1]
        if sign == "\n" and pending and last == " ":
            pending[-1] = (sign, start, end, None)
        elif sign == "\n" or last not in " \n":
            pending.append((sign, start, end, None))

    def take(
        self, place: Place, tag: str, context: Context, *, mso: bool = False, locked: bool = False
    ) -> Block | None:
        """Close the block; None when a reader sees nothing of it."""
        runs, marks = self.runs, self.marks
        if runs or marks or self._pending:
            self._clear()
        if not runs:
            return None
        text = "".join([run[0] for run in runs])
        block = Block(text, place, tag, context, self.source, {}, mso, locked, None, self.chains, marks, runs)
        if OBJECT in text:
            at = 0
            for shown, _start, _end, token in runs:
                if token is not None:
                    block.tokens[at] = token
                at += len(shown)
        return block

    def _put(self, run: Run) -> None:
        if self._pending:
            if self.runs:
                self.runs += self._pending
            self._pending = []
        self.runs.append(run)

    def _plain(self, start: int, end: int, core: str) -> None:
        """Add text whose only white space inside is single blanks; `core` is what stands between that at its edges."""
        begin = self.masked.find(core, start) if core else end
        if begin > start:
            self.space(start, begin)
        if core:
            self._put((core, begin, -1, None))
            if begin + len(core) < end:
                self.space(begin + len(core), end)

    def _token(self, start: int) -> None:
        token = self._token_at.get(start)
        if token is None:
            return
        if token.kind is TokenKind.VALUE:
            self._put((OBJECT, start, token.end, token))
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
            self._put((shown, start, -1, None))
        else:
            if not _ONLY_INVISIBLE.fullmatch(shown):
                self._put((shown, start, end, None))
            if end < start + len(raw):
                self._put((self.masked[end : start + len(raw)], end, -1, None))
