"""The page on predicates tells the truth: what it shows parses, and what it leaves out is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contextmail.errors import PredicateError
from contextmail.model.fact import FactType
from contextmail.predicates.calls import EXAMPLES
from contextmail.predicates.sqltext import parse, parse_value
from contextmail.predicates.tree import compile_function

PAGE = (Path(__file__).parents[2] / "docs" / "predicates.md").read_text(encoding="utf-8")
TYPES = {
    **dict.fromkeys(["orders", "spend", "days_since_last_order", "quantity"], FactType.INT),
    **dict.fromkeys(["spend_rank", "usual_gap_days", "gap", "unit_price"], FactType.FLOAT),
    **dict.fromkeys(["is_customer"], FactType.BOOL),
    **dict.fromkeys(["tier", "country", "invoice"], FactType.TEXT),
    **dict.fromkeys(["last_order", "renewal_at", "birthday"], FactType.DATE),
    **dict.fromkeys(["room_at"], FactType.TIMESTAMP),
    **dict.fromkeys(["owned_products", "owned_categories", "subscriptions"], FactType.SET),
}
MESSAGE = {"purpose": FactType.TEXT, "channel": FactType.TEXT}
IN_MAPPINGS = PAGE.index("In a mapping:")

BLOCKS = [(match.start(), match[1]) for match in re.finditer(r"```sql\n(.*?)```", PAGE, re.DOTALL)]
CONDITIONS = [line for at, block in BLOCKS if at < IN_MAPPINGS for line in block.splitlines()]
MAPPINGS = [line for at, block in BLOCKS if at > IN_MAPPINGS for line in block.splitlines()]
LEFT_OUT = [row.split(" | ") for row in PAGE[PAGE.index("| not | because | but |") :].splitlines()[2:] if " | " in row]
REFUSED = [text for cells in LEFT_OUT for text in re.findall("`([^`]+)`", cells[0])]
INSTEAD = [text for cells in LEFT_OUT[:-1] for text in re.findall("`([^`]+)`", cells[2])]
TRUTH = [
    row.strip("| ").split(" | ") for row in PAGE.splitlines() if row.startswith(("| true ", "| false ", "| unknown "))
]


@pytest.mark.parametrize("text", CONDITIONS + INSTEAD)
def test_every_condition_on_the_page_parses(text: str) -> None:
    assert parse(text, TYPES, message=MESSAGE)


@pytest.mark.parametrize("text", MAPPINGS)
def test_every_mapping_on_the_page_parses(text: str) -> None:
    assert parse_value(text, TYPES)


@pytest.mark.parametrize("text", REFUSED)
def test_everything_that_the_page_leaves_out_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(PredicateError) as error:
        parse(text, TYPES, message=MESSAGE)
    assert error.value.hint


@pytest.mark.parametrize("row", TRUTH, ids=" ".join)
def test_the_table_of_unknown_is_what_the_function_answers(row: list[str]) -> None:
    said = {"true": True, "false": False, "unknown": None}
    texts = ["a AND b", "a OR b", "NOT a", "a IS TRUE", "a IS NOT TRUE"]
    function = compile_function([parse(text, {"a": FactType.BOOL, "b": FactType.BOOL}) for text in texts])
    assert function({"a": said[row[0]], "b": said[row[1]]}) == tuple(said[cell] for cell in row[2:])


def test_the_page_lists_every_function() -> None:
    table = PAGE[PAGE.index("## Functions") : PAGE.index("## Unknown")]
    assert set(re.findall(r"^\| `(\w+)\(", table, re.MULTILINE)) == set(EXAMPLES)
    assert len(TRUTH) == 9
