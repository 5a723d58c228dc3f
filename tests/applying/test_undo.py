"""Undo puts everything back, except what somebody has changed since, which it lists."""

from dataclasses import replace

import pytest
from conformance.shop import BEST, MESSAGE, NEVER, ONCE, PEOPLE, Shop

from contextmail.applying import Applied, apply, undo
from contextmail.connectors.base import AudienceField
from contextmail.errors import ConfigurationError, UnsafePlanError
from contextmail.model.plan import Plan
from contextmail.planning import plan
from contextmail.store.runs import Runs

CLAIM = "<p>You are our most valuable customer.</p>"


def applied(shop: Shop, runs: Runs, draft: str = "spring") -> tuple[Plan, Applied]:
    folder = shop.folder / f"plan-{draft}"
    made = plan(draft, shop.target, shop.facts, shop.settings, out=folder)
    return made, apply(folder, shop.target, runs, shop.settings)


def key(shop: Shop, email: str) -> str:
    return next(k for k, member in shop.target.people.items() if member.email == email)


def test_everything_is_as_it_was(shop: Shop, runs: Runs) -> None:
    before = shop.target.state()
    made, _ = applied(shop, runs)
    done = undo(made.run, shop.target, runs)
    assert shop.target.state() == before
    assert done.draft and done.segment and len(done.fields_deleted) == len(made.fields) and not done.left
    assert undo(made.run, shop.target, runs) == done


def test_values_of_a_field_that_was_there_before_are_restored(shop: Shop, runs: Runs) -> None:
    made, _ = applied(shop, runs)
    undo(made.run, shop.target, runs)
    runs.forget(made.run)
    for field in made.fields:
        shop.target.columns[field.tag] = AudienceField(field.tag, field.tag, field.name, default=field.default)
    slot = next(field.tag for field in made.fields if field.default == "reader")
    shop.target.change(key(shop, ONCE.email), **{slot: "Somebody"})
    before = shop.target.state()
    again = plan("spring", shop.target, shop.facts, shop.settings, out=shop.folder / "again")
    apply(shop.folder / "again", shop.target, runs, shop.settings)
    assert shop.target.value(key(shop, ONCE.email), slot) == "Bo"
    done = undo(again.run, shop.target, runs)
    assert shop.target.state() == before and not done.fields_deleted and done.people_restored == 3


@pytest.mark.parametrize("state", ["schedule", "sending", "sent"])
def test_undo_refuses_once_the_draft_is_no_draft_any_more(shop: Shop, runs: Runs, state: str) -> None:
    made, done = applied(shop, runs)
    shop.target.drafts[done.draft] = replace(shop.target.drafts[done.draft], state=state)
    before = shop.target.state()
    with pytest.raises(UnsafePlanError, match=f"its state is '{state}'"):
        undo(made.run, shop.target, runs)
    assert shop.target.state() == before and runs.get(made.run).state == "applied"


def test_a_value_that_somebody_changed_since_stays_and_is_listed(shop: Shop, runs: Runs) -> None:
    made, _ = applied(shop, runs)
    tag = next(field.tag for field in made.fields if field.default == "reader")
    shop.target.change(key(shop, BEST.email), **{tag: "Your Majesty"})
    done = undo(made.run, shop.target, runs)
    assert done.left == [f"the field {tag} of 1 contacts: somebody changed it"]
    assert shop.target.value(key(shop, BEST.email), tag) == "Your Majesty"
    assert shop.target.value(key(shop, ONCE.email), tag) == "" and set(shop.target.columns) == {tag}


def test_a_value_that_somebody_gave_a_contact_of_no_concern_to_us_keeps_the_field(shop: Shop, runs: Runs) -> None:
    made, _ = applied(shop, runs)
    tag = made.fields[0].tag
    other = shop.target.add("other@example.org", **{tag: "Kept"})
    undo(made.run, shop.target, runs)
    assert shop.target.value(other, tag) == "Kept" and set(shop.target.columns) == {tag}


def test_a_draft_that_somebody_edited_stays_with_what_it_needs(shop: Shop, runs: Runs) -> None:
    made, done = applied(shop, runs)
    draft = shop.target.drafts[done.draft]
    shop.target.drafts[done.draft] = replace(draft, parts={**draft.parts, "subject": "Mine"})
    result = undo(made.run, shop.target, runs)
    assert not result.draft and not result.segment and result.left[0].startswith("the draft")
    assert set(shop.target.columns) == {
        field.tag for field in made.fields if field.tag in draft.parts["html"] + draft.parts["preheader"]
    }


