"""Find which of the company's products a message pitches, from its links and its words: once per campaign."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from contextmail.dialects.base import Dialect
from contextmail.facts.offering import Named, Products
from contextmail.language.block import OBJECT, Block, Place
from contextmail.language.casing import SMALL
from contextmail.language.flow import Flow, links
from contextmail.language.mentions import link_keys, mentions, name_key
from contextmail.language.patterns import straight
from contextmail.language.sentences import block_sentences
from contextmail.model.message import PartKind
from contextmail.model.pitch import Pitch

_ADDRESS = re.compile(rf"(?:https?://|www\.)[^\s<>\"'{OBJECT}]+[^\s<>\"'{OBJECT}.,;:!?)]")
_CLOSED = re.compile(r"(?i)</a\b|</area\b|</v:|\Z")
_LETTERS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_GOES_ON = re.compile(r"[ -](?=[^\W\d_])(?![a-zß-öø-ÿ])\w")
"""Another word with a capital: the "Brass Lantern Festival" is no Brass Lantern."""
_ENOUGH = 4
"""Words of a name that nobody writes by chance; fewer count if they are written as a name is."""


class _Mention(NamedTuple):
    """What may be a name: a stretch of a block's text, and whether it is written as only names are."""

    block: Block
    start: int
    end: int
    key: str
    as_name: bool


class _Link(NamedTuple):
    """A link: its keys, and from where to where of a flow's source it reaches."""

    flow: Flow
    keys: Sequence[str]
    start: int
    end: int


def pitches(
    flows: Mapping[str, Flow], dialect: Dialect | None, products: Products, ours: Collection[str] = ()
) -> dict[Block, list[Pitch]]:
    """Give the places that pitch a product, by block, in order.

    A link decides that a product is pitched: by its address, its id or its name in the path. So does a name of several
    words that is one product's alone, where it is written as a name; no word alone does. Of a product that is pitched
    every name is a place; if it has none, the words of its first link are. `ours` are names of the company itself.
    """
    every = [mention for flow in flows.values() for mention in _mentions(flow, products)]
    led = [link for flow in flows.values() for link in _links(flow, dialect, products) if link.keys]
    if not led and not any(mention.as_name for mention in every):
        return {}
    meant = products.meant({m.key for m in every} | {key for link in led for key in link.keys})
    linked = {to.product: link for link in reversed(led) if (to := _led_to(link, meant))}
    meant |= {key: () for key in map(name_key, ours) if key in meant}
    named = [(said, one) for said in _longest(every, meant) if (one := _named(said, meant[said.key], linked))]
    pitched = {one.product for said, one in named if said.as_name} | linked.keys()
    places = [
        (said.block, Pitch(one.product, one.name, said.start, said.end))
        for said, one in named
        if one.product in pitched
    ]
    spoken = {pitch.product for _, pitch in places}
    for product, link in linked.items():
        if product not in spoken and (place := _words_of(link)):
            places.append((place[0], Pitch(product, "", *place[1:])))
    found: dict[Block, list[Pitch]] = {}
    for block, pitch in sorted(places, key=lambda place: place[1].start):
        found.setdefault(block, []).append(pitch)
    return found


def _mentions(flow: Flow, products: Products) -> Iterator[_Mention]:
    for block in flow.blocks:
        if block.place is Place.ALT:
            continue  # it says what a picture shows
        text = straight(block.text.replace("\n", " "))
        for begin, stop in block_sentences(block):
            sentence = text[begin:stop]
            for start, end, key in mentions(sentence, products.keys):
                if block.place is Place.CELL and end - start == len(text):
                    continue  # it is a caption
                yield _Mention(block, begin + start, begin + end, key, _as_name(sentence, start, end, key))


def _longest(mentions: Sequence[_Mention], meant: Mapping[str, object]) -> Iterator[_Mention]:
    """Yield the mentions of names, without those inside a longer one: "Brass Lantern XL" is no Brass Lantern."""
    block, end = None, 0
    for mention in mentions:
        if mention.key in meant and (mention.block is not block or mention.start >= end):
            block, end = mention.block, mention.end
            yield mention


def _as_name(sentence: str, start: int, end: int, key: str) -> bool:
    """Say whether words are written as only a name is: with capitals that stand out, or more than chance would put."""
    count = len(key.split())
    if count == 1:
        return len(key) >= _ENOUGH and key[0].isalpha() and any(sign.isdigit() for sign in key)
    if count >= _ENOUGH:
        return True
    if _GOES_ON.match(sentence, end):
        return False
    around = _LETTERS.findall(f"{sentence[:start]} {sentence[end:]}")
    words = [word for word in _LETTERS.findall(sentence[start:end]) if word not in SMALL]
    stands_out = sum(word[0].islower() for word in around) * 2 > len(around)
    return stands_out and len(words) > 1 and all(word[0].isupper() for word in words)


def _links(flow: Flow, dialect: Dialect | None, products: Products) -> Iterator[_Link]:
    source = flow.part.source
    if flow.part.kind is PartKind.HTML:
        for link in links(flow.part, dialect):
            closed = _CLOSED.search(source, link.end)
            assert closed  # the end of the source is one
            yield _Link(flow, _keys(link.href, products), link.end, closed.start())
    for block in flow.blocks:
        for address in _ADDRESS.finditer(block.text):
            place = block.source_start(address.start()), block.source_end(address.end() - 1)
            yield _Link(flow, _keys(address[0], products), *place)


def _keys(href: str, products: Products) -> list[str]:
    return [key for key in link_keys(href) if key in products.keys]


def _led_to(link: _Link, meant: Mapping[str, Sequence[Named]]) -> Named | None:
    """Give the product to which a link leads, by the surest of its keys that is one product's alone."""
    return next((meant[key][0] for key in link.keys if len(meant.get(key, ())) == 1), None)


def _named(mention: _Mention, meant: Sequence[Named], linked: Mapping[str, _Link]) -> Named | None:
    """Give the product that a mention names: the one that has the name alone, or to which a link leads."""
    one = next((named for named in meant if named.product in linked or not named.shared), None)
    if one is None or " " in mention.key:
        return one
    # "Internet" is a product, "which internet provider" names none.
    words = mention.block.text[mention.start : mention.end]
    return one if words in (one.name, one.name.upper()) else None


def _words_of(link: _Link) -> tuple[Block, int, int] | None:
    """Give the first words that a link shows, or what its picture shows."""
    for block in link.flow.blocks:
        if block.source_end(len(block.text) - 1) <= link.start:
            continue
        if block.start >= link.end:
            return None
        inside = [at for at in range(len(block.text)) if link.start <= block.source_start(at) < link.end]
        if inside:
            return block, inside[0], inside[-1] + 1
    return None
