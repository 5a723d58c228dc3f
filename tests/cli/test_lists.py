"""contextmail decide --list and --recheck, and contextmail outcomes: what each prints, and its exit code."""

import csv
import json
import shutil
from pathlib import Path

import pytest

FILES = Path(__file__).parents[2] / "examples" / "call_list"
RESULTS = "phone,called at,disposition\n+1 202 555 0104,2026-05-31T08:10:00+00:00,Do not call\nx,,hui\n"


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run) -> Path:
    folder = Path(shutil.copytree(FILES, tmp_path / "centre"))
    monkeypatch.chdir(folder)
    run("init")
    assert run("facts", "build").code == 0
    return folder


def rows(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_list_goes_out_is_checked_again_and_its_outcomes_come_back(run, centre) -> None:
    made = run("decide", "evening.txt", "--list", "people.csv", "-o", "calls.csv", "--left-out", "not-called.csv")
    assert made.code == 0 and "no ledger of consent here" in made.err
    assert made.out.startswith("3 of 10 rows may be reached\n  hold     1  too-often\n")
    assert "written to calls.csv, to be used before 2026-06-01 09:00 UTC; the others to not-called.csv" in made.out
    assert len(rows("calls.csv")) == 3 and len(rows("not-called.csv")) == 7
    assert run("decide", "--recheck", "calls.csv").code == 0
    Path("results.csv").write_text(RESULTS)
    taken = run("outcomes", "results.csv", "--channel", "call")
    assert taken.code == 1 and "broken: line 3: the outcome is not understood" in taken.out
    assert "1 new touch, 0 that were here before" in taken.out and "555" not in taken.out + taken.err
    again = run("decide", "--recheck", "calls.csv", "-o", "block.csv")
    assert again.code == 1 and again.err == ""
    assert again.out.startswith("2 of 3 rows may be reached\n  drop    1  opted-out\n")
    assert len(rows("block.csv")) == 2 and run("decide", "--recheck", "block.csv").code == 0
    late = run("decide", "--recheck", "block.csv", "-o", "block.csv", "--as-of", "2026-06-02")
    assert late.code == 1 and "expired  (too late: the list or the message has expired)" in late.out
    assert rows("block.csv") == []


def test_counts_as_json(run, centre) -> None:
    made = json.loads(run("decide", "evening.txt", "--list", "people.csv", "-o", "c.csv", "--format", "json").out)
    assert (made["rows"], made["kept"], made["use_before"], made["out"]) == (10, 3, "2026-06-01T09:00:00Z", "c.csv")
    assert {"outcome": "drop", "reason": "opted-out", "rows": 2} in made["reasons"]
    Path("results.csv").write_text(RESULTS)
    done = run("outcomes", "results.csv", "--channel", "call", "--format", "json")
    taken = json.loads(done.out)
    assert done.code == 1 and (taken["new"], taken["withdrawals"], list(taken["broken"])) == (1, 2, ["3"])
    checked = run("decide", "--recheck", "c.csv", "--format", "json")
    assert checked.code == 1 and json.loads(checked.out)["kept"] == 2


def test_a_row_that_cannot_be_read_changes_the_exit_code(run, centre) -> None:
    Path("people.csv").write_text("customer,phone\nK-100\nK-104,+1 202 555 0104\n")
    ran = run("decide", "evening.txt", "--list", "people.csv")
    assert ran.code == 1 and "broken: people.csv:2: too few values" in ran.out


def test_a_text_message_of_more_than_one_segment_is_a_warning(run, centre) -> None:
    Path("text.txt").write_text(f"---\nchannel: sms\npurpose: service\n---\n{'Your router is here. ' * 20}\n")
    ran = run("decide", "text.txt", "--list", "people.csv")
    assert "texts of more than one segment, up to 3 (contextmail_segments)" in ran.out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "no message"),
        (["evening.txt", "--hours", "2"], "these options are of a list"),
        (["evening.txt", "--scripts", "x"], "these options are of a list"),
        (["--list", "people.csv"], "these do not go together"),
        (["evening.txt", "--recheck", "people.csv"], "these do not go together"),
        (["--recheck", "people.csv", "--hours", "2"], "these do not go together"),
        (["evening.txt", "--list", "people.csv", "--to", "sqlite:///x.db"], "a list is written to files"),
        (["evening.txt", "--list", "nobody.csv"], "no such file"),
        (["--recheck", "people.csv"], "not a list: there is no column contextmail_outcome"),
    ],
)
def test_what_does_not_go_together_is_refused(run, centre, words: list[str], what: str) -> None:
    ran = run("decide", *words)
    assert ran.code == 2 and what in ran.err
