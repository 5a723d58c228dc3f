"""Build a folder of facts from a company's tables."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Literal

from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.facts.accounts import build_accounts
from contextmail.facts.ages import Ages
from contextmail.facts.assembling import across, assemble, cut_points
from contextmail.facts.block import Block
from contextmail.facts.consents import build_consents
from contextmail.facts.custom import add_facts
from contextmail.facts.customers import build_customers
from contextmail.facts.endpoints import build_endpoints
from contextmail.facts.folder import CATALOGUE, FACTS, LINES, recover, retired
from contextmail.facts.inquiries import build_inquiries
from contextmail.facts.joining import join_systems
from contextmail.facts.ledger import build_preferences, read_ledger
from contextmail.facts.lines import Lines, build_lines
from contextmail.facts.naming import build_names
from contextmail.facts.orders import build_orders
from contextmail.facts.planned import build_planned
from contextmail.facts.products import build_products
from contextmail.facts.reading import Table, read_table
from contextmail.facts.stages import build_stages
from contextmail.facts.subscriptions import build_subscriptions
from contextmail.facts.touched import bar_in_ledger, read_touched
from contextmail.facts.touches import build_touches, streak_sql
from contextmail.facts.zones import in_own_zone
from contextmail.model.crossing import Waiting
from contextmail.model.fact import Catalogue, FactSpec
from contextmail.model.identity import OWN, Identity
from contextmail.model.ledger import Known
from contextmail.model.tables import TABLES, FactDefinition, TableMapping
from contextmail.model.touch import Touch

Progress = Callable[[str, float], None]

EVIDENCE = {
    "products": "SELECT id, name, clean, category, nameable, code FROM products",
    "names": "FROM names ORDER BY key, product",
    "subscriptions": "FROM subscriptions",
    "touches": "FROM touches",
    "inquiries": "FROM inquiries",
    "consents": "SELECT customer, channel, purpose, status, happened_at, obtained FROM consents",
    "accounts": "FROM accounts ORDER BY account",
    "customers": "FROM customers ORDER BY customer",
    "identities": "FROM identities ORDER BY customer, system, record, kind, endpoint, id",
    "conflicts": "FROM conflicts ORDER BY conflict, system, record",
}
"""Tables that are kept beside the facts and the order lines: `facts show` names their rows."""


def build(
    tables: Mapping[str, TableMapping],
    out: Path,
    *,
    as_of: datetime,
    facts: Sequence[FactDefinition] = (),
    names: Collection[str] = (),
    currency: str = "",
    rates: Mapping[str, Decimal] | None = None,
    cap: tuple[int, int] = (3, 7),
    max_age: Mapping[str, int | Literal["never"]] | None = None,
    ledger: Iterable[Known] = (),
    waiting: Iterable[tuple[Waiting, Path]] = (),
    touched: Iterable[Touch] = (),
    systems: Mapping[str, Mapping[str, TableMapping]] | None = None,
    identity: Identity | None = None,
    hindsight: bool = True,
    strict: bool = False,
    bad_row_limit: int = 1000,
    folder: Path = Path(),
    progress: Progress | None = None,
) -> Catalogue:
    """Build `out`, a folder with one row of facts per customer, from mapped tables; return its catalogue.

    `systems` are tables of other systems that know the same customers; who of them is one person `identity` says, and
    their addresses (`facts.persons`). A person has the id of the own tables, else the system's before it: `crm:17`.

    `as_of` is the clock: what is dated later is not known yet. `names` are facts that predicates use; those made from
    their names (`touches_14d_sms_ask`, `room_at_3_in_7d`) are built. `cap` is (messages, days) of the fact `room_at`.
    `ledger` is what the customers said of consent and channels themselves, `touched` what became of touches that files
    told of, `waiting` what our own runs will send, each with the Parquet file of whom to. `rates` says what one unit of
    another currency is worth in `currency`; `max_age` how many days a fact may be old,
    where it is not as facts/ages.py says. Paths are relative to `folder`.
    Without `hindsight` a refusal dated after the clock is not known yet either, which is for looking back alone.
    The same tables give the same bytes. The folder is replaced at the end, so that a crash leaves the old facts.

    Raises ConfigurationError for a table, column or definition that does not fit, for more than `bad_row_limit` broken
    rows in a table, and, if `strict`, for several currencies without rates.
    """
    by_system = {OWN: tables, **(systems or {})}
    names_of_tables = {name for mapped in by_system.values() for name in mapped}
    for name in names_of_tables:
        if name not in TABLES:
            raise ConfigurationError(f"unknown table {name!r}", where="[tables]", cure=did_you_mean(name, TABLES))
    if not {"customers", "orders"} & names_of_tables:
        raise ConfigurationError(
            "there is no table", where="[tables]", cure="map [tables.orders] or [tables.customers]"
        )
    clock = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    with _replaced(out) as target, DuckDBEngine(temp=target, folder=folder) as engine:
        builder = _Builder(engine, target, clock, progress or _silent, hindsight=hindsight)
        builder.read(by_system, folder, bad_row_limit)
        builder.join(identity or Identity(), folder, currency)
        builder.hear(ledger, touched, waiting)
        return builder.build(facts, names, currency, rates or {}, cap, max_age or {}, strict=strict)


def _silent(_stage: str, _share: float) -> None:
    pass


class _Builder:
    """One build: an engine, a folder, a clock, and what was found on the way."""

    def __init__(self, engine: Engine, target: Path, as_of: datetime, progress: Progress, *, hindsight: bool) -> None:
        self.engine, self.target, self.as_of, self.progress = engine, target, as_of, progress
        self.hindsight = hindsight
        self.clock = f"TIMESTAMP {literal(str(as_of))}"
        self.read_of: dict[str, dict[str, Table]] = {}
        """Table -> system -> what was read."""
        self.tables: dict[str, Table] = {}
        self.persons = False
        self.notes: list[str] = []

    def read(self, systems: Mapping[str, Mapping[str, TableMapping]], folder: Path, bad_row_limit: int) -> None:
        """Open every table and set its broken rows apart."""
        every = [(system, name, mapping) for system, tables in systems.items() for name, mapping in tables.items()]
        for position, (system, name, mapping) in enumerate(every):
            of = "" if system == OWN else system
            said = f"{of}.{name}" if of else name
            self.progress(f"reading {said}", 0.4 * position / len(every))
            table = read_table(
                self.engine, name, mapping, folder=folder, temp=self.target, bad_row_limit=bad_row_limit, of=of
            )
            self.read_of.setdefault(name, {})[system] = table
            if table.broken_count:
                shown = "; ".join(str(broken) for broken in table.broken[:10])
                more = f"; and {table.broken_count - 10} more" if table.broken_count > 10 else ""
                self.notes.append(
                    f"{said}: {table.broken_count} of {table.rows} rows are broken and were skipped: {shown}{more}"
                )

    def join(self, identity: Identity, folder: Path, currency: str) -> None:
        """Make one table of each table's rows in all systems, by person."""
        self.tables, self.persons, notes = join_systems(
            self.engine, self.read_of, identity, folder=folder, temp=self.target, currency=currency
        )
        self.notes += notes

    def people(self) -> str:
        """Give the relation of customers and their endpoints."""
        if self.persons:
            return "(SELECT customer, endpoint FROM identities WHERE endpoint IS NOT NULL)"
        build_endpoints(self.engine, self.read_of.get("customers", {}), self.target)
        return "(SELECT key AS customer, endpoint FROM endpoints)"

    def hear(self, ledger: Iterable[Known], touched: Iterable[Touch], waiting: Iterable[tuple[Waiting, Path]]) -> None:
        """Read what the ledger says of the customers, what became of touches, and which of our own runs wait."""
        self.heard = read_ledger(self.engine, ledger, self.people, self.target)
        self.waiting = list(waiting)
        told = iter(touched)
        first = next(told, None)
        known = self.people() if first else "(SELECT NULL::VARCHAR AS customer, NULL::VARCHAR AS endpoint WHERE false)"
        read_touched(self.engine, chain([first], told) if first else (), known, self.target)
        bar_in_ledger(self.engine, known)

    def build(
        self,
        definitions: Sequence[FactDefinition],
        names: Collection[str],
        currency: str,
        rates: Mapping[str, Decimal],
        cap: tuple[int, int],
        max_age: Mapping[str, int | Literal["never"]],
        *,
        strict: bool,
    ) -> Catalogue:
        """Compute all facts and write the folder."""
        engine, tables = self.engine, self.tables
        self.progress("products", 0.4)
        build_products(engine, tables, self.target)
        self.progress("orders", 0.45)
        orders, lines = tables.get("orders"), None
        if orders:
            lines = build_lines(
                engine,
                orders,
                clock=self.clock,
                currency=currency,
                rates=rates,
                strict=strict,
                file=self.target / LINES,
            )
        build_names(engine, tables.get("products"), self.target, lines=bool(lines))
        touches, customers = tables.get("touches"), tables.get("customers")
        sent = in_own_zone(engine, touches, customers, self.target, self.notes) if touches else ""
        blocks = [
            build_orders(engine, orders, lines, self.clock),
            build_subscriptions(engine, tables.get("subscriptions"), self.clock),
            build_touches(engine, touches, sent, self.clock, names, cap, self.notes),
            build_planned(engine, tables.get("planned"), touches, self.waiting, self.people, self.clock),
            build_inquiries(engine, tables.get("inquiries"), self.clock),
            build_consents(
                engine, tables.get("consents"), self.clock, self.notes, persons=self.persons, hindsight=self.hindsight
            ),
        ]
        self.notes = [*self.notes, *(lines.notes if lines else [])]
        self._streak(blocks)
        points = cut_points(engine, lines)
        derived = across(tables, lines, points, self.clock)
        every = [*derived, *(entry for block in blocks for entry in block.columns)]
        known = {entry.spec.name for entry in every if entry.sql != "NULL"}
        self.progress("customers", 0.75)
        told = customers.mapping.max_age if customers else {}
        current = {name: table.mapping.as_of for name, table in tables.items() if table.mapping.as_of}
        ages = Ages(self.as_of, current, {**told, **max_age})
        people = build_customers(engine, customers, ages=ages, taken=known, temp=self.target, notes=self.notes)
        blocks.append(build_stages(engine, customers, self.notes))
        has_products = bool((orders and orders.has("product")) or "subscriptions" in tables)
        asked = [build_preferences(engine, customers)] if self.heard else []
        blocks = [*asked, people, *blocks, build_accounts(engine, tables, has_products=has_products)]
        relation, specs = assemble(engine, tables, blocks, derived, ages, self.notes, plain_sets=bool(definitions))
        if definitions:
            relation = f"(SELECT *, {self.clock} AS as_of FROM {relation})"
            relation, specs = add_facts(engine, relation, specs, definitions, ages)
        ages.refuse_unknown(specs)
        self.progress("writing facts", 0.8)
        columns = ", ".join(map(quoted, specs))
        # A SELECT of a company's own joins, which may lose the order.
        order = " ORDER BY customer" if definitions else ""
        self._copy(f"SELECT customer, {columns} FROM {relation}{order}", FACTS)
        return self._finish(specs, points, lines)

    def _streak(self, blocks: list[Block]) -> None:
        """Add the unanswered streak, for which buying and writing are answers too."""
        if not self.engine.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'touches'"):
            return
        signs = ["SELECT customer, happened_at AS at_ FROM touches WHERE sent AND reacted"]
        if "orders" in self.tables:
            signs.append("SELECT customer::VARCHAR, last_order_at FROM customer_totals")
        if "inquiries" in self.tables:
            signs.append("SELECT customer, happened_at FROM inquiries")
        self.engine.rows(f"CREATE TEMP TABLE streaks AS {streak_sql(signs)}")
        blocks.append(Block("u", "streaks", []))

    def _finish(self, specs: dict[str, FactSpec], points: list[int], lines: Lines | None) -> Catalogue:
        made = {str(row[0]) for row in self.engine.rows("SELECT table_name FROM duckdb_tables()")}
        kept = [table for table in EVIDENCE if table in made]
        for position, table in enumerate(kept):
            self.progress(f"writing {table}", 0.9 + 0.1 * position / len(kept))
            self._copy(EVIDENCE[table], f"{table}.parquet")
        count = self.engine.rows(f"SELECT count(*) FROM read_parquet({literal(str(self.target / FACTS))})")[0][0]
        catalogue = Catalogue(
            as_of=self.as_of,
            customers=count,
            facts=specs,
            tables={name: table.rows for name, table in self.tables.items()}
            | ({"ledger": self.heard} if self.heard else {}),
            cut_points={"spend": points} if points else {},
            currency=lines.currency if lines else "",
            notes=self.notes,
        )
        (self.target / CATALOGUE).write_text(catalogue.model_dump_json(indent=1), encoding="utf-8")
        self.progress("done", 1.0)
        return catalogue

    def _copy(self, query: str, file: str) -> None:
        self.engine.rows(f"COPY ({query}) TO {literal(str(self.target / file))} (FORMAT parquet, COMPRESSION snappy)")


@contextmanager
def _replaced(out: Path) -> Iterator[Path]:
    """Give a new folder beside `out`, readable by its owner only, that takes its place if all goes well."""
    recover(out)
    if out.exists() and not (out / CATALOGUE).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(
            "this is not a folder of facts, and is not replaced", where=str(out), cure="name another folder"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    target = out.parent / f".{out.name}.building-{os.getpid()}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700)
    try:
        yield target
        if out.exists():
            shutil.rmtree(retired(out), ignore_errors=True)
            out.rename(retired(out))
        target.rename(out)
        shutil.rmtree(retired(out), ignore_errors=True)
    finally:
        shutil.rmtree(target, ignore_errors=True)
