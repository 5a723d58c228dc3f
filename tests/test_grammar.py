"""No rewrite makes an error that was not there: over the pairs, the cases and sins in real templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from grammar import RULES, new_errors
from reading import Pair, cast, pairs, reads, seen
from rules.test_rules import SITUATIONS, Case, customers, rewrite_of
from test_rewriting import TEMPLATES, injected

from contextmail.campaign import Campaign
from contextmail.compiling import compiled
from contextmail.rewriting import Rewrite

CASES = [situation for situation in SITUATIONS if situation.values[1].column == "reads" and situation.values[1].rows]
BROKEN = {
    "a word twice": ("Thank you for your your order.", "Thank you for your order."),
    "a before a vowel": ("You are a owner.", "You are a valued owner."),
    "an before a consonant": ("You are an reader.", "You are an avid reader."),
    "a blank too many": ("Hi  — got a minute?", "Hi Ben — got a minute?"),
    "a blank before a stop": ("Hi , we have news.", "Hi Ben, we have news."),
    "no blank behind a stop": ("We hope so.You get 20%.", "We miss you. You get 20%."),
    "a stop at the beginning": (", your lamp is here", "Ben, your lamp is here"),
    "two stops": ("Thank you,.", "Thank you, Ben."),
    "a word that leads nowhere": ("As our , you save.", "As our best customer, you save."),
    "a number that does not fit": ("Thank you for your 1 orders.", "Thank you."),
    "one and many": ("Customers deserves more.", "A customer like you deserves more."),
    "a small letter at the beginning": ("Hello. you get 20% off.", "Hello. As a VIP you get 20% off."),
    "thanks for nothing": ("Thank you for and goodbye.", "Thank you for your loyalty and goodbye."),
    "praise without its praise": ("Given by unusually people like you.", "Given by unusually kind people like you."),
    "joined twice": ("You save, and, and we win.", "You save, and we win."),
    "not closed": ("You save (a lot.", "You save (a lot)."),
    "no capital": ("you get 20% off.", "As a VIP, you get 20% off."),
    "no stop at the end": ("Thank you for reading", "Thank you for your loyalty."),
    "a headline with a full stop": ("Thank you for reading.", "We miss you"),
    "no longer in capitals": ("Hello from us", "WE MISS YOU"),
    "no longer in a title's capitals": ("Thank you for your order", "Thank You for Your Loyalty"),
}


@pytest.mark.parametrize("pair", [*pairs("en"), *pairs("de")], ids=lambda pair: f"{pair.customer}: {pair.before}")
def test_a_pair_has_no_new_error(pair: Pair) -> None:
    assert new_errors(reads(pair, before=True), reads(pair), pair.language) == []


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_case_has_no_new_error(rule: str, case: Case) -> None:
    checker, rewrite = rewrite_of(case)
    rows = {who: {"name": row.get("first_name", ""), **row, **case.facts} for who, row in customers().items()}
    campaign = compiled(rewrite, checker.settings)
    assert list(_errors({who: rows[who] for who in case.rows}, rewrite, campaign, checker.settings.language)) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_real_template_with_sins_in_it_has_no_new_error(path: Path) -> None:
    assert list(_errors(cast(), *injected(path))) == []


def _errors(
    rows: dict[str, dict[str, object]], rewrite: Rewrite, campaign: Campaign, language: str = "en"
) -> Iterator[tuple[str, str]]:
    for who, row in rows.items():
        for part in rewrite.message.parts:
            before, after = (seen(rewrite.message, part, row, rewrite, each) for each in (None, campaign))
            yield from ((who, error) for error in new_errors(before, after, language))


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_finds_what_it_is_for(name: str) -> None:
    broken, whole = BROKEN[name]
    assert [error for error in new_errors(whole, broken) if error.startswith(name)]
    assert new_errors(broken, broken) == []


def test_each_rule_is_tried() -> None:
    assert set(RULES) <= set(BROKEN)


def test_harper_is_asked_where_it_is_installed() -> None:
    pytest.importorskip("harper", reason="pip install harper-py")
    assert any("article" in error for error in new_errors("This is a lamp.", "This is an lamp."))
