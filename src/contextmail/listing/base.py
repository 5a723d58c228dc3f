"""What a list holds beside its rows: by which campaign it was made, until when it may be used, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from contextmail.campaign import Campaign
from contextmail.config import Settings
from contextmail.engines.base import Engine
from contextmail.errors import ConfigurationError
from contextmail.facts.rejects import Broken
from contextmail.listing.columns import OURS
from contextmail.listing.files import replaced
from contextmail.rules.too_often import CAP, DAYS

MEMORY = "768MB"
STAMP = "%Y-%m-%dT%H:%M:%SZ"
CHECKED = ("customer", "endpoint", "variants", "campaign", "use_before")
"""Columns of ours that a row stands and falls with: `contextmail_check` is their hash."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of the rows of a list; rows are named by their line, never by what they hold."""

    rows: int
    reasons: dict[tuple[str, str], int]
    """(outcome, reason) -> rows; the reason of `send` is empty."""
    channel: str
    use_before: datetime | None
    unknown: int = 0
    """Rows of which the facts know nobody."""
    segments: dict[int, int] = field(default_factory=dict)
    """Of text messages: how many are sent as so many."""
    broken: tuple[Broken, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kept(self) -> int:
        """Count those who may be reached."""
        return self.reasons.get(("send", ""), 0)


def cap_of(settings: Settings) -> tuple[int, int]:
    """Give the company's cap: messages in days."""
    own = settings.rules.get("too-often")
    return (own and own.cap) or CAP, (own and own.days) or DAYS


def counted(engine: Engine) -> dict[tuple[str, str], int]:
    """Count `decided` by outcome and reason."""
    asked = "SELECT outcome, reason, count(*) FROM decided GROUP BY ALL ORDER BY ALL"
    return {(outcome, reason): people for outcome, reason, people in engine.rows(asked)}


def campaign_name(campaign: Campaign) -> str:
    """Name a campaign by its id and its content: `evening:1f2e3d4c5b6a7980`."""
    content = campaign.model_dump_json(exclude={"notes"})
    return f"{campaign.id}:{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def campaign_file(settings: Settings, name: str) -> Path:
    """Give the place of the campaign of a list in contextmail's own folder."""
    digest = name.rpartition(":")[2]
    if len(digest) != 16 or not digest.isalnum():
        raise ConfigurationError(
            "not the name of a list's campaign", where=f"{OURS}campaign", cure="make the list anew"
        )
    return settings.store / "lists" / f"{digest}.json"


def keep_campaign(settings: Settings, campaign: Campaign) -> None:
    """Keep what the list was decided by, to check it again."""
    file = campaign_file(settings, campaign_name(campaign))
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replaced(file) as target:
        campaign.save(target)


def hash_sql(parts: str) -> str:
    """Write SQL of the hash of a row's columns, by which it is known to be as it was written."""
    return f"substr(sha256(concat_ws('|', {parts})), 1, 12)"


def variants_sql(campaign: Campaign) -> str:
    """Write SQL, over `decided`, of which text of each edit somebody gets: `0,2,1`."""
    return (
        f"concat_ws(',', {', '.join(f'd.edit_{at}' for at in range(len(campaign.edits)))})" if campaign.edits else "''"
    )