def test_a_segment_to_which_somebody_added_people_stays(shop: Shop, runs: Runs) -> None:
    made, done = applied(shop, runs)
    shop.target.segments[done.segment][1].add(key(shop, "p5@example.com"))
    result = undo(made.run, shop.target, runs)
    assert result.left == ["the segment: somebody added 1 people to it"] and done.segment in shop.target.segments


def test_what_somebody_deleted_already_is_no_error(shop: Shop, runs: Runs) -> None:
    made, done = applied(shop, runs)
    del shop.target.drafts[done.draft], shop.target.segments[done.segment]
    tag = made.fields[0].tag
    shop.target.delete_field(shop.target.columns[tag])
    result = undo(made.run, shop.target, runs)
    assert not shop.target.columns and not result.left


def test_a_contact_that_unsubscribed_since_gets_its_value_back_and_keeps_its_status(shop: Shop, runs: Runs) -> None:
    made, _ = applied(shop, runs)
    shop.target.change(key(shop, NEVER.email), "unsubscribed")
    undo(made.run, shop.target, runs)
    assert shop.target.people[key(shop, NEVER.email)].status == "unsubscribed" and not shop.target.columns


def test_two_campaigns_that_share_fields_leave_each_other_whole(shop: Shop, runs: Runs) -> None:
    before = shop.target.state()
    first, _ = applied(shop, runs)
    shop.target.add_draft("summer", subject="Six lights", html=CLAIM)
    second, done = applied(shop, runs, "summer")
    shared = {field.tag for field in first.fields} & {field.tag for field in second.fields}
    assert len(shared) == 1 and not any(field.create for field in second.fields)
    values = {k: shop.target.value(k, *shared) for k in shop.target.people}
    left = undo(first.run, shop.target, runs).left
    assert left == [f"the field {tag}: used by {second.run}" for tag in shared]
    assert {k: shop.target.value(k, *shared) for k in shop.target.people} == values and set(
        shop.target.columns
    ) == shared
    assert done.draft in shop.target.drafts
    undo(second.run, shop.target, runs)
    del shop.target.drafts["summer"]
    assert shop.target.state() == before


def test_two_runs_that_changed_one_value_give_back_what_was_there_before_both(shop: Shop, runs: Runs) -> None:
    made, _ = applied(shop, runs)
    undo(made.run, shop.target, runs)
    for field in made.fields:
        shop.target.columns[field.tag] = AudienceField(field.tag, field.tag, field.name, default=field.default)
    slot = next(field.tag for field in made.fields if field.default == "reader")
    shop.target.change(key(shop, ONCE.email), **{slot: "Somebody"})
    before = shop.target.state()
    shop.target.add_draft("first", **MESSAGE)
    shop.target.add_draft("second", **MESSAGE)
    first, _ = applied(shop, runs, "first")
    shop.rebuild(tuple(replace(person, name="Bea") if person is ONCE else person for person in PEOPLE))
    second, _ = applied(shop, runs, "second")
    assert shop.target.value(key(shop, ONCE.email), slot) == "Bea"
    undo(first.run, shop.target, runs)
    assert shop.target.value(key(shop, ONCE.email), slot) == "Bea"
    undo(second.run, shop.target, runs)
    del shop.target.drafts["first"], shop.target.drafts["second"]
    assert shop.target.state() == before


def test_undoing_the_second_of_two_campaigns_leaves_the_first_whole(shop: Shop, runs: Runs) -> None:
    before = shop.target.state()
    first, _ = applied(shop, runs)
    middle = shop.target.state()
    shop.target.add_draft("summer", subject="Six lights", html=CLAIM)
    second, _ = applied(shop, runs, "summer")
    undo(second.run, shop.target, runs)
    del shop.target.drafts["summer"]
    assert shop.target.state() == middle
    undo(first.run, shop.target, runs)
    assert shop.target.state() == before


def test_a_field_that_bears_another_name_by_now_stops_it(shop: Shop, runs: Runs) -> None:
    made, _ = applied(shop, runs)
    tag = made.fields[0].tag
    shop.target.columns[tag] = replace(shop.target.columns[tag], name="Mine now")
    with pytest.raises(UnsafePlanError, match="somebody else's"):
        undo(made.run, shop.target, runs)
    assert tag in shop.target.columns


def test_a_run_that_there_is_not_is_an_error_with_the_nearest_name(shop: Shop, runs: Runs) -> None:
    made, _ = applied(shop, runs)
    with pytest.raises(ConfigurationError, match=f"did you mean '{made.run}'"):
        undo(made.run[:-1], shop.target, runs)
