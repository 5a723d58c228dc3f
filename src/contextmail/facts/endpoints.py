"""The addresses and numbers of customers in the one form by which they are compared.

What is plain is normalised by the engine. The rest (international domains, numbers with 00 or (0), invisible marks) is
normalised in Python, each text once, and kept as a dictionary that the engine joins.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contextmail.engines.base import Engine, literal, quoted
from contextmail.engines.lines import load_lines
from contextmail.errors import RecordRejected
from contextmail.facts.reading import Table
from contextmail.model.endpoint import normalise

_PLAIN = r"[a-z0-9._+\-]+@([a-z0-9\-]{1,63}[.])*[a-z0-9\-]{1,63}|[+][1-9][0-9]{6,14}"
"""What `normalise` leaves as it is."""


def build_endpoints(engine: Engine, customers: Mapping[str, Table], temp: Path) -> None:
    """Make the table `endpoints` of customers by system: system, key, kind (email or phone), endpoint, is_main.

    What is no address and no international number is left out.
    """
    parts = [part for system, table in customers.items() for part in _written(system, table)]
    nobody = "SELECT NULL AS system, NULL AS key, NULL AS kind, NULL AS written, NULL AS is_main WHERE false"
    engine.rows(f"CREATE OR REPLACE TEMP VIEW written_endpoints AS {' UNION ALL '.join(parts) or nobody}")
    normalise_odd(engine, "odd_endpoints", "written_endpoints", "written", temp)
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE endpoints AS SELECT system::VARCHAR AS system, key::VARCHAR AS key,"
        " kind::VARCHAR AS kind, coalesce(o.endpoint, written)::VARCHAR AS endpoint, is_main::BOOLEAN AS is_main"
        " FROM written_endpoints w LEFT JOIN odd_endpoints o USING (written)"
        " WHERE written IS NOT NULL AND (o.written IS NULL OR o.endpoint IS NOT NULL)"
        " AND (kind = 'phone') <> contains(coalesce(o.endpoint, written), '@')"
    )


def written_sql(text: str) -> str:
    """Write SQL of an address or number without what never matters: capitals, and the marks within a number."""
    plain = f"lower(trim({text}::VARCHAR))"
    number = f"regexp_full_match({plain}, '[+][0-9 ().\\-/]+') AND NOT contains({plain}, '(0)')"
    return f"CASE WHEN {number} THEN regexp_replace({plain}, '[ ().\\-/]', '', 'g') ELSE {plain} END"


def normalise_odd(engine: Engine, table: str, relation: str, column: str, temp: Path) -> None:
    """Make the dictionary `table` (written, endpoint) of what is not plain in a column; no endpoint: it is none."""
    odd = engine.rows(
        f"SELECT DISTINCT {column} FROM {relation} WHERE NOT regexp_full_match({column}, {literal(_PLAIN)})"
    )
    rows = ({"written": text, "endpoint": _normal(text)} for (text,) in odd)
    load_lines(engine, table, {"written": "VARCHAR", "endpoint": "VARCHAR"}, rows, temp)


def _written(system: str, table: Table) -> list[str]:
    who = f"{literal(system)} AS system, customer::VARCHAR AS key"
    plain = f"SELECT {who}, {{kind}}, {{written}} AS written, {{main}} AS is_main FROM {table.relation}"
    parts = [
        plain.format(kind=f"'{role}' AS kind", written=written_sql(quoted(role)), main="true")
        for role in ("email", "phone")
        if table.has(role)
    ]
    if table.has("other_emails"):
        each = plain.format(
            kind="'email' AS kind",
            written=r"unnest(regexp_split_to_array(lower(other_emails), '[;,\s]+'))",
            main="false",
        )
        parts.append(f"SELECT * FROM ({each}) WHERE written <> ''")
    return parts


def _normal(text: str) -> str | None:
    try:
        return normalise(text)
    except RecordRejected:
        return None
