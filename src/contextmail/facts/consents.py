"""Consent facts: what each customer last said of each channel and purpose.

The latest word counts; of two at the same time, the refusal. A refusal in the ledger stands against any table. A refusal without a date, or with one later than the
clock, counts all the same; a grant does not. A status that is not understood is taken as a refusal, and reported.

Consent stays with the address. Of a person of several addresses each is looked at by itself: a refusal at one of them
holds for all, and a grant only once each of them has it.
"""

from __future__ import annotations

from contextmail.engines.base import Engine, listed, literal
from contextmail.facts.block import Block, column
from contextmail.facts.reading import Table
from contextmail.model.fact import FactType as T
from contextmail.model.message import Channel, Purpose

STATUSES = {
    "granted": (
        "granted", "subscribed", "opted_in", "opt_in", "optin", "yes", "true", "1", "active", "confirmed", "allowed",
    ),
    "pending": ("pending", "unconfirmed", "requested", "waiting"),
    "denied": (
        "denied", "unsubscribed", "opted_out", "opt_out", "optout", "no", "false", "0", "inactive", "cleaned",
        "bounced",
        "complained", "spam", "revoked", "withdrawn", "stop", "suppressed", "blocked", "never_subscribed",
    ),
}  # fmt: skip
_ALL = ("all", "any", "*")
_OWN = (
    "customer VARCHAR, channel VARCHAR, purpose VARCHAR, status VARCHAR, happened_at TIMESTAMP, at_ TIMESTAMP,"
    " weight INTEGER, obtained VARCHAR, odd BOOLEAN, holder VARCHAR"
)


def build_consents(
    engine: Engine, table: Table | None, clock: str, notes: list[str], *, persons: bool, hindsight: bool
) -> Block:
    """Make the table `consents` and a fact for each channel and purpose; without the table they are all unknown.

    With `persons` there are tables `persons` and `endpoints`, and a customer may have several addresses. With
    `hindsight` a refusal stands though it is dated after the clock: nobody is written to because an old clock was set.
    """
    pairs = [(str(channel), str(purpose)) for channel in Channel for purpose in Purpose]
    said = bool(engine.rows("SELECT 1 FROM ledger LIMIT 1"))
    if table is None and not said:
        source = "no [tables.consents]"
        return Block("k", "", [column(f"consent_{c}_{p}", T.TEXT, "NULL", source) for c, p in pairs])
    if table is None:
        engine.rows(f"CREATE TEMP TABLE consents ({_OWN})")
    else:
        _prepare(engine, table, clock, notes, hindsight=hindsight)
    # A refusal in the ledger stands whatever a table says later; what it grants counts from the day it was given.
    engine.rows(
        "INSERT INTO consents SELECT customer, channel, purpose, status, said_at,"
        " CASE status WHEN 'denied' THEN TIMESTAMP '9999-12-31' ELSE coalesce(said_at, TIMESTAMP '0001-01-01') END,"
        " CASE status WHEN 'denied' THEN 2 WHEN 'pending' THEN 1 ELSE 0 END, obtained, false, endpoint FROM ledger"
        f" WHERE status IS NOT NULL AND ({_whenever(hindsight, 'status')} OR said_at <= {clock})"
    )
    obtained = said or (table is not None and table.has("obtained"))
    facts = ", ".join(
        f"max_by(status, (at_, weight)) FILTER ((channel = {literal(c)} OR channel IS NULL)"
        f" AND (purpose = {literal(p)} OR purpose IS NULL)) AS consent_{c}_{p}"
        for c, p in pairs
    )
    if obtained:
        facts += "".join(
            f", max_by(obtained, (at_, obtained)) FILTER (channel = {literal(c)}) AS {c}_obtained" for c in Channel
        )
    if persons:
        _of_persons(engine, pairs, facts)
    else:
        engine.rows(f"CREATE TEMP TABLE consent_facts AS SELECT customer, {facts} FROM consents GROUP BY customer")
    source = table.said("channel", "purpose", "status", "at") if table else "ledger"
    silence = "'unknown'" if table else "NULL"
    about = "granted, denied, pending or unknown"
    columns = [column(f"consent_{c}_{p}", T.TEXT, f"k.consent_{c}_{p}", source, about, zero=silence) for c, p in pairs]
    if obtained:
        how, by = "how the address or number was obtained", table.said("obtained") if table else source
        columns += [column(f"{c}_obtained", T.TEXT, f"k.{c}_obtained", by, how) for c in Channel]
    return Block("k", "consent_facts", columns)


