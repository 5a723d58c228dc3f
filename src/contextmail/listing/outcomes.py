"""Take outcomes back: what became of calls, text messages and letters goes to the touches and to the ledger of consent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from contextmail.campaign import Campaign
from contextmail.config import Settings
from contextmail.engines.base import listed, literal
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError, RecordRejected, did_you_mean
from contextmail.facts.folder import FactsFolder
from contextmail.facts.roles import SYNONYMS
from contextmail.facts.sources import csv_file
from contextmail.listing.base import campaign_file
from contextmail.listing.columns import roles
from contextmail.listing.people import know_endpoints
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Act, Actor, Scope, Suppression, Trust, erased
from contextmail.model.endpoint import normalise
from contextmail.model.event import Notice
from contextmail.model.tables import TableMapping
from contextmail.model.touch import RAISING, RINGS, Touch, TouchOutcome, nearest, outcome_of, plain
from contextmail.syncing import Report, Sync, apply_notices

_ROLES = ("customer", "phone", "email", "channel", "at", "outcome", "purpose", "campaign")
_BATCH = 500
SOURCE = "outcomes"


@dataclass(slots=True)
class Taken:
    """Count what became of the rows of a file; rows are named by their line, never by what they hold."""

    rows: int = 0
    new: int = 0
    """Touches that were not here before."""
    known: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    """Outcome -> new touches."""
    withdrawals: int = 0
    """Changes that are new in the ledger."""
    by_id: int = 0
    """Refusals of customers of whom no address or number is known: held by their id, and told to no other system."""
    erased: int = 0
    undated: int = 0
    """Rows whose time cannot be read: they count from now."""
    raising: list[int] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)


class DryRun(Exception):
    """Take everything back."""


def take_outcomes(
    path: Path,
    settings: Settings,
    sync: Sync,
    facts: FactsFolder | None = None,
    *,
    channel: str = "",
    dry_run: bool = False,
    progress: Callable[[str, float], None] = lambda _stage, _share: None,
) -> Taken:
    """Take the outcomes of a CSV file; each batch is durable before the next, and the same file again adds nothing.

    `channel` is that of rows that name none. `do_not_call` withdraws all marketing on the channel (a call's: from
    voices too), `wrong_person` bars the customer from that number, and the number where nobody else among the customers
    has it, `bounced` suppresses it. Nothing raises a permission. Raises ConfigurationError for a heading that does not
    fit, StoreDownError.
    """
    if not path.is_file():
        raise ConfigurationError("no such file", where=str(path), cure="give the file of outcomes, as CSV")
    file = csv_file(path, TableMapping(path=str(path)), str(path))
    found = roles(file.columns, _ROLES, settings)
    if "outcome" not in found or not {"customer", "phone", "email"} & found.keys():
        cure = 'name its columns outcome, and customer or phone; or [lists.columns] outcome = "..."'
        raise ConfigurationError("the first line does not say whose outcome it is", where=f"{path}:1", cure=cure)
    positions = {role: file.columns.index(column) for role, column in found.items()}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with ExitStack() as opened:
        book = _Book(facts, opened) if facts else None
        taker = _Taker(path.name, digest, settings, sync, book, channel, dry_run=dry_run)
        batch: list[tuple[int, dict[str, str]]] = []
        for line, record in file.records():
            taker.done.rows += 1
            if len(record) != len(file.columns):
                taker.done.broken[line] = f"{len(record)} values, not {len(file.columns)}"
                continue
            batch.append((line, {role: record[at].strip().removeprefix("'") for role, at in positions.items()}))
            if len(batch) == _BATCH:
                taker.take(batch)
                batch.clear()
                progress(f"Taking rows: {taker.done.rows:,}", 0.0)
        taker.take(batch)
    taker.done.broken = dict(sorted(taker.done.broken.items()))
    return taker.done


class _Book:
    """Who has which address or number, of the facts: looked up for some rows at a time."""

    def __init__(self, facts: FactsFolder, opened: ExitStack) -> None:
        self._engine = opened.enter_context(DuckDBEngine(memory_limit="512MB"))
        know_endpoints(
            self._engine, facts, Path(opened.enter_context(TemporaryDirectory(prefix="contextmail-"))), "true"
        )
        self._source = f"read_parquet({literal(str(facts.parquet))})"
        self.known: set[str] = set()
        """Ids that the facts have."""
        self.main: dict[tuple[str, str], set[str]] = {}
        """Customer and kind -> the addresses or numbers that they gave."""
        self.owners: dict[str, set[str]] = {}
        """Address or number -> its customers."""

    def look_up(self, customers: Collection[str], endpoints: Collection[str]) -> None:
        """Turn to the page of these customers, addresses and numbers."""
        ids, ends = (listed(some) for some in (customers, endpoints))
        self.known = {
            row[0] for row in self._engine.rows(f"SELECT customer FROM {self._source} WHERE customer IN {ids}")
        }
        self.main, self.owners = {}, {}
        theirs = f"SELECT endpoint FROM known_endpoints WHERE customer IN {ids}"
        asked = (
            "SELECT customer, kind, endpoint, is_main FROM known_endpoints"
            f" WHERE endpoint IN {ends} OR endpoint IN ({theirs})"
        )
        for customer, kind, endpoint, is_main in self._engine.rows(asked):
            self.owners.setdefault(endpoint, set()).add(customer)
            if is_main:
                self.main.setdefault((customer, kind), set()).add(endpoint)


class _Taker:
    def __init__(
        self, name: str, digest: str, settings: Settings, sync: Sync, book: _Book | None, channel: str, *, dry_run: bool
    ) -> None:
        self.name, self.digest, self.settings, self.sync = name, digest, settings, sync
        self.book, self.channel, self.dry_run = book, channel, dry_run
        self.done = Taken()
        self._campaigns: dict[str, Campaign | None] = {}

    def take(self, batch: Sequence[tuple[int, dict[str, str]]]) -> None:
        """Take rows in one transaction."""
        now = self.sync.clock()
        if self.book:
            ends = {end for _, row in batch for kind in ("phone", "email") if (end := _endpoint(row.get(kind, "")))}
            self.book.look_up({row.get("customer", "") for _, row in batch}, ends)
        with self._kept():
            for line, row in batch:
                try:
                    self._row(line, row, now)
                except RecordRejected as error:
                    self.done.broken[line] = error.what

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            with self.sync.store.transaction():
                yield
                if self.dry_run:
                    raise DryRun
        except DryRun:
            pass

    def _row(self, line: int, row: Mapping[str, str], now: datetime) -> None:
        """Keep one touch, and tell the ledger what follows from it. Raises RecordRejected."""
        touch, at = self._touch(line, row, now)
        subject = self.sync.store.subject(touch.endpoint) if touch.endpoint else ""
        if subject and erased(self.sync.store.changes(subject)):
            self.done.erased += 1
            return
        if not self.sync.store.keep_touch(touch, subject, now):
            self.done.known += 1
            return
        self.done.new += 1
        self.done.outcomes[touch.outcome] = self.done.outcomes.get(touch.outcome, 0) + 1
        report = Report()
        if notices := [self._notice(touch, at, act, scope, value, line) for act, scope, value in self._follows(touch)]:
            apply_notices(self.sync, notices, report, received_at=now, ref=touch.id)
            self.done.withdrawals += report.changes

    def _touch(self, line: int, row: Mapping[str, str], now: datetime) -> tuple[Touch, datetime | None]:
        """Read a row. Raises RecordRejected, without what it holds."""
        word = row["outcome"]
        outcome = outcome_of(word, self.settings.lists.outcomes)
        if outcome is None:
            cure = nearest(word) or "[lists.outcomes] says what a word of yours means"
            raise RecordRejected(f"the outcome is not understood: {cure}", where="outcome")
        campaign = self._campaign(row.get("campaign", ""))
        channel = self._channel(row.get("channel", ""), campaign)
        written = _written(row, channel)
        endpoint = normalise(written) if written else ""
        at = self.settings.lists.time_of(row.get("at", ""))
        self.done.undated += at is None
        # What has no date of its own is told apart by its file.
        when = at.isoformat() if at else f"{self.digest}:{line}"
        said = row.get("campaign", "")
        # As it was written: who has which number may change between two readings of the file.
        parts = (row.get("customer", ""), endpoint, channel, when, outcome, said)
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        customer, endpoint = self._who(row.get("customer", ""), endpoint, channel, outcome)
        if plain(word) in RAISING:
            self.done.raising.append(line)
        purpose = row.get("purpose", "").lower() or _purpose(campaign)
        happened = _utc(at) if at else now
        return Touch(key, customer, endpoint, channel, purpose, min(happened, now), outcome, said), at

    def _who(self, customer: str, endpoint: str, channel: str, outcome: TouchOutcome) -> tuple[str, str]:
        """Give the customer, and the endpoint at which they were tried; one of them may be empty."""
        if not customer and not endpoint:
            raise RecordRejected("neither a customer nor a number or address", where="customer")
        several = "|" in customer
        if several or (self.book and customer and endpoint and customer not in self.book.known):
            # Of a number that several share, or an id of the dialler's own, the number says whose it is.
            customer = ""
        if self.book and customer and not endpoint:
            kind = "email" if channel in (Channel.EMAIL, Channel.POSTAL) else "phone"
            given = self.book.main.get((customer, kind), set())
            endpoint = next(iter(given)) if len(given) == 1 else ""
        if self.book and not customer and outcome is TouchOutcome.WRONG_PERSON:
            owners = self.book.owners.get(endpoint, set())
            customer = next(iter(owners)) if len(owners) == 1 else ""
        return customer, endpoint

    def _follows(self, touch: Touch) -> Iterator[tuple[Act, Scope, str]]:
        """Say what the ledger is told of the endpoint; what is said of a customer without one is kept with the touch."""
        if not touch.endpoint:
            self.done.by_id += touch.outcome in (TouchOutcome.DO_NOT_CALL, TouchOutcome.WRONG_PERSON)
            return
        match touch.outcome:
            case TouchOutcome.DO_NOT_CALL:
                for channel in RINGS if touch.channel in RINGS else (touch.channel,):
                    yield Act.DENY, Scope(channel, Purpose.MARKETING), ""
            case TouchOutcome.WRONG_PERSON if touch.channel != Channel.POSTAL:
                others = self.book.owners.get(touch.endpoint, set()) - {touch.customer} if self.book else set()
                if not touch.customer or not others:
                    yield Act.SUPPRESS, Scope(), Suppression.WRONG_PERSON
            case TouchOutcome.BOUNCED if touch.channel != Channel.POSTAL:
                yield Act.SUPPRESS, Scope(touch.channel), Suppression.HARD_BOUNCE

    def _notice(self, touch: Touch, at: datetime | None, act: Act, scope: Scope, value: str, line: int) -> Notice:
        """Make the notice of what follows; a time without a zone may be hours off, so a withdrawal counts from now."""
        spoken = act is Act.DENY and touch.channel in RINGS
        return Notice(
            endpoint=touch.endpoint,
            act=act,
            scope=scope,
            source=SOURCE,
            at=touch.at if at else None,
            value=value,
            actor=Actor.AGENT,
            trust=Trust.SOURCE if at and at.tzinfo else Trust.CLAIMED,
            method="spoken" if spoken else "outcome",
            evidence=f"{self.name} line {line}",
        )

    def _campaign(self, name: str) -> Campaign | None:
        """Give the campaign of a list that was made here."""
        if name not in self._campaigns:
            try:
                self._campaigns[name] = Campaign.load(campaign_file(self.settings, name))
            except ConfigurationError:
                # Another system's name of a campaign says nothing here.
                self._campaigns[name] = None
        return self._campaigns[name]

    def _channel(self, written: str, campaign: Campaign | None) -> str:
        said = SYNONYMS.get(written.lower(), written.lower()) or self.channel or (campaign.channel if campaign else "")
        if said not in list(Channel):
            hint = did_you_mean(said, [*Channel, *SYNONYMS]) if said else "add a column, or --channel call"
            raise RecordRejected(f"the channel is none of {', '.join(Channel)}: {hint}", where="channel")
        return said


def _purpose(campaign: Campaign | None) -> str:
    """Say what a touch of a campaign was for: who sells, asks."""
    if campaign is None:
        return ""
    return "ask" if campaign.purpose == Purpose.MARKETING else str(campaign.purpose)


def _written(row: Mapping[str, str], channel: str) -> str:
    """Give the address or number of a row that fits its channel; a letter is known by either."""
    kinds = {Channel.EMAIL: ["email"], Channel.POSTAL: ["email", "phone"]}.get(Channel(channel), ["phone"])
    return next((row[kind] for kind in kinds if row.get(kind)), "")


def _endpoint(written: str) -> str:
    try:
        return normalise(written) if written else ""
    except RecordRejected:
        return ""


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
