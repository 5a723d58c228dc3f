"""contextmail preview, decide, compile, rule: what each prints and writes."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contextmail import Campaign
from contextmail.engines.duckdb import DuckDBEngine

SPRING = "---\nsubject: Six lanterns\n---\n<p>Hi *|FNAME|*,</p>\n<p>As our <b>best customer</b>, you get 20% off.</p>\n"


@pytest.fixture
def spring(shop: Path) -> str:
    Path("spring.html").write_text(SPRING)
    return "spring.html"


# ---------------------------------------------------------------------------------------------------------- preview


def test_a_preview_shows_what_one_customer_reads_before_and_after_and_why(run, spring) -> None:
    ran = run("preview", spring, "--customer", "2")
    assert "html, before\nHi Bo,\nAs our best customer, you get 20% off.\n" in ran.out
    assert "html, after\nHi Bo,\nYou get 20% off.\n" in ran.out
    assert "subject: unchanged\nSix lanterns\n" in ran.out
    assert "  untrue: spend_rank >= 0.9 AND orders >= 3  (spend_rank = " in ran.out
    assert "orders = 1)" in ran.out


def test_a_preview_names_no_change_where_the_platform_would_have_said_the_same(run, spring) -> None:
    assert "missing-fallback" not in run("preview", spring, "--customer", "2").out
    assert '"Hi' not in run("preview", spring, "--customer", "2").out
    assert 'missing-fallback  nothing -> "there"' in run("preview", spring, "--customer", "3").out


def test_a_preview_stands_side_by_side_in_columns(run, spring) -> None:
    ran = run("preview", spring, "--customer", "2", "--format", "columns")
    row = next(line for line in ran.out.splitlines() if "As our best customer" in line)
    assert row.index("As our best customer") < row.index("You get 20% off.")


def test_a_preview_as_json_holds_sources_words_and_evidence(run, spring) -> None:
    shown = json.loads(run("preview", spring, "--customer", "3", "--format", "json").out)
    html = next(part for part in shown["parts"] if part["part"] == "html")
    assert html["after_text"] == "Hi there,\nYou get 20% off."
    assert "<p>You get 20% off.</p>" in html["after"]
    assert (shown["outcome"], shown["reason"]) == ("drop", "opted-out")
    evidence = {change["rule"]: change["evidence"] for change in shown["changes"]}
    assert evidence["missing-fallback"]["facts"] == {"first_name": None}
    assert evidence["unearned-value-claim"]["verdict"] == "untrue"


def test_a_preview_says_which_fields_it_knows_nothing_of(run, shop) -> None:
    Path("a.html").write_text("<p>Dear *|LNAME|*, your table *|UNSUB|* is ready.</p>")
    ran = run("preview", "a.html", "--customer", "1")
    assert "the field LNAME is no known fact" in ran.err
    assert "UNSUB" not in ran.err


def test_a_customer_that_there_is_not_is_an_error_without_their_id(run, spring) -> None:
    ran = run("preview", spring, "--customer", "ada@example.com")
    assert ran.code == 2
    assert "no such customer" in ran.err
    assert "ada@example.com" not in ran.err


# ----------------------------------------------------------------------------------------------------------- decide


def test_decide_counts_by_outcome_and_reason_and_writes_one_row_per_customer(run, spring) -> None:
    ran = run("decide", spring, "-o", "made/decisions.parquet")
    counts = "send    3\ndrop    1\n        1  opted-out\n4 customers, 2 different texts\n"
    assert ran.out == f"{counts}written to made/decisions.parquet\n"
    with DuckDBEngine() as engine:
        rows = engine.rows("SELECT customer, outcome, reason FROM 'made/decisions.parquet' ORDER BY customer")
    assert rows == [("1", "send", ""), ("2", "send", ""), ("3", "drop", "opted-out"), ("4", "send", "")]
    assert ran.code == 0


def test_decide_writes_a_new_table_and_an_old_one_only_when_asked(run, spring, monkeypatch) -> None:
    monkeypatch.setenv("SHOP_DB", "sqlite:///shop.db")

    def rows() -> list[tuple[str, str]]:
        with closing(sqlite3.connect("shop.db")) as database:
            return database.execute(
                "SELECT decided_as_of, customer || ' ' || outcome FROM spring ORDER BY 1, 2"
            ).fetchall()

    first = run("decide", spring, "--to", "env:SHOP_DB#spring")
    assert first.code == 0 and "written to spring" in first.out
    there = rows()
    assert [what for _, what in there][2:] == ["3 drop", "4 send"]
    again = run("decide", spring, "--to", "env:SHOP_DB#spring")
    assert again.code == 2 and "--replace its rows, or --append to them" in again.err and rows() == there
    assert run("decide", spring, "--to", "env:SHOP_DB#spring", "--append", "--as-of", "2024-06-02").code == 0
    assert len(rows()) == 2 * len(there) and rows()[: len(there)] == there
    assert run("decide", spring, "--to", "env:SHOP_DB#spring", "--replace").code == 0
    assert rows() == there


@pytest.mark.parametrize("flags", [["--replace"], ["--to", "sqlite:a.db", "--replace", "--append"]])
def test_what_happens_to_a_table_is_said_once_and_of_a_table(run, spring, flags) -> None:
    ran = run("decide", spring, *flags)
    assert ran.code == 2 and "--to URL#TABLE --replace" in ran.err and not Path("a.db").exists()


def test_decide_as_json(run, spring) -> None:
    counts = json.loads(run("decide", spring, "--format", "json").out)
    assert counts["customers"] == 4
    assert counts["outcomes"] == {"send": 3, "hold": 0, "reroute": 0, "drop": 1}
    assert {"outcome": "drop", "reason": "opted-out", "customers": 1} in counts["reasons"]


def test_without_consents_the_first_line_says_so(run, shop) -> None:
    settings = Path("contextmail.toml")
    settings.write_text(settings.read_text().partition("[tables.consents]")[0].replace('platform = "mailchimp"\n', ""))
    Path("spring.html").write_text(SPRING)
    run("facts", "build")
    ran = run("decide", "spring.html")
    assert ran.out.splitlines()[:2] == ["consent: unknown", "drop    4"]


def test_decide_without_facts_is_an_error_that_says_how_to_build_them(run, desk) -> None:
    Path("spring.html").write_text(SPRING)
    ran = run("decide", "spring.html")
    assert ran.code == 2
    assert "contextmail facts build" in ran.err


# ---------------------------------------------------------------------------------------------------------- compile


def test_a_compiled_campaign_decides_as_the_preview_says(run, spring) -> None:
    ran = run("compile", spring, "-o", "made/spring.json")
    assert ran.out.startswith("made/spring.json  2 edits, 6 policies, asks for ")
    one = Campaign.load("made/spring.json").decide({"orders": 1, "first_name": "Bo", "spend_rank": 0.4})
    assert one.parts["html"] == "<p>Hi Bo,</p>\n<p>You get 20% off.</p>\n"


def test_compile_without_a_file_writes_the_campaign_alone_to_standard_output(run, desk) -> None:
    Path("spring.html").write_text(SPRING)
    assert Campaign.model_validate_json(run("compile", "spring.html").out).id == "spring"


# ------------------------------------------------------------------------------------------------------------ rules


def test_a_rules_page_is_its_docstring_with_how_it_is_set(run, desk) -> None:
    Path("contextmail.toml").write_text("[rules.unearned-value-claim]\ntrue_when = 'orders >= 9'\n")
    page = run("rule", "unearned-value-claim").out
    for title in ("What it does", "Why it hurts", "Example", "Use instead", "Fix safety", "As it is set here"):
        assert f"\n{title}\n" in page
    assert "  true when   orders >= 9\n" in page
    assert "`" * 3 not in page


def test_a_claim_and_a_policy_of_ones_own_have_a_page_too(run, desk) -> None:
    Path("contextmail.toml").write_text(
        "[[claim]]\nname = 'gold-status'\nsays = ['gold member', 'gold status']\ntrue_when = \"tier = 'gold'\"\n"
        "[[policy]]\nname = 'not-now'\nallow_when = 'orders < 9'\n"
    )
    assert "  says        gold member, gold status\n  true when   tier = 'gold'\n" in run("rule", "gold-status").out
    assert "  allow when  orders < 9\n" in run("rule", "not-now").out
    listed = run("rules").out
    assert listed == run("rule").out
    assert "gold-status" in listed
    assert "not-now" in listed


def test_a_misspelt_rule_is_an_error_with_the_right_name(run, desk) -> None:
    ran = run("rule", "unearned-value")
    assert ran.code == 2
    assert "did you mean 'unearned-value-claim'?" in ran.err


# ------------------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize(
    "command",
    [
        "check",
        "rewrite",
        "preview",
        "decide",
        "compile",
        "rule",
        "rules",
        "facts build",
        "facts show",
        "facts describe",
    ],
)
def test_every_command_explains_itself_with_an_example(run, command: str) -> None:
    ran = run(*command.split(), "--help")
    assert ran.code == 0
    assert f"  contextmail {command}" in ran.out
