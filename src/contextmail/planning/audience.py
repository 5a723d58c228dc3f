"""The contacts of an audience in the engine, joined to what is known of them, and what is decided of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from contextmail.campaign import Campaign
from contextmail.connectors.base import Member
from contextmail.deciding import decisions_sql
from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.lines import load_lines
from contextmail.facts.folder import FactsFolder
from contextmail.model.consent import Scope
from contextmail.model.crossing import PLANNED
from contextmail.planning.waiting import load_waiting
from contextmail.store.base import Ledger
from contextmail.store.permissions import refused
from contextmail.store.runs import Runs

_Item = TypeVar("_Item")
Progress = Callable[[str, float], None]
"""Told a stage and the share that is done, from 0 to 1."""

MEMBERS = {"key": "VARCHAR", "email": "VARCHAR", "status": "VARCHAR", "changed_at": "TIMESTAMP"}
AHEAD = 1_001
"""More than a page, so that the platform is asked for as many pages at the same time as it allows."""
TO_A_PERSON = """outcome = 'reroute' AND coalesce("to", '') NOT IN ('email', 'sms', 'voice', 'postal')"""
"""SQL: who is to be reached by a person, as by a call, and by no machine."""
_SEVERITY = "CASE outcome WHEN 'drop' THEN 3 WHEN 'reroute' THEN 2 WHEN 'hold' THEN 1 ELSE 0 END"


def load_members(
    engine: Engine, table: str, members: Iterable[Member], tags: Sequence[str], temp: Path, progress: Progress
) -> None:
    """Make a table of contacts, one row each: key, email, status, changed_at, and a column for each tag."""
    rows = _told(_rows(members, tags), "Reading contacts", progress)
    load_lines(engine, f"{table}_read", {**MEMBERS, **dict.fromkeys(tags, "VARCHAR")}, rows, temp)
    # A page of a list that moves meanwhile may bring a contact twice.
    engine.rows(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM {table}_read"
        f" QUALIFY row_number() OVER (PARTITION BY key ORDER BY changed_at DESC NULLS LAST) = 1"
    )
    engine.rows(f"DROP TABLE {table}_read")


def load_keys(engine: Engine, table: str, keys: Iterable[str], temp: Path) -> None:
    """Make a table of keys, each once."""
    load_lines(engine, f"{table}_read", {"key": "VARCHAR"}, ({"key": key} for key in keys), temp)
    engine.rows(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT DISTINCT key FROM {table}_read")


def begun(pool: Executor, read: Callable[[], Iterator[_Item]]) -> Future[Iterator[_Item]]:
    """Read the first of what a platform streams beside other reads; whoever takes it reads the rest."""

    def first() -> Iterator[_Item]:
        items = read()
        return chain(list(islice(items, AHEAD)), items)

    return pool.submit(first)


class People:
    """Recipients with their facts. Tables: `recipients` (of `members`), `owners` (contact -> customers), `decided`."""

    def __init__(self, engine: Engine, facts: FactsFolder) -> None:
        self.engine, self.facts = engine, facts
        self._crossed = False

    def refuse(self, ledger: Ledger | None, scope: Scope, temp: Path) -> None:
        """Take note of whom the ledger of consent refuses within `scope`: `decide` drops them, whatever the facts say."""
        # A person who refused at one address is not written to at another.
        others = (
            f" UNION SELECT o.key, a.address FROM owners o JOIN ({self._addresses()}) a ON a.customer = o.known"
            if self.facts.table("identities")
            else ""
        )
        self.engine.rows(f"CREATE OR REPLACE TEMP TABLE asked_of AS SELECT key, email FROM recipients{others}")
        emails = (email for (email,) in self.engine.rows("SELECT DISTINCT email FROM asked_of"))
        load_keys(self.engine, "refused", refused(ledger, scope, emails) if ledger else (), temp)

    def cross(self, runs: Runs | None, clock: datetime) -> None:
        """Take note of which of our own runs wait to write to whom: they may go first."""
        self._crossed = True
        load_waiting(self.engine, runs, clock)
        self.engine.rows(
            "CREATE OR REPLACE TEMP TABLE waiting_for AS SELECT key, list(entry) AS entries FROM"
            " (SELECT r.key, w.entry FROM recipients r JOIN waiting_people w ON w.email = lower(trim(r.email))"
            f" UNION SELECT o.key, w.entry FROM owners o JOIN ({self._addresses()}) a ON a.customer = o.known"
            " JOIN waiting_people w ON w.email = a.address) GROUP BY key"
        )

    def choose(self, *conditions: str) -> int:
        """Take the subscribed contacts of `members` that meet SQL conditions as recipients; count them."""
        met = " AND ".join(["status = 'subscribed'", *conditions])
        self.engine.rows(f"CREATE OR REPLACE TEMP TABLE recipients AS SELECT key, email FROM members WHERE {met}")
        self.engine.rows(
            "CREATE OR REPLACE TEMP TABLE owners AS"
            " SELECT (row_number() OVER ())::VARCHAR AS customer, r.key, f.customer AS known"
            f" FROM recipients r LEFT JOIN ({self._addresses()}) f ON f.address = lower(trim(r.email))"
        )
        return int(self.engine.rows("SELECT count(*) FROM recipients")[0][0])

    def unknown(self) -> int:
        """Count the recipients of whom the facts hold nothing."""
        return int(self.engine.rows("SELECT count(*) FROM owners WHERE known IS NULL")[0][0])

    def several(self) -> int:
        """Count the recipients whose address belongs to several customers."""
        shared = "SELECT key FROM owners GROUP BY key HAVING count(*) > 1"
        return int(self.engine.rows(f"SELECT count(*) FROM ({shared})")[0][0])

    def decide(self, campaign: Campaign, clock: datetime) -> None:
        """Decide for every recipient; whom the ledger refuses is dropped. Tables: those of `gather` and of `judge`."""
        self.gather(campaign.facts)
        self.judge(campaign, clock)
        self.engine.rows(
            "UPDATE decided SET outcome = 'drop', reason = 'opted-out', until = NULL, \"to\" = NULL WHERE key IN"
            " (SELECT key FROM asked_of WHERE email IN (SELECT key FROM refused))"
        )

    def gather(self, names: Iterable[str]) -> None:
        """Make the table `people` (customer, facts) of the facts that are there of those that are named."""
        asked = [name for name in names if name in self.facts.catalogue.facts]
        ours = {PLANNED: f"list_concat(f.{PLANNED}, w.entries) AS {PLANNED}"} if self._crossed else {}
        waiting = " LEFT JOIN waiting_for w ON w.key = o.key" if self._crossed else ""
        known = "".join(f", {ours.get(name) or f'f.{quoted(name)}'}" for name in asked)
        self.engine.rows(
            f"CREATE OR REPLACE TEMP TABLE people AS SELECT o.customer{known} FROM owners o"
            f" LEFT JOIN {self._parquet} f ON f.customer = o.known{waiting}"
        )

    def judge(self, campaign: Campaign, clock: datetime) -> None:
        """Judge `people`; an address of several customers gets the severest outcome and what is true of all.

        Tables: `verdicts` (customer, outcome, …, edit_0 …), `decided` (the same by key).
        """
        query = decisions_sql(campaign, self.facts.catalogue, "people", clock)
        self.engine.rows(f"CREATE OR REPLACE TEMP TABLE verdicts AS {query}")
        edits = "".join(
            f", CASE WHEN min(edit_{i}) = max(edit_{i}) THEN min(edit_{i})"
            f" ELSE {len(edit.variants) - 1} END AS edit_{i}"
            for i, edit in enumerate(campaign.edits)
        )
        expired = campaign.expires is not None and clock > campaign.expires.replace(tzinfo=None)
        outcome = "'drop'" if expired else f"max_by(outcome, {_SEVERITY})"
        reason = "'expired'" if expired else f"max_by(reason, {_SEVERITY})"
        self.engine.rows(
            f"CREATE OR REPLACE TEMP TABLE decided AS SELECT o.key, {outcome} AS outcome, {reason} AS reason,"
            f' max(until) FILTER (outcome = \'hold\') AS until, max_by("to", {_SEVERITY}) AS "to"{edits}'
            " FROM owners o JOIN verdicts v USING (customer) GROUP BY o.key"
        )

    def _addresses(self) -> str:
        """Select customers with each of their addresses; a person of several systems may have several."""
        own = "coalesce(email, customer)" if "email" in self.facts.catalogue.facts else "customer"
        plain = f"SELECT customer, lower(trim({own})) AS address FROM {self._parquet}"
        identities = self.facts.table("identities")
        if identities is None:
            return plain
        return (
            f"{plain} UNION SELECT customer, endpoint FROM read_parquet({literal(str(identities))})"
            " WHERE kind = 'email'"
        )

    @property
    def _parquet(self) -> str:
        return f"read_parquet({literal(str(self.facts.parquet))})"


def _rows(members: Iterable[Member], tags: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for member in members:
        values = {tag: member.fields.get(tag) for tag in tags}
        changed = member.changed_at.isoformat(sep=" ") if member.changed_at else None
        yield {"key": member.key, "email": member.email, "status": member.status, "changed_at": changed, **values}


def _told(rows: Iterable[Mapping[str, Any]], stage: str, progress: Progress) -> Iterator[Mapping[str, Any]]:
    for count, row in enumerate(rows, 1):
        if count % 5_000 == 0:
            progress(f"{stage}: {count:,}", 0.0)
        yield row
