"""For any audience, faults included: what is delivered is true, no status changes, and undo restores every field."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from conformance.memory_target import Killed, MemoryTarget, key_of
from conformance.shop import BEST, MESSAGE, PEOPLE, Person, Shop, delivered, make_shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contextmail.applying import apply, undo
from contextmail.campaign import Campaign
from contextmail.connectors.base import AudienceField
from contextmail.errors import RetryableError, UncertainError
from contextmail.model.plan import Plan
from contextmail.planning import plan
from contextmail.store.runs import Runs

T = TypeVar("T")
MORE = (
    Person("6", "anne-marie", (("2024-02-01", "Käse & Öl *|FNAME|* <b>", "12"), ("2024-02-09", "Lamp {{x}}", "3"))),
    Person("7", "", (("2023-12-01", "A lantern " + "with a very long name " * 20, "1"),)),
    Person("8", "TEST", BEST.orders),
    Person("9", "Fay", consent="unknown"),
)
MESSAGES = [
    MESSAGE,
    {
        "subject": "You're our most valuable customer",
        "html": "<p>Dear *|FNAME|*,</p><p>As one of our best customers, thank you for your loyalty!</p>",
    },
    {
        "subject": "We miss you",
        "preheader": "It's been a while",
        "html": "<p>Hi *|FNAME|*</p><p>You're a VIP to us.</p>",
        "text": "We miss you!",
    },
]
STATUSES = ("subscribed", "subscribed", "subscribed", "unsubscribed", "cleaned", "pending", "archived")


@dataclass
class Weather:
    """Interrupts the calls of these numbers, each once: with an error after the effect, before it, or by death."""

    at: dict[int, str] = field(default_factory=dict)
    count: int = 0

    def __call__(self, when: str, _call: str) -> None:
        self.count += 1
        kind = self.at.get(self.count)
        if kind == "killed":
            raise Killed
        if kind == "lost" and when == "after":
            raise UncertainError("Timeout", status=0)
        if kind == "busy" and when == "before":
            raise RetryableError("Too Many Requests", status=429)


@dataclass(frozen=True)
class Case:
    message: int
    statuses: list[str]
    earlier: list[str]
    free: int
    leaving: set[int]
    weather: dict[int, str]


cases = st.builds(
    Case,
    message=st.integers(0, len(MESSAGES) - 1),
    statuses=st.lists(st.sampled_from(STATUSES), min_size=9, max_size=9),
    earlier=st.lists(st.sampled_from(["", "", "a", "b", "z", "Somebody's own text"]), min_size=9, max_size=9),
    free=st.integers(1, 8),
    leaving=st.sets(st.integers(0, 8), max_size=2),
    weather=st.dictionaries(st.integers(1, 60), st.sampled_from(["killed", "lost", "busy"]), max_size=4),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = make_shop(tmp_path_factory.mktemp("properties"), (*PEOPLE, *MORE))
    limits = made.settings.limits.model_copy(update={"changed": 1.0})
    made.settings = made.settings.model_copy(update={"limits": limits})
    return made


@given(case=cases)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_delivered_is_true_no_status_changes_and_undo_restores_all(shop: Shop, case: Case) -> None:
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        target = audience(shop, case, folder)
        shop.target = target
        before = target.state()
        made = plan("spring", target, shop.facts, shop.settings, out=folder / "plan")
        if not made.segment_people:
            return
        for number in case.leaving:
            target.change(key_of((*PEOPLE, *MORE)[number].email), "unsubscribed")
        left = target.state()
        target.interrupt = Weather(dict(case.weather))
        done = until_done(lambda: apply(folder / "plan", target, Runs(folder / "store"), shop.settings))
        check_delivered(shop, Runs(folder / "store"), made, done.draft)
        assert target.state()[4] == left[4]
        target.interrupt = Weather(dict(case.weather))
        until_done(lambda: undo(made.run, target, Runs(folder / "store")))
        assert target.state()[:4] == before[:4] and target.state()[4] == left[4]


def audience(shop: Shop, case: Case, folder: Path) -> MemoryTarget:
    """Make the audience of a case: statuses, fields of earlier campaigns with their values, and room for some more."""
    target = MemoryTarget()
    target.add_draft("spring", **MESSAGES[case.message])
    for person in (*PEOPLE, *MORE):
        target.add(person.email)
    first = plan("spring", target, shop.facts, shop.settings, out=folder / "first")
    there = first.fields[::2]
    for one in there:
        target.columns[one.tag] = AudienceField(one.tag, one.tag, one.name, default=one.default)
    for person, status, value in zip((*PEOPLE, *MORE), case.statuses, case.earlier, strict=True):
        values = {one.tag: value for one in there}
        target.add(person.email, status, FNAME=person.name, **values)  # type: ignore[arg-type]
    target.limits = {**target.limits, "fields": len(there) + case.free, "batch": 2, "segment_batch": 2}
    return target


def check_delivered(shop: Shop, runs: Runs, made: Plan, draft: str) -> None:
    """Check each recipient's parts against what is true of them; a name too long for a field is cut, or goes."""
    campaign = Campaign.load(runs.folder(made.run) / "campaign.json")
    for key, (sent, true) in delivered(shop, draft, campaign).items():
        member = shop.target.people[key]
        assert member.status == "subscribed"
        for name, text in sent.items():
            cut = member.email == MORE[1].email and ("…" in text or "Hello from us" in text)
            assert text == true[name] or cut, (name, text, true[name])


def until_done(work: Callable[[], T]) -> T:
    for _ in range(10):
        try:
            return work()
        except (Killed, RetryableError):
            continue
    raise AssertionError("it does not come to an end")
