"""Check a list again just before it is used: who was on it may fall out of it, and nobody comes in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from contextmail.campaign import Campaign
from contextmail.config import Settings
from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.facts.endpoints import written_sql
from contextmail.facts.folder import FactsFolder
from contextmail.listing.base import (
    CHECKED,
    MEMORY,
    STAMP,
    Listed,
    campaign_file,
    cap_of,
    counted,
    hash_sql,
    variants_sql,
)
from contextmail.listing.columns import OURS, bare_sql, roles, safe_name, safe_sql
from contextmail.listing.files import load_list, write_csv
from contextmail.listing.people import ListRows, ends_sql
from contextmail.model.channel import Channel
from contextmail.store.base import Ledger

_NEEDED = ("outcome", "use_before", "customer", "endpoint", "campaign", "variants", "check")


def recheck_list(
    path: Path,
    settings: Settings,
    facts: FactsFolder,
    ledger: Ledger | None = None,
    *,
    out: Path | None = None,
    left_out: Path | None = None,
) -> Listed:
    """Decide again for the rows of a list that `make_list` wrote, and write those who may still be reached to `out`.

    The ledger counts as it is at this moment, touches as their outcomes came in, facts as they were built. A row falls
    out, too, where it has expired (`expired`), was altered (`changed`), or its text is no longer true (`text-changed`).
    Raises ConfigurationError for a file that is no such list, or is of several campaigns.
    """
    with DuckDBEngine(memory_limit=MEMORY) as engine, TemporaryDirectory(prefix="contextmail-") as folder:
        file, broken = load_list(engine, path)
        if missing := [OURS + name for name in _NEEDED if OURS + name not in file.columns]:
            cure = "give the file that `contextmail decide SCRIPT --list PEOPLE -o FILE` wrote, with all of its columns"
            raise ConfigurationError(f"not a list: there is no column {missing[0]}", where=str(path), cure=cure)
        if not engine.rows("SELECT 1 FROM listed LIMIT 1"):
            if out:
                out.write_bytes(path.read_bytes())
            return Listed(0, {}, "", None, broken=tuple(broken))
        campaign = _campaign(engine, path, settings)
        engine.rows(
            f"CREATE TEMP TABLE rows AS SELECT key, {bare_sql(quoted(OURS + 'customer'))} AS given,"
            f" nullif({quoted(OURS + 'endpoint')}, '') AS written FROM listed"
        )
        rows = ListRows(engine, facts, campaign.channel, Path(folder))
        rows.find(exactly=True)
        rows.decide_now(campaign, ledger, settings.as_of, cap_of(settings))
        _hold_to_what_was_written(rows, campaign, file.columns, settings)
        rows.drop_repeated()
        cells = {column: f"l.{quoted(column)}" for column in file.columns}
        if out:
            write_csv(engine, _query(cells, "= 'send'"), out, file.delimiter)
        if left_out:
            told = {
                f"{OURS}{name}": f"nullif(d.{quoted(name)}::VARCHAR, '')"
                for name in ("outcome", "reason", "until", "to")
            }
            own = {column: cell for column, cell in cells.items() if not column.startswith(OURS)}
            write_csv(engine, _query(own | told, "<> 'send'"), left_out, file.delimiter)
        kept = counted(engine)
        ends = engine.rows(f"SELECT min({_USE_BEFORE}) FROM listed JOIN decided USING (key) WHERE outcome = 'send'")
        return Listed(sum(kept.values()), kept, campaign.channel, ends[0][0], broken=tuple(broken))


_USE_BEFORE = f"try_strptime({quoted(OURS + 'use_before')}, {literal(STAMP)})"


def _campaign(engine: Engine, path: Path, settings: Settings) -> Campaign:
    """Load what the list was decided by."""
    names = engine.rows(f"SELECT DISTINCT {_bare('campaign')} AS name FROM listed WHERE name IS NOT NULL")
    if len(names) != 1:
        what = "it is of several campaigns" if names else "no row of it names its campaign"
        raise ConfigurationError(what, where=str(path), cure="give one list as it was written; make it anew")
    file = campaign_file(settings, str(names[0][0]))
    if not file.is_file():
        cure = "recheck it with the settings and the `store` with which it was made, or make the list anew"
        raise ConfigurationError("the campaign of this list is not known here", where=str(file), cure=cure)
    return Campaign.load(file)


def _hold_to_what_was_written(rows: ListRows, campaign: Campaign, columns: Sequence[str], settings: Settings) -> None:
    """Let those fall out whose row was altered or has expired, or whose text is no longer the one that is true."""
    parts = ", ".join(f"coalesce({_bare(name)}, '')" for name in CHECKED)
    whole = f"{quoted(OURS + 'check')} = {hash_sql(parts)} AND {quoted(OURS + 'outcome')} = 'send'"
    expired = f"{_USE_BEFORE} <= TIMESTAMP {literal(str(settings.as_of))}"
    for reason, condition in (
        ("changed", f"NOT coalesce({whole}, false)"),
        ("changed", _elsewhere(rows, campaign, columns, settings)),
        ("expired", f"coalesce({expired}, true)"),
        ("text-changed", f"{_bare('variants')} IS DISTINCT FROM nullif({variants_sql(campaign)}, '')"),
    ):
        rows.engine.rows(
            f"UPDATE decided SET outcome = 'drop', reason = {literal(reason)} WHERE key IN (SELECT key FROM listed l"
            f" JOIN decided d USING (key) WHERE d.outcome = 'send' AND {condition})"
        )


def _elsewhere(rows: ListRows, campaign: Campaign, columns: Sequence[str], settings: Settings) -> str:
    """Say in SQL whether the list's own number is another than ours, as after a sort of some columns only."""
    kind = "email" if campaign.channel == Channel.EMAIL else "phone"
    own = roles([column for column in columns if not column.startswith(OURS)], [kind], settings)
    if not own or campaign.channel == Channel.POSTAL:
        return "false"
    written = f"nullif({written_sql(bare_sql(quoted(own[kind])))}, '')"
    rows.engine.rows(f"CREATE TEMP TABLE own_rows AS SELECT key, {written} AS written FROM listed")
    rows.normalise("own_rows", "own_endpoints")
    ours = f"l.{quoted(OURS + 'endpoint')}"
    return (
        f"key IN (SELECT o.key FROM own_endpoints o JOIN listed l USING (key) WHERE o.written IS NOT NULL"
        f" AND o.endpoint IS DISTINCT FROM {ours} AND NOT {ends_sql(ours, 'o.written')})"
    )


def _bare(name: str) -> str:
    return bare_sql(quoted(OURS + name))


def _query(cells: dict[str, str], outcome: str) -> str:
    columns = ", ".join(f"{safe_sql(cell)} AS {safe_name(column)}" for column, cell in cells.items())
    return f"SELECT {columns} FROM listed l JOIN decided d USING (key) WHERE d.outcome {outcome} ORDER BY key"
