"""Mailchimp's merge language follows the documented cases."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contextmail.dialects.base import Condition, Token, TokenKind
from contextmail.dialects.mailchimp import Mailchimp
from contextmail.errors import TemplateError

ROWS = json.loads((Path(__file__).parents[1] / "data" / "mailchimp-merge-language.json").read_text())["rows"]
CERTAIN = [row for row in ROWS if row["certain"].startswith("yes")]
MAILCHIMP = Mailchimp(clock=lambda: date(2026, 1, 2))


def only(source: str) -> Token:
    [token] = MAILCHIMP.tokens(source)
    return token


@pytest.mark.parametrize("row", CERTAIN, ids=lambda row: f"row {row['row']}")
def test_a_certain_case_renders_as_documented(row: dict[str, Any]) -> None:
    assert MAILCHIMP.render(row["template"], row["values"], row["defaults"]) == row["expected"]


def test_all_certain_cases_are_there() -> None:
    assert len(CERTAIN) == 41


@pytest.mark.parametrize(
    ("source", "condition"),
    [
        ("*|IF:FNAME|*", Condition("FNAME", "present")),
        ("*|IFNOT:FNAME|*", Condition("FNAME", "absent")),
        ("*|IF:PLAN=pro|*", Condition("PLAN", "=", "pro")),
        ("*|ELSEIF:PLAN!=pro|*", Condition("PLAN", "!=", "pro")),
        ("*|IF:ORDERS >= 5|*", Condition("ORDERS", ">=", "5")),
        ("*|IF:N < 5|*", Condition("N", "<", "5")),
    ],
)
def test_a_documented_condition_is_understood(source: str, condition: Condition) -> None:
    assert only(source).condition == condition


@pytest.mark.parametrize(
    "source",
    [
        "*|IF:PLAN = pro|*",
        "*|IF:N>=5|*",
        '*|IF:PLAN="pro"|*',
        "*|IF:A=x AND B=y|*",
        "*|IFNOT:M=x|*",
        "*|IF:RENEWAL > 2026-01-01|*",
        "*|if:plan=pro|*",
        "*|ELSE:|*",
    ],
)
def test_a_condition_that_is_not_documented_is_not_understood(source: str) -> None:
    token = only(source)
    assert token.condition is None
    assert token.kind in (TokenKind.OPEN, TokenKind.BRANCH)


def test_a_word_that_an_end_tag_closes_opens_a_block() -> None:
    tokens = MAILCHIMP.tokens("*|INTERESTED:Cat:Grp|*A*|ELSE:|*B*|END:INTERESTED|* *|LIST:COMPANY|* *|UPPER:FNAME|*")
    assert [(token.kind.value, token.name) for token in tokens] == [
        ("open", "INTERESTED"), ("branch", "ELSE"), ("close", "INTERESTED"),
        ("value", "LIST:COMPANY"), ("value", "FNAME"),
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["*|", "*||*", "*|A\nB|*", "* |FNAME| *", "|*FNAME*|"])
def test_a_malformed_tag_is_text(source: str) -> None:
    assert MAILCHIMP.tokens(source) == []


def test_a_choice_compares_by_equality_without_spaces_and_ends_in_else() -> None:
    assert MAILCHIMP.choose("CM_1", [("a", "A"), ("b", "B")], "N") == (
        "*|IF:CM_1=a|*A*|ELSEIF:CM_1=b|*B*|ELSE:|*N*|END:IF|*"
    )


@pytest.mark.parametrize("field", ["fname", "TOO_LONG_NAME", "", "1ST", "A|B"])
def test_a_field_that_is_no_merge_tag_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="merge tag"):
        MAILCHIMP.slot(field, "")


def test_a_key_that_could_be_read_as_a_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        MAILCHIMP.choose("CM_1", [("a|*", "A")], "N")


def test_a_block_that_is_not_closed_is_an_error_with_its_line() -> None:
    with pytest.raises(TemplateError, match="line 2"):
        MAILCHIMP.render("\n*|IF:A|*x", {"A": "1"}, {})


def test_tags_that_the_platform_fills_stay_in_a_preview() -> None:
    assert MAILCHIMP.render("*|UNSUB|* *|LIST:COMPANY|* *|CURRENT_YEAR|*", {}, {}) == "*|UNSUB|* *|LIST:COMPANY|* 2026"


@pytest.mark.parametrize("value", [None, ""])
def test_a_slot_without_text_prints_the_default_of_its_field(value: str | None) -> None:
    assert MAILCHIMP.render(MAILCHIMP.slot("CM_1", ""), {"CM_1": value}, {"CM_1": "there"}) == "there"
