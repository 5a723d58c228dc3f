"""Join the tables of several systems, so that everything that follows sees one person once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from contextmail.engines.base import Engine
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.facts.doubles import count_orders_once
from contextmail.facts.endpoints import build_endpoints
from contextmail.facts.persons import resolve_persons
from contextmail.facts.reading import Table
from contextmail.facts.sources import Source, open_source
from contextmail.facts.uniting import unite
from contextmail.model.identity import OWN, Identity


def join_systems(
    engine: Engine,
    tables: Mapping[str, Mapping[str, Table]],
    identity: Identity,
    *,
    folder: Path,
    temp: Path,
    currency: str,
) -> tuple[dict[str, Table], bool, list[str]]:
    """Give one table for each of `tables` (table -> system -> rows), whether persons were looked for, and notes.

    Where there are only the company's own tables, and nothing in them speaks of other ids or addresses, they stay as
    they are. Raises ConfigurationError for a system, id or column that `[identity]` names and that is not there.
    """
    systems = sorted({system for of in tables.values() for system in of})
    customers = tables.get("customers", {})
    plain = identity == Identity() and not any(t.has("other_emails") or t.has("merged_ids") for t in customers.values())
    if systems == [OWN] and plain:
        return {name: of[OWN] for name, of in tables.items()}, False, []
    _refuse_unknown(identity, systems, customers)
    links = _links(engine, identity, folder, temp)
    build_endpoints(engine, customers, temp)
    notes = resolve_persons(engine, customers, links, identity, systems)
    rank = identity.rank(systems)
    joined = {}
    for name, of in tables.items():
        owner = identity.owner.get(name, "")
        joined[name] = unite(engine, {owner: of[owner]} if owner in of else of, rank, currency)
    if "orders" in joined:
        notes += count_orders_once(engine, joined["orders"])
    return joined, True, notes


def _refuse_unknown(identity: Identity, systems: list[str], customers: Mapping[str, Table]) -> None:
    def refuse(names: Collection[str], known: Collection[str], key: str, what: str) -> None:
        for name in names:
            if name not in known:
                cure = did_you_mean(name, known) or f"one of {', '.join(known)}"
                raise ConfigurationError(f"no {what} {name!r}", where=f"[identity] {key}", cure=cure)

    refuse(identity.several, systems, "several", "system")
    refuse(identity.prefer, systems, "prefer", "system")
    refuse(list(identity.owner.values()), systems, "owner", "system")
    columns = {column: None for table in customers.values() for column in table.roles if column != "customer"}
    refuse(identity.ids, list(columns), "ids", "column of customers")
    if identity.links:
        refuse(list(identity.links.columns), [*systems, *identity.ids], "links", "system or id")


def _links(engine: Engine, identity: Identity, folder: Path, temp: Path) -> Source | None:
    if identity.links is None:
        return None
    source = open_source(engine, "identity.links", identity.links, folder, temp, None)
    for column in identity.links.columns.values():
        if column not in source.columns:
            cure = did_you_mean(column, source.columns) or f"the columns are {', '.join(source.columns)}"
            raise ConfigurationError(f"no such column: {column}", where="[identity.links]", cure=cure)
    return source
