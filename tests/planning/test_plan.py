"""A plan says who gets what and why, and reads without writing."""

import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conformance.shop import BEST, DENIED, MESSAGE, NEVER, ONCE, PEOPLE, WEARY, Person, Shop, make_shop
from proposing.server import Endpoint, text_of

from contextmail.connectors.base import AudienceField
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError, PlatformError, UnsafePlanError
from contextmail.model.plan import Plan
from contextmail.model.rewriter import RewriterOptions
from contextmail.planning import plan
from contextmail.planning.folder import PLAN, read_plan
from contextmail.wiring import rewriter as open_rewriter


def planned(shop: Shop, name: str = "plan", **options: object) -> Plan:
    return plan("spring", shop.target, shop.facts, shop.settings, out=shop.folder / name, **options)  # type: ignore[arg-type]


def rows(shop: Shop, sql: str, name: str = "plan") -> list[tuple[object, ...]]:
    with DuckDBEngine(folder=shop.folder / name) as engine:
        return engine.rows(sql)


def test_everybody_is_decided_with_the_reason(shop: Shop) -> None:
    made = planned(shop)
    assert {(r.outcome, r.reason): r.people for r in made.decisions} == {
        ("send", ""): 3, ("drop", "opted-out"): 1, ("hold", "too-often"): 1,
    }  # fmt: skip
    assert made.recipients == 5 and made.segment_people == 3 and made.held == 1
    assert rows(shop, "SELECT email, until FROM 'held.parquet'") == [(WEARY.email, datetime(2024, 6, 4))]
    assert rows(shop, "SELECT email FROM 'segment.parquet' ORDER BY 1") == [(p.email,) for p in (BEST, ONCE, NEVER)]


def test_planning_reads_and_never_writes(shop: Shop) -> None:
    before = shop.target.state()
    planned(shop)
    assert shop.target.calls == ["read draft", "read account", "read fields", "read members"]
    assert shop.target.state() == before


def test_every_change_says_old_and_new(shop: Shop) -> None:
    tag = next(field.tag for field in planned(shop).fields if field.default == "reader")
    shop.target.columns[tag] = AudienceField("7", tag, f"contextmail {tag}", default="reader")
    for key, member in shop.target.people.items():
        shop.target.change(key, **{tag: {"p1@example.com": "Ada", "p2@example.com": "Someone"}.get(member.email, "")})
    again = planned(shop, "again")
    changes = rows(shop, f"SELECT email, old, new FROM 'changes.parquet' WHERE tag = '{tag}' ORDER BY 1", "again")
    assert changes == [("p2@example.com", "Someone", "Bo"), ("p3@example.com", None, "reader")]
    assert [field.create for field in again.fields if field.tag == tag] == [False]


def test_a_choice_that_says_nothing_is_not_written_where_nothing_is_there(shop: Shop) -> None:
    made = planned(shop)
    choices = ", ".join(f"'{field.tag}'" for field in made.fields if field.mode == "choose")
    assert rows(shop, f"SELECT DISTINCT new FROM 'changes.parquet' WHERE tag IN ({choices}) ORDER BY 1") == [
        ("a",),
        ("b",),
    ]


def test_fields_are_short_named_by_content_and_ours(shop: Shop) -> None:
    one, other = planned(shop), planned(shop, "other")
    assert all(
        len(field.tag) <= 10 and field.name == f"contextmail {field.tag}" and field.create for field in one.fields
    )
    assert one.fields == other.fields and one.run != other.run


def test_only_subscribed_contacts_are_recipients(shop: Shop) -> None:
    for email, status in (
        ("a@example.com", "unsubscribed"),
        ("b@example.com", "cleaned"),
        ("c@example.com", "pending"),
    ):
        shop.target.add(email, status)  # type: ignore[arg-type]
    made = planned(shop)
    assert made.recipients == 5 and made.others == {"cleaned": 1, "pending": 1, "unsubscribed": 1}


def test_the_segment_is_a_subset_of_what_the_draft_targets(shop: Shop) -> None:
    keys = {m.email: k for k, m in shop.target.people.items()}
    shop.target.segments["vip"] = ("VIP", {keys[ONCE.email], keys[DENIED.email]})
    shop.target.add_draft("spring", segment="vip", **MESSAGE)
    made = planned(shop)
    assert made.recipients == 2 and made.draft.targets == "vip"
    assert rows(shop, "SELECT email FROM 'segment.parquet'") == [(ONCE.email,)]


