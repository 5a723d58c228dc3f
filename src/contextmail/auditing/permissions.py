"""What the ledger and the facts say of each contact's consent to marketing by e-mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contextmail.auditing.base import Room
from contextmail.engines.base import literal
from contextmail.engines.lines import load_lines, pages
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Scope, Verdict, fold, permission
from contextmail.store.permissions import refuses

_FACTS = ("consent_email_marketing", "email_obtained")


def load_permissions(room: Room) -> None:
    """Make the table `permissions`: key; ledger and facts: granted, denied, pending or NULL; obtained: how, or NULL."""
    load_lines(room.engine, "in_ledger", {"key": "VARCHAR", "says": "VARCHAR"}, _in_ledger(room), room.temp)
    there = [name for name in _FACTS if room.facts and name in room.facts.catalogue.facts]
    said = {name: f"f.{name}" if name in there else "NULL::VARCHAR" for name in _FACTS}
    facts = f"LEFT JOIN read_parquet({literal(str(room.facts.parquet))}) f USING (customer)" if room.facts else ""
    room.engine.rows(
        "CREATE OR REPLACE TEMP TABLE permissions AS SELECT c.key, any_value(l.says) AS ledger,"
        # Of several customers with one address a refusal counts.
        f" min({said[_FACTS[0]]}) AS facts, min({said[_FACTS[1]]}) AS obtained"
        f" FROM contacts c LEFT JOIN in_ledger l ON l.key = c.key LEFT JOIN known k ON k.key = c.key {facts} GROUP BY c.key"
    )


def _in_ledger(room: Room) -> Iterator[Mapping[str, str]]:
    """Say of each contact whom the ledger knows whether it grants or refuses."""
    if room.ledger is None:
        return
    consents = room.ledger.now()
    known = set(consents.subjects())
    scope = Scope(Channel.EMAIL, Purpose.MARKETING, room.source.audience)
    contacts = "(SELECT key, address FROM contacts WHERE address IS NOT NULL)"
    for key, address in pages(room.engine, contacts, "key") if known else ():
        subject = consents.subject(address)
        if subject in known:
            denied = refuses(consents, subject, scope)
            granted = permission(fold(consents.changes(subject)), scope).verdict is Verdict.ALLOW
            if denied or granted:
                yield {"key": key, "says": "denied" if denied else "granted"}
