"""A tidy deletes contact fields of ours that nothing uses, when a person has read which."""

from dataclasses import replace

import pytest
from conformance.shop import Shop

from contextmail.applying import apply, plan_tidy, undo
from contextmail.config import Settings
from contextmail.connectors.base import AudienceField
from contextmail.errors import StalePlanError, UnsafePlanError
from contextmail.planning import plan
from contextmail.planning.folder import seal
from contextmail.store.runs import Runs


@pytest.fixture
def sent(shop: Shop, runs: Runs) -> str:
    """Apply the campaign, and send its draft."""
    plan("spring", shop.target, shop.facts, shop.settings, out=shop.folder / "plan")
    done = apply(shop.folder / "plan", shop.target, runs, shop.settings)
    shop.target.drafts[done.draft] = replace(shop.target.drafts[done.draft], state="sent")
    return done.run


def at_once(shop: Shop) -> Settings:
    return shop.settings.model_copy(update={"limits": shop.settings.limits.model_copy(update={"tidy_days": 0})})


def test_a_field_is_left_for_thirty_days_after_its_last_use(shop: Shop, runs: Runs, sent: str) -> None:
    fields = plan_tidy(shop.target, runs, shop.settings, out=shop.folder / "tidy").fields
    assert fields and not any(field.delete for field in fields)
    assert all("left until" in field.why for field in fields)


def test_looking_deletes_nothing_and_applying_deletes_what_was_listed(shop: Shop, runs: Runs, sent: str) -> None:
    shop.target.columns["FNAME"] = AudienceField("1", "FNAME", "First name")
    count = len(shop.target.columns)
    made = plan_tidy(shop.target, runs, at_once(shop), out=shop.folder / "tidy")
    assert all(field.delete for field in made.fields) and len(shop.target.columns) == count
    done = apply(shop.folder / "tidy", shop.target, runs, at_once(shop))
    assert set(done.fields) == {field.tag for field in made.fields} and list(shop.target.columns) == ["FNAME"]
    assert not any(shop.target.people[key].fields.keys() - {"FNAME"} for key in shop.target.people)


def test_a_field_that_a_draft_names_is_left(shop: Shop, runs: Runs, sent: str) -> None:
    tag = next(iter(shop.target.columns))
    shop.target.add_draft("own", html=f"<p>Dear *|{tag}|*</p>")
    made = plan_tidy(shop.target, runs, at_once(shop), out=shop.folder / "tidy")
    assert [(field.tag, field.why) for field in made.fields if not field.delete] == [(tag, "used in campaign own")]


def test_a_field_that_a_draft_names_since_is_left(shop: Shop, runs: Runs, sent: str) -> None:
    plan_tidy(shop.target, runs, at_once(shop), out=shop.folder / "tidy")
    tag = next(iter(shop.target.columns))
    shop.target.add_draft("own", html=f"<p>Dear *|{tag}|*</p>")
    apply(shop.folder / "tidy", shop.target, runs, at_once(shop))
    assert list(shop.target.columns) == [tag]


def test_a_field_of_which_nothing_is_remembered_is_left(shop: Shop, runs: Runs) -> None:
    shop.target.columns["CMABCDEFGH"] = AudienceField("1", "CMABCDEFGH", "contextmail CMABCDEFGH")
    made = plan_tidy(shop.target, runs, at_once(shop), out=shop.folder / "tidy")
    assert [(field.delete, field.why) for field in made.fields] == [
        (False, "no run that is remembered here has used it")
    ]


def test_a_tidy_that_was_stopped_goes_on(shop: Shop, runs: Runs, sent: str) -> None:
    made = plan_tidy(shop.target, runs, at_once(shop), out=shop.folder / "tidy")
    first = made.fields[0].tag
    runs.begin(made.run, "tidy", made.on, "tidy", shop.folder / "tidy")
    runs.before(made.run, f"field {first}")
    shop.target.delete_field(shop.target.columns[first])
    done = apply(shop.folder / "tidy", shop.target, runs, at_once(shop))
    assert not shop.target.columns and set(done.fields) == {field.tag for field in made.fields}
    assert all(use.restored for use in runs.uses(made.on))


def test_a_tidy_cannot_be_undone_or_applied_late(shop: Shop, runs: Runs, sent: str) -> None:
    made = plan_tidy(shop.target, runs, at_once(shop), out=shop.folder / "tidy")
    seal(made.model_copy(update={"valid_until": made.made_at.replace(year=2020)}), shop.folder / "tidy")
    with pytest.raises(StalePlanError, match="valid until 2020"):
        apply(shop.folder / "tidy", shop.target, runs, at_once(shop))
    seal(made, shop.folder / "tidy")
    apply(shop.folder / "tidy", shop.target, runs, at_once(shop))
    with pytest.raises(UnsafePlanError, match="cannot be undone"):
        undo(made.run, shop.target, runs)
