"""Compiled predicates as data: what they ask for, how they are joined and bound, how they answer for one customer."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime

import pytest

from contextmail.model.fact import FactType
from contextmail.predicates.sqltext import parse
from contextmail.predicates.tree import (
    FALSE,
    TRUE,
    UNKNOWN,
    bind,
    compile_function,
    conjoin,
    describe,
    disjoin,
    facts_of,
    literal,
    negate,
)

TYPES = {
    "orders": FactType.INT,
    "gap": FactType.FLOAT,
    "is_customer": FactType.BOOL,
    "tier": FactType.TEXT,
    "last_order": FactType.DATE,
    "room_at": FactType.TIMESTAMP,
    "owned_products": FactType.SET,
}
MANY = parse("orders >= 3", TYPES)
CUSTOMER = parse("is_customer", TYPES)


def answer(text: str, **row: object) -> object:
    return compile_function([parse(text, TYPES, starts_with=True)])(row)[0]


def test_the_facts_of_a_tree_come_with_their_types_and_the_clock() -> None:
    tree = parse("orders > 3 OR days_since(last_order) > 7 AND tier IN ('gold')", TYPES)
    assert facts_of(tree) == {"orders": "int", "last_order": "date", "as_of": "timestamp", "tier": "text"}


def test_a_missing_fact_is_unknown_as_none_is() -> None:
    assert answer("orders >= 3") is None
    assert answer("orders >= 3", orders=None) is None
    assert answer("known(orders)") is False
    assert answer("orders >= 3 OR is_customer", is_customer=True) is True
    assert answer("orders >= 3 AND is_customer", is_customer=False) is False
    assert answer("NOT orders >= 3") is None


def test_any_collection_of_text_is_a_set() -> None:
    for owned in (["X"], ("X",), {"X"}, frozenset("X")):
        assert answer("owns('X')", owned_products=owned) is True
    assert answer("owns('X')", owned_products=[]) is False
    assert answer("owns('X')") is None


def test_days_are_counted_by_the_calendar_from_dates_and_timestamps() -> None:
    clock = datetime(2011, 12, 10, 0, 1)
    assert answer("days_since(last_order) = 1", last_order=date(2011, 12, 9), as_of=clock) is True
    assert answer("days_since(room_at) = 1", room_at=datetime(2011, 12, 9, 23, 59), as_of=clock) is True
    assert answer("days_since(last_order) = -1", last_order=date(2011, 12, 11), as_of=clock) is True
    assert answer("days_since(last_order) = 1", last_order=date(2011, 12, 9)) is None


def test_whole_numbers_meet_fractions_as_the_engine_has_them() -> None:
    assert answer("orders = gap", orders=2**53 + 1, gap=2.0**53) is True
    assert answer("orders = 9007199254740992", orders=2**53 + 1) is False


def test_a_function_answers_for_all_trees_at_once() -> None:
    assert compile_function([MANY, CUSTOMER, ["fact", "tier", "text"], TRUE])({"orders": 3, "tier": "gold"}) == (
        True,
        None,
        "gold",
        True,
    )
    assert compile_function([])({}) == ()


def test_names_and_texts_are_data_in_the_generated_function() -> None:
    name, text = "x'] or exit(1) #", "\\'\"\n{}"
    assert compile_function([["=", ["fact", name, "text"], ["lit", text, "text"]]])({name: text}) == (True,)


def test_a_tree_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="median"):
        compile_function([["median", ["fact", "orders", "int"]]])


def test_constants_decide_what_they_join() -> None:
    assert conjoin() == TRUE
    assert disjoin() == FALSE
    assert conjoin(MANY, TRUE) == MANY
    assert conjoin(MANY, FALSE) == FALSE
    assert disjoin(MANY, FALSE) == MANY
    assert disjoin(MANY, TRUE) == TRUE
    assert conjoin(conjoin(MANY, CUSTOMER), MANY) == ["and", MANY, CUSTOMER]
    assert conjoin(MANY, UNKNOWN) == ["and", MANY, UNKNOWN]


def test_a_negation_is_undone_by_another() -> None:
    for tree in (MANY, CUSTOMER, TRUE, FALSE, UNKNOWN, ["known", ["fact", "orders", "int"]]):
        assert negate(negate(tree)) == tree
    assert negate(TRUE) == FALSE


def test_binding_the_message_and_the_clock_leaves_only_facts() -> None:
    tree = parse(
        "message.planned_at < room_at AND (message.count > 3 OR days_since(last_order) > 7)",
        TYPES,
        message={"planned_at": FactType.TIMESTAMP, "count": FactType.INT},
    )
    bound = bind(tree, {"planned_at": datetime(2011, 12, 10), "count": 1}, as_of=datetime(2011, 12, 10))
    assert facts_of(bound) == {"room_at": "timestamp", "last_order": "date"}
    row = {"room_at": datetime(2011, 12, 11), "last_order": date(2011, 12, 1)}
    assert compile_function([bound])(row) == (True,)
    assert bind(tree, {"planned_at": None, "count": 4}) == UNKNOWN
    with pytest.raises(KeyError):
        bind(tree, {"count": 4})


@pytest.mark.parametrize("value", [["a"], b"a", datetime.fromisoformat("2011-12-10T00:00:00+00:00")])
def test_a_value_that_no_fact_can_have_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="predicate"):
        literal(value)


@pytest.mark.parametrize(
    "text",
    [
        "orders >= 3 AND (tier = 'it''s' OR NOT is_customer)",
        "orders + 1 > gap",
        "(orders - 1) * 2 <> 4 AND known(tier)",
        "NOT (tier IN ('gold', 'silver'))",
        "(orders > 1 OR is_customer) IS TRUE",
        "last_order >= DATE '2024-01-31' AND room_at < TIMESTAMP '2024-01-31 18:00:00'",
        "days_since(last_order) > -30",
        "gap > 0.5 AND orders IS NULL",
    ],
)
def test_a_tree_reads_as_it_was_written(text: str) -> None:
    assert describe(parse(text, TYPES)) == text


def test_a_compiled_predicate_needs_the_standard_library_only() -> None:
    code = (
        "import sys\n"
        "from contextmail.predicates import compile_function, describe, bind\n"
        "tree = ['>=', ['fact', 'orders', 'int'], ['lit', 3, 'int']]\n"
        "assert compile_function([tree])({'orders': 3}) == (True,) and describe(bind(tree, {}))\n"
        "print({'sqlglot', 'pydantic', 'duckdb'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert run.stdout == "set()\n"
