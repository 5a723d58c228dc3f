"""The text that a contact field holds: a slot's text with the facts in their places, within the platform's bytes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from contextmail.campaign import Slot, Wording, formatted
from contextmail.language.phrases import SLOT
from contextmail.model.fact import FactValue

_ELLIPSIS = "…"
_LAST_WORD = re.compile(r"[\s,;:-]+\S*$")


def pieces_of(text: str, facts: Collection[str]) -> list[str | Slot]:
    """Part a slot's text, as a manifest has it, into words and the facts between them (`{orders|count}`)."""
    pieces: list[str | Slot] = []
    at = 0
    for match in SLOT.finditer(text):
        if match[2] and match[1] in facts:
            pieces += [text[at : match.start()], Slot(fact=match[1], format=match[2])]
            at = match.end()
    return [piece for piece in [*pieces, text[at:]] if piece != ""]


def written(
    pieces: Sequence[str | Slot], values: Sequence[FactValue], wording: Wording, clock: datetime, limit: int | None
) -> str | None:
    """Write a text with the values of its facts, in the order of its slots, in at most `limit` bytes of UTF-8.

    A text that is too long has its longest fact shortened at a word. None: it does not fit, or a fact is empty; the
    neutral text takes its place.
    """
    given = iter(values)
    words = [
        piece if isinstance(piece, str) else formatted(next(given), piece.format, wording, clock) for piece in pieces
    ]
    facts = [index for index, piece in enumerate(pieces) if isinstance(piece, Slot)]
    if any(not words[index] for index in facts):
        return None
    too_long = _size("".join(words)) - limit if limit else 0
    if too_long > 0:
        if not facts:
            return None
        longest = max(facts, key=lambda index: _size(words[index]))
        words[longest] = _shortened(words[longest], _size(words[longest]) - too_long)
        if not words[longest]:
            return None
    return " ".join("".join(words).split())


def _shortened(text: str, room: int) -> str:
    """Cut a text at a word so that it has `room` bytes with its ellipsis; empty: not even one word has room."""
    while text and _size(text) + _size(_ELLIPSIS) > room:
        shorter = _LAST_WORD.sub("", text)
        text = shorter if shorter != text else ""
    return text + _ELLIPSIS if text else ""


def _size(text: str) -> int:
    return len(text.encode())
