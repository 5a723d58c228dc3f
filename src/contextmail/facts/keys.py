"""A large set of texts as a small file, read at once: whether a text is in it is asked without an engine."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path
from zlib import crc32


class Keys:
    """A set of texts of which 32 bits each are kept, in order.

    Every text of the set is `in` it, and so is one in some thousands of others: who needs to know looks it up.
    """

    def __init__(self, path: Path) -> None:
        self._marks = array("I")
        self._marks.frombytes(path.read_bytes())
        if sys.byteorder == "big":
            self._marks.byteswap()

    def __contains__(self, text: object) -> bool:
        mark = crc32(str(text).encode())
        at = bisect_left(self._marks, mark)
        return at < len(self._marks) and self._marks[at] == mark


def write_keys(texts: Iterable[str], path: Path) -> None:
    """Write a set of texts to a file, for `Keys`; the same set gives the same bytes."""
    marks = array("I", sorted({crc32(text.encode()) for text in texts}))
    if sys.byteorder == "big":
        marks.byteswap()
    path.write_bytes(marks.tobytes())
