"""Where an edit of visible text lies in the source, and what to write there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from contextmail.dialects.base import TokenKind
from contextmail.language.block import Block, Context, Mark, Place

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_NEEDED = {
    "text": "&<>",
    "attr-double": '&<>"',
    "attr-single": "&<>'",
    "attr-bare": "&<>\"'`= ",
}
# What could steer the text round it: controls, direction marks and overrides, byte order marks, lone surrogates,
# non-characters.
STEERING = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    "\ufdd0-\ufdef\ud800-\udfff]"
)
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_NEAREST = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2013": "-",
        "\u2014": "-", "\u2026": "...", "\u2022": "*", "\u20ac": "EUR", "\u00a3": "GBP", "\u00a0": " ", "\u2212": "-",
        "\u00df": "ss", "\u00e6": "ae", "\u00c6": "AE", "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L",
        "\u2122": "(TM)", "\u00ae": "(R)", "\u00a9": "(C)", "\u00d7": "x", "\u0131": "i", "\u0111": "d", "\u0110": "D",
    }
)  # fmt: skip
_BULLET = re.compile(r"\s*(?:[-*+•◦▪·–—>]|\d{1,3}[.)])?\s*")
_LINE_END = re.compile(r"[ \t]*(?:\r\n|\r|\n)")
_LINE_ENDS = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))+")
_UNDERLINE = re.compile(r"[ \t]*(?:\r\n|\r|\n)[ \t]*([=\-~*_#^])\1{2,}[ \t]*(?=[\r\n]|$)")
_NO_SIGN = (
    r"&(?:nbsp|e[mn]sp|thinsp|zwn?j|shy|#(?:160|173|847|820[1-5]|65279)|#x(?:a0|ad|34f|200[9a-d]|feff));"
    r"|[\u00a0\u00ad\u034f\u2002-\u200d\u2060\ufeff]"
)
_UNSEEN = re.compile(rf"(?i)(?:\s*(?:{_NO_SIGN}))+")
_BLANKS = re.compile(rf"(?i)(?:\s|{_NO_SIGN}|<br\b[^>]*>)*")
_BLANKS_BEHIND = re.compile(rf"{_BLANKS.pattern}\Z")
_BODY = (Place.PARAGRAPH, Place.ITEM)
"""Where blanks that nobody sees serve nothing: a preheader is padded with them."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """Why visible text cannot be edited: `reason` names what stands in the way."""

    reason: str


def span(block: Block, start: int, end: int, *, values: bool = False) -> tuple[int, int] | Barrier:
    """Give the source span to replace for the visible characters `[start, end)`, grown over the inline tags it cuts.

    What the growth takes in beyond `[start, end)` is visible text too: `fill` writes it back. With `values`, tokens
    that print a field may be swallowed whole. Needs `0 <= start < end <= len(block.text)`.
    """
    if not 0 <= start < end <= len(block.text):
        raise ValueError(f"no visible characters [{start}, {end}) in a block of {len(block.text)}")
    begin, stop = block.source_start(start), block.source_end(end - 1)
    pairs = _pairs(block)
    grown = True
    while grown:
        grown = False
        for mark in block.marks:
            if not begin <= mark.start < stop:
                continue
            other = pairs.get(mark.start)
            if mark.barrier:
                return Barrier(mark.barrier)
            if other is None:
                if mark.turn:
                    return Barrier("a tag that is not closed in the same block")
            elif not begin <= other.start < stop:
                begin, stop = min(begin, other.start), max(stop, other.end, mark.end)
                grown = True
    if block.chains.crossed(begin, stop):
        return Barrier("a conditional of the template")
    for index, token in block.tokens.items():
        inside = start <= index < end
        if begin <= token.start < stop and not (values and inside and token.kind is TokenKind.VALUE):
            return Barrier("a template token")
    return begin, stop


def fill(block: Block, start: int, end: int, text: str, *, values: bool = False) -> tuple[int, int, str] | Barrier:
    """Give the edit (source start, source end, new source) that puts `text`, as source, for `[start, end)`.

    Inline tags that the stretch only cuts stay, with the visible text round it, so that the markup stays balanced.
    """
    where = span(block, start, end, values=values)
    if isinstance(where, Barrier):
        return where
    begin, stop = where
    first, last = block.source_start(start), block.source_end(end - 1)
    pairs = _pairs(block)

    def kept(mark: Mark) -> bool:
        other = pairs.get(mark.start)
        return first <= mark.start < last and other is not None and not first <= other.start < last

    tags = [mark for mark in block.marks if kept(mark)]
    closing = "".join(block.source[mark.start : mark.end] for mark in tags if mark.turn < 0)
    opening = "".join(block.source[mark.start : mark.end] for mark in tags if mark.turn > 0)
    return begin, stop, block.source[begin:first] + text + closing + opening + block.source[last:stop]


def escape(text: str, block: Block, encoding: str) -> str:
    """Write plain text as source for the place of `block`; it reads back as text, on one line.

    Line breaks become spaces, control and direction characters go. Characters that `encoding` lacks become
    references in HTML and the nearest ASCII elsewhere. Template tokens are the dialect's affair: `Dialect.inert`.
    """
    return escape_for(block.context, text, encoding)


def escape_for(context: Context, text: str, encoding: str) -> str:
    """Write plain text as source for a place of the kind `context`; see `escape`."""
    text = STEERING.sub("", _BREAKS.sub(" ", text))
    if context in ("line", "plain"):
        return _in_ascii_where_needed(text, encoding)
    needed = _NEEDED[context]
    written = "".join(_HTML.get(sign, f"&#{ord(sign)};") if sign in needed else sign for sign in text)
    return written.encode(encoding, "xmlcharrefreplace").decode(encoding)


def apply(source: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Replace each `[start, end)` of `source` by its text; everything else stays as it was.

    Raises ValueError where two edits overlap or one lies outside.
    """
    parts: list[str] = []
    at = 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        if not at <= start <= end <= len(source):
            raise ValueError(f"the edit of [{start}, {end}) overlaps another or lies outside the source")
        parts += source[at:start], text
        at = end
    parts.append(source[at:])
    return "".join(parts)


