"""Bring the contacts of an audience into the engine, and those of them whom the facts know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from contextmail.connectors.base import Member
from contextmail.engines.base import Engine, literal
from contextmail.engines.lines import load_lines
from contextmail.errors import RecordRejected
from contextmail.facts.folder import FactsFolder
from contextmail.language.addresses import problem_of
from contextmail.model.endpoint import normalise
from contextmail.planning.audience import Progress

_COLUMNS = {
    "key": "VARCHAR", "email": "VARCHAR", "address": "VARCHAR", "problem": "VARCHAR", "status": "VARCHAR",
    "phone": "VARCHAR", "tags": "VARCHAR[]", "fields": "MAP(VARCHAR, VARCHAR)", "granted": "BOOLEAN",
    "granted_at": "TIMESTAMP", "how": "VARCHAR",
}  # fmt: skip
_TELL_EVERY = 5_000


def load_contacts(engine: Engine, members: Iterable[Member], temp: Path, progress: Progress) -> int:
    """Make the table `contacts`, and count it. A page of a list that moves meanwhile may bring a contact twice."""
    load_lines(engine, "contacts_read", _COLUMNS, _rows(members, progress), temp)
    engine.rows(
        "CREATE TEMP TABLE contacts AS SELECT * FROM contacts_read"
        " QUALIFY row_number() OVER (PARTITION BY key ORDER BY granted_at DESC NULLS LAST) = 1"
    )
    engine.rows("DROP TABLE contacts_read")
    return int(engine.rows("SELECT count(*) FROM contacts")[0][0])


def load_known(engine: Engine, facts: FactsFolder | None) -> None:
    """Make the table `known`: which customers of the facts have a contact's address."""
    if facts is None:
        engine.rows("CREATE TEMP TABLE known (key VARCHAR, customer VARCHAR)")
        return
    address = "coalesce(email, customer)" if "email" in facts.catalogue.facts else "customer"
    engine.rows(
        f"CREATE TEMP TABLE known AS SELECT c.key, f.customer FROM contacts c JOIN (SELECT customer,"
        f" lower(trim({address})) AS address FROM read_parquet({literal(str(facts.parquet))})) f"
        " ON f.address = lower(trim(c.email))"
    )


def _rows(members: Iterable[Member], progress: Progress) -> Iterator[Mapping[str, Any]]:
    for count, member in enumerate(members, 1):
        if count % _TELL_EVERY == 0:
            progress(f"Reading contacts: {count:,}", 0.0)
        granted = [one for one in member.consents if one.channel == "email" and one.status == "granted"]
        yield {
            "key": member.key,
            "email": member.email,
            "address": _normalised(member.email),
            "problem": problem_of(member.email),
            "status": member.status,
            "phone": _normalised(member.phone),
            "tags": list(member.tags),
            "fields": dict(member.fields),
            "granted": bool(granted),
            "granted_at": granted[0].at if granted else None,
            "how": granted[0].source if granted else "",
        }


def _normalised(endpoint: str) -> str | None:
    try:
        return normalise(endpoint) if endpoint else None
    except RecordRejected:
        return None
