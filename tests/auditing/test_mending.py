"""A plan of an audit mends names and nothing else, goes on after a stop, and is taken back whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conformance.memory_target import Killed, MemoryTarget

from contextmail.applying import apply, undo
from contextmail.applying.forgetting import forget_in_files
from contextmail.auditing import audit
from contextmail.config import Limits, Settings
from contextmail.connectors.base import AudienceField
from contextmail.errors import StalePlanError, UnsafePlanError
from contextmail.planning.folder import PLAN
from contextmail.store.runs import Runs

EARLIER = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
FREE = Settings(limits=Limits(mended=1))


@pytest.fixture
def target() -> MemoryTarget:
    """Give an audience of 30 names in capitals, of every status in turn, and one that is clean."""
    made = MemoryTarget(limits={"batch": 5, "page": 1000})
    made.columns = {tag: AudienceField(tag, tag, tag) for tag in ("FNAME", "LNAME")}
    for number in range(30):
        status = ("subscribed", "unsubscribed", "pending", "cleaned", "transactional")[number % 5]
        made.add(f"ada{number}@example.com", status, FNAME="ADA", LNAME="LOVELACE" if number % 2 else "Hill")
    made.add("clean@example.com", FNAME="Bob", LNAME="Hill")
    made.people = {key: replace(one, changed_at=EARLIER) for key, one in made.people.items()}
    return made


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "store")


@pytest.fixture
def plan(target: MemoryTarget, tmp_path: Path) -> Path:
    audit(target, FREE, plan=tmp_path / "plan")
    return tmp_path / "plan"


def names(target: MemoryTarget) -> list[str]:
    return [one.fields["FNAME"] for one in target.people.values()]


def test_names_are_mended_where_contacts_may_be_written_and_taken_back(
    target: MemoryTarget, plan: Path, runs: Runs
) -> None:
    before = target.state()
    done = apply(plan, target, runs, FREE)
    assert (done.people_written, done.skipped) == (18, ())
    assert all(
        (one.fields["FNAME"] == "Ada") == (one.status in ("subscribed", "unsubscribed", "pending"))
        for one in list(target.people.values())[:30]
    )
    assert target.state()[4] == before[4], "no status moved"
    assert apply(plan, target, runs, FREE) == done, "applied once"
    undone = undo(done.run, target, runs)
    assert (undone.people_restored, undone.left) == (18, []) and target.state() == before
    assert undo(done.run, target, runs) == undone


def test_it_goes_on_where_it_was_killed_at_every_write(target: MemoryTarget, plan: Path, runs: Runs) -> None:
    before, after = target.state(), 0

    def killing(when: str, call: str) -> None:
        nonlocal after
        if call == "write_fields":
            after += 1
            if after % 2:
                raise Killed

    target.interrupt = killing
    for _ in range(40):
        try:
            done = apply(plan, target, runs, FREE)
            break
        except Killed:
            continue
    assert done.people_written == 18 and names(target).count("Ada") == 18
    for _ in range(40):
        try:
            undo(done.run, target, runs)
            break
        except Killed:
            continue
    assert target.state() == before


def test_whoever_changed_meanwhile_is_left_as_they_are(target: MemoryTarget, plan: Path, runs: Runs) -> None:
    first, second, third = list(target.people)[:3]
    target.change(first, FNAME="Adelaide")
    target.change(second, status="cleaned")
    target.change(third, status="unsubscribed")
    settings = FREE.model_copy(update={"limits": Limits(mended=1, changed=0.2)})
    done = apply(plan, target, runs, settings)
    assert dict(done.skipped) == {"somebody changed FNAME": 1, "status: cleaned": 1} and done.people_written == 16
    assert [target.value(key, "FNAME") for key in (first, second, third)] == ["Adelaide", "ADA", "Ada"]
    target.change(third, FNAME="Adi")
    undone = undo(done.run, target, runs)
    assert undone.left == ["the field FNAME of 1 contacts: somebody changed it"]
    assert [target.value(key, "FNAME") for key in (first, second, third)] == ["Adelaide", "ADA", "Adi"]


def test_too_many_changes_since_are_refused_before_anything_is_written(
    target: MemoryTarget, plan: Path, runs: Runs
) -> None:
    target.change(next(iter(target.people)), FNAME="Adelaide")
    with pytest.raises(StalePlanError, match="changed since the plan was made"):
        apply(plan, target, runs, FREE)
    assert "Ada" not in names(target)


def test_what_the_platform_refuses_is_told(target: MemoryTarget, plan: Path, runs: Runs) -> None:
    target.refused = {next(iter(target.people))}
    settings = FREE.model_copy(update={"limits": Limits(mended=1, changed=0.2)})
    assert apply(plan, target, runs, settings).skipped == (("refused", 1),)


def test_a_plan_over_its_limit_altered_or_old_is_refused(target: MemoryTarget, tmp_path: Path, runs: Runs) -> None:
    made = audit(target, plan=tmp_path / "half").plan
    assert made and [(check.setting, check.ok) for check in made.checks] == [("limits.mended", False)]
    with pytest.raises(UnsafePlanError, match="limits.mended"):
        apply(tmp_path / "half", target, runs)
    audit(target, FREE, plan=tmp_path / "altered")
    file = tmp_path / "altered" / PLAN
    file.write_text(file.read_text().replace('"changes": 27', '"changes": 1').replace('"mends"', '"mends" '))
    with pytest.raises(UnsafePlanError, match="changed after the plan was made"):
        apply(tmp_path / "altered", target, runs, FREE)
    audit(target, FREE.model_copy(update={"limits": Limits(mended=1, plan_hours=0)}), plan=tmp_path / "old")
    with pytest.raises(StalePlanError, match="was valid until"):
        apply(tmp_path / "old", target, runs, FREE)
    assert "Ada" not in names(target)


def test_a_plan_stays_valid_without_somebody_who_is_forgotten(
    target: MemoryTarget, plan: Path, runs: Runs, tmp_path: Path
) -> None:
    assert forget_in_files({"ada0@example.com"}, runs, plan).rows == 1
    done = apply(plan, target, runs, FREE)
    assert names(target).count("Ada") == 17 and names(target)[0] == "ADA"
    assert undo(done.run, target, runs).people_restored == 17