def linked(block: Block, start: int, end: int) -> bool:
    """Say whether the visible characters `[start, end)` are, or touch, the words of a link."""
    begin, stop = block.source_start(start), block.source_end(end - 1)
    pairs = _pairs(block)
    links = (mark for mark in block.marks if mark.name == "a" and mark.turn > 0)
    return any(mark.start < stop and begin < getattr(pairs.get(mark.start), "start", stop) for mark in links)


def with_blanks(block: Block, cut: tuple[int, int], start: int, end: int) -> tuple[int, int]:
    """Take in the blanks and line breaks beside words that may go: behind them, or at a block's end before them."""
    text = block.text
    behind = len(text) - len(text[cut[1] :].lstrip())
    if behind < len(text) and (cut[0] == 0 or text[cut[0] - 1].isspace()):
        # A tag or a conditional that stands between is not ours to take.
        blanks = _BLANKS.match(block.source, end, max(end, block.source_start(behind)))
        return start, blanks.end() if blanks else end
    before = len(text[: cut[0]].rstrip())
    if behind == len(text) and 0 < before < cut[0]:
        unseen = _UNSEEN.match(block.source, end) if block.place in _BODY and block.context == "text" else None
        ahead = _BLANKS_BEHIND.search(block.source[:start], min(start, block.source_end(before - 1)))
        return ahead.start() if ahead else start, unseen.end() if unseen else end
    return start, end


def whole_paragraph(block: Block, start: int, end: int) -> tuple[int, int]:
    """Give what goes with a paragraph of a plain text: the bullet before it, its underline, the line breaks behind."""
    source = block.source
    underline = _UNDERLINE.match(source, end)
    end = underline.end() if underline else end
    line = max(source.rfind("\n", 0, start), source.rfind("\r", 0, start)) + 1
    breaks = _LINE_END if block.place is Place.ITEM else _LINE_ENDS
    last = breaks.match(source, end)
    return line if _BULLET.fullmatch(source, line, start) else start, last.end() if last else end


def _pairs(block: Block) -> dict[int, Mark]:
    """Map the start of each inline tag of the block to its partner, where it has one."""
    pairs: dict[int, Mark] = {}
    stack: list[Mark] = []
    for mark in block.marks:
        if mark.turn > 0:
            stack.append(mark)
        elif mark.turn < 0:
            for depth in range(len(stack) - 1, -1, -1):
                if stack[depth].name == mark.name:
                    pairs[stack[depth].start], pairs[mark.start] = mark, stack[depth]
                    del stack[depth:]
                    break
    return pairs


def _in_ascii_where_needed(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        return "".join(_nearest(sign, encoding) for sign in text)


def _nearest(sign: str, encoding: str) -> str:
    try:
        sign.encode(encoding)
        return sign
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", sign.translate(_NEAREST)).encode("ascii", "ignore").decode("ascii")
        return plain or "?"