def test_contacts_that_the_facts_do_not_know_are_decided_with_unknown_facts(shop: Shop) -> None:
    shop.target.add("stranger@example.org")
    made = planned(shop)
    stranger = rows(
        shop, f"SELECT outcome, reason FROM 'decisions.parquet' WHERE key = '{_key(shop, 'stranger@example.org')}'"
    )
    assert stranger == [("drop", "opted-out")]
    assert "1 recipients are not in the facts: they get what is true of everybody" in made.notes


def test_addresses_match_whatever_their_capitals(shop: Shop) -> None:
    del shop.target.people[_key(shop, BEST.email)]
    shop.target.add("P1@Example.COM")
    planned(shop)
    assert ("P1@Example.COM",) in rows(shop, "SELECT email FROM 'segment.parquet'")


def test_an_address_of_two_customers_gets_what_is_true_of_both(tmp_path: Path) -> None:
    class Twin(Person):
        @property
        def email(self) -> str:
            return BEST.email

    shop = make_shop(tmp_path / "twins", (*PEOPLE, Twin("6", "Ada", (("2024-01-01", "Brass Lantern", "5"),))))
    made = planned(shop)
    tag = next(
        f.tag for f in made.fields if f.mode == "choose" and any(e.quote.startswith("our most") for e in made.edits)
    )
    values = dict(rows(shop, f"SELECT email, {tag} FROM 'segment.parquet'"))
    assert values[BEST.email] == "z"
    assert "1 addresses are of several customers: they get what is true of all of these" in made.notes


def test_facts_without_any_address_of_the_audience_are_an_error_with_the_cure(shop: Shop) -> None:
    shop.target.people.clear()
    shop.target.add("nobody@example.org")
    with pytest.raises(ConfigurationError, match="hold no address of this audience(?s:.*)email"):
        planned(shop)


def test_a_share_of_dropped_people_over_the_limit_stands_in_the_checks(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"limits": shop.settings.limits.model_copy(update={"dropped": 0.1})})
    made = plan("spring", shop.target, shop.facts, settings, out=shop.folder / "plan")
    assert [(check.name, check.found, check.ok) for check in made.checks if not check.ok] == [
        ("share of recipients dropped", 0.2, False)
    ]


def test_a_plan_is_readable_by_its_owner_alone_and_whole_or_not_there(shop: Shop) -> None:
    planned(shop)
    assert stat.S_IMODE((shop.folder / "plan").stat().st_mode) == 0o700
    with pytest.raises(ConfigurationError, match="something here already"):
        planned(shop)
    shop.target.drafts.clear()
    with pytest.raises(PlatformError, match="Not Found"):
        planned(shop, "broken")
    assert sorted(path.name for path in shop.folder.iterdir() if "plan" in path.name or "broken" in path.name) == [
        "plan"
    ]


@pytest.mark.parametrize("file", ["plan.json", "segment.parquet", "changes.parquet", "campaign.json", "held.parquet"])
def test_a_plan_that_was_altered_is_refused(shop: Shop, file: str) -> None:
    planned(shop)
    path = shop.folder / "plan" / file
    path.write_bytes(path.read_bytes().replace(b"spring", b"sprint") if file == PLAN else path.read_bytes() + b" ")
    with pytest.raises(UnsafePlanError, match=f"{file} changed after the plan was made"):
        read_plan(shop.folder / "plan")


def test_a_plan_holds_until_its_time_and_not_beyond_the_message(shop: Shop) -> None:
    made = planned(shop)
    assert made.valid_until - made.made_at == timedelta(hours=24)
    soon = made.made_at + timedelta(hours=2)
    assert planned(shop, "soon", expires=soon).valid_until == soon


def test_a_field_with_our_tag_and_another_name_stops_the_plan(shop: Shop) -> None:
    tag = planned(shop).fields[0].tag
    shop.target.columns[tag] = AudienceField("9", tag, "Somebody's own")
    with pytest.raises(UnsafePlanError, match=f"{tag} is somebody else's"):
        planned(shop, "again")


