"""Applying does what the plan says, to those of whom it still holds."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from conformance.shop import BEST, MESSAGE, NEVER, ONCE, Shop, delivered

from contextmail.applying import apply, undo
from contextmail.campaign import Campaign
from contextmail.config import Settings
from contextmail.connectors.base import AudienceField
from contextmail.errors import ConfigurationError, StalePlanError, UnsafePlanError
from contextmail.model.plan import Plan
from contextmail.planning import plan
from contextmail.planning.folder import seal
from contextmail.store.runs import Runs


def planned(shop: Shop, name: str = "plan", **options: object) -> Plan:
    return plan("spring", shop.target, shop.facts, shop.settings, out=shop.folder / name, **options)  # type: ignore[arg-type]


def lenient(shop: Shop) -> Settings:
    """Let every contact have changed."""
    return shop.settings.model_copy(update={"limits": shop.settings.limits.model_copy(update={"changed": 1.0})})


def key(shop: Shop, email: str) -> str:
    return next(k for k, member in shop.target.people.items() if member.email == email)


def resealed(shop: Shop, made: Plan, **changes: object) -> Path:
    folder = shop.folder / "plan"
    seal(made.model_copy(update=changes), folder)
    return folder


def test_everybody_reads_what_is_true_of_them(shop: Shop, runs: Runs) -> None:
    made = planned(shop)
    done = apply(shop.folder / "plan", shop.target, runs, shop.settings)
    read = delivered(shop, done.draft, Campaign.load(runs.folder(made.run) / "campaign.json"))
    assert read.keys() == {key(shop, person.email) for person in (BEST, ONCE, NEVER)}
    for sent, true in read.values():
        assert sent == true
    assert len({sent["html"] for sent, _ in read.values()}) == 3


def test_the_authors_draft_stays_and_no_status_changes(shop: Shop, runs: Runs) -> None:
    before = shop.target.state()
    planned(shop)
    apply(shop.folder / "plan", shop.target, runs, shop.settings)
    after = shop.target.state()
    assert after[3]["spring"] == MESSAGE and after[4] == before[4]  # type: ignore[index]


def test_applying_twice_does_nothing_more(shop: Shop, runs: Runs) -> None:
    planned(shop)
    first = apply(shop.folder / "plan", shop.target, runs, shop.settings)
    before, calls = shop.target.state(), len(shop.target.calls)
    assert apply(shop.folder / "plan", shop.target, runs, shop.settings) == first
    assert shop.target.state() == before and len(shop.target.calls) == calls


def test_a_field_is_made_neither_public_nor_required(shop: Shop, runs: Runs) -> None:
    planned(shop)
    apply(shop.folder / "plan", shop.target, runs, shop.settings)
    assert not any(field.public or field.required for field in shop.target.columns.values())


@pytest.mark.parametrize("status", ["unsubscribed", "cleaned", "archived"])
def test_who_left_since_is_skipped_and_listed(shop: Shop, runs: Runs, status: str) -> None:
    made = planned(shop)
    shop.target.change(key(shop, ONCE.email), status)  # type: ignore[arg-type]
    done = apply(shop.folder / "plan", shop.target, runs, lenient(shop))
    assert done.skipped == ((f"status: {status}", 1),) and runs.skipped(made.run) == {
        key(shop, ONCE.email): f"status: {status}"
    }
    assert key(shop, ONCE.email) not in shop.target.segments[done.segment][1]
    assert not any(shop.target.value(key(shop, ONCE.email), field.tag) for field in made.fields)


def test_whose_field_somebody_changed_since_is_left_out_of_the_segment(shop: Shop, runs: Runs) -> None:
    tag = planned(shop).fields[0].tag
    shop.target.columns[tag] = AudienceField("1", tag, f"contextmail {tag}", default="reader")
    shop.target.change(key(shop, NEVER.email), **{tag: "Boss"})
    done = apply(shop.folder / "plan", shop.target, runs, lenient(shop))
    assert done.skipped == ((f"somebody changed {tag}", 1),)
    assert shop.target.value(key(shop, NEVER.email), tag) == "Boss"
    assert key(shop, NEVER.email) not in shop.target.segments[done.segment][1]


def test_a_change_that_is_not_ours_to_mind_skips_nobody(shop: Shop, runs: Runs) -> None:
    planned(shop)
    shop.target.change(key(shop, ONCE.email), FNAME="Bob")
    assert apply(shop.folder / "plan", shop.target, runs, shop.settings).skipped == ()


def test_too_many_changes_since_refuse_before_anything_is_written(shop: Shop, runs: Runs) -> None:
    planned(shop)
    shop.target.change(key(shop, ONCE.email), "unsubscribed")
    before = shop.target.state()
    with pytest.raises(StalePlanError, match=r"33.3% of the people changed(?s:.*)limits.changed"):
        apply(shop.folder / "plan", shop.target, runs, shop.settings)
    assert shop.target.state() == before


def test_contacts_that_cannot_be_written_are_left_out_of_the_segment(shop: Shop, runs: Runs) -> None:
    planned(shop)
    shop.target.refused = {key(shop, BEST.email)}
    done = apply(shop.folder / "plan", shop.target, runs, lenient(shop))
    assert done.skipped == (("refused", 1),) and done.people_written == 2
    assert key(shop, BEST.email) not in shop.target.segments[done.segment][1]


def test_a_plan_past_its_time_is_refused(shop: Shop, runs: Runs) -> None:
    made = planned(shop)
    folder = resealed(shop, made, valid_until=made.made_at - timedelta(seconds=1))
    with pytest.raises(StalePlanError, match="valid until"):
        apply(folder, shop.target, runs, shop.settings)


def test_a_plan_over_its_limits_is_refused(shop: Shop, runs: Runs) -> None:
    made = planned(shop)
    folder = resealed(
        shop, made, checks=[check.model_copy(update={"found": 2.0, "limit": 0.5}) for check in made.checks[:1]]
    )
    with pytest.raises(UnsafePlanError, match=r"share of recipients dropped: 2, at most 0.5(?s:.*)limits.dropped"):
        apply(folder, shop.target, runs, shop.settings)


def test_a_plan_for_nobody_is_refused(shop: Shop, runs: Runs) -> None:
    folder = resealed(shop, planned(shop), segment_people=0)
    with pytest.raises(UnsafePlanError, match="nobody to send to"):
        apply(folder, shop.target, runs, shop.settings)


def test_a_plan_for_another_audience_is_refused(shop: Shop, runs: Runs) -> None:
    planned(shop)
    with pytest.raises(ConfigurationError, match="for mailchimp:memory, not for mailchimp:other"):
        apply(shop.folder / "plan", replace(shop.target, audience="other"), runs, shop.settings)


def test_a_draft_that_its_author_changed_since_is_refused(shop: Shop, runs: Runs) -> None:
    planned(shop)
    shop.target.add_draft("spring", **{**MESSAGE, "subject": "Another"})
    with pytest.raises(StalePlanError, match="draft was changed since"):
        apply(shop.folder / "plan", shop.target, runs, shop.settings)


def test_a_field_that_somebody_else_made_since_stops_it(shop: Shop, runs: Runs) -> None:
    tag = planned(shop).fields[0].tag
    shop.target.columns[tag] = AudienceField("9", tag, "Somebody's own")
    with pytest.raises(UnsafePlanError, match="somebody else's"):
        apply(shop.folder / "plan", shop.target, runs, shop.settings)
    assert not shop.target.segments and len(shop.target.drafts) == 1


def test_a_run_that_was_undone_is_not_applied_again(shop: Shop, runs: Runs) -> None:
    made = planned(shop)
    apply(shop.folder / "plan", shop.target, runs, shop.settings)
    undo(made.run, shop.target, runs)
    with pytest.raises(UnsafePlanError, match="was undone"):
        apply(shop.folder / "plan", shop.target, runs, shop.settings)


def test_two_cannot_write_at_the_same_time(shop: Shop, runs: Runs) -> None:
    planned(shop)
    with Runs(shop.folder / "store").lock(), pytest.raises(UnsafePlanError, match="another contextmail is writing"):
        apply(shop.folder / "plan", shop.target, runs, shop.settings)


def test_with_paste_segment_and_fields_are_made_and_no_draft(shop: Shop, runs: Runs) -> None:
    made = planned(shop, paste=True)
    done = apply(shop.folder / "plan", shop.target, runs, shop.settings)
    assert done.draft == "" and list(shop.target.drafts) == ["spring"] and len(shop.target.segments) == 1
    shop.target.add_draft("own", **made.draft.parts)
    with pytest.raises(UnsafePlanError, match="campaign own asks for"):
        undo(made.run, shop.target, runs)
    del shop.target.drafts["own"]
    assert undo(made.run, shop.target, runs).segment
    assert not shop.target.columns


def test_progress_is_told(shop: Shop, runs: Runs) -> None:
    planned(shop)
    told: list[str] = []
    apply(shop.folder / "plan", shop.target, runs, shop.settings, progress=lambda stage, _share: told.append(stage))
    assert {"Creating fields", "Writing fields: 3 of 3", "Making the segment", "Making the draft"} <= set(told)
