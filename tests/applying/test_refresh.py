"""A refresh judges an applied draft again, and writes only what says less."""

from dataclasses import replace

import pytest
from conformance.shop import BEST, NEVER, ONCE, PEOPLE, Person, Shop, delivered

from contextmail.applying import Refreshed, apply, refresh, undo
from contextmail.campaign import Campaign
from contextmail.errors import StalePlanError
from contextmail.planning import plan
from contextmail.store.runs import Runs


def applied(shop: Shop, runs: Runs) -> tuple[str, str]:
    plan("spring", shop.target, shop.facts, shop.settings, out=shop.folder / "plan")
    done = apply(shop.folder / "plan", shop.target, runs, shop.settings)
    return done.run, done.draft


def other(person: Person, **changes: object) -> tuple[Person, ...]:
    return tuple(replace(p, **changes) if p is person else p for p in PEOPLE)  # type: ignore[arg-type]


def refreshed(shop: Shop, runs: Runs, run: str, people: tuple[Person, ...]) -> Refreshed:
    shop.rebuild(people)
    return refresh(run, shop.target, shop.facts, runs, shop.settings)


def key(shop: Shop, person: Person) -> str:
    return next(k for k, member in shop.target.people.items() if member.email == person.email)


def reads(shop: Shop, runs: Runs, run: str, draft: str, person: Person) -> tuple[str, str]:
    campaign = Campaign.load(runs.folder(run) / "campaign.json")
    sent, true = delivered(shop, draft, campaign)[key(shop, person)]
    return sent["html"], true["html"]


def test_where_nothing_moved_nothing_is_written(shop: Shop, runs: Runs) -> None:
    run, _ = applied(shop, runs)
    before, writes = shop.target.state(), sum(call.startswith("write") for call in shop.target.calls)
    assert refresh(run, shop.target, shop.facts, runs, shop.settings) == Refreshed(run, 0, 0, 0, 0)
    assert shop.target.state() == before and sum(call.startswith("write") for call in shop.target.calls) == writes


def test_a_claim_that_is_no_longer_true_goes(shop: Shop, runs: Runs) -> None:
    run, draft = applied(shop, runs)
    assert "our most valuable customer" in reads(shop, runs, run, draft, BEST)[0]
    done = refreshed(shop, runs, run, other(BEST, orders=BEST.orders[-1:]))
    sent, true = reads(shop, runs, run, draft, BEST)
    assert sent == true and "one of our customers" in sent and done.people_written == 1 and done.gains == 0


def test_who_may_no_longer_get_it_leaves_the_segment(shop: Shop, runs: Runs) -> None:
    run, _ = applied(shop, runs)
    shop.target.change(key(shop, NEVER), "unsubscribed")
    done = refreshed(shop, runs, run, other(ONCE, consent="denied"))
    assert done.people_removed == 2
    assert [set(keys) for _, keys in shop.target.segments.values()] == [{key(shop, BEST)}]


def test_a_text_that_says_more_waits_for_a_plan(shop: Shop, runs: Runs) -> None:
    run, draft = applied(shop, runs)
    before = reads(shop, runs, run, draft, NEVER)[0]
    done = refreshed(shop, runs, run, other(NEVER, orders=BEST.orders))
    sent, true = reads(shop, runs, run, draft, NEVER)
    assert done.gains >= 1 and sent != true
    assert "most valuable" not in sent and "one of our readers" in before
    again = refresh(run, shop.target, shop.facts, runs, shop.settings)
    assert again.people_written == 0 and reads(shop, runs, run, draft, NEVER)[0] == sent


def test_a_text_that_is_no_longer_true_goes_even_where_more_would_be_true(shop: Shop, runs: Runs) -> None:
    """They were thanked for their (one) order: with two, that is untrue, and the thanks for both say more."""
    run, draft = applied(shop, runs)
    assert "for your order!" in reads(shop, runs, run, draft, ONCE)[0]
    more = (("2022-01-01", "Brass Lantern", "60"), ("2022-06-01", "Brass Lantern", "60"), *ONCE.orders)
    refreshed(shop, runs, run, other(ONCE, orders=more))
    sent, _ = reads(shop, runs, run, draft, ONCE)
    assert "for your order!" not in sent and "loyalty" not in sent and "for reading" in sent


def test_whose_field_somebody_changed_leaves_the_segment(shop: Shop, runs: Runs) -> None:
    run, _ = applied(shop, runs)
    tag = next(tag for tag in shop.target.columns if shop.target.columns[tag].default == "reader")
    shop.target.change(key(shop, BEST), **{tag: "Your Majesty"})
    assert refresh(run, shop.target, shop.facts, runs, shop.settings).people_removed == 1
    assert shop.target.value(key(shop, BEST), tag) == "Your Majesty"


def test_undo_takes_back_what_a_refresh_wrote(shop: Shop, runs: Runs) -> None:
    before = shop.target.state()
    run, _ = applied(shop, runs)
    refreshed(shop, runs, run, other(BEST, orders=BEST.orders[:1]))
    assert not undo(run, shop.target, runs).left
    assert shop.target.state() == before


def test_a_scheduled_draft_is_refreshed_and_a_sent_one_is_not(shop: Shop, runs: Runs) -> None:
    run, draft = applied(shop, runs)
    shop.target.drafts[draft] = replace(shop.target.drafts[draft], state="schedule")
    refresh(run, shop.target, shop.facts, runs, shop.settings)
    shop.target.drafts[draft] = replace(shop.target.drafts[draft], state="sent")
    with pytest.raises(StalePlanError, match="its state is 'sent'"):
        refresh(run, shop.target, shop.facts, runs, shop.settings)


def test_a_run_that_was_undone_is_not_refreshed(shop: Shop, runs: Runs) -> None:
    run, _ = applied(shop, runs)
    undo(run, shop.target, runs)
    with pytest.raises(StalePlanError, match="the run is undone"):
        refresh(run, shop.target, shop.facts, runs, shop.settings)
