"""Which customers of which systems are one person.

First by ids: the same id in two systems, rows of a table of links, contacts that their system has merged. Then by
addresses. A number alone, or the address of a desk (`info@`), makes nobody one person.

Nothing is guessed. A system's customer id, and an id that the settings name, is one to a person: where an identifier
would tie two of them together, it ties nothing, and where a chain of identifiers would, none of the chain does. Such
conflicts are listed, and their customers stay apart. The order of tables and rows has no part in it.

Tables that are made: `persons` (system, key, customer) of those who are not simply themselves, `identities` (every
identifier of every customer) and `conflicts`.
"""

from __future__ import annotations

from collections.abc import Mapping

from contextmail.engines.base import Engine, listed, literal, quoted
from contextmail.facts import columns
from contextmail.facts.components import components
from contextmail.facts.reading import Table
from contextmail.facts.sources import Source
from contextmail.model.endpoint import DESKS
from contextmail.model.identity import OWN, Identity

_DESKS = ", ".join(map(literal, sorted(DESKS)))
_AT_A_DESK = "regexp_replace(split_part(split_part({0}, '@', 1), '+', 1), '[._-]|[0-9]+$', '', 'g') IN (" + _DESKS + ")"
_NAME = f"CASE system WHEN {literal(OWN)} THEN key ELSE system || ':' || key END"


def name_sql(system: str, key: str) -> str:
    """Write the id of a customer who is nobody else: as the own tables have it, or `crm:17`."""
    return f"{key}::VARCHAR" if system == OWN else f"{literal(f'{system}:')} || {key}::VARCHAR"


def resolve_persons(
    engine: Engine, customers: Mapping[str, Table], links: Source | None, identity: Identity, systems: list[str]
) -> list[str]:
    """Find who is one person, of the tables `customers` by system and `endpoints`; give notes for people."""
    _surviving(engine, customers)
    _ids(engine, customers, links, identity, systems)
    _graph(engine, identity, systems)
    _tie(engine, "id")
    _tie(engine, "email")
    _name(engine, systems)
    _list(engine)
    return _notes(engine)


def _surviving(engine: Engine, customers: Mapping[str, Table]) -> None:
    """Make `surviving` (system, key, survivor) of merged ids, through chains; one that leads to two is a conflict."""
    parts = [
        rf"SELECT {literal(system)} AS system, unnest(regexp_split_to_array(merged_ids, '[;,\s]+')) AS key,"
        f" customer::VARCHAR AS survivor FROM {table.relation}"
        for system, table in customers.items()
        if table.has("merged_ids")
    ] or ["SELECT NULL::VARCHAR AS system, NULL::VARCHAR AS key, NULL::VARCHAR AS survivor WHERE false"]
    engine.rows(
        "CREATE TEMP TABLE merges AS SELECT DISTINCT system, key, survivor"
        f" FROM ({' UNION ALL '.join(parts)}) WHERE key <> '' AND key <> survivor"
    )
    engine.rows(
        "CREATE TEMP TABLE surviving AS WITH RECURSIVE reach AS (SELECT system, key, survivor FROM merges"
        " UNION SELECT r.system, r.key, m.survivor FROM reach r JOIN merges m ON m.system = r.system AND m.key = r.survivor),"
        " last AS (SELECT r.* FROM reach r ANTI JOIN merges m ON m.system = r.system AND m.key = r.survivor)"
        " SELECT m.system, m.key, min(l.survivor) AS survivor, count(DISTINCT l.survivor) <> 1 AS contradicts"
        " FROM (SELECT DISTINCT system, key FROM merges) m LEFT JOIN last l USING (system, key) GROUP BY ALL"
    )


