"""From lexemes of HTML to blocks: which tags break a line of thought, what is hidden, what can be removed whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from contextmail.language.block import TOKEN_HEAD, Block, BlockBuilder, Place
from contextmail.language.conditions import Chain
from contextmail.language.html import Kind, attributes, lex

# Inline tags that only dress text: an edit may swallow a balanced pair of them.
_DRESS = frozenset(
    """abbr acronym b bdi bdo big br cite code data del dfn em font i ins kbd mark nobr o:p q s samp small span strike
    strong sub sup time tt u var wbr""".split()
)
_INLINE = _DRESS | {"a", "img", "input", "label", "map", "area", "meta", "link", "base", "script", "style"}
# Campaign Monitor writes some links as elements of their own.
_INLINE |= {"webversion", "unsubscribe", "preferences", "forwardtoafriend"}
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_OBJECTS = frozenset({"img", "input", "hr", "embed", "object", "video", "audio", "iframe", "v:image", "v:fill"})
_WITH_ALT = frozenset({"img", "area", "input", "amp-img", "v:image", "v:shape", "v:rect", "v:roundrect"})
_REMOVABLE = frozenset("p div h1 h2 h3 h4 h5 h6 li blockquote center address section article header footer".split())
_PLACES = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Place.HEADING),
    **dict.fromkeys(("li", "dt", "dd"), Place.ITEM),
    **dict.fromkeys(("td", "th"), Place.CELL),
    **dict.fromkeys(("a", "button", "v:roundrect"), Place.BUTTON),
    **dict.fromkeys(("table", "body"), Place.PARAGRAPH),
    "title": Place.TITLE,
}
_IMPLIED_ENDS = {
    **{tag: {"p"} for tag in "p div h1 h2 h3 h4 h5 h6 ul ol table blockquote center hr address section".split()},
    "li": {"p", "li"},
    "td": {"p", "td", "th"},
    "th": {"p", "td", "th"},
    "tr": {"p", "td", "th", "tr"},
    "dt": {"p", "dt", "dd"},
    "dd": {"p", "dt", "dd"},
}
# These read a start tag in lower case.
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|max-height\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
    r"""|\shidden(?=[\s>/]|=["'])"""
)
_PREHEADER = re.compile(r"""(?:class|id)\s*=\s*["']?(?:[^"'>]*\s)?(?:pre-?header|preview[-_]?text)(?=["'\s>])""")
_BUTTON = re.compile(
    r"""class\s*=\s*["'][^"']*(?:btn|button)|role\s*=\s*["']button|display\s*:\s*(?:inline-)?block[^"'>]*(?:padding|background)
    |(?:padding|background)[^"'>]*display\s*:\s*(?:inline-)?block""",
    re.VERBOSE,
)
_REGION = re.compile(r"\smc:(?:edit|repeatable|variant|hideable)\b|\sdata-widget|\bhs_cos_wrapper")
_REPEATED = re.compile(r"\smc:(?:repeatable|variant)\b")
_CONDITIONALS = frozenset({"if", "ifnot", "unless", "case", "ifchanged", "interested"})


class _Traits(NamedTuple):
    """What the attributes of a start tag say."""

    hidden: bool = False
    preheader: bool = False
    region: bool = False
    """An editable region: the element itself stays."""
    repeated: bool = False
    button: bool = False


_NO_TRAITS = _Traits()


def _read_traits(tag: str, name: str) -> _Traits:
    """Read the attributes of a start tag in lower case; plain words are looked for first, since few tags hold one."""
    hidden = ("display" in tag or "hidden" in tag or "max-height" in tag or "opacity" in tag) and _HIDDEN.search(tag)
    preheader = ("header" in tag or "preview" in tag) and _PREHEADER.search(tag)
    region = ("mc:" in tag or "widget" in tag or "hs_cos" in tag) and _REGION.search(tag)
    button = name == "a" and _BUTTON.search(tag)
    if not (hidden or preheader or region or button):
        return _NO_TRAITS
    return _Traits(bool(hidden), bool(preheader), bool(region), bool(region and _REPEATED.search(tag)), bool(button))


@dataclass(slots=True)
class _Frame:
    """An open element that breaks the text round it, with the inline elements open inside."""

    name: str
    start: int
    place: Place
    traits: _Traits
    """Its own; those that reach inward (`hidden`, `preheader`, `repeated`) also from outside."""
    contents: int
    """How many blocks and objects there were before it."""
    inline: list[str]
    linked: bool = False
    """A link is open directly inside: what breaks the text in it is still the words of the link."""


class Layout:
    """Turn the lexemes of one HTML part into blocks."""

    def __init__(self, builder: BlockBuilder) -> None:
        self._builder = builder
        self._masked = builder.masked
        self._chains = builder.chains
        self._frames = [_Frame("", 0, Place.PARAGRAPH, _Traits(region=True), 0, [])]
        self._outside: tuple[BlockBuilder, list[_Frame]] | None = None
        self._blocks: list[Block] = []
        self._contents = 0
        self._known: dict[str, _Traits] = {}
        self._shown = False
        """Whether something that a reader sees has come yet: hidden text before that is the preheader."""

    def blocks(self) -> list[Block]:
        """Lex the masked source and give its blocks in order."""
        text, opening, closing, at = Kind.TEXT, Kind.OPEN, Kind.CLOSE, 0
        for kind, start, end, name in lex(self._masked, blank=False):
            if start > at and self._builder.runs:
                self._builder.space(at, start)
            at = end
            if kind is text:
                self._builder.feed(start, end)
            elif kind is opening:
                self._open(start, end, name)
            elif kind is closing:
                self._close(start, end, name)
            elif kind is Kind.COMMENT:
                barrier = "a conditional of the template" if self._chains.crossed(start, end) else ""
                self._builder.marks.append((start, end, "!--", 0, barrier))
            elif kind is Kind.MSO and self._outside is None:
                self._contents += 1
                self._builder.marks.append((start, end, "!--", 0, "a conditional comment"))
                self._outside = self._builder, self._frames
                self._builder, self._frames = self._builder.fork(), self._frames[:]
            elif kind is Kind.MSO_END:
                self._end_mso()
                self._builder.marks.append((start, end, "!--", 0, "a conditional comment"))
        self._end_mso()
        self._take()
        return sorted(self._blocks, key=attrgetter("start"))

    def _end_mso(self) -> None:
        if self._outside is not None:
            self._take()
            (self._builder, self._frames), self._outside = self._outside, None

    def _open(self, start: int, end: int, name: str) -> None:
        builder = self._builder
        if name in _OBJECTS:
            self._contents += 1
        if name in _WITH_ALT:
            self._alt(start, end, name)
        traits = _NO_TRAITS
        if end - start > len(name) + 2:
            tag = self._masked[start:end]
            traits = self._known.get(tag) or self._traits(tag, name)
        if name in _INLINE and not traits.hidden and not traits.button:
            barrier = self._barrier(start, end, name, traits)
            if name in _VOID:
                builder.space(start, end, "\n" if name == "br" else " ")
                builder.marks.append((start, end, name, 0, barrier))
            else:
                self._frames[-1].inline.append(name)
                if name == "a":
                    self._frames[-1].linked = self._masked.find("href", start, end) >= 0
                builder.marks.append((start, end, name, 1, barrier))
            return
        if builder.runs or builder.marks:
            self._take()
        if implied := _IMPLIED_ENDS.get(name):
            while self._frames[-1].name in implied:
                self._frames.pop()
        if name not in _VOID and not (":" in name and self._masked[end - 2] == "/"):
            self._push(start, name, traits)

    def _push(self, start: int, name: str, traits: _Traits) -> None:
        outer = self._frames[-1]
        place = _PLACES.get(name) or (Place.PARAGRAPH if outer.place is Place.CELL else outer.place)
        if (outer.linked or outer.place is Place.BUTTON) and place in (Place.PARAGRAPH, Place.CELL):
            place = Place.BUTTON
        if outer.traits is not _NO_TRAITS:
            above = outer.traits
            traits = _Traits(
                traits.hidden or above.hidden,
                traits.preheader or above.preheader,
                traits.region,
                traits.repeated or above.repeated,
            )
            traits = traits if any(traits) else _NO_TRAITS
        self._frames.append(_Frame(name, start, place, traits, self._contents, []))

    def _close(self, start: int, end: int, name: str) -> None:
        frames = self._frames
        if name in _INLINE and frames[-1].name != name:
            inline = frames[-1].inline
            known = name in inline
            if name == "a":
                frames[-1].linked = False
            while known and inline.pop() != name:
                pass
            self._builder.marks.append((start, end, name, -1, "" if known else "a tag that is not opened here"))
            return
        if self._builder.runs or self._builder.marks:
            self._take()
        depth = len(frames) - 1
        while depth and frames[depth].name != name:
            depth -= 1
        if not depth:
            return
        frame = frames[depth]
        del frames[depth:]
        if self._contents - frame.contents == 1 and name in _REMOVABLE and not frame.traits.region:
            self._removable(self._blocks[-1] if self._blocks else None, frame.start, end)

    def _removable(self, block: Block | None, start: int, end: int) -> None:
        """Note that `[start, end)` holds only this block, unless more than the block would go with it."""
        if block is None or block.element is not None or block.locked or block.start < start:
            return
        if not self._chains.crossed(start, end):
            block.element = (start, end)

    def _traits(self, tag: str, name: str) -> _Traits:
        self._known[tag] = traits = _read_traits(tag.lower(), name)
        return traits

    def _take(self) -> None:
        frame = self._frames[-1]
        mso = self._outside is not None
        block = self._builder.take(frame.place, frame.name, "text", mso=mso, locked=frame.traits.repeated)
        if block is None:
            return
        if frame.place is not Place.TITLE:
            if (frame.traits.hidden or frame.traits.preheader) and not self._shown:
                block.place = Place.PREHEADER
            elif frame.traits.hidden:
                block.place = Place.HIDDEN
            elif not mso:
                self._shown = True
        self._add(block)

    def _add(self, block: Block) -> None:
        if chain := self._chains.at(block.start):
            block.locked = block.locked or _repeats(chain)
        self._blocks.append(block)
        self._contents += 1

    def _alt(self, start: int, end: int, name: str) -> None:
        for attribute in attributes(self._masked, start, end, "alt"):
            if attribute.start == attribute.end:
                continue
            builder = self._builder.fork()
            builder.feed(attribute.start, attribute.end)
            locked = self._frames[-1].traits.repeated
            block = builder.take(Place.ALT, name, attribute.context, mso=self._outside is not None, locked=locked)
            if block is not None:
                self._add(block)

    def _barrier(self, start: int, end: int, name: str, traits: _Traits) -> str:
        if name == "a":
            return "a link"
        if name not in _DRESS:
            return "an image" if name == "img" else f"a <{name}> element"
        if self._masked.find(TOKEN_HEAD, start, end) >= 0:
            return "a template token"
        return "an editable region" if traits.region else ""


def _repeats(chain: Chain) -> bool:
    """Tell whether one of the blocks of the template language is a loop, an area or the like, and no conditional."""
    return any(group[0].name.lower() not in _CONDITIONALS for group in chain)
