"""From bytes to a part and back: every byte that was read is given back."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from contextmail.model.message import Part, PartKind

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins the same
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(rb"""<meta[^>]*?charset\s*=\s*["']?\s*([a-zA-Z0-9_:.-]+)""", re.IGNORECASE)
_SNIFFED = 1024  # bytes that browsers look at for a declaration
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# What senders call Latin-1 or ASCII is Windows-1252 to every reader (WHATWG Encoding Standard).
_MEANT = dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii", "iso8859-1", "l1"), "cp1252")


def part_from_bytes(name: str, kind: PartKind, data: bytes, *, path: str = "", declared: str = "") -> Part:
    """Read a part: by its byte order mark, the declared charset, its own meta charset, UTF-8, else a legacy charset.

    Never fails: a charset counts only if it gives every byte back.
    """
    for mark, encoding in _BOMS:
        body = data[len(mark) :]
        if data.startswith(mark) and (source := _decoded(body, encoding, "strict")) is not None:
            return Part(name=name, kind=kind, source=source, encoding=encoding, bom=True, path=path)
    for encoding, errors in _candidates(kind, data, declared.strip().lower()):
        if (source := _decoded(data, encoding, errors)) is not None:
            return Part(name=name, kind=kind, source=source, encoding=encoding, errors=errors, path=path)
    raise AssertionError("latin-1 decodes any bytes")


def part_bytes(part: Part, source: str) -> bytes:
    """Write `source` in the part's encoding, with its byte order mark if it had one."""
    mark = {encoding: mark for mark, encoding in _BOMS}[part.encoding] if part.bom else b""
    return mark + source.encode(part.encoding, part.errors)


def _candidates(kind: PartKind, data: bytes, declared: str) -> Iterator[tuple[str, str]]:
    if declared:
        yield _MEANT.get(declared, declared), "strict"
    if kind is PartKind.HTML and (meta := _META.search(data, 0, _SNIFFED)):
        named = meta[1].decode("ascii").lower()
        # A declaration that can be read byte by byte is not of UTF-16.
        yield ("utf-8" if named.startswith("utf-16") else _MEANT.get(named, named)), "strict"
    yield "utf-8", "strict"
    if _MULTIBYTE.search(data):
        yield "utf-8", "surrogateescape"
    yield "cp1252", "strict"
    yield "latin-1", "strict"


def _decoded(data: bytes, encoding: str, errors: str) -> str | None:
    """Decode, or None where the charset is unknown, does not fit or would not give the bytes back."""
    try:
        source = data.decode(encoding, errors)
        return source if source.encode(encoding, errors) == data else None
    except (LookupError, ValueError):
        return None
