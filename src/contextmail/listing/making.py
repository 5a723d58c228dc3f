"""Make a list: who of a file may be reached now, each with their own text, and until when the list may be used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from contextmail.campaign import Campaign
from contextmail.checking import Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.facts.columns import identifier
from contextmail.facts.folder import FactsFolder
from contextmail.facts.rejects import Broken
from contextmail.listing.columns import OURS, bare_sql, roles, safe_name, safe_sql
from contextmail.listing.files import load_list, replaced, write_csv, write_scripts
from contextmail.listing.people import Listed as Rows
from contextmail.listing.wording import Words, segments_sql
from contextmail.model.channel import Channel
from contextmail.rewriting import rewritten
from contextmail.rules.too_often import CAP, DAYS
from contextmail.store.base import Ledger

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


def make_list(
    path: Path,
    people: Path,
    settings: Settings,
    facts: FactsFolder,
    ledger: Ledger | None = None,
    *,
    out: Path | None = None,
    left_out: Path | None = None,
    scripts: Path | None = None,
    hours: float | None = None,
    safe_only: bool = False,
) -> Listed:
    """Decide for the rows of a CSV file and write those who may be reached now, each with their own text, to `out`.

    A row is of the customer whose id it has, else of those with its address or number. `left_out` gets the others, with
    the reason; `scripts` a text file each. The list may be used for `hours` (None: as set), and not after the message
    has expired or a fact that it rests on is too old. Raises ConfigurationError, and what compiling a message raises.
    """
    checker = Checker(settings)
    rewrite = rewritten(checker.check(path), checker, safe_only=safe_only)
    campaign = compiled(rewrite, settings, facts.catalogue)
    with DuckDBEngine(memory_limit=MEMORY) as engine, TemporaryDirectory(prefix="contextmail-") as folder:
        temp, clock = Path(folder), settings.as_of
        file, broken = load_list(engine, people)
        columns = [column for column in file.columns if not column.startswith(OURS)]
        _name_rows(engine, people, columns, campaign.channel, settings)
        rows = Rows(engine, facts, campaign.channel, temp)
        rows.find(exactly=False)
        known = {name: fact for name, fact in settings.fields.items() if fact in facts.catalogue.facts}
        words = Words(campaign, rewrite.checked.dialect, known, columns, clock)
        rows.decide_now(campaign, ledger, clock, cap_of(settings), words.facts)
        rows.drop_repeated()
        words.write(engine, temp)
        until = _use_before(campaign, facts, settings, hours)
        if scripts:
            write_scripts(engine, list(words.parts), scripts)
        segments = _segments(engine, words) if campaign.channel == Channel.SMS else {}
        if out:
            added = _ours(engine, campaign, words, until, scripts)
            query = _query(columns, added, "outcome = 'send'")
            write_csv(engine, query, out, file.delimiter)
            keep_campaign(settings, campaign)
        if left_out:
            told = {name: f"nullif(d.{quoted(name)}::VARCHAR, '')" for name in ("outcome", "reason", "until", "to")}
            write_csv(engine, _query(columns, told, "outcome <> 'send'"), left_out, file.delimiter)
        return Listed(
            int(engine.rows("SELECT count(*) FROM decided")[0][0]),
            counted(engine),
            campaign.channel,
            until,
            int(engine.rows("SELECT count(DISTINCT key) FROM owners WHERE known IS NULL")[0][0]),
            segments,
            tuple(broken),
            tuple(campaign.notes),
        )


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


def _name_rows(engine: Engine, people: Path, columns: Sequence[str], channel: str, settings: Settings) -> None:
    """Make the table `rows` of what names somebody in each row. Raises ConfigurationError where no column does."""
    kinds = {Channel.EMAIL: ["email"], Channel.POSTAL: ["email", "phone"]}.get(Channel(channel), ["phone"])
    found = roles(columns, ["customer", *kinds], settings)
    if not found:
        cure = f'name a column `customer` or `{kinds[0]}`, or say which it is: [lists.columns] customer = "..."'
        raise ConfigurationError("no column says whom a row is of", where=str(people), cure=cure)
    given = identifier(quoted(found["customer"]), "VARCHAR") if "customer" in found else "NULL::VARCHAR"
    written = [f"nullif(lower(trim({bare_sql(quoted(found[kind]))})), '')" for kind in kinds if kind in found]
    engine.rows(
        f"CREATE OR REPLACE TEMP TABLE rows AS SELECT key, {bare_sql(given)} AS given,"
        f" coalesce({', '.join(written) or 'NULL'})::VARCHAR AS written FROM listed"
    )


def _use_before(campaign: Campaign, facts: FactsFolder, settings: Settings, hours: float | None) -> datetime:
    """Say until when the list may be used: its hours, and no later than a decision may change by time alone."""
    catalogue, clock = facts.catalogue, settings.as_of
    ends = [clock + timedelta(hours=settings.lists.hours_of(campaign.channel) if hours is None else hours)]
    if campaign.expires:
        ends.append(campaign.expires.replace(tzinfo=None))
    for name, days in campaign.max_age_days.items():
        aged = (catalogue.facts[name].as_of or catalogue.as_of) + timedelta(days=days)
        # One that is too old already is unknown in the list as it stands.
        ends += [aged] if aged > clock else []
    return min(ends).replace(microsecond=0)


def _ours(engine: Engine, campaign: Campaign, words: Words, until: datetime, scripts: Path | None) -> dict[str, str]:
    """Give the columns that are added to each row, as SQL by name."""
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE whose AS SELECT key, string_agg(DISTINCT known, '|' ORDER BY known) AS customer"
        " FROM owners WHERE known IS NOT NULL GROUP BY key"
    )
    name = literal(campaign_name(campaign))
    ours = {
        "outcome": "d.outcome",
        "reason": "nullif(d.reason, '')",
        "until": "d.until::VARCHAR",
        "use_before": literal(until.strftime(STAMP)),
        "customer": "w.customer",
        "endpoint": "p.endpoint",
        "campaign": name,
        "variants": variants_sql(campaign),
    }
    ours["check"] = hash_sql(", ".join(f"coalesce({ours[part]}, '')" for part in CHECKED))
    if campaign.channel == Channel.SMS:
        ours["segments"] = _segments_of(words)
    ours |= {part: f"t.{quoted(part)}" for part in words.parts}
    if scripts:
        ours["file"] = f"{literal(str(scripts) + '/')} || l.key || '.txt'"
    return ours


def _query(columns: Sequence[str], ours: dict[str, str], condition: str) -> str:
    """Write the query of the rows that meet a condition: their own columns, then ours, each safe in a spreadsheet."""
    cells = [f"{safe_sql(f'l.{quoted(column)}')} AS {safe_name(column)}" for column in columns]
    cells += [
        f"{sql if name in _PLAIN else safe_sql(f'({sql})')} AS {quoted(OURS + name)}" for name, sql in ours.items()
    ]
    joins = " LEFT JOIN texts t USING (key) LEFT JOIN whose w USING (key)" if "check" in ours else ""
    return (
        f"SELECT {', '.join(cells)} FROM listed l JOIN decided d USING (key) JOIN recipients p USING (key){joins}"
        f" WHERE d.{condition} ORDER BY l.key"
    )


_PLAIN = ("outcome", "reason", "until", "use_before", "endpoint", "check", "segments", "file")
"""Columns of ours that no text of anybody is in."""


def _segments_of(words: Words) -> str:
    return segments_sql(" || ".join(f"t.{quoted(part)}" for part in words.parts))


def _segments(engine: Engine, words: Words) -> dict[int, int]:
    asked = f"SELECT {_segments_of(words)} AS n, count(*) FROM texts t GROUP BY n ORDER BY n"
    return {int(count): people for count, people in engine.rows(asked)}