def _of_persons(engine: Engine, pairs: list[tuple[str, str]], facts: str) -> None:
    """Fold what was said at each address, and then the addresses: the strictest of them, and silence is no grant."""
    engine.rows(f"CREATE TEMP TABLE said_at_each AS SELECT customer, holder, {facts} FROM consents GROUP BY ALL")
    engine.rows(
        "CREATE TEMP TABLE addresses AS SELECT customer, count(DISTINCT endpoint) FILTER (kind = 'email') AS emails,"
        " count(DISTINCT endpoint) FILTER (kind = 'phone') AS phones"
        " FROM endpoints JOIN persons USING (system, key) WHERE is_main GROUP BY customer"
    )
    folded = ", ".join(
        f"CASE WHEN bool_or({name} = 'denied') THEN 'denied' WHEN bool_or({name} = 'pending') THEN 'pending'"
        f" WHEN count(*) FILTER ({name} = 'granted') >= coalesce(any_value({of}), 1) THEN 'granted' END AS {name}"
        for name, of in ((f"consent_{c}_{p}", "emails" if c == Channel.EMAIL else "phones") for c, p in pairs)
    )
    columns = {str(row[0]) for row in engine.rows("DESCRIBE said_at_each")}
    obtained = "".join(f", max({c}_obtained) AS {c}_obtained" for c in Channel if f"{c}_obtained" in columns)
    engine.rows(
        f"CREATE TEMP TABLE consent_facts AS SELECT customer, {folded}{obtained}"
        " FROM said_at_each LEFT JOIN addresses USING (customer) GROUP BY customer"
    )


def _whenever(hindsight: bool, status: str) -> str:
    return f"{status} = 'denied'" if hindsight else "false"


def _prepare(engine: Engine, table: Table, clock: str, notes: list[str], *, hindsight: bool) -> None:
    plain = "replace(replace(lower(trim(status)), '-', '_'), ' ', '_')"
    cases = " ".join(f"WHEN {plain} IN {listed(words)} THEN {literal(status)}" for status, words in STATUSES.items())
    status = f"CASE {cases} ELSE 'denied' END"
    at = table.column("at", "NULL::TIMESTAMP")
    channel, purpose = table.column("channel"), table.column("purpose")
    everything = listed(_ALL)
    undated = f"CASE WHEN {status} = 'denied' THEN {clock} ELSE TIMESTAMP '0001-01-01' END"
    known = ", ".join(literal(word) for words in STATUSES.values() for word in words)
    engine.rows(
        "CREATE TEMP TABLE consents AS SELECT customer::VARCHAR AS customer,"
        f" CASE WHEN {channel} NOT IN {everything} THEN {channel} END::VARCHAR AS channel,"
        f" CASE WHEN lower({purpose}) NOT IN {everything} THEN lower({purpose}) END::VARCHAR AS purpose,"
        f" {status} AS status, {at} AS happened_at, coalesce({at}, {undated}) AS at_,"
        f" CASE {status} WHEN 'denied' THEN 2 WHEN 'pending' THEN 1 ELSE 0 END AS weight,"
        f" {table.column('obtained', 'NULL::VARCHAR')} AS obtained, {plain} NOT IN ({known}) AS odd,"
        f" {table.column('holder', 'NULL::VARCHAR')} AS holder"
        f" FROM {table.relation} WHERE {at} IS NULL OR {at} <= {clock} OR {_whenever(hindsight, status)}"
    )
    odd = engine.rows("SELECT count(*) FROM consents WHERE odd")[0][0]
    if odd:
        notes.append(f"consents: {odd} rows have a status that is not understood; they count as denied")
