"""What every consent store does. A new store is a line in STORES."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contextmail.model.consent import Act, Actor, Assurance, Change, Obtained, Scope, Suppression, Trust
from contextmail.model.touch import Touch, TouchOutcome
from contextmail.store.base import ConsentStore
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore

NOON = datetime(2026, 5, 31, 12)
MAIL = Scope("email", "marketing")
LOOKUP, SEAL = "l" * 32, "c2VhbHNlYWxzZWFsc2VhbHNlYWxzZWFsc2VhbHNlYWw="


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: int) -> datetime:
        self.now += timedelta(**parts)
        return self.now


def sqlite(folder: Path, sealer: Sealer, clock: Clock) -> ConsentStore:
    return SqliteConsentStore(folder / "consent.db", sealer, clock=clock)


STORES: list[Callable[[Path, Sealer, Clock], ConsentStore]] = [sqlite]


@pytest.fixture(params=STORES, ids=lambda opened: opened.__name__)
def reopen(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Callable[[], ConsentStore]:
    return lambda: request.param(tmp_path, Sealer(LOOKUP, [SEAL], brand="Shop"), clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(reopen: Callable[[], ConsentStore]) -> Iterator[ConsentStore]:
    opened = reopen()
    yield opened
    opened.close()


@pytest.fixture
def ada(store: ConsentStore) -> str:
    return store.subject("ada@example.com")


def change(
    subject: str, name: str, act: Act = Act.DENY, scope: Scope = MAIL, minutes: int = 0, **more: object
) -> Change:
    at = NOON + timedelta(minutes=minutes)
    given = {"actor": Actor.PERSON, "at": at, **more}
    return Change(id=name, subject=subject, act=act, scope=scope, received_at=at, **given)  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------------------------- touches


def touch(name: str, customer: str = "17", endpoint: str = "", outcome: TouchOutcome = TouchOutcome.ANSWERED) -> Touch:
    return Touch(name, customer, endpoint, "call", "ask", NOON, outcome, "evening")


def test_a_touch_is_kept_once_and_comes_back_by_customer_and_by_endpoint(store: ConsentStore, ada: str) -> None:
    mine, theirs = touch("a", endpoint="ada@example.com"), touch("b", "", "ada@example.com")
    assert store.keep_touch(mine, ada, NOON) and store.keep_touch(theirs, ada, NOON)
    assert not store.keep_touch(replace(mine, outcome=TouchOutcome.BOUNCED), ada, NOON)
    assert store.keep_touch(touch("c", "18"), "", NOON)
    assert [found.id for found in store.touches()] == ["a", "b", "c"]
    assert [found.id for found in store.touches_of("17", "")] == ["a"]
    assert [found.id for found in store.touches_of("18", ada)] == ["a", "b", "c"]
    assert store.touches_of("", "") == []
    assert store.touches_of("", ada)[1] == theirs


def test_touches_are_streamed_past_a_page_and_name_endpoints_only_where_they_must(
    store: ConsentStore, ada: str
) -> None:
    with store.transaction():
        for number in range(1001):
            store.keep_touch(touch(f"{number:04}", endpoint="ada@example.com"), ada, NOON)
        store.keep_touch(touch("x", endpoint="ada@example.com", outcome=TouchOutcome.WRONG_PERSON), ada, NOON)
    found = list(store.touches())
    assert len(found) == 1002 and found[0].endpoint == "" and found[-1].endpoint == "ada@example.com"


# ------------------------------------------------------------------------------------------------------------- inbox


def receive(store: ConsentStore, dedupe: str, *, account: str = "L", body: bytes = b"\x00raw\xff") -> bool:
    return store.receive("mailchimp", account, dedupe, Assurance.SIGNED, body, NOON)


def test_an_event_is_kept_once_as_it_came(store: ConsentStore) -> None:
    assert receive(store, "1") and not receive(store, "1", body=b"other")
    assert receive(store, "1", account="M")
    first, second = store.inbox()
    assert (first.source, first.account, first.received_at, first.assurance) == (
        "mailchimp",
        "L",
        NOON,
        Assurance.SIGNED,
    )
    assert (first.body, first.state, first.reason, first.tries) == (b"\x00raw\xff", "new", "", 0)
    assert second.account == "M" and second.id > first.id


def test_what_is_kept_is_there_when_the_store_is_opened_again(
    store: ConsentStore, reopen: Callable[[], ConsentStore], ada: str
) -> None:
    receive(store, "1")
    store.append([change(ada, "a")], ["ada@example.com"])
    again = reopen()
    assert again.inbox() == store.inbox() and again.changes(ada) == store.changes(ada)
    assert not receive(again, "1")
    again.close()


def test_an_event_is_settled_and_can_be_replayed(store: ConsentStore) -> None:
    receive(store, "1")
    receive(store, "2")
    event = store.inbox(limit=1)[0]
    store.settle(event.id, "quarantined", "an unknown type of event")
    assert [one.id for one in store.inbox()] == [event.id + 1]
    assert store.inbox("quarantined", source="standard") == []
    kept = store.inbox("quarantined", source="mailchimp")[0]
    assert (kept.reason, kept.tries) == ("an unknown type of event", 1)
    store.settle(event.id, "new")
    assert [one.id for one in store.inbox()] == [event.id, event.id + 1]


def test_bodies_of_settled_events_are_dropped_and_a_repetition_is_still_known(store: ConsentStore) -> None:
    for name in ("done", "quarantined", "new"):
        receive(store, name)
    done, quarantined, _ = store.inbox()
    store.settle(done.id, "done")
    store.settle(quarantined.id, "quarantined")
    assert store.prune(raw_before=NOON) == 0
    assert store.prune(raw_before=NOON + timedelta(days=1)) == 1
    assert store.prune(raw_before=NOON + timedelta(days=1)) == 0
    assert store.inbox("done")[0].body == b""
    assert store.inbox("quarantined")[0].body and store.inbox()[0].body
    assert not receive(store, "done")


def test_what_is_in_quarantine_has_a_time_of_its_own(store: ConsentStore) -> None:
    for name in ("quarantined", "new"):
        receive(store, name)
    store.settle(store.inbox()[0].id, "quarantined", "an unknown type")
    later = NOON + timedelta(days=1)
    assert store.prune(raw_before=later, unread_before=NOON) == 0
    assert store.prune(raw_before=later, unread_before=later) == 1
    (gone,) = store.inbox("done")
    assert (gone.body, gone.reason) == (b"", "never understood: an unknown type")
    assert store.inbox()[0].body and not receive(store, "quarantined")


def test_events_are_listed_from_behind_an_id(store: ConsentStore) -> None:
    for name in "abc":
        receive(store, name)
    first, second, third = store.inbox()
    assert store.inbox(after=first.id) == [second, third] and store.inbox(after=third.id) == []
    assert store.inbox(after=first.id, limit=1) == [second]


def test_what_is_tied_to_nobody_is_listed_and_can_be_dropped(store: ConsentStore, ada: str) -> None:
    for name in ("new", "tied", "untied", "unread", "bounced"):
        receive(store, name, body=name.encode())
    _, tied, untied, unread, bounced = store.inbox()
    store.settle(tied.id, "done", subjects=[ada])
    store.settle(untied.id, "done")
    store.settle(unread.id, "quarantined", "?")
    store.settle(bounced.id, "quarantined", "?", subjects=[ada])
    assert [event.body for event in store.untied()] == [b"untied", b"unread", b"bounced"]
    assert [event.body for event in store.untied(after=untied.id, limit=1)] == [b"unread"]
    store.drop(unread.id, "it named somebody")
    assert [event.body for event in store.untied()] == [b"untied", b"bounced"]
    assert [(event.id, event.body) for event in store.inbox("done") if event.reason] == [(unread.id, b"")]
    assert not receive(store, "unread")


# ------------------------------------------------------------------------------------------------------------ ledger


def test_a_change_comes_back_with_all_that_was_said(store: ConsentStore, ada: str) -> None:
    full = Change(
        id="x", subject=ada, act=Act.GRANT, scope=Scope("email", "marketing", "A", "news"), received_at=NOON,
        at=NOON.replace(microsecond=7), value="v", source="mailchimp:A", actor=Actor.AGENT, method="form",
        assurance=Assurance.READ_BACK, trust=Trust.CLAIMED, strength="explicit", obtained=Obtained.GIVEN, evidence="e",
    )  # fmt: skip
    bare = Change("y", ada, Act.DENY, Scope(), NOON)
    assert store.append([full, bare]) == 2
    assert store.changes(ada) == [full, bare]


def test_a_known_change_is_passed_over(store: ConsentStore, ada: str) -> None:
    assert store.append([change(ada, "a"), change(ada, "a"), change(ada, "b")]) == 2
    assert store.append([change(ada, "b"), change(ada, "c", minutes=-5)]) == 1
    assert [one.id for one in store.changes(ada)] == ["c", "a", "b"]


def test_endpoints_are_found_by_their_keyed_hash_alone(store: ConsentStore, ada: str, tmp_path: Path) -> None:
    store.append([change(ada, "a")], ["ada@example.com"])
    assert store.endpoint(ada) == "ada@example.com" and store.endpoint("0" * 64) is None
    assert ada != Sealer(LOOKUP, [SEAL], brand="Other").subject("ada@example.com")
    assert ada != Sealer("m" * 32, [SEAL], brand="Shop").subject("ada@example.com")
    receive(store, "1", body=b"email=ada@example.com")
    store.set_secret("mailchimp", "L", "a-long-secret-indeed")
    for file in tmp_path.iterdir():
        assert b"ada@example" not in file.read_bytes() and b"a-long-secret" not in file.read_bytes()


def test_positions_rise_and_say_who_changed_since(store: ConsentStore, ada: str) -> None:
    bob = store.subject("bob@example.com")
    assert store.position() == 0
    store.append([change(ada, "a")])
    before = store.position()
    store.append([change(bob, "b")])
    assert store.position() > before
    assert store.subjects_since(before) == [bob] and store.subjects_since(store.position()) == []
    assert list(store.subjects()) == sorted([ada, bob])


def test_who_withdrew_is_counted_by_the_hour_in_which_it_happened(store: ConsentStore, ada: str) -> None:
    bob, cy = store.subject("bob@example.com"), store.subject("cy@example.com")
    store.append([
        change(ada, "a"), change(ada, "again", minutes=5), change(bob, "b", minutes=59),
        change(cy, "c", minutes=61), change(cy, "grant", Act.GRANT), change(cy, "undated", at=None, minutes=150),
        change(cy, "long ago", at=NOON - timedelta(days=100)),
    ])  # fmt: skip
    day = timedelta(days=1)
    assert sorted(store.withdrawals(NOON - day, NOON + day)) == [1, 1, 2]
    assert store.withdrawals(NOON, NOON + timedelta(minutes=59)) == [1]
    assert store.withdrawals(NOON + day, NOON + 2 * day) == []


def test_subjects_are_streamed_past_a_page(store: ConsentStore) -> None:
    with store.transaction():
        store.append(change(store.subject(f"{number}@example.com"), str(number)) for number in range(1200))
    assert len(set(store.subjects())) == 1200


# ------------------------------------------------------------------------------------------------- changes of address


def test_what_restricts_one_address_restricts_the_other_and_a_grant_does_not_travel(
    store: ConsentStore, ada: str
) -> None:
    new, newest = store.subject("ada@example.org"), store.subject("ada.l@example.org")
    store.append([change(ada, "deny"), change(ada, "yes", Act.GRANT, Scope("sms"), 1)])
    store.append([change(ada, "bounce", Act.SUPPRESS, Scope("email"), value=Suppression.HARD_BOUNCE)])
    store.link(ada, new)
    store.link(newest, new)
    store.link(new, newest)
    store.link(new, new)
    assert store.linked(ada) == sorted([new, newest]) and store.linked(newest) == sorted([ada, new])
    assert [one.id for one in store.changes(newest)] == ["deny"]
    store.append([change(newest, "own", Act.DENY, Scope("voice"), 5)])
    assert [one.id for one in store.changes(new)] == ["deny", "own"]


def test_a_link_moves_both_in_the_eyes_of_who_asks_since(store: ConsentStore, ada: str) -> None:
    new = store.subject("ada@example.org")
    store.append([change(ada, "deny")])
    position = store.position()
    store.link(ada, new)
    assert store.subjects_since(position) == sorted([ada, new])


# ----------------------------------------------------------------------------------------------------------- erasure


def test_an_erasure_leaves_a_tombstone_of_each_address_and_nothing_else(store: ConsentStore, ada: str) -> None:
    new = store.subject("ada@example.org")
    for name in ("1", "2"):
        receive(store, name)
    about_ada, other = store.inbox()
    store.settle(about_ada.id, "done", subjects=[ada])
    store.settle(other.id, "done", subjects=[store.subject("bob@example.com")])
    store.append([change(ada, "a"), change(new, "b")], ["ada@example.com", "ada@example.org"])
    store.link(ada, new)
    store.enqueue([("m", ada, Act.DENY, MAIL, "", "a")])
    store.observe("m", new, MAIL, "grant", NOON)
    store.ask(ada, "m", "look")
    position = store.position()
    store.erase(change(ada, "tomb", Act.ERASE, Scope(), 1))
    for subject in (ada, new):
        assert [one.act for one in store.changes(subject)] == [Act.ERASE]
        assert store.endpoint(subject) is None and store.linked(subject) == []
    assert store.pushes() == [] and store.tasks(open_only=False) == [] and store.observed("m", new, MAIL) is None
    assert [event.body for event in store.inbox("done")] == [b"", b"\x00raw\xff"]
    assert not receive(store, "1")
    assert store.position() > position and set(store.subjects_since(position)) == {ada, new}


def test_an_import_or_a_late_webhook_does_not_bring_back_who_was_erased(store: ConsentStore, ada: str) -> None:
    store.erase(change(ada, "tomb", Act.ERASE, Scope(), 10))
    late = [
        change(ada, "old", Act.GRANT, minutes=5),
        change(ada, "file", Act.GRANT, minutes=20, actor=Actor.IMPORT),
        change(ada, "no", minutes=20),
    ]
    assert store.append(late, ["ada@example.com"]) == 0
    assert store.endpoint(ada) is None and len(store.changes(ada)) == 1
    anew = [change(ada, "again", minutes=20), change(ada, "anew", Act.GRANT, minutes=30)]
    assert store.append(anew, ["ada@example.com"]) == 2
    assert store.endpoint(ada) == "ada@example.com"
    assert store.append([change(ada, "left", minutes=40)]) == 1


# ------------------------------------------------------------------------------------------------------------ outbox


def push(subject: str, act: Act, scope: Scope = MAIL, *, target: str = "m", value: str = "", name: str = "c") -> tuple[str, str, Act, Scope, str, str]:  # fmt: skip
    return (target, subject, act, scope, value, name)


def test_withdrawals_and_erasures_go_first_then_the_oldest(store: ConsentStore) -> None:
    people = [store.subject(f"{name}@example.com") for name in "abcd"]
    acts = (Act.GRANT, Act.DENY, Act.GRANT, Act.ERASE)
    store.enqueue(push(person, act) for person, act in zip(people, acts, strict=True))
    assert [one.act for one in store.due(NOON)] == [Act.DENY, Act.ERASE, Act.GRANT, Act.GRANT]


def test_a_push_says_what_whom_and_since_when(store: ConsentStore, ada: str, clock: Clock) -> None:
    store.append([change(ada, "a")], ["ada@example.com"])
    assert store.enqueue([push(ada, Act.SUPPRESS, value="complaint", name="a")]) == 1
    claimed = store.due(clock.forward(minutes=1))[0]
    assert (claimed.target, claimed.subject, claimed.endpoint, claimed.act) == (
        "m",
        ada,
        "ada@example.com",
        Act.SUPPRESS,
    )
    assert (claimed.scope, claimed.value, claimed.change, claimed.position) == (
        MAIL,
        "complaint",
        "a",
        store.position(),
    )
    assert (claimed.state, claimed.tries, claimed.made_at, claimed.began_at) == ("pushing", 1, NOON, clock.now)
    clock.forward(minutes=1)
    store.pushed(claimed.id, "done")
    assert store.pushes("done", subject=ada)[0].ended_at == clock.now
    assert store.pushes("waiting") == [] and store.pushes(subject="other") == []


def test_pushes_that_ended_long_ago_are_dropped_and_what_is_still_to_be_done_stays(
    store: ConsentStore, ada: str, clock: Clock
) -> None:
    store.enqueue([push(ada, Act.DENY), push(ada, Act.DENY, target="other"), push(ada, Act.DENY, target="third")])
    done, blocked, _ = store.due(NOON)
    store.pushed(done.id, "done")
    store.pushed(blocked.id, "blocked", "a person must")
    store.prune(raw_before=NOON)
    assert len(store.pushes()) == 3
    store.prune(raw_before=NOON + timedelta(days=1))
    assert [one.state for one in store.pushes()] == ["blocked", "pushing"]


def test_a_claim_lapses_after_a_minute(store: ConsentStore, ada: str) -> None:
    store.enqueue([push(ada, Act.DENY)])
    assert store.due(NOON)
    assert store.due(NOON + timedelta(seconds=59)) == []
    assert [one.tries for one in store.due(NOON + timedelta(minutes=1))] == [2]


def test_a_claim_that_is_renewed_lasts_as_long_as_it_is(store: ConsentStore, ada: str) -> None:
    store.enqueue([push(ada, Act.DENY)])
    claimed = store.due(NOON)[0]
    for minute in range(10):
        store.renew(claimed.id, NOON + timedelta(minutes=minute))
        assert store.due(NOON + timedelta(minutes=minute, seconds=59)) == []
    assert store.pushes("pushing")[0].began_at == NOON
    assert [one.tries for one in store.due(NOON + timedelta(minutes=10))] == [2]


def test_what_has_ended_is_not_claimed_anew_by_a_renewal_that_comes_late(store: ConsentStore, ada: str) -> None:
    store.enqueue([push(ada, Act.DENY), push(ada, Act.DENY, target="other")])
    done, failed = store.due(NOON)
    store.pushed(done.id, "done")
    store.pushed(failed.id, "waiting", "busy", again_at=NOON + timedelta(hours=1))
    for one in (done, failed):
        store.renew(one.id, NOON)
    assert store.due(NOON + timedelta(minutes=59)) == []
    assert [one.id for one in store.due(NOON + timedelta(hours=1))] == [failed.id]


def test_a_push_that_failed_waits_for_its_time(store: ConsentStore, ada: str) -> None:
    store.enqueue([push(ada, Act.DENY)])
    claimed = store.due(NOON)[0]
    store.pushed(claimed.id, "waiting", "busy", again_at=NOON + timedelta(hours=1))
    assert store.due(NOON + timedelta(minutes=59)) == []
    assert [(one.tries, one.reason) for one in store.due(NOON + timedelta(hours=1))] == [(2, "busy")]


def test_a_newer_decision_takes_the_place_of_one_that_waits(store: ConsentStore, ada: str) -> None:
    store.append([change(ada, "a")])
    store.enqueue([push(ada, Act.DENY, name="a")])
    store.append([change(ada, "b", Act.GRANT, minutes=1)])
    store.enqueue([push(ada, Act.GRANT, name="b"), push(ada, Act.DENY, target="other", name="a")])
    waiting = store.pushes("waiting")
    assert [(one.target, one.act, one.change) for one in waiting] == [("m", Act.GRANT, "b"), ("other", Act.DENY, "a")]
    assert [one.reason for one in store.pushes("dropped")] == ["replaced by a newer decision"]
    assert waiting[0].position > store.pushes("dropped")[0].position


def test_a_suppression_or_an_erasure_is_not_replaced_by_a_choice(store: ConsentStore, ada: str) -> None:
    store.enqueue(
        [push(ada, Act.ERASE), push(ada, Act.SUPPRESS, value="complaint"), push(ada, Act.SUPPRESS, value="invalid")]
    )
    store.enqueue([push(ada, Act.DENY), push(ada, Act.GRANT), push(ada, Act.DENY, Scope("sms"))])
    assert [(one.act, one.value) for one in store.pushes("waiting")] == [
        (Act.ERASE, ""), (Act.SUPPRESS, "complaint"), (Act.SUPPRESS, "invalid"), (Act.GRANT, ""), (Act.DENY, ""),
    ]  # fmt: skip


def test_one_person_is_told_of_to_one_system_by_one_worker_at_a_time(store: ConsentStore, ada: str) -> None:
    bob = store.subject("bob@example.com")
    store.enqueue([push(ada, Act.GRANT), push(ada, Act.GRANT, target="other")])
    assert [one.target for one in store.due(NOON)] == ["m", "other"]
    store.enqueue([push(ada, Act.DENY), push(bob, Act.DENY)])
    assert [one.subject for one in store.due(NOON)] == [bob]
    first = store.pushes("pushing", subject=ada)[0]
    store.pushed(first.id, "waiting", "busy", again_at=NOON)
    assert store.pushes("dropped")[0].id == first.id
    assert [(one.subject, one.act) for one in store.due(NOON)] == [(ada, Act.DENY)]


def test_a_lapsed_claim_gives_way_to_a_newer_decision(store: ConsentStore, ada: str) -> None:
    store.enqueue([push(ada, Act.GRANT)])
    store.due(NOON)
    store.enqueue([push(ada, Act.DENY)])
    assert [one.act for one in store.due(NOON + timedelta(minutes=6))] == [Act.DENY]
    assert [one.act for one in store.pushes("dropped")] == [Act.GRANT]


# ------------------------------------------------------------------------------------------- memory and transactions


def test_observations_are_kept_by_system_and_scope(store: ConsentStore, ada: str) -> None:
    assert store.observed("m", ada, MAIL) is None
    store.observe("m", ada, MAIL, "grant", NOON)
    store.observe("m", ada, Scope("sms"), "deny", None)
    assert store.observed("m", ada, MAIL) == ("grant", NOON) and store.observed("other", ada, MAIL) is None
    store.observe("m", ada, MAIL, "deny", None)
    assert store.observed("m", ada, MAIL) == ("deny", None)


def test_a_task_is_asked_once_while_it_is_open(store: ConsentStore, ada: str) -> None:
    store.ask(ada, "m", "look")
    store.ask(ada, "m", "look")
    store.ask(ada, "m", "and look")
    first, second = store.tasks()
    store.finish(first.id)
    assert [task.id for task in store.tasks()] == [second.id]
    assert store.tasks(open_only=False)[0].done_at == NOON
    store.ask(ada, "m", "look")
    assert len(store.tasks()) == 2
    assert store.tasks(subject=ada) == store.tasks() and store.tasks(subject="other") == []
    assert len(store.tasks(subject=ada, open_only=False)) == 3


def test_two_secrets_are_valid_while_they_rotate(store: ConsentStore) -> None:
    store.set_secret("m", "L", "one")
    store.set_secret("m", "other", "x")
    store.set_secret("m", "L", "two", keep_old_until=NOON + timedelta(days=1))
    assert store.secrets("m", "L", NOON) == ["two", "one"]
    assert store.secrets("m", "L", NOON + timedelta(days=1)) == ["two"]
    store.set_secret("m", "L", "three")
    assert store.secrets("m", "L", NOON) == ["three"]
    assert store.accounts() == [("m", "L"), ("m", "other")]
    store.forget_secret("m", "L")
    assert store.secrets("m", "L", NOON) == [] and store.secrets("m", "other", NOON) == ["x"]


def test_a_watermark_moves(store: ConsentStore) -> None:
    assert store.watermark("m") is None
    store.set_watermark("m", NOON)
    store.set_watermark("m", NOON + timedelta(hours=1))
    assert store.watermark("m") == NOON + timedelta(hours=1)


def test_a_transaction_is_kept_whole_or_not_at_all(store: ConsentStore, ada: str) -> None:
    receive(store, "1")
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.append([change(ada, "a")], ["ada@example.com"])
        store.enqueue([push(ada, Act.DENY)])
        store.settle(1, "done")
        raise ZeroDivisionError
    assert store.changes(ada) == [] and store.pushes() == [] and store.endpoint(ada) is None
    assert len(store.inbox()) == 1


def test_one_transaction_within_another_can_fail_alone(store: ConsentStore, ada: str) -> None:
    with store.transaction():
        store.append([change(ada, "a")])
        with pytest.raises(ZeroDivisionError), store.transaction():
            store.append([change(ada, "b")])
            raise ZeroDivisionError
        with store.transaction():
            store.append([change(ada, "c")])
    assert [one.id for one in store.changes(ada)] == ["a", "c"]


def test_a_later_secret_seals_and_an_earlier_one_still_opens(tmp_path: Path, ada: str, store: ConsentStore) -> None:
    store.append([replace(change(ada, "a"))], ["ada@example.com"])
    newer = Sealer(LOOKUP, ["bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU=", SEAL], brand="Shop")
    rotated = SqliteConsentStore(tmp_path / "consent.db", newer)
    assert rotated.endpoint(ada) == "ada@example.com"
    rotated.close()
