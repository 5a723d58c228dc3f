"""The generated function and DuckDB give the same three-valued answer for every predicate and every row."""

from __future__ import annotations

import itertools
import json
from datetime import date, datetime

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contextmail.model.fact import FactType
from contextmail.predicates.sqltext import parse, to_sql
from contextmail.predicates.tree import compile_function, describe

TYPES = {
    "orders": FactType.INT,
    "spend": FactType.INT,
    "gap": FactType.FLOAT,
    "rank": FactType.FLOAT,
    "is_customer": FactType.BOOL,
    "tier": FactType.TEXT,
    "city": FactType.TEXT,
    "first_order": FactType.DATE,
    "last_order": FactType.DATE,
    "room_at": FactType.TIMESTAMP,
    "as_of": FactType.TIMESTAMP,
    "owned_products": FactType.SET,
    "owned_categories": FactType.SET,
}
COLUMNS = {
    FactType.INT: "BIGINT",
    FactType.FLOAT: "DOUBLE",
    FactType.BOOL: "BOOLEAN",
    FactType.TEXT: "VARCHAR",
    FactType.DATE: "DATE",
    FactType.TIMESTAMP: "TIMESTAMP",
    FactType.SET: "VARCHAR[]",
}

# Composed and decomposed letters, one whose lower case is longer, quotes, an emoji of several characters, controls.
ODD_TEXTS = [
    "",
    "gold",
    "Gold",
    "é",
    "e\u0301",
    "İ",
    "it's",
    '"',
    "\\",
    "\u200b",
    "👩‍👧",
    "a\nb",
    "*|FNAME|*",
    "{{ x }}",
    "NULL",
]
EDGES = [0, 1, -1, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, 2**63 - 1, -(2**63), -(2**63) + 1]

texts = st.sampled_from(ODD_TEXTS) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3
)
ints = st.integers(-4, 4) | st.sampled_from(EDGES) | st.integers(-(2**63), 2**63 - 1)
fractions = st.sampled_from([0.1, 0.3, -0.0, 1e308, -1e308, 5e-324, 2.0**53, 2.0**63, 1.5, 3.0]) | st.floats(
    allow_nan=False, allow_infinity=False
)
dates = st.sampled_from([date(2024, 2, 29), date(2011, 12, 10)]) | st.dates()
moments = st.sampled_from([datetime(2024, 2, 29), datetime(2011, 12, 10, 23, 59, 59, 999999)]) | st.datetimes()
VALUES = {
    FactType.INT: ints,
    FactType.FLOAT: fractions,
    FactType.BOOL: st.booleans(),
    FactType.TEXT: texts,
    FactType.DATE: dates,
    FactType.TIMESTAMP: moments,
    FactType.SET: st.lists(texts, max_size=3),
}
rows = st.lists(
    st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in TYPES.items()}), min_size=1, max_size=6
)


def facts_of_type(*kinds: FactType) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name, kind in TYPES.items() if kind in kinds])


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


LITERALS = {
    FactType.INT: ints.map(str),
    FactType.FLOAT: fractions.map(repr),
    FactType.TEXT: texts.map(quoted),
    FactType.DATE: dates.map(lambda day: f"DATE '{day}'"),
    FactType.TIMESTAMP: moments.map(lambda moment: f"TIMESTAMP '{moment}'"),
}
signs = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
whole = facts_of_type(FactType.INT) | LITERALS[FactType.INT] | facts_of_type(FactType.DATE).map("days_since({})".format)
calculated = st.builds("({} {} {})".format, facts_of_type(FactType.INT), st.sampled_from("+-*"), whole)
nested = st.builds("({} {} {})".format, calculated, st.sampled_from("+-"), whole)
single_digit = st.integers(-9, 9).map(str)
fractional = st.builds(
    "({} {} {})".format,
    facts_of_type(FactType.FLOAT),
    st.sampled_from("+-*"),
    single_digit | facts_of_type(FactType.INT, FactType.FLOAT),
)
numbers = whole | calculated | nested | fractional | facts_of_type(FactType.FLOAT) | LITERALS[FactType.FLOAT]


def of_one_type(kind: FactType) -> st.SearchStrategy[str]:
    operand = facts_of_type(kind) | LITERALS[kind]
    listed = st.lists(LITERALS[kind], min_size=1, max_size=4).map(", ".join)
    sign = st.sampled_from(["=", "<>"]) if kind is FactType.TEXT else signs
    return st.builds("{} {} {}".format, operand, sign, operand) | st.builds(
        "{} {}IN ({})".format, facts_of_type(kind), st.sampled_from(["", "NOT "]), listed
    )


