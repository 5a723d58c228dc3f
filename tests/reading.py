"""What people read of a message: the cast of the pairs, each as a row of facts, and a message as one of them sees it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from contextmail.campaign import Campaign
from contextmail.checking import Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.language.names import first_name
from contextmail.model.message import Message, Part
from contextmail.previewing import visible
from contextmail.rewriting import Rewrite, rewritten

PAIRS = Path(__file__).parent / "data" / "pairs"
CLOCK = datetime(2026, 5, 31, 9)
FIELDS = {"FNAME": "first_name"}
_PLACES = {
    "heading": "<h1>{}</h1>",
    "paragraph": "<p>{}</p>",
    "item": "<ul><li>{}</li></ul>",
    "button": '<p><a class="button" href="https://example.com/">{}</a></p>',
}
_CHANNELS = {"sms": "sms", "call": "voice"}


@dataclass(frozen=True)
class Pair:
    """A text in its place, who reads it, and what an editor would sign: any of `after`; the text itself by default."""

    language: str
    kind: str
    customer: str
    before: str
    after: tuple[str, ...]
    message: dict[str, Any] = field(default_factory=dict)

    @property
    def stays(self) -> bool:
        """Say whether nothing may change."""
        return not self.after


def pairs(language: str) -> list[Pair]:
    """Read the pairs of a language."""
    lines = (PAIRS / f"{language}.jsonl").read_text("utf-8").splitlines()
    return [_pair(language, json.loads(line)) for line in lines]


def _pair(language: str, line: dict[str, Any]) -> Pair:
    after = line.pop("after", [])
    return Pair(language, after=(after,) if isinstance(after, str) else tuple(after), **line)


@cache
def cast() -> dict[str, dict[str, Any]]:
    """Give the rows of facts of everybody who reads the pairs, their first names cleaned as the facts' are."""
    rows: dict[str, dict[str, Any]] = tomllib.loads((PAIRS / "cast.toml").read_text("utf-8"))
    return {who: {**row, "first_name": first_name(row.get("name"))} for who, row in rows.items()}


def message_of(kind: str, text: str, around: dict[str, Any]) -> dict[str, Any]:
    """Put a text in its place, in a message of its own."""
    if kind == "subject":
        return {"html": "<p>The lamps hang on a hook.</p>", **around, "subject": text}
    if kind in _PLACES:
        return {**around, "html": _PLACES[kind].format(text)}
    return {"channel": _CHANNELS.get(kind, "email"), **around, "text": text}


@cache
def checker(language: str) -> Checker:
    """Give the checker of a language, with the settings that the pairs are written for."""
    return Checker(Settings.model_validate({"as_of": CLOCK, "currency": "GBP", "language": language, "fields": FIELDS}))


@cache
def _rewritten(language: str, message: str) -> tuple[Rewrite, Campaign]:
    rewrite = rewritten(checker(language).check(json.loads(message)), checker(language))
    return rewrite, compiled(rewrite, checker(language).settings)


def reads(pair: Pair, *, before: bool = False) -> str:
    """Give what the pair's customer reads of its text, after the rewrite or `before` it; one paragraph a line."""
    rewrite, campaign = _rewritten(pair.language, json.dumps(message_of(pair.kind, pair.before, pair.message)))
    part = rewrite.message.part("subject") if pair.kind == "subject" else rewrite.message.parts[-1]
    assert part is not None
    row = cast()[pair.customer]
    return seen(rewrite.message, part, row, rewrite, None if before else campaign)


def seen(message: Message, part: Part, row: dict[str, Any], rewrite: Rewrite, campaign: Campaign | None) -> str:
    """Give what somebody sees of a part, its tokens filled as a platform fills them; no `campaign`: of the original."""
    source = campaign.decide(row, as_of=CLOCK).parts[part.name] if campaign else part.source
    if rewrite.checked.dialect:
        source = rewrite.checked.dialect.render(source, {"FNAME": row.get("name", "")}, {})
    return visible(part.model_copy(update={"source": source}))
