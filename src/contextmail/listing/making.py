"""Make a list: who of a file may be reached now, each with their own text, and until when the list may be used."""

from __future__ import annotations

from collections.abc import Sequence
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
from contextmail.facts.endpoints import written_sql
from contextmail.facts.folder import FactsFolder
from contextmail.listing.base import (
    CHECKED,
    MEMORY,
    STAMP,
    Listed,
    campaign_name,
    cap_of,
    counted,
    hash_sql,
    keep_campaign,
    variants_sql,
)
from contextmail.listing.columns import OURS, bare_sql, roles, safe_name, safe_sql
from contextmail.listing.files import load_list, write_csv, write_scripts
from contextmail.listing.people import ListRows
from contextmail.listing.wording import Words, segments_sql
from contextmail.model.channel import Channel
from contextmail.rewriting import rewritten
from contextmail.store.base import Ledger


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
    checker = Checker(settings, facts.products)
    rewrite = rewritten(checker.check(path), checker, safe_only=safe_only)
    campaign = compiled(rewrite, settings, facts.catalogue)
    with DuckDBEngine(memory_limit=MEMORY) as engine, TemporaryDirectory(prefix="contextmail-") as folder:
        temp, clock = Path(folder), settings.as_of
        file, broken = load_list(engine, people)
        columns = [column for column in file.columns if not column.startswith(OURS)]
        _name_rows(engine, people, columns, campaign.channel, settings)
        rows = ListRows(engine, facts, campaign.channel, temp)
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
            # First what the list is checked by: no list is without it.
            keep_campaign(settings, campaign)
            write_csv(engine, query, out, file.delimiter)
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


def _name_rows(engine: Engine, people: Path, columns: Sequence[str], channel: str, settings: Settings) -> None:
    """Make the table `rows` of what names somebody in each row. Raises ConfigurationError where no column does."""
    kinds = {Channel.EMAIL: ["email"], Channel.POSTAL: ["email", "phone"]}.get(Channel(channel), ["phone"])
    found = roles(columns, ["customer", *kinds], settings)
    if not found:
        cure = f'name a column `customer` or `{kinds[0]}`, or say which it is: [lists.columns] customer = "..."'
        raise ConfigurationError("no column says whom a row is of", where=str(people), cure=cure)
    given = identifier(quoted(found["customer"]), "VARCHAR") if "customer" in found else "NULL::VARCHAR"
    written = [f"nullif({written_sql(bare_sql(quoted(found[kind])))}, '')" for kind in kinds if kind in found]
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