tests = st.one_of(
    facts_of_type(FactType.BOOL),
    st.builds("{} {} {}".format, numbers, signs, numbers),
    st.builds("{} {}BETWEEN {} AND {}".format, numbers, st.sampled_from(["", "NOT "]), numbers, numbers),
    st.builds("{} IN ({}, {})".format, numbers, LITERALS[FactType.INT], LITERALS[FactType.FLOAT]),
    *(of_one_type(kind) for kind in (FactType.TEXT, FactType.DATE, FactType.TIMESTAMP)),
    st.builds("room_at {} {}".format, signs, LITERALS[FactType.DATE]),
    st.builds(
        "is_customer {} {}".format, st.sampled_from(["=", "<>"]), st.sampled_from(["TRUE", "FALSE", "is_customer"])
    ),
    st.builds("known({})".format, st.sampled_from(list(TYPES)) | numbers),
    st.builds("{} IS {}NULL".format, st.sampled_from(list(TYPES)), st.sampled_from(["", "NOT "])),
    st.builds(
        "contains({}, {})".format, facts_of_type(FactType.SET), LITERALS[FactType.TEXT] | facts_of_type(FactType.TEXT)
    ),
    st.builds("owns({})".format, LITERALS[FactType.TEXT]),
    st.builds("starts_with({}, {})".format, facts_of_type(FactType.TEXT), LITERALS[FactType.TEXT]),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds("({}) AND ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
        inner.map("NOT ({})".format),
        st.builds("({}) IS {}{}".format, inner, st.sampled_from(["", "NOT "]), st.sampled_from(["TRUE", "FALSE"])),
    ),
    max_leaves=6,
)


def answers_of_duckdb(trees: list[list], table: list[dict]) -> list[tuple]:
    with duckdb.connect() as con:
        con.execute(
            f"CREATE TABLE t (n BIGINT, {', '.join(f'{name} {COLUMNS[kind]}' for name, kind in TYPES.items())})"
        )
        marks = ", ".join("?" for _ in range(len(TYPES) + 1))
        for n, row in enumerate(table):
            con.execute(f"INSERT INTO t VALUES ({marks})", [n, *(row[name] for name in TYPES)])
        return con.execute(f"SELECT {', '.join(to_sql(tree) for tree in trees)} FROM t ORDER BY n").fetchall()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(conditions, min_size=1, max_size=8), rows)
def test_the_function_and_duckdb_agree(texts: list[str], table: list[dict]) -> None:
    trees = [parse(text, TYPES, starts_with=True) for text in texts]
    function = compile_function(json.loads(json.dumps(trees)))
    assert [function(row) for row in table] == answers_of_duckdb(trees, table)


@settings(max_examples=150, deadline=None)
@given(conditions)
def test_a_tree_printed_as_text_parses_to_itself(text: str) -> None:
    tree = parse(text, TYPES, starts_with=True)
    assert parse(describe(tree), TYPES, starts_with=True) == tree


def test_they_agree_where_whole_numbers_and_fractions_meet_at_the_edges() -> None:
    fractions_there = [0.1, 0.3, -0.0, 0.5, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, -(2.0**53), 2.0**63, -(2.0**63), 1e308]
    table = [
        {**dict.fromkeys(TYPES), "orders": orders, "spend": spend, "gap": gap, "rank": 0.3}
        for orders, spend, gap in itertools.product(EDGES, [2, -(2**63), 2**63 - 1], fractions_there)
    ]
    pairs = [
        ("orders", "gap"),
        ("gap * 3", "rank"),
        ("gap + 1", "orders"),
        ("orders * spend", "spend + orders"),
        ("orders - spend", "gap"),
        ("orders * spend", "gap * 2"),
        ("gap", "0.1"),
        ("gap", "9007199254740993"),
        ("orders", "9007199254740992.0"),
        ("orders", "0.5"),
    ]
    texts = [f"{left} {sign} {right}" for left, right in pairs for sign in ("=", "<>", "<", "<=", ">", ">=")]
    trees = [parse(text, TYPES) for text in texts]
    function = compile_function(trees)
    assert [function(row) for row in table] == answers_of_duckdb(trees, table)
