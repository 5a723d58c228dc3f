"""Predicates as text: what parses to what, what is refused and in which words, how a tree is printed for an engine."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.errors import PredicateError
from contextmail.model.fact import FactType
from contextmail.predicates.sqltext import names_used, parse, parse_value, to_sql
from contextmail.predicates.tree import bind

TYPES = {
    **dict.fromkeys(["orders", "spend", "date", "group"], FactType.INT),
    **dict.fromkeys(["spend_rank", "gap"], FactType.FLOAT),
    **dict.fromkeys(["is_customer"], FactType.BOOL),
    **dict.fromkeys(["tier", "comment"], FactType.TEXT),
    **dict.fromkeys(["last_order"], FactType.DATE),
    **dict.fromkeys(["room_at"], FactType.TIMESTAMP),
    **dict.fromkeys(["owned_products", "account_owned_products"], FactType.SET),
}
ORDERS = ["fact", "orders", "int"]
GAP = ["fact", "gap", "float"]


def lit(value: object, kind: str) -> list:
    return ["lit", value, kind]


TREES = {
    "orders >= 3": [">=", ORDERS, lit(3, "int")],
    "orders != -3": ["<>", ORDERS, lit(-3, "int")],
    "orders >= 3.0": [">=", ORDERS, lit(3, "int")],
    "orders > 2.5": [">", ["float", ORDERS], lit(2.5, "float")],
    "gap > 3": [">", GAP, lit(3.0, "float")],
    "orders > gap * 2": [">", ["float", ORDERS], ["*", GAP, lit(2.0, "float")]],
    "orders - 30 > gap": [">", ["-", ["float", ORDERS], lit(30.0, "float")], GAP],
    "orders IN (1, 2.5)": ["in", ["float", ORDERS], [lit(1.0, "float"), lit(2.5, "float")]],
    "NOT (is_customer IS NOT TRUE)": ["is_true", ["fact", "is_customer", "bool"]],
    "orders IS NOT NULL": ["known", ORDERS],
    "room_at > DATE '2024-01-31'": [
        ">",
        ["fact", "room_at", "timestamp"],
        lit("2024-01-31 00:00:00", "timestamp"),
    ],
    "days_since(last_order) > 7": [
        ">",
        ["days_since", ["fact", "last_order", "date"], ["fact", "as_of", "timestamp"]],
        lit(7, "int"),
    ],
    "date > 1 AND group > 1 AND comment = 'it''s'": [
        "and",
        [">", ["fact", "date", "int"], lit(1, "int")],
        [">", ["fact", "group", "int"], lit(1, "int")],
        ["=", ["fact", "comment", "text"], lit("it's", "text")],
    ],
    "1 = 1 AND is_customer": ["fact", "is_customer", "bool"],
    "TRUE": lit(True, "bool"),
}


@pytest.mark.parametrize("text", TREES)
def test_a_text_becomes_its_tree(text: str) -> None:
    assert parse(text, TYPES) == TREES[text]


def test_ownership_by_account_looks_at_both_sets() -> None:
    own, account = (
        ["contains", ["fact", name, "set"], lit("X", "text")] for name in ("owned_products", "account_owned_products")
    )
    assert parse("owns('X')", TYPES) == own
    assert parse("owns('X')", TYPES, ownership="account") == ["or", own, account]


def test_a_policy_asks_of_the_message_and_is_bound_to_it() -> None:
    tree = parse("message.channel = 'sms' OR orders > 3", TYPES, message={"channel": FactType.TEXT})
    assert tree[1] == ["=", ["message", "channel", "text"], lit("sms", "text")]
    assert bind(tree, {"channel": "sms"}) == lit(True, "bool")
    assert bind(tree, {"channel": "email"}) == [">", ORDERS, lit(3, "int")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("tier", FactType.TEXT),
        ("orders * gap", FactType.FLOAT),
        ("starts_with(tier, 'C')", FactType.BOOL),
        ("'GBP'", FactType.TEXT),
    ],
)
def test_a_mapping_may_have_any_type(text: str, kind: FactType) -> None:
    assert parse_value(text, TYPES)[1] is kind


def test_the_names_of_a_text_are_known_before_their_types() -> None:
    text = (
        "touches_14d_sms < 3 OR owns('X') OR days_since(last_order) > 3 AND message.channel = 'sms' AND as_of > room_at"
    )
    assert names_used(text) == {"touches_14d_sms", "owned_products", "last_order", "room_at"}
    assert names_used("owns('X')", ownership="account") == {"owned_products", "account_owned_products"}


# "|" stands where the caret does.
MISTAKES = {
    "|ordrs >= 3": ("unknown fact ordrs", "did you mean orders?"),
    "|Orders >= 3": ("unknown fact Orders", "did you mean orders?"),
    "tier = |gold": ("unknown fact gold", "text stands in single quotes: 'gold'"),
    'tier = |"gold"': ('found "gold"', "single quotes: 'gold'"),
    "tier = |‘gold’": ("‘gold’ is not understood", "straight single quote"),
    "tier = |'gold": ("this quote is never closed", "close it"),
    "tier = |NULL": ("found NULL", "IS NULL"),
    "tier <> |NULL": ("found NULL", "IS NOT NULL"),
    "tier IN ('gold', |NULL)": ("a list holds no NULL", "OR f IS NULL"),
    "tier |LIKE 'g%'": ("found LIKE", "patterns are not in the language"),
    "tier = |3": ("tier is text and 3 is a whole number", "write text in quotes: '3'"),
    "orders = |'3'": ("orders is a whole number and '3' is text", "without quotes: 3"),
    "orders IN (1, |'a')": ("orders is a whole number and 'a' is text", "no quotes"),
    "is_customer = |1": ("is_customer is true or false and 1 is a whole number", "say is_customer or NOT is_customer"),
    "tier < |'gold'": ("no order", "differently"),
    "last_order > |'2024-01-31'": ("a date and '2024-01-31' is text", "write DATE '2024-01-31'"),
    "last_order > DATE |'2024-02-30'": ("'2024-02-30' is no date", "write DATE"),
    "room_at > |last_order": ("they cannot be compared", "days_since"),
    "orders |== 3": ("found ==", "a single ="),
    "orders |=> 3": ("found =>", "at least is >="),
    "spend |/ orders > 3": ("found /", "multiply the other side"),
    "1 < orders |< 5": ("comparisons do not chain", "AND"),
    "orders = 1 |IS NULL": ("comparisons do not chain", "AND"),
    "orders >= 3 AND|": ("a fact or value expected, found the end", ""),
    "orders >=|": ("a fact or value expected, found the end", ""),
    "orders >= 3 |spend > 1": ("AND, OR or a comparison expected, found spend", ""),
    "|(orders >= 3": ("this bracket is never closed", ")"),
    "orders >= 3|)": ("this bracket was never opened", "remove it"),
    "orders BETWEEN 1|": ("BETWEEN needs AND", "orders BETWEEN 1 AND 3"),
    "|": ("the predicate is empty", "orders >= 3"),
    "|orders": ("orders is a whole number, not a condition", "orders > 0"),
    "|tier AND is_customer": ("tier is text, not a condition", "tier = 'gold'"),
    "owned_products = |'X'": ("a set", "contains(owned_products, 'X')"),
    "contains(|tier, 'X')": ("tier is text, not a set", "tier = 'X'"),
    "known(orders, |tier)": ("known() takes 1 value, not 2", "known(tier)"),
    "orders + |0.5 > 1": ("takes no fraction such as 0.5", "multiply both sides"),
    "|gap * 2 + 1 > 3": ("one operation only", "other side"),
    "orders * spend * |orders > 1": ("can pass 38 digits", "two facts"),
    "|message.channel = 'sms'": ("nothing is known of the message here", "policy"),
    "orders > |99999999999999999999999999999999999999999": ("too big", "38 digits"),
}


@pytest.mark.parametrize("marked", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_a_way_out(marked: str) -> None:
    what, hint = MISTAKES[marked]
    before, after = marked.split("|")
    text = before + after
    with pytest.raises(PredicateError) as error:
        parse(text, TYPES)
    assert what in error.value.what
    assert hint in error.value.hint
    assert error.value.at == len(before)


@pytest.mark.parametrize(
    "text",
    [
        "read_csv('/etc/passwd') = 1",
        "orders IN (SELECT 1)",
        "(SELECT orders) > 1",
        "EXISTS (SELECT 1)",
        "orders::text = '1'",
        "CAST(orders AS text) = '1'",
        "orders = 1; DROP TABLE customers",
        "orders = 1 -- and more",
        "orders = 1 /* and more */",
        "orders = 1 {# and more #}",
        "getenv('HOME') = 'x'",
        "tier = $$x$$",
        "tier = e'x'",
        "tier = N'x'",
        "$1 = orders",
        "orders[1] = 1",
        "orders = @x",
        "tier || 'x' = 'y'",
        "orders >= ALL (1)",
        "starts_with(tier, 'x')",
        "tier = 'a\0b'",
        "tier = '\ud800'",
        "(" * 50 + "orders" + ")" * 50 + " > 1",
        "orders" + " + 1" * 50 + " > 1",
        "NOT NOT is_customer",
    ],
)
def test_nothing_reaches_beyond_the_facts_of_one_customer(text: str) -> None:
    with pytest.raises(PredicateError):
        parse(text, TYPES)


@given(
    st.lists(
        st.sampled_from(
            [
                *"()=<>+-*,.'\"",
                "AND",
                "NOT",
                "OR",
                "IN",
                "IS",
                "NULL",
                "TRUE",
                "BETWEEN",
                "known",
                "owns",
                "orders",
                "tier",
                "gap",
                "is_customer",
                "message",
                "DATE",
                "'x'",
                "3",
                "0.5",
                "DATE '2024-01-31'",
            ]
        ),
        max_size=12,
    )
)
def test_any_text_parses_or_is_told_what_is_wrong(words: list[str]) -> None:
    text = " ".join(words)
    with suppress(PredicateError):
        assert parse(text, TYPES, message={"channel": FactType.TEXT})


def test_a_long_predicate_is_no_problem() -> None:
    text = " OR ".join(f"(orders = {number} AND tier = 'x')" for number in range(1000))
    assert to_sql(parse(text, TYPES)).count(" OR ") == 999


@pytest.mark.parametrize(
    ("text", "dialect", "sql"),
    [
        ("is_customer IS TRUE", "snowflake", 'COALESCE("is_customer", FALSE)'),
        ("is_customer IS NOT TRUE", "spark", "NOT (COALESCE(`is_customer`, FALSE))"),
        ("spend_rank >= 0.9", "duckdb", '"spend_rank" >= 0.9e0'),
        ("tier = 'a\\b'", "spark", "`tier` = 'a\\\\b'"),
        ("orders + 1 > 2", "duckdb", '(CAST("orders" AS INT128) + 1) > 2'),
        ("orders + 1 > 2", "postgres", '(CAST("orders" AS DECIMAL(38, 0)) + 1) > 2'),
        (
            "contains(owned_products, 'X')",
            "bigquery",
            (
                "CASE WHEN `owned_products` IS NULL OR 'X' IS NULL THEN NULL "
                "ELSE EXISTS(SELECT 1 FROM UNNEST(`owned_products`) AS _col WHERE _col = 'X') END"
            ),
        ),
    ],
)
def test_a_tree_is_printed_for_an_engine(text: str, dialect: str, sql: str) -> None:
    assert to_sql(parse(text, TYPES), dialect) == sql


def test_a_field_of_the_message_is_bound_before_it_is_printed() -> None:
    with pytest.raises(ValueError, match="bound first"):
        to_sql(parse("message.channel = 'sms'", TYPES, message={"channel": FactType.TEXT}))


def test_sqlglot_is_loaded_only_when_a_text_is_read() -> None:
    code = "import sys, contextmail.predicates.sqltext; print('sqlglot' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        ).stdout
        == "False\n"
    )