def _ids(
    engine: Engine, customers: Mapping[str, Table], links: Source | None, identity: Identity, systems: list[str]
) -> None:
    """Make `ids` (system, key, kind, value): what each customer, and each row of links, says of ids."""
    parts = [
        f"SELECT {literal(system)} AS system, customer::VARCHAR AS key, {literal(kind)} AS kind,"
        f" ({columns.identifier(quoted(kind), table.roles[kind])})::VARCHAR AS value FROM {table.relation}"
        for system, table in customers.items()
        for kind in identity.ids
        if table.has(kind)
    ]
    if links and identity.links:
        parts += [
            f"SELECT 'links', row::VARCHAR, {literal(kind)},"
            f" ({columns.identifier(quoted(column), links.columns[column])})::VARCHAR"
            f" FROM (SELECT *, row_number() OVER () AS row FROM {links.relation})"
            for kind, column in identity.links.columns.items()
        ]
    nothing = "SELECT NULL AS system, NULL AS key, NULL AS kind, NULL AS value WHERE false"
    said = " UNION ALL ".join(parts) or nothing
    lasting = "LEFT JOIN (FROM surviving WHERE NOT contradicts) s ON s.system = {0} AND s.key = {1}"
    engine.rows(
        "CREATE TEMP TABLE ids AS SELECT DISTINCT i.system::VARCHAR AS system, i.key::VARCHAR AS key,"
        f" i.kind::VARCHAR AS kind, coalesce(s.survivor, i.value)::VARCHAR AS value FROM ({said}) i(system, key, kind, value)"
        f" {lasting.format('i.kind', 'i.value')} WHERE i.value IS NOT NULL"
    )
    # Only the keys that somebody else speaks of are identifiers besides.
    own = " UNION ALL ".join(
        f"SELECT {literal(system)} AS system, customer::VARCHAR AS key FROM {table.relation}"
        for system, table in customers.items()
    )
    engine.rows(
        "CREATE TEMP TABLE keys AS SELECT DISTINCT o.system, o.key, o.system AS kind, coalesce(s.survivor, o.key) AS value"
        f" FROM ({own or 'SELECT NULL AS system, NULL AS key WHERE false'}) o"
        f" {lasting.format('o.system', 'o.key')} WHERE o.key IS NOT NULL AND (o.system, coalesce(s.survivor, o.key)) IN"
        f" (SELECT (kind, value) FROM ids WHERE kind IN {listed(systems)} UNION SELECT (system, survivor) FROM surviving)"
    )


def _graph(engine: Engine, identity: Identity, systems: list[str]) -> None:
    """Make `nodes`, `claims` (node, ident) of identifiers that several have, and `marks`: ids that are one to a person."""
    shared = (
        "SELECT 'email' AS level, system, key, kind, endpoint AS value FROM endpoints SEMI JOIN (SELECT endpoint"
        " FROM endpoints WHERE kind = 'email' GROUP BY endpoint HAVING count(*) > 1"
        f" AND NOT {_AT_A_DESK.format('endpoint')}) USING (endpoint) WHERE kind = 'email'"
        " UNION SELECT 'id', * FROM ids UNION SELECT 'id', * FROM keys"
    )
    engine.rows(f"CREATE TEMP TABLE shared AS {shared}")
    engine.rows(
        "CREATE TEMP TABLE nodes AS SELECT row_number() OVER () AS node, system, key"
        " FROM (SELECT DISTINCT system, key FROM shared)"
    )
    engine.rows(
        "CREATE TEMP TABLE idents AS SELECT row_number() OVER () AS ident, level, kind, value"
        " FROM (SELECT DISTINCT level, kind, value FROM shared)"
    )
    engine.rows(
        "CREATE TEMP TABLE claims AS SELECT n.node, i.ident, i.level"
        " FROM shared JOIN nodes n USING (system, key) JOIN idents i USING (level, kind, value)"
    )
    engine.rows("DROP TABLE shared")
    one_each = listed(system for system in systems if system not in identity.several)
    engine.rows(
        "CREATE TEMP TABLE marks AS SELECT n.node, n.system AS kind, coalesce(s.survivor, n.key) AS value FROM nodes n"
        " LEFT JOIN (FROM surviving WHERE NOT contradicts) s USING (system, key)"
        f" WHERE n.system IN {one_each} UNION SELECT n.node, i.kind, i.value FROM ids i JOIN nodes n USING (system, key)"
        f" WHERE i.kind NOT IN {listed(identity.several)}"
    )
    engine.rows("CREATE TEMP TABLE units AS SELECT node, node AS unit FROM nodes")
    engine.rows("CREATE TEMP TABLE clashes (why VARCHAR, place BIGINT, ident BIGINT, node BIGINT)")


def _tie(engine: Engine, level: str) -> None:
    """Join units that share an identifier of this level, but for those whose marks differ."""
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE ties AS SELECT DISTINCT u.unit AS node, c.ident FROM claims c"
        f" JOIN units u USING (node) WHERE c.level = {literal(level)}"
    )
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE marked AS SELECT DISTINCT unit AS node, kind, value FROM marks JOIN units USING (node)"
    )
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE clashing AS SELECT DISTINCT ident FROM (SELECT t.ident FROM ties t JOIN marked m"
        " USING (node) GROUP BY t.ident, m.kind HAVING min(m.value) <> max(m.value))"
    )
    engine.rows(
        "INSERT INTO clashes SELECT 'one identifier of several customers', ident, ident, c.node"
        " FROM clashing JOIN claims c USING (ident)"
    )
    engine.rows("DELETE FROM ties WHERE ident IN (SELECT ident FROM clashing)")
    components(engine, "ties", "joined")
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE torn AS SELECT DISTINCT label FROM (SELECT j.label FROM joined j JOIN marked m"
        " USING (node) GROUP BY j.label, m.kind HAVING min(m.value) <> max(m.value))"
    )
    engine.rows(
        "INSERT INTO clashes SELECT 'a chain of identifiers', -j.label, c.ident, c.node FROM torn"
        " JOIN joined j USING (label) JOIN units u ON u.unit = j.node JOIN claims c ON c.node = u.node"
        f" WHERE c.level = {literal(level)} AND c.ident IN (SELECT ident FROM ties GROUP BY ident HAVING count(*) > 1)"
    )
    engine.rows("DELETE FROM joined WHERE label IN (SELECT label FROM torn)")
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE units AS SELECT u.node, coalesce(j.label, u.unit) AS unit"
        " FROM units u LEFT JOIN joined j ON j.node = u.unit"
    )


