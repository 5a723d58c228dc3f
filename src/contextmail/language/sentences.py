"""Where sentences begin and end in the text of a block."""

from __future__ import annotations

import re

from contextmail.dialects.base import TokenKind
from contextmail.language.block import OBJECT, Block, Place

_EMOJI = "\u231a\u231b\u23e9-\u23f3\u2600-\u27bf\u2b50\ufe0f\U0001f1e6-\U0001faff"
_STOPS = ".!?…。！？"
# A mark that may end a sentence, with the quotes and brackets that close behind it; emoji; a break of lines. It begins
# with one set of characters, which the regex engine skips to quickly.
_CANDIDATE = re.compile(
    rf"""[{_STOPS}{_EMOJI}\n](?:
      (?<=[{_STOPS}])[{_STOPS}]*[\"'”’)\]»*]*+(?P<after>[\s{_EMOJI}]*+)(?:(?={OBJECT}|\Z)|(?<=[\s。！？{_EMOJI}]))
    | (?<=[{_EMOJI}])[{_EMOJI}]*+\s++(?=[A-Z])
    | (?P<line>(?<=[,:;]\n)|(?<=\n)\n)\s*+
    )""",
    re.VERBOSE,
)
_REPLY = re.compile(r"(?i)(?:(?:re|fwd?|aw|wg)(?:\s?\[\d+\])?:\s+)+(?=\S)")
_LAST_WORD = re.compile(r"[^\s(\[\"“'‘]+\Z")
# Never the end of a sentence: something belongs to it on its right.
_LEADING = frozenset(
    "mr mrs ms mx dr prof rev fr sr st gen sgt capt hon messrs mme vs cf e.g i.e eg ie approx nos vol fig".split()
)
_LONGEST = 20  # characters, and more than any word here has: what stands further back is not looked at
# The end only before a word that likes to begin sentences.
_TRAILING = frozenset(
    """inc ltd co corp llc plc gmbh jr dept est etc a.m p.m am pm u.s u.k u.s.a d.c e.u ph.d jan feb mar apr jun jul aug
    sep sept oct nov dec mon tue wed thu fri sat sun""".split()
)
_STARTERS = frozenset(
    """a act all an and as at because before but call check click come did discover do don't enjoy every find for from
    get give go here here's how if i i'm i've in it it's join just let let's look make my no not now on only order our
    please reply save see shop so start thank thanks that the then there these they this to today together visit want we
    we'd we'll we're we've what when where which who why with you you'd you'll you're you've your""".split()
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Give the spans of the sentences of `text` in order, without the white space between them."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _CANDIDATE.finditer(text):
        if match.lastgroup == "after" and not _ends(text, match):
            continue
        end = match.end("line") if match.lastgroup == "line" else match.end()
        if _append(spans, text, start, end):
            start = end
    _append(spans, text, start, len(text))
    return spans


def reply_prefix(block: Block) -> int:
    """Give where a subject begins behind "Re: " and its kin; 0 where there is none."""
    prefix = _REPLY.match(block.text) if block.place is Place.SUBJECT else None
    return prefix.end() if prefix else 0


def block_sentences(block: Block) -> list[tuple[int, int]]:
    """Give the spans of the sentences of a block, its reply prefix and the conditional tokens at their edges left out."""
    begin = reply_prefix(block)
    spans = [(max(start, begin), end) for start, end in sentences(block.text) if end > begin]
    if all(token.kind is TokenKind.VALUE for token in block.tokens.values()):
        return spans

    def edge(index: int) -> bool:
        token = block.tokens.get(index)
        return block.text[index].isspace() or (token is not None and token.kind is not TokenKind.VALUE)

    inner = []
    for start, end in spans:
        while start < end and edge(start):
            start += 1
        while end > start and edge(end - 1):
            end -= 1
        if start < end:
            inner.append((start, end))
    return inner


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> bool:
    stretch = text[start:end].strip()
    if not stretch:
        return False
    begin = text.index(stretch, start)
    spans.append((begin, begin + len(stretch)))
    return True


def _ends(text: str, match: re.Match[str]) -> bool:
    """Tell whether a full stop (or its kin) ends the sentence, by the words on both sides."""
    following = text[match.end() : match.end() + 24]
    if not following or following[0] == OBJECT:
        return True
    opener = following.lstrip("\"'“‘([*_-–— ")
    if match["after"].strip():  # an emoji stands between
        return True
    if not opener or opener[0].islower():
        # "Yahoo! is" and "etc. and" go on; a question that a small letter follows does, too.
        return "\n\n" in match["after"]
    if not text.startswith(".", match.start()) or text.startswith("..", match.start()):
        return True
    word = _LAST_WORD.search(text, max(0, match.start() - _LONGEST), match.start())
    bare = word.group().lower().rstrip(".") if word else ""
    if bare in _LEADING:
        return False
    if bare == "no":
        return not opener[0].isdigit()
    if bare in _TRAILING or (len(bare) == 1 and bare.isalpha() and bare != "i"):
        first = re.match(r"[\w'’]+", opener)
        return first is not None and first.group().lower().replace("’", "'") in _STARTERS
    return True