def test_a_field_whose_default_somebody_changed_stops_the_plan(shop: Shop) -> None:
    tag = next(field.tag for field in planned(shop).fields if field.mode == "slot")
    shop.target.columns[tag] = AudienceField("9", tag, f"contextmail {tag}", default="Valued friend")
    with pytest.raises(UnsafePlanError, match="changed the default"):
        planned(shop, "again")


def test_a_draft_that_is_ours_already_is_no_original(shop: Shop) -> None:
    made = planned(shop)
    for field in made.fields:
        shop.target.columns[field.tag] = AudienceField(field.tag, field.tag, field.name, default=field.default)
    shop.target.add_draft("ours", **made.draft.parts)
    with pytest.raises(UnsafePlanError, match="a field of contextmail"):
        plan("ours", shop.target, shop.facts, shop.settings, out=shop.folder / "again")


def test_a_local_message_is_planned_like_a_draft(shop: Shop) -> None:
    file = shop.folder / "spring.html"
    file.write_text(f"---\nsubject: {MESSAGE['subject']}\nexpires: 2027-01-01\n---\n{MESSAGE['html']}")
    made = plan(file, shop.target, shop.facts, shop.settings, out=shop.folder / "plan")
    assert made.draft.source == "" and made.draft.title.startswith("spring [contextmail ")
    assert made.message.expires == datetime(2027, 1, 1) and made.segment_people == 3


def test_what_stays_in_the_draft_is_told(shop: Shop) -> None:
    shop.target.add_draft(
        "spring", subject="Hello", html='<p mc:repeatable="x">You are our most valuable customer.</p>'
    )
    assert any("stays as it is: unearned-value-claim" in note for note in planned(shop).notes)


def _key(shop: Shop, email: str) -> str:
    return next(key for key, member in shop.target.people.items() if member.email == email)


def test_a_plan_shows_what_owners_are_proposed_with_support_and_lift(tmp_path: Path) -> None:
    lantern, blanket = ("2023-01-01", "Brass Lantern", "40"), ("2023-06-01", "Wool Blanket", "60")
    both = [Person(f"b{n}", "Bo", (lantern, blanket)) for n in range(25)]
    one = [Person(f"o{n}", "Olu", (lantern,)) for n in range(2)]
    others = tuple(Person(f"x{n}", "Xi", (("2023-01-01", "Tin Whistle", "5"),)) for n in range(80))
    shop = make_shop(tmp_path / "shop", (*both, *one, *others))
    shop.target.add_draft(
        "spring", subject="Spring", html="<p>Dear *|FNAME|*,</p><p>Come and see the new Brass Lantern.</p>"
    )
    made = planned(shop)
    (edit,) = (edit for edit in made.edits if edit.rule == "owned-offer")
    assert [text.people for text in edit.texts] == [2, 25, 80]
    assert "came back for the Wool Blanket" in edit.texts[0].text and "Blanket" not in edit.texts[1].text
    (bought,) = edit.bought_next
    assert (bought.name, bought.people, bought.of) == ("Wool Blanket", 25, 27) and bought.lift > bought.surely > 2
    assert read_plan(shop.folder / "plan").edits == made.edits


def test_a_plan_says_which_words_a_model_proposed_and_holds_them(
    shop: Shop, endpoint: Endpoint, tmp_path: Path
) -> None:
    endpoint.behaviour = lambda call, asked: call.propose(text_of(asked).replace("Thank you", "Many thanks"))
    rewriter = RewriterOptions(propose=True, url=endpoint.url, model="editor-1", wait=0)
    settings = shop.settings.model_copy(update={"rewriter": rewriter, "store": tmp_path})
    with open_rewriter(settings) as opened:
        made = plan("spring", shop.target, shop.facts, settings, out=shop.folder / "plan", rewriter=opened)
    proposed = [note for note in made.notes if note.endswith("proposed by editor-1")]
    assert proposed
    texts = {text.text for edit in made.edits for text in edit.texts}
    assert any(text.startswith("Many thanks for") for text in texts)
    assert not any(text.startswith("Thank you for your") for text in texts)
    asked = len(endpoint.bodies)
    endpoint.behaviour = lambda call, _: call.send(b"", 500)
    with open_rewriter(settings) as opened:
        again = plan("spring", shop.target, shop.facts, settings, out=shop.folder / "again", rewriter=opened)
    assert (again.edits, again.fields, len(endpoint.bodies)) == (made.edits, made.fields, asked)
