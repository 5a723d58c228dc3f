"""Whatever interrupts a run, applying again completes it, and undoing it takes all of it back.

An interruption comes before or after the effect of every call that writes, and before every note in the journal.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conformance.memory_target import Killed, MemoryTarget
from conformance.shop import Shop, make_shop

from contextmail.applying import apply, undo
from contextmail.errors import UncertainError
from contextmail.model.plan import Plan
from contextmail.planning import plan
from contextmail.store.runs import Runs


@dataclass
class Fuse:
    """Interrupts at the n-th moment at which it is asked."""

    left: int
    error: type[BaseException] = Killed

    def burn(self, *_: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.error("here")


class FusedRuns(Runs):
    """A journal before each note of which the process may end."""

    def __init__(self, folder: Path, fuse: Fuse) -> None:
        super().__init__(folder)
        self.fuse = fuse

    def _note(self, run: str, step: str, phase: str, detail: dict[str, Any]) -> None:
        self.fuse.burn()
        super()._note(run, step, phase, detail)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Plan]:
    shop = make_shop(tmp_path_factory.mktemp("interruptions"))
    shop.target.add_draft(
        "spring", subject="You are our most valuable customer", html="<p>Thank you for your continued loyalty!</p>"
    )
    return shop, plan("spring", shop.target, shop.facts, shop.settings, out=shop.folder / "plan")


def fused(shop: Shop, folder: Path, moment: int, error: type[BaseException] = Killed) -> tuple[MemoryTarget, FusedRuns]:
    fuse = Fuse(moment, error)
    target = copy.deepcopy(shop.target)
    target.interrupt = fuse.burn
    return target, FusedRuns(folder / f"store-{moment}", fuse)


def moments(shop: Shop, folder: Path) -> int:
    target, runs = fused(shop, folder, 0)
    apply(shop.folder / "plan", target, runs, shop.settings)
    return -runs.fuse.left


def contents(target: MemoryTarget) -> tuple[object, ...]:
    fields, values, segments, drafts, statuses = target.state()
    return fields, values, segments, sorted(map(str, drafts.values())), statuses  # type: ignore[attr-defined]


def each(shop: Shop, tmp_path: Path, every: int = 1) -> Iterator[int]:
    count = moments(shop, tmp_path)
    assert count > 30
    return iter(range(1, count + 1, every))


def test_killed_at_any_moment_it_goes_on_and_undo_takes_it_back(planned: tuple[Shop, Plan], tmp_path: Path) -> None:
    shop, made = planned
    before = contents(shop.target)
    whole, runs = fused(shop, tmp_path, -1)
    apply(shop.folder / "plan", whole, runs, shop.settings)
    for moment in each(shop, tmp_path):
        target, runs = fused(shop, tmp_path, moment)
        with pytest.raises(Killed):
            apply(shop.folder / "plan", target, runs, shop.settings)
        with Runs(tmp_path / f"store-{moment}") as fresh:
            apply(shop.folder / "plan", target, fresh, shop.settings)
            assert contents(target) == contents(whole), f"after moment {moment}"
            undo(made.run, target, fresh)
            assert contents(target) == before, f"after moment {moment}"


def test_killed_at_any_moment_it_can_be_undone_at_once(planned: tuple[Shop, Plan], tmp_path: Path) -> None:
    shop, made = planned
    before = contents(shop.target)
    for moment in each(shop, tmp_path):
        target, runs = fused(shop, tmp_path, moment)
        with pytest.raises(Killed):
            apply(shop.folder / "plan", target, runs, shop.settings)
        with Runs(tmp_path / f"store-{moment}") as fresh:
            if fresh.find(made.run):
                undo(made.run, target, fresh)
        assert contents(target) == before, f"after moment {moment}"


def test_killed_at_any_moment_an_undo_goes_on(planned: tuple[Shop, Plan], tmp_path: Path) -> None:
    shop, made = planned
    before = contents(shop.target)
    applied, runs = fused(shop, tmp_path, -1)
    apply(shop.folder / "plan", applied, runs, shop.settings)
    moment, killed = 0, True
    while killed:
        moment += 1
        target = copy.deepcopy(applied)
        fuse = target.interrupt = Fuse(moment).burn
        place = tmp_path / f"undo-{moment}"
        with Runs(place) as fresh:
            apply_journal(runs, fresh, made.run)
        try:
            undo(made.run, target, FusedRuns(place, fuse.__self__))  # type: ignore[attr-defined]
            killed = False
        except Killed:
            with Runs(place) as fresh:
                undo(made.run, target, fresh)
        assert contents(target) == before, f"after moment {moment}"
    assert moment > 10


def apply_journal(source: Runs, into: Runs, run: str) -> None:
    """Copy what is remembered of a run."""
    known = source.get(run)
    into.begin(run, known.kind, known.audience, known.title, source.folder(run))
    for step, phase, detail in source.steps(run):
        (into.before if phase == "before" else into.after)(run, step, **detail)
    for use in source.uses(known.audience, run=run):
        into.use(known.audience, use.tag, run, created=use.created)
    into.set_state(run, known.state)


@pytest.mark.parametrize("every", [3])
def test_a_call_whose_answer_is_lost_may_have_been_carried_out(
    planned: tuple[Shop, Plan], tmp_path: Path, every: int
) -> None:
    shop, _ = planned
    whole, runs = fused(shop, tmp_path, -1)
    apply(shop.folder / "plan", whole, runs, shop.settings)
    for moment in each(shop, tmp_path, every):
        target, runs = fused(shop, tmp_path, moment, UncertainError)
        with pytest.raises(UncertainError):
            apply(shop.folder / "plan", target, runs, shop.settings)
        apply(shop.folder / "plan", target, runs, shop.settings)
        assert contents(target) == contents(whole), f"after moment {moment}"
