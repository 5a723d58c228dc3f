"""What is noted of a run is there after whatever happens."""

import sqlite3
import stat
from importlib.resources import files
from pathlib import Path

import pytest

from contextmail.errors import ConfigurationError, UnsafePlanError
from contextmail.store.runs import Runs


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "store")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / "plan.json").write_text("{}")
    return folder


def begun(runs: Runs, plan: Path, *names: str) -> None:
    for name in names:
        runs.begin(name, "campaign", "mailchimp:a", "Spring", plan)


def test_every_commit_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    Runs(tmp_path).close()
    with Runs(tmp_path) as runs:
        assert runs._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert runs._database.execute("PRAGMA synchronous").fetchone() == (2,)


def test_only_its_owner_reads_the_memory_and_the_plans(runs: Runs, plan: Path, tmp_path: Path) -> None:
    begun(runs, plan, "one")
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "store/contextmail.db").stat().st_mode) == 0o600
    assert stat.S_IMODE(runs.folder("one").stat().st_mode) == 0o700


def test_a_run_keeps_its_own_copy_of_the_plan(runs: Runs, plan: Path) -> None:
    begun(runs, plan, "one")
    (plan / "plan.json").write_text("other")
    begun(runs, plan, "one")
    assert (runs.folder("one") / "plan.json").read_text() == "{}"


def test_a_step_that_began_may_have_happened_and_one_that_was_noted_has_a_result(runs: Runs, plan: Path) -> None:
    begun(runs, plan, "one")
    assert not runs.began("one", "draft") and runs.result("one", "draft") is None
    runs.before("one", "draft", title="x")
    assert runs.began("one", "draft") and runs.result("one", "draft") is None
    runs.after("one", "draft", id="1")
    runs.after("one", "draft", id="2")
    assert runs.result("one", "draft") == {"id": "2"}
    assert [(step, phase) for step, phase, _ in runs.steps("one")] == [
        ("draft", "before"),
        ("draft", "after"),
        ("draft", "after"),
    ]


def test_a_field_has_users_until_they_let_go(runs: Runs, plan: Path) -> None:
    begun(runs, plan, "one", "two")
    runs.use("mailchimp:a", "CM1", "one", created=True)
    runs.use("mailchimp:a", "CM1", "two")
    runs.use("mailchimp:a", "CM1", "one")
    runs.use("mailchimp:b", "CM1", "two")
    assert [(use.run, use.created, use.released) for use in runs.uses("mailchimp:a", "CM1")] == [
        ("one", True, False),
        ("two", False, False),
    ]
    runs.release("mailchimp:a", "CM1", "one")
    assert [use.released for use in runs.uses("mailchimp:a", "CM1")] == [True, False]
    runs.restored("mailchimp:a", "CM1")
    assert all(use.released and use.restored for use in runs.uses("mailchimp:a"))
    assert not runs.uses("mailchimp:b")[0].released


def test_skipped_contacts_are_replaced_as_one(runs: Runs, plan: Path) -> None:
    begun(runs, plan, "one")
    runs.skip("one", [("k1", "moved"), ("k2", "moved"), ("k1", "refused")])
    assert runs.skipped("one") == {"k1": "moved", "k2": "moved"}

    def broken():  # type: ignore[no-untyped-def]
        yield "k3", "moved"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        runs.skip("one", broken())
    assert runs.skipped("one") == {"k1": "moved", "k2": "moved"}


def test_forgetting_a_run_leaves_nothing_of_it(runs: Runs, plan: Path) -> None:
    begun(runs, plan, "one")
    runs.use("mailchimp:a", "CM1", "one")
    runs.before("one", "draft")
    runs.forget("one")
    assert (
        runs.find("one") is None
        and not runs.uses("mailchimp:a")
        and not runs.steps("one")
        and not runs.folder("one").exists()
    )


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    one, other = Runs(tmp_path), Runs(tmp_path)
    with one.lock(), pytest.raises(UnsafePlanError, match="another contextmail is writing"), other.lock():
        pass
    with other.lock():
        pass


def test_a_file_of_the_first_version_keeps_its_runs(tmp_path: Path, plan: Path) -> None:
    schema = files("contextmail.store").joinpath("schema", "runs", "001_runs.sql").read_text("utf-8")
    with sqlite3.connect(tmp_path / "contextmail.db") as database:
        database.executescript(schema)
        database.execute(
            "INSERT INTO runs VALUES ('one', 'tidy', 'mailchimp:a', 'tidy', 'applied', '2026-05-31', '2026-05-31')"
        )
        database.execute("INSERT INTO skipped VALUES ('one', 'key', 'reason')")
        database.execute("PRAGMA user_version = 1")
    with Runs(tmp_path) as runs:
        assert (runs.get("one").kind, runs.skipped("one")) == ("tidy", {"key": "reason"})
        runs.begin("two", "audit", "mailchimp:a", "clean-up", plan)
        with pytest.raises(sqlite3.IntegrityError):
            runs.begin("three", "other", "mailchimp:a", "", plan)


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Runs(tmp_path).close()
    with sqlite3.connect(tmp_path / "contextmail.db") as database:
        database.execute("PRAGMA user_version = 999")
    with pytest.raises(ConfigurationError, match="a newer contextmail wrote this"):
        Runs(tmp_path)


def test_what_is_no_database_is_an_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "contextmail.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(ConfigurationError, match="contextmail.db"):
        Runs(tmp_path)
