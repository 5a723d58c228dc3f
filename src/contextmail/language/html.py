"""A span lexer for HTML: where each tag, comment and stretch of text stands, for any bytes whatsoever.

It works on a masked source, in which template tokens are non-characters, so that `<a *|IF:ORDERS>=5|*style=..>` is
one tag. Rules are the HTML standard's tokenizer, except that what stands inside `<!--[if mso]>..<![endif]-->` is
lexed too, since Outlook shows it. Every stretch of the source belongs to exactly one lexeme.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from contextmail.language.block import TOKEN_HEAD, TOKEN_TAIL, Context

_TOKEN = TOKEN_HEAD + TOKEN_TAIL

# Possessive, so that hostile markup costs linear time. Quotes count only after "=", as browsers read them.
_TAG = re.compile(
    rf"""<(?:
      ([a-zA-Z][^\s/>{_TOKEN}]*+) [^>=]*+ (?: =\s*+ (?: "[^"]*+" | '[^']*+' )?+ [^>=]*+ )*+ >
    | /([a-zA-Z][^\s/>{_TOKEN}]*+) [^>]*+ >
    | (!--)
    | [!?/] [^>]*+ >
    )""",
    re.VERBOSE,
)
_MSO = re.compile(r"<!--\[if[^\]>]*+\]>", re.IGNORECASE)
_MSO_END = re.compile(r"<!\[endif\]\s*--+>", re.IGNORECASE)
_ENDIF = re.compile(r"<!\[endif\]\s*\Z", re.IGNORECASE)
_TAG_NAME = re.compile(rf"<[^\s/>{_TOKEN}]*+")
_ATTRIBUTE = re.compile(
    rf"""([^\s"'<>/={_TOKEN}]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']++)))?|"[^"]*+"|'[^']*+'"""
)

# Elements whose content is no markup: what a reader never sees, and (title, textarea) text with entities.
_RAW_END = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "xml", "iframe", "noembed", "noframes", "xmp", "title", "textarea")
}
_RCDATA = frozenset({"title", "textarea"})


_CONTEXTS: tuple[Context, ...] = ("attr-bare", "attr-bare", "attr-double", "attr-single", "attr-bare")


class Kind(IntEnum):
    """Say what a lexeme is."""

    TEXT = 0
    OPEN = 1
    CLOSE = 2
    COMMENT = 3  # also doctypes, processing instructions, conditional comments that every reader sees through
    MSO = 4  # <!--[if mso]> whose content is hidden from all others
    MSO_END = 5
    RAW = 6  # what stands in script, style and the like


def lex(masked: str, *, blank: bool = True) -> Iterator[tuple[Kind, int, int, str]]:
    """Yield the lexemes of a masked source in order: kind, start, end, and a tag's name in lower case.

    Without `blank`, white space between two tags, which most lexemes are, is left out.
    """
    unended: set[str] = set()  # raw elements that have no end tag: read as any other
    search, at, size = _TAG.search, 0, len(masked)
    text, opening, closing, comment = Kind.TEXT, Kind.OPEN, Kind.CLOSE, Kind.COMMENT
    last = masked.rfind(">") + 1  # no tag ends beyond it: a tail of "<a<a<a" is not tried again and again
    while match := search(masked, at, last):
        start, end = match.span()
        if start > at and (blank or not masked[at:start].isspace()):
            yield text, at, start, ""
        group = match.lastindex
        if group == 1:
            name = match[1].lower()
            yield opening, start, end, name
            if name in _RAW_END and name not in unended:
                if stop := _RAW_END[name].search(masked, end):
                    if stop.start() > end:
                        yield (text if name in _RCDATA else Kind.RAW), end, stop.start(), name
                    end = stop.start()
                else:
                    unended.add(name)
        elif group == 2:
            yield closing, start, end, match[2].lower()
        elif group is None:
            yield (Kind.MSO_END if _MSO_END.fullmatch(masked, start, end) else comment), start, end, ""
        else:
            header = _MSO.match(masked, start)
            stop_at = masked.find("-->", start + 2)
            if header and stop_at >= 0 and _ENDIF.search(masked, max(header.end(), stop_at - 16), stop_at):
                end = header.end()
                yield Kind.MSO, start, end, ""
            else:
                end = stop_at + 3 if stop_at >= 0 else size
                yield comment, start, end, ""
        at = end
    unclosed = masked.find("<!--", at)
    if unclosed >= 0:
        yield from ((text, at, unclosed, ""),) if unclosed > at else ()
        yield comment, unclosed, size, ""
    elif at < size:
        yield text, at, size, ""


class Attribute(NamedTuple):
    """One attribute: its name in lower case, its value's span and how that is quoted."""

    name: str
    start: int
    end: int
    context: Context


def attributes(masked: str, start: int, end: int, name: str = "") -> Iterator[Attribute]:
    """Yield the attributes of the start tag `masked[start:end]`, or those called `name`.

    An attribute without a value has an empty span at its name's end.
    """
    opened = _TAG_NAME.match(masked, start, end)
    for match in _ATTRIBUTE.finditer(masked, opened.end() if opened else start, end - 1):
        found = match[1]
        if found is None or (name and found.lower() != name):
            continue
        group = match.lastindex or 1
        begin, stop = match.span(group) if group > 1 else (match.end(1), match.end(1))
        yield Attribute(found.lower(), begin, stop, _CONTEXTS[group])
