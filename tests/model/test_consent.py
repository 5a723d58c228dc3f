"""Consent: the laws that hold of every ledger, and cases by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from model import laws
from model.laws import LAWS, Law

import contextmail.model.consent as consent
from contextmail.model.consent import (
    Act,
    Actor,
    Assurance,
    Change,
    Choice,
    Obtained,
    Scope,
    Suppression,
    Trust,
    Verdict,
    erased,
    fold,
    permission,
    restrictions,
)
from contextmail.model.consent_story import explain

NOON = datetime(2026, 5, 31, 12)
MAIL = Scope("email", "marketing")


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_law_holds(law: Law) -> None:
    law(consent)


_LATER = laws.nobody_is_allowed_but_by_a_later_grant_of_their_own_at_the_same_or_a_narrower_scope
_TIE = laws.of_a_grant_and_a_withdrawal_at_one_time_the_withdrawal_holds
_ORDER = laws.order_repetition_and_shards_do_not_matter
_TOPIC = laws.a_broad_grant_does_not_revive_a_topic_that_was_left
_MACHINE = laws.machines_and_imports_never_raise
_SUPPRESSION = laws.a_suppression_goes_by_its_own_counter_event_alone
_ERASED = laws.who_was_erased_stays_erased_until_they_grant_anew
_SIGNED = laws.what_is_signed_is_never_taken_back_by_a_read_back
_PERSON = "Act.GRANT: frozenset({Actor.PERSON})"

MUTANTS = {
    "the last write wins": (_ORDER, "return max(one, other, key=lambda c: (c.counts_at, c.value, c.id))", "return other"),
    "ties allow": (_TIE, "grant.counts_at > denial.counts_at for grant in grants", "grant.counts_at >= denial.counts_at for grant in grants"),
    "a wider scope lifts": (_TOPIC, "at.covers(grant.scope) and grant", "grant"),
    "an observed 'subscribed' raises": (_MACHINE, _PERSON, "Act.GRANT: frozenset({Actor.PERSON, Actor.SYSTEM})"),
    "an import raises": (_MACHINE, _PERSON, "Act.GRANT: frozenset({Actor.PERSON, Actor.IMPORT})"),
    "a grant without a date raises": (_LATER, "if self.at is None or self.trust is Trust.NONE:", "if False:"),
    "an unsigned grant raises": (_LATER, "if self.assurance is Assurance.UNSIGNED:", "if False:"),
    "a purchase lifts a withdrawal": (_LATER, 'standing.implied if change.strength == "implied" else standing.granted', "standing.granted"),
    "a time ahead of the receipt counts": (_LATER, "return min(self.at, self.received_at)", "return self.at"),
    "a withdrawal's doubtful date counts": (_LATER, "(self.lowers and self.trust is not Trust.SOURCE)", "False"),
    "any counter-event clears": (_SUPPRESSION, "name == kind and where", "where"),
    "anybody clears a suppression": (_SUPPRESSION, "_MAY_CLEAR.get(self.value, _BY_A_COLLEAGUE)", "frozenset(Actor)"),
    "an old grant outlives an erasure": (_ERASED, "if erased is None or grant.counts_at > erased.counts_at", "if True"),
    "a signed change is taken back": (_SIGNED, "change.id in retracted and change.assurance is Assurance.UNSIGNED", "change.id in retracted"),
    "an import says that the person gave it": (_MACHINE, "change.obtained and change.actor is Actor.PERSON and", "change.obtained and"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_copy_of_the_fold_breaks_its_law(name: str) -> None:
    law, right, wrong = MUTANTS[name]
    with _copy(right, wrong) as mutant, pytest.raises(AssertionError):
        law(mutant, examples=5_000, hunt=True)


def test_a_copy_that_is_not_changed_keeps_the_laws() -> None:
    with _copy(_PERSON, _PERSON) as same:
        _LATER(same)


@contextmanager
def _copy(right: str, wrong: str) -> Iterator[ModuleType]:
    source = Path(str(consent.__file__)).read_text("utf-8")
    assert right in source
    copy = ModuleType("copy_of_consent")
    sys.modules[copy.__name__] = copy  # dataclasses look their module up
    try:
        exec(compile(source.replace(right, wrong), "consent.py", "exec"), copy.__dict__)
        yield copy
    finally:
        del sys.modules[copy.__name__]


# ----------------------------------------------------------------------------------------------------- cases by hand

_numbers = iter(range(10**6))


def change(act: Act, scope: Scope = MAIL, minutes: int = 0, **more: object) -> Change:
    at = NOON + timedelta(minutes=minutes)
    given = {"actor": Actor.PERSON, "at": at, "received_at": at, **more}
    return Change(id=str(next(_numbers)), subject="s", act=act, scope=scope, **given)  # type: ignore[arg-type]


def verdict(*changes: Change, scope: Scope = MAIL) -> Verdict:
    return permission(fold(changes), scope).verdict


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope("email", "marketing"), Verdict.ASK),
        (Scope("postal", "marketing"), Verdict.ASK),
        (Scope("sms", "marketing"), Verdict.DENY),
        (Scope("voice", "marketing"), Verdict.DENY),
        (Scope("whatsapp", "marketing"), Verdict.DENY),
        (Scope("email", "transactional"), Verdict.ALLOW),
        (Scope("sms", "service"), Verdict.ALLOW),
    ],
)
def test_of_whom_nothing_is_on_record_the_channel_and_purpose_decide(scope: Scope, expected: Verdict) -> None:
    held = permission(fold([]), scope)
    assert (held.verdict, held.choice) == (expected, Choice.UNKNOWN)
    assert [reason.code for reason in held.reasons] == ["no-record"]


def test_a_withdrawal_of_all_reaches_every_channel_and_a_later_yes_lifts_it_where_it_was_said() -> None:
    left = change(Act.DENY, Scope())
    back = change(Act.GRANT, Scope("email", "marketing"), 1)
    assert verdict(left, back) is Verdict.ALLOW
    assert verdict(left, back, scope=Scope("sms", "marketing")) is Verdict.DENY
    assert verdict(left, back, scope=Scope("email", "service")) is Verdict.DENY


def test_leaving_one_list_says_nothing_of_another() -> None:
    yes = change(Act.GRANT)
    left = change(Act.DENY, Scope("email", "marketing", "A"), 1)
    assert verdict(yes, left, scope=Scope("email", "marketing", "A")) is Verdict.DENY
    assert verdict(yes, left, scope=Scope("email", "marketing", "B")) is Verdict.ALLOW


def test_a_marketing_yes_does_not_clear_a_complaint_and_a_colleague_does() -> None:
    complained = change(Act.SUPPRESS, Scope("email"), value=Suppression.COMPLAINT, actor=Actor.PLATFORM)
    assert verdict(complained, change(Act.GRANT, minutes=5)) is Verdict.DENY
    cleared = change(Act.CLEAR, Scope("email"), 2, value=Suppression.COMPLAINT, actor=Actor.AGENT)
    assert verdict(complained, cleared, change(Act.GRANT, minutes=5)) is Verdict.ALLOW


def test_an_unknown_suppression_stands_until_a_colleague_clears_it() -> None:
    held = change(Act.SUPPRESS, Scope("email"), value="moon phase", actor=Actor.PLATFORM)
    by_platform = change(Act.CLEAR, Scope("email"), 1, value="moon phase", actor=Actor.PLATFORM)
    by_colleague = change(Act.CLEAR, Scope("email"), 1, value="moon phase", actor=Actor.AGENT)
    assert verdict(held, by_platform) is Verdict.DENY
    assert verdict(held, by_colleague) is Verdict.ASK


def test_an_unsigned_counter_event_clears_nothing() -> None:
    bounced = change(Act.SUPPRESS, Scope("email"), value=Suppression.HARD_BOUNCE, actor=Actor.PLATFORM)
    forged = change(
        Act.CLEAR, Scope("email"), 1, value=Suppression.HARD_BOUNCE, actor=Actor.PLATFORM, assurance=Assurance.UNSIGNED
    )
    assert verdict(bounced, forged) is Verdict.DENY


def test_a_purchase_fills_a_silence_and_lifts_nothing() -> None:
    bought = change(Act.GRANT, minutes=5, strength="implied")
    assert verdict(bought) is Verdict.ALLOW
    assert verdict(change(Act.DENY), bought) is Verdict.DENY
    assert verdict(change(Act.DENY), change(Act.GRANT, minutes=1), bought) is Verdict.ALLOW


def test_who_was_looked_up_is_not_called_whatever_a_file_says_until_they_speak() -> None:
    number = Scope("call", "service")
    looked_up = change(Act.NEVER, number, obtained=Obtained.ENRICHED, actor=Actor.IMPORT)
    in_a_file = change(Act.NEVER, number, 5, obtained=Obtained.GIVEN, actor=Actor.IMPORT)
    said_so = change(Act.PREFER, number, 6, value="only=call", obtained=Obtained.GIVEN)
    assert verdict(looked_up, scope=number) is Verdict.DENY
    assert verdict(looked_up, in_a_file, scope=number) is Verdict.DENY
    assert verdict(looked_up, said_so, scope=number) is Verdict.ALLOW
    assert verdict(said_so, looked_up, scope=number) is Verdict.ALLOW


def test_what_a_person_prefers_is_not_overwritten_by_a_file() -> None:
    own = change(Act.PREFER, value="only=sms")
    by_file = change(Act.PREFER, minutes=9, value="only=email", actor=Actor.IMPORT)
    changed = change(Act.PREFER, minutes=3, value="only=postal")
    assert fold([by_file, own]).preferences["only"] == own
    assert fold([changed, by_file, own]).preferences["only"] == changed
    assert fold([by_file]).preferences["only"] == by_file


def test_an_unsigned_withdrawal_holds_at_once_and_is_taken_back_by_a_read_back() -> None:
    yes = change(Act.GRANT)
    forged = change(Act.DENY, minutes=1, assurance=Assurance.UNSIGNED)
    retract = change(Act.RETRACT, Scope(), 2, value=forged.id, actor=Actor.SYSTEM, assurance=Assurance.READ_BACK)
    assert verdict(yes, forged) is Verdict.DENY
    assert verdict(yes, forged, retract) is Verdict.ALLOW


def test_an_import_takes_nothing_back() -> None:
    forged = change(Act.DENY, minutes=1, assurance=Assurance.UNSIGNED)
    retract = change(Act.RETRACT, Scope(), 2, value=forged.id, actor=Actor.IMPORT)
    assert verdict(forged, retract) is Verdict.DENY


def test_who_comes_back_after_an_erasure_is_a_new_record_of_what_they_say_now() -> None:
    old, tomb = change(Act.GRANT), change(Act.ERASE, Scope(), 1)
    late = change(Act.GRANT, Scope("sms", "marketing"), 0, received_at=NOON + timedelta(minutes=9))
    anew = change(Act.GRANT, MAIL, 2)
    assert erased([old, tomb, late])
    assert not erased([old, tomb, anew])
    assert verdict(old, tomb, scope=Scope("email", "service")) is Verdict.DENY
    assert verdict(old, tomb, anew) is Verdict.ALLOW
    assert verdict(old, tomb, anew, scope=Scope("email", "transactional")) is Verdict.ALLOW
    assert verdict(old, tomb, anew, late, scope=Scope("sms", "marketing")) is Verdict.DENY


def test_a_restriction_holds_of_everything_until_it_is_lifted() -> None:
    held = change(Act.RESTRICT, Scope())
    assert verdict(held, change(Act.GRANT, minutes=3)) is Verdict.DENY
    assert verdict(held, change(Act.UNRESTRICT, Scope(), 1), change(Act.GRANT, minutes=3)) is Verdict.ALLOW
    assert verdict(held, change(Act.UNRESTRICT, Scope(), 0)) is Verdict.DENY


def test_what_restricts_a_person_goes_with_them_and_a_bounce_stays_behind() -> None:
    left = change(Act.DENY)
    left_and_back = [change(Act.DENY, Scope("sms")), change(Act.GRANT, Scope("sms"), 1)]
    half_back = [change(Act.DENY, Scope("voice")), change(Act.GRANT, Scope("voice", "service"), 1)]
    bounced = change(Act.SUPPRESS, Scope("email"), value=Suppression.HARD_BOUNCE, actor=Actor.PLATFORM)
    complained = change(Act.SUPPRESS, Scope("email"), value=Suppression.COMPLAINT, actor=Actor.PLATFORM)
    cleared = [
        change(Act.SUPPRESS, Scope("email"), value=Suppression.ADMIN_BLOCK, actor=Actor.AGENT),
        change(Act.CLEAR, Scope("email"), 1, value=Suppression.ADMIN_BLOCK, actor=Actor.AGENT),
    ]
    lifted = [change(Act.RESTRICT, Scope()), change(Act.UNRESTRICT, Scope(), 1)]
    forged = change(Act.DENY, Scope("postal"), assurance=Assurance.UNSIGNED)
    retract = change(Act.RETRACT, Scope(), 2, value=forged.id, actor=Actor.SYSTEM)
    every = [left, *left_and_back, *half_back, bounced, complained, *cleared, *lifted, forged, retract]
    assert {c.id for c in restrictions(every)} == {left.id, half_back[0].id, complained.id}


def test_a_withdrawal_with_a_doubtful_date_counts_from_its_receipt() -> None:
    yes = change(Act.GRANT, minutes=5)
    old = {"at": NOON, "received_at": NOON + timedelta(minutes=9)}
    assert verdict(yes, change(Act.DENY, trust=Trust.CLAIMED, **old)) is Verdict.DENY
    assert verdict(yes, change(Act.DENY, trust=Trust.SOURCE, **old)) is Verdict.ALLOW


def test_the_story_says_why_a_change_moved_nothing() -> None:
    left = change(Act.DENY, Scope("email", "marketing", "", "offers"))
    by_machine = change(Act.GRANT, minutes=1, actor=Actor.SYSTEM)
    broad = change(Act.GRANT, minutes=2)
    elsewhere = change(Act.DENY, Scope("sms"), 3)
    steps = explain([elsewhere, broad, by_machine, left], Scope("email", "marketing", "", "offers"))
    assert [step.change for step in steps] == [left, by_machine, broad, elsewhere]
    assert [step.note for step in steps] == [
        "",
        "made by the system, not by the person: it may lower and never raise",
        "does not lift what stands against it: withdrawn for email/marketing/offers",
        "says nothing of email/marketing/offers",
    ]


@pytest.mark.parametrize(
    ("scope", "text"),
    [(Scope(), "all"), (Scope("email"), "email"), (Scope("email", "marketing", "A", "news"), "email/marketing/A/news")],
)
def test_a_scope_reads_from_wide_to_narrow(scope: Scope, text: str) -> None:
    assert str(scope) == text