def _name(engine: Engine, systems: list[str]) -> None:
    """Make `persons`: those of several customers, under the id of the first of them; own ids go before others."""
    engine.rows(
        "CREATE TEMP TABLE members AS SELECT n.system, n.key, u.unit FROM nodes n JOIN units u USING (node)"
        " WHERE n.system <> 'links' UNION"
        # Customers that only an id or a merge speaks of: their orders may come without them.
        " SELECT kind, value, min(unit) FROM claims JOIN idents USING (ident) JOIN units USING (node)"
        f" WHERE kind IN {listed(systems)} AND (kind, value) NOT IN (SELECT (system, key) FROM nodes)"
        " GROUP BY kind, value HAVING min(unit) = max(unit)"
    )
    engine.rows(
        "INSERT INTO members SELECT s.system, s.key, m.unit FROM surviving s JOIN members m"
        " ON m.system = s.system AND m.key = s.survivor WHERE NOT s.contradicts"
        " AND (s.system, s.key) NOT IN (SELECT (system, key) FROM nodes)"
    )
    engine.rows(
        "CREATE TEMP TABLE persons AS SELECT system, key, unit, customer FROM members JOIN (SELECT unit,"
        f" arg_min({_NAME}, (system <> {literal(OWN)}, system, (system, key) IN (SELECT (system, key) FROM surviving),"
        " key)) AS customer, count(*) AS several FROM members GROUP BY unit) USING (unit) WHERE several > 1"
    )
    engine.rows("DROP TABLE members")


def _list(engine: Engine) -> None:
    """Make `identities` and `conflicts`, which people and audiences read."""
    engine.rows(
        f"CREATE TEMP TABLE identities AS SELECT coalesce(p.customer, {_NAME}) AS customer, system, key AS record, kind,"
        " CASE WHEN kind IN ('email', 'phone') THEN value END AS endpoint,"
        " CASE WHEN kind NOT IN ('email', 'phone') THEN value END AS id FROM"
        " (SELECT DISTINCT system, key, kind, endpoint AS value FROM endpoints UNION ALL FROM ids UNION ALL FROM keys"
        "  UNION ALL SELECT system, survivor, 'merged', key FROM merges)"
        " LEFT JOIN persons p USING (system, key) WHERE system <> 'links' UNION ALL"
        " SELECT p.customer, i.system, i.key, i.kind, NULL, i.value FROM ids i"
        " JOIN persons p ON p.system = i.kind AND p.key = i.value WHERE i.system = 'links'"
    )
    engine.rows(
        "CREATE TEMP TABLE conflicts AS SELECT dense_rank() OVER (ORDER BY why, least_key) AS conflict, why, kind,"
        " CASE kind WHEN 'email' THEN value END AS endpoint, CASE WHEN kind <> 'email' THEN value END AS id, system,"
        f" key AS record, coalesce(customer, {_NAME}) AS customer FROM (SELECT c.why, c.place, i.kind, i.value, n.system,"
        " n.key, min((i.kind, i.value)) OVER (PARTITION BY c.place) AS least_key"
        " FROM clashes c JOIN idents i USING (ident) JOIN nodes n USING (node)"
        " UNION ALL SELECT 'merged into several', NULL, 'merged', s.key, s.system, m.survivor, (s.system, s.key)"
        " FROM surviving s JOIN merges m USING (system, key) WHERE contradicts)"
        " LEFT JOIN persons p USING (system, key)"
    )


def _notes(engine: Engine) -> list[str]:
    count, customers = engine.rows("SELECT count(DISTINCT unit), count(*) FROM persons")[0]
    conflicts, apart = engine.rows("SELECT count(DISTINCT conflict), count(DISTINCT (system, record)) FROM conflicts")[
        0
    ]
    notes = [f"persons: {customers} customers of several systems are {count} persons"] if count else []
    if conflicts:
        notes.append(
            f"persons: {conflicts} identifiers contradict each other, and {apart} customers stay apart for it;"
            " contextmail facts persons --conflicts lists them"
        )
    return notes
