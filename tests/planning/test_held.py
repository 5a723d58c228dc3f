"""People who are held get the message in a later wave, until it expires."""

from datetime import datetime

import pytest
from conformance.shop import PEOPLE, WEARY, Person, Shop

from contextmail.applying import apply
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.model.plan import Plan
from contextmail.planning import plan
from contextmail.store.runs import Runs

LATER = Person("6", "Ed", (("2023-01-01", "Brass Lantern", "40"),), touches=("2024-05-29", "2024-05-30", "2024-05-31"))


@pytest.fixture
def runs(shop: Shop) -> Runs:
    return Runs(shop.folder / "store")


def first_wave(shop: Shop, runs: Runs, expires: datetime | None = None) -> str:
    shop.rebuild((*PEOPLE, LATER))
    shop.target.add(LATER.email)
    made = plan("spring", shop.target, shop.facts, shop.settings, out=shop.folder / "first", expires=expires)
    assert made.held == 2
    return apply(shop.folder / "first", shop.target, runs, shop.settings).run


def next_wave(shop: Shop, runs: Runs, run: str, now: datetime, people: tuple[Person, ...] = (*PEOPLE, LATER)) -> Plan:
    shop.settings = shop.settings.model_copy(update={"as_of": now})
    shop.rebuild(people)
    return plan("", shop.target, shop.facts, shop.settings, out=shop.folder / f"wave-{now:%m%d}", held=run, runs=runs)


def emails(shop: Shop, file: str) -> list[str]:
    with DuckDBEngine() as engine:
        return [email for (email,) in engine.rows(f"SELECT email FROM '{shop.folder / file}' ORDER BY 1")]


def test_those_whose_time_has_come_are_the_next_wave_and_the_others_wait(shop: Shop, runs: Runs) -> None:
    run = first_wave(shop, runs)
    made = next_wave(shop, runs, run, datetime(2024, 6, 4, 1))
    assert made.held_of == run and made.recipients == 1
    assert emails(shop, "wave-0604/segment.parquet") == [WEARY.email]
    assert emails(shop, "wave-0604/held.parquet") == [LATER.email]


def test_a_wave_is_judged_anew(shop: Shop, runs: Runs) -> None:
    run = first_wave(shop, runs)
    people = tuple(Person(p.id, p.name, p.orders, "denied", p.touches) if p is WEARY else p for p in (*PEOPLE, LATER))
    made = next_wave(shop, runs, run, datetime(2024, 6, 4, 1), people)
    assert [(reason.outcome, reason.reason) for reason in made.decisions] == [("drop", "opted-out")]


def test_waves_follow_each_other_until_nobody_is_held(shop: Shop, runs: Runs) -> None:
    run = first_wave(shop, runs)
    next_wave(shop, runs, run, datetime(2024, 6, 4, 1))
    second = apply(shop.folder / "wave-0604", shop.target, runs, shop.settings).run
    last = next_wave(shop, runs, second, datetime(2024, 6, 9))
    assert last.held == 0 and emails(shop, "wave-0609/segment.parquet") == [LATER.email]


def test_after_the_message_has_expired_the_held_are_dropped_with_that_reason(shop: Shop, runs: Runs) -> None:
    run = first_wave(shop, runs, expires=datetime(2027, 1, 1))
    made = next_wave(shop, runs, run, datetime(2027, 1, 2))
    assert [(reason.outcome, reason.reason, reason.people) for reason in made.decisions] == [("drop", "expired", 2)]


def test_somebody_who_would_have_room_only_after_it_expires_is_dropped_at_once(shop: Shop) -> None:
    made = plan(
        "spring", shop.target, shop.facts, shop.settings, out=shop.folder / "plan", expires=datetime(2024, 6, 2)
    )
    assert {(reason.outcome, reason.reason) for reason in made.decisions} == {
        ("send", ""),
        ("drop", "expired"),
        ("drop", "opted-out"),
    }
