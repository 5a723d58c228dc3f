"""The flow of a part: the blocks of text that a reader sees, in order, each mapped to its place in the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from contextmail.dialects import any_tokens
from contextmail.dialects.base import Dialect, Token
from contextmail.language.block import OBJECT, Block, BlockBuilder, Context, Place, masked
from contextmail.language.conditions import Chains
from contextmail.language.editing import Barrier, apply, escape, fill, span
from contextmail.language.html import Kind, attributes, lex
from contextmail.language.layout import Layout
from contextmail.model.message import Part, PartKind

__all__ = [
    "OBJECT", "Barrier", "Block", "Flow", "Link", "Place", "apply", "escape", "fill", "flow_of", "links", "span",
]  # fmt: skip

_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n|\Z)")
_BULLET = re.compile(r"\s*(?:[-*+•◦▪·–—>]|\d{1,3}[.)])\s+(?=\S)")
_RULE = re.compile(r"[\s\-=_*~#+.|]*")
_LINE_PLACES = {"subject": Place.SUBJECT, "preheader": Place.PREHEADER}


@dataclass(frozen=True, slots=True)
class Flow:
    """A part and its blocks, in the order of the source."""

    part: Part
    blocks: tuple[Block, ...]
    tokens: tuple[Token, ...] = ()
    """Every template token of the part, also those inside tags, comments and addresses of links."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link's address: `part.source[start:end]`, as it stands there."""

    start: int
    end: int
    href: str


def flow_of(part: Part, dialect: Dialect | None) -> Flow:
    """Read a part of any kind; without a dialect, tokens of any template language are opaque and conditions unknown."""
    tokens = dialect.tokens(part.source) if dialect else any_tokens(part.source)
    builder = BlockBuilder(
        part.source, masked(part.source, tokens), {token.start: token for token in tokens}, Chains(tokens)
    )
    if part.kind is PartKind.HTML:
        blocks = Layout(builder).blocks()
    elif part.kind is PartKind.LINE:
        blocks = _line(builder, _LINE_PLACES.get(part.name, Place.LINE))
    else:
        blocks = list(_paragraphs(builder, Place.SCRIPT if part.kind is PartKind.SCRIPT else Place.TEXT))
    return Flow(part, tuple(blocks), tuple(tokens))


def links(part: Part, dialect: Dialect | None) -> list[Link]:
    """List the addresses of the links of an HTML part, in order; those without an address are left out."""
    source = part.source
    hidden = masked(source, dialect.tokens(source) if dialect else any_tokens(source))
    found = []
    for kind, tag_start, tag_end, name in lex(hidden):
        if kind is Kind.OPEN and name in ("a", "area", "v:roundrect", "v:rect"):
            for _name, start, end, _quotes in attributes(hidden, tag_start, tag_end, "href"):
                if end > start:
                    found.append(Link(start, end, source[start:end]))
    return found


def _line(builder: BlockBuilder, place: Place) -> list[Block]:
    builder.feed(0, len(builder.masked), entities=False)
    block = builder.take(place, "", "line")
    return [block] if block else []


def _paragraphs(builder: BlockBuilder, place: Place) -> Iterator[Block]:
    """Cut plain text at empty lines, rules and list items; other line breaks are only where lines were wrapped."""
    text = builder.masked
    current = place
    context: Context = "plain"
    for match in _LINE.finditer(text):
        start, end = match.span()
        bullet = _BULLET.match(text, start, end)
        if bullet or _RULE.fullmatch(text, start, end):
            if block := builder.take(current, "", context):
                yield block
            current = Place.ITEM if bullet and place is Place.TEXT else place
            start = bullet.end() if bullet else end
        if start < end:
            builder.feed(start, end, entities=False)
    if block := builder.take(current, "", context):
        yield block
