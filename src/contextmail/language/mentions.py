"""Products' names and addresses as keys that are looked up: a message is read once, however many products there are.

A name's key is its words in small letters, without plurals and joining words: "Brass Lanterns" and "BRASS LANTERN" are
`brass lantern`. A link's is `//shop.example.com/p/brass-lantern`, an id's in a link is `#L1`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import lru_cache
from html import unescape
from itertools import accumulate
from urllib.parse import parse_qsl, unquote, urlsplit

from contextmail.language.patterns import straight

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s'\"/&+*®™©.–-]")
"""A word, or a sign that parts words: a name with a comma is one that the message writes with a comma."""
_JOINS = frozenset({"and", "und"})
_PLURAL = re.compile(r"(?<=[^\W\d_]{3})(?:'s|(?<=i)es|es|en|e|(?<!s)s)$")
_LONGEST = 16
"""Words of the longest name that is looked for."""
_TRACKING = re.compile(r"(?:utm|mc|hsa|pk|mtm|ga)_\w+|[gf]clid|msclkid|_hs\w+|ref", re.IGNORECASE)
_PAGE = re.compile(r"(?:/(?:index|default))?\.(?:html?|php|aspx?)$|/$")
_YEAR = re.compile(r"(?:19|20)\d\d")
_IS_ID = re.compile(r"(?=.*\d)[\w.-]{4,}")


def name_key(name: str) -> str:
    """Give the key of a name; empty if it has no word."""
    return " ".join(word for _, _, word in _words(straight(name)))


def head_of(key: str) -> str:
    """Give the two words that a longer name's key begins with; empty of any other key."""
    parts = key.split(" ", 2)
    return f"{parts[0]} {parts[1]} " if len(parts) > 1 and not key.startswith("//") else ""


def mentions(text: str, known: Container[str]) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and key of each name in a sentence, whose quotes are straight.

    `known` are the keys of all names, and what `head_of` gives of them. Of names that begin with the same word the
    longest comes first.
    """
    words = list(_words(text))
    for at, (start, end, word) in enumerate(words):
        if at + 1 < len(words) and (head := f"{word} {words[at + 1][2]} ") in known:
            longer = list(
                accumulate((further for _, _, further in words[at + 2 : at + _LONGEST]), _joined, initial=head)
            )
            for stop, key in zip(range(at + len(longer), at, -1), reversed(longer), strict=True):
                if key[:-1] in known:
                    yield start, words[stop][1], key[:-1]
        if word in known:
            yield start, end, word


def _joined(before: str, word: str) -> str:
    return f"{before}{word} "


def link_key(url: str) -> str:
    """Give the key of a product's own address: server, path, and the query without tracking; empty: it is none."""
    server, path, query = _parts(url)
    return f"//{server}{path}{query}" if server and (path or query) else ""


def link_keys(href: str) -> list[str]:
    """Give the keys by which a link may lead to a product, the surest first: address, id, a name in the path."""
    server, path, query = _parts(unescape(href))
    if not server or not (path or query):
        return []
    keys = [f"//{server}{path}{query}", f"//{server}{path}"]
    parts = path.split("/")[1:]
    keys += [id_key(part) for part in reversed(parts) if _IS_ID.fullmatch(part) and not _YEAR.fullmatch(part)]
    named = name_key(parts[-1].replace("_", " ")) if parts else ""
    return [*dict.fromkeys(keys), *([named] if " " in named else [])]


def id_key(product: str) -> str:
    """Give the key of a product's id, as a link has it in its path."""
    return f"#{product.casefold()}"


def _words(text: str) -> Iterator[tuple[int, int, str]]:
    for token in _TOKEN.finditer(text):
        word = _stem(token[0])
        if word not in _JOINS:
            yield token.start(), token.end(), word


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    """Take off what a plural adds, in English and German: lanterns, berries, boxes, Laternen, Sterne."""
    small = word.casefold()
    if small.endswith("y") and len(small) > 3:
        return small[:-1] + "i"
    return _PLURAL.sub("", small)


def _parts(url: str) -> tuple[str, str, str]:
    """Give server, path and query of an address of the web; empty ones if it is none."""
    try:
        parts = urlsplit(url.strip() if "//" in url[:10] or ":" in url else f"//{url.strip()}")
        server = (parts.hostname or "").removeprefix("www.")
    except ValueError:  # a port or a bracket that is none
        return "", "", ""
    if parts.scheme not in ("http", "https", "") or "." not in server:
        return "", "", ""
    kept = sorted((name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.fullmatch(name))
    query = "&".join(f"{name}={value}" for name, value in kept)
    path = _PAGE.sub("", unquote(parts.path)).casefold().rstrip("/")
    return server, path, f"?{query}" if query else ""
