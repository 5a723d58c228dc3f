"""Events that were kept and tied to nobody: whoever is to be forgotten is looked for in what they say."""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

from contextmail.connectors.consents import spellings
from contextmail.syncing.base import Sync

_PAGE = 1000
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_WITHIN_A_NUMBER = re.compile(r"\s*\(0\)\s*|(?<=\d)[\s().\-/]+(?=\d)")


def forget_unread(sync: Sync, endpoint: str) -> int:
    """Drop the body of every such event that names a normalised endpoint; return how many. Raises StoreDownError."""
    last, dropped = 0, 0
    while page := sync.store.untied(after=last, limit=_PAGE):
        for event in page:
            if names(event.body, endpoint):
                sync.store.drop(event.id, "it named somebody who was erased")
                dropped += 1
        last = page[-1].id
    return dropped


def names(body: bytes, endpoint: str) -> bool:
    """Say whether an event names an address or number, as text, form or JSON, however it is written there."""
    plain = body.decode(errors="replace")
    readings = {form(plain) for form in (str, unquote, unquote_plus, _unescaped)}
    if "@" in endpoint:
        # Not as a part of another: `da@example.com` is not `ada@example.com`.
        asked = "|".join(map(re.escape, spellings(endpoint)))
        whole = re.compile(rf"(?<![\w.+%-])(?:{asked})(?![\w-]|\.\w)")
        return any(whole.search(text.lower()) for text in readings)
    number = re.compile(rf"(?<!\d)(?:00)?{re.escape(endpoint.lstrip('+'))}(?!\d)")
    return any(number.search(_WITHIN_A_NUMBER.sub("", text)) for text in readings)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
