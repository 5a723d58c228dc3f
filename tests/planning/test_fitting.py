"""A campaign fits into the fields that an audience has left, and never makes room by deleting."""

import pytest
from conformance.shop import ONCE, PEOPLE, Person, Shop, delivered

from contextmail.applying import apply
from contextmail.campaign import Campaign
from contextmail.connectors.base import AudienceField
from contextmail.errors import UnsafePlanError
from contextmail.model.plan import Plan
from contextmail.planning import plan
from contextmail.store.runs import Runs

CLAIMS = (
    "<p>You are our most valuable customer.</p><p>Thank you for your continued loyalty!</p>"
    "<p>We miss you! Here are the lights.</p><p>New here? Become a customer today!</p>"
)


def planned(shop: Shop, free: int, html: str = CLAIMS, subject: str = "Six lights for long evenings") -> Plan:
    shop.target.add_draft("spring", subject=subject, html=html)
    for number in range(30 - free):
        shop.target.columns[f"OWN{number}"] = AudienceField(str(number), f"OWN{number}", f"Own {number}")
    return plan("spring", shop.target, shop.facts, shop.settings, out=shop.folder / "plan")


def everybody_reads_what_is_true(shop: Shop) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    runs = Runs(shop.folder / "store")
    done = apply(shop.folder / "plan", shop.target, runs, shop.settings)
    return delivered(shop, done.draft, Campaign.load(runs.folder(done.run) / "campaign.json"))


def test_choices_share_a_field_when_there_are_too_few(shop: Shop) -> None:
    made = planned(shop, free=2)
    assert len(made.fields) == 2 and {edit.mode for edit in made.edits} == {"choose"}
    assert "edits share one choose field, whose key stands for all of them together" in made.notes
    read = everybody_reads_what_is_true(shop)
    assert len({sent["html"] for sent, _ in read.values()}) == 3
    assert all(sent == true for sent, true in read.values())


def test_the_people_of_a_shared_choice_are_told_by_their_own_texts(shop: Shop) -> None:
    """Many of whom less is true do not take the place of the few of whom more is."""
    many = [Person(str(number), "Flo", ONCE.orders * 2) for number in range(10, 15)]
    shop.rebuild((*PEOPLE, *many))
    for person in many:
        shop.target.add(person.email)
    told = [[(text.text, text.people) for text in edit.texts] for edit in planned(shop, free=2).edits]
    (shop.folder / "plan").rename(shop.folder / "shared")
    shop.target.columns.clear()
    assert told == [[(text.text, text.people) for text in edit.texts] for edit in planned(shop, free=30).edits]


def test_the_edits_that_concern_fewest_people_are_left_out_next(shop: Shop) -> None:
    made = planned(
        shop, free=1, html="<p>You are our most valuable customer.</p>", subject="You are our most valuable customer"
    )
    assert [edit.mode for edit in made.edits] == ["neutral", "slot"] or [edit.mode for edit in made.edits] == [
        "choose",
        "neutral",
    ]
    assert any(note.startswith("left out: unearned-value-claim") for note in made.notes)
    assert len(made.fields) == 1
    for sent, true in everybody_reads_what_is_true(shop).values():
        assert sent == true and ("best" not in sent["html"])


def test_without_a_single_field_the_plan_is_refused(shop: Shop) -> None:
    with pytest.raises(UnsafePlanError, match="room for 0 new contact fields, and 5 are needed"):
        planned(shop, free=0)
    assert not (shop.folder / "plan").exists()


def test_fields_that_are_there_from_another_campaign_need_no_room(shop: Shop) -> None:
    first = planned(shop, free=30)
    (shop.folder / "plan").rename(shop.folder / "first")
    for field in first.fields:
        shop.target.columns[field.tag] = AudienceField(field.tag, field.tag, field.name, default=field.default)
    made = planned(shop, free=30)
    shop.target.limits["fields"] = len(shop.target.columns)
    assert [field.create for field in made.fields] == [False] * len(made.fields)


def test_a_neutral_text_that_no_field_can_hold_stands_in_the_draft_itself(shop: Shop) -> None:
    shop.target.limits["field_bytes"] = 10
    made = planned(shop, free=30, html="<p>Here are the lights.</p>", subject="You are our most valuable customer")
    assert [edit.mode for edit in made.edits] == ["neutral"] and not made.fields
    assert "too long for a field" in made.notes[0]
