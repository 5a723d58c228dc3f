"""The seventeen ways in which others lose an opt-out, each for every way in and every system that it can happen to.

F12 (a scanner's GET unsubscribes) cannot occur here: only what the receiver took as a POST is in the inbox; its own
tests hold it to that.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from syncing.world import ADA, BO, MARKETING, Event, Held, World

from contextmail.errors import RetryableError
from contextmail.model.consent import Act, Actor, Assurance, Choice, Scope, Suppression, Trust, Verdict
from contextmail.model.event import Notice
from contextmail.reconciling import reconcile
from contextmail.syncing import Report, apply_notices, status

AUDIENCE, SERVICE, TABLE, TOLD = "mailchimp:L1", "standard:crm", "sql:customers", "webhook:shop"
SYSTEMS = (AUDIENCE, SERVICE, TABLE, TOLD)
READABLE = (AUDIENCE, SERVICE, TABLE)


def opt_out(world: World, way: str) -> str:
    """Let Ada leave; return the system at which she did, empty for one-click."""
    if way == "one-click":
        world.one_click(ADA)
        return ""
    name = {"signed": AUDIENCE, "unsigned": AUDIENCE, "standard": SERVICE, "sweep": TABLE}[way]
    world[name].signed = way != "unsigned"
    world[name].choose(ADA, Act.DENY)
    return name


def opt_in(world: World, name: str) -> None:
    world.clock.tick(minutes=10)
    world[name].choose(ADA, Act.GRANT)


ways = pytest.mark.parametrize("way", ["signed", "unsigned", "standard", "sweep", "one-click"])


@ways
def test_f1_an_echo_causes_no_write_and_each_system_is_written_to_once(world, way):
    where = opt_out(world, way)
    world.settle()
    assert {name: world[name].writes for name in SYSTEMS} == {name: int(name != where) for name in SYSTEMS}
    told = [len(world[name].told) for name in SYSTEMS]
    world.settle()
    assert told == [len(world[name].told) for name in SYSTEMS]


@pytest.mark.parametrize("name", READABLE)
def test_f1_a_system_that_subscribes_whomever_it_is_told_to_unsubscribe_does_not_keep_us_busy(world, name):
    world.one_click(ADA)
    for _ in range(40):
        world.work()
        if world.held(name) is Act.DENY:
            world.clock.tick(seconds=10)
            world[name].choose(ADA, Act.GRANT, actor=Actor.SYSTEM)
        world.deliver_all()
        reconcile(world.sync)
    assert world[name].writes <= world.sync.options.flips + 2
    assert any(task.target == name and "again and again" in task.what for task in world.store.tasks())


@pytest.mark.parametrize("name", SYSTEMS)
@ways
def test_f2_an_import_into_the_ledger_does_not_subscribe_again(world, way, name):
    opt_out(world, way)
    world.settle()
    row = Notice(ADA, Act.GRANT, MARKETING, "import:old.csv", world.clock(), actor=Actor.IMPORT, trust=Trust.CLAIMED)
    with world.store.transaction():
        apply_notices(world.sync, [row], Report(), received_at=world.clock())
    world.settle()
    assert world.held(name) is Act.DENY


@pytest.mark.parametrize("name", READABLE)
@ways
def test_f2_an_import_into_a_system_is_undone_there_and_spreads_nowhere(world, way, name):
    opt_out(world, way)
    world.settle()
    world.clock.tick(days=1)
    world[name].choose(ADA, Act.GRANT, actor=Actor.IMPORT)
    world.settle()
    assert {world.held(each) for each in SYSTEMS} == {Act.DENY}


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("act", [Act.DENY, Act.GRANT])
def test_f3_a_push_creates_nobody(world, name, act):
    origin = SERVICE if name != SERVICE else AUDIENCE
    world[origin].add(BO, Act.DENY if act is Act.GRANT else Act.GRANT)
    world[origin].choose(BO, act)
    world.settle()
    assert world.may(BO).choice is (Choice.GRANTED if act is Act.GRANT else Choice.DENIED)
    assert world.held(name, BO) is None


@pytest.mark.parametrize("name", READABLE)
def test_f4_a_system_that_suddenly_holds_nobody_or_does_not_answer_unsubscribes_nobody(world, name):
    world[name].contacts.clear()
    world.settle()
    world[name].away = True
    assert reconcile(world.sync, full=True).failed == {name: "RetryableError"}
    assert not world.changes(ADA, Act.DENY)
    assert {world.held(each) for each in SYSTEMS if each != name} == {Act.GRANT}


@pytest.mark.parametrize("name", [AUDIENCE, TABLE])
def test_f4_a_grant_that_a_system_refuses_becomes_a_task_and_is_not_tried_again_and_again(world, name):
    world.one_click(ADA)
    world.settle()
    world[name].grants = None
    opt_in(world, SERVICE)
    world.settle()
    told = len(world[name].told)
    world.settle()
    assert [task.target for task in world.store.tasks()] == [name]
    assert (world.held(name), len(world[name].told)) == (Act.DENY, told)
    assert world.may(ADA).verdict is Verdict.ALLOW


@pytest.mark.parametrize("name", READABLE)
def test_f5_an_opt_out_that_no_webhook_tells_is_found_by_the_next_sweep(world, name):
    """It cannot be found at a service that cannot be read: such a one sends its opt-outs, or nobody knows of them."""
    world[name].choose(ADA, Act.DENY)
    world[name].wire.clear()
    world.clock.tick(minutes=15)
    world.sweep()
    assert {world.held(each) for each in SYSTEMS} == {Act.DENY}


@pytest.mark.parametrize("name", SYSTEMS)
@ways
def test_f6_an_opt_out_anywhere_reaches_every_system_without_a_further_event(world, way, name):
    opt_out(world, way)
    world.deliver_all()
    if way == "sweep":
        reconcile(world.sync)
    world.work()
    assert world.held(name) is Act.DENY


def test_f7_a_bad_event_goes_into_quarantine_and_those_behind_it_go_on(world):
    world.deliver(Event("standard", "crm", b"\xff not JSON", "1", Assurance.SIGNED))
    world.deliver(Event("nobody", "knows", b"", "2", Assurance.SIGNED))
    body = b'{"type": "consent.changed", "data": {"endpoint": "no address", "choice": "denied"}}'
    world.deliver(Event("standard", "crm", body, "3", Assurance.SIGNED))
    opt_out(world, "one-click")
    world.work()
    assert [event.id for event in world.store.inbox("quarantined")] == [1, 2, 3]
    assert {world.held(each) for each in SYSTEMS} == {Act.DENY}


def test_f7_a_bad_row_of_a_sweep_is_counted_and_the_rest_is_swept(world):
    world[TABLE].contacts = {("nobody at all", MARKETING): Held(Act.DENY, world.clock(), Actor.PERSON)} | world[
        TABLE
    ].contacts
    opt_out(world, "sweep")
    assert world.sweep().rejected == 1
    assert world.held(AUDIENCE) is Act.DENY


@pytest.mark.parametrize("name", SYSTEMS)
def test_f7_a_connector_that_stumbles_over_one_contact_tells_the_others(world, name, monkeypatch):
    for platform in world.platforms.values():
        platform.add(BO)
    push = world[name].push

    def stumbles(told):
        if told.endpoint == ADA:
            raise KeyError(ADA)
        return push(told)

    monkeypatch.setattr(world[name], "push", stumbles)
    world.one_click(ADA)
    world.one_click(BO)
    world.clock.tick()
    world.work()
    assert (world.held(name), world.held(name, BO)) == (Act.GRANT, Act.DENY)
    assert [(task.target, "KeyError" in task.what) for task in world.store.tasks()] == [(name, True)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("name", [AUDIENCE, SERVICE])
def test_f8_events_in_any_order_come_to_the_newest_choice(world, name, order):
    for act in (Act.DENY, Act.GRANT, Act.DENY):
        world.clock.tick(minutes=2)
        world[name].choose(ADA, act)
    events, world[name].wire = world[name].wire, []
    for place in order:
        world.clock.tick(minutes=7)
        world.deliver(events[place])
        world.work()
    assert {world.held(each) for each in SYSTEMS} == {Act.DENY}


@pytest.mark.parametrize("name", READABLE)
def test_f8_an_opt_out_that_nobody_has_told_of_yet_is_not_written_over(world, name):
    world.one_click(ADA)
    world.settle()
    opt_in(world, SERVICE if name != SERVICE else AUDIENCE)
    world[name].contacts[ADA, MARKETING] = Held(Act.DENY, world.clock.tick(), Actor.PERSON)
    world.settle()
    assert world.held(name) is Act.DENY
    assert world.may(ADA).verdict is Verdict.DENY


@pytest.mark.parametrize("name", READABLE)
def test_f9_who_was_not_there_when_a_withdrawal_was_told_is_refused_when_they_appear(world, name):
    del world[name].contacts[ADA, MARKETING]
    world.one_click(ADA)
    world.settle()
    assert {p.reason for p in world.store.pushes("done") if p.target == name} == {""}
    world[name].contacts[ADA, MARKETING] = Held(Act.GRANT, world.clock(), Actor.IMPORT)
    world.settle()
    assert world.held(name) is Act.DENY


@ways
def test_f10_an_opt_out_of_marketing_holds_for_every_list_and_topic_of_the_channel(world, way):
    """Who sends asks the ledger; there is no second path past it."""
    opt_out(world, way)
    world.settle()
    for scope in (MARKETING, Scope("email", "marketing", "L2"), Scope("email", "marketing", "L1", "welcome series")):
        assert world.may(ADA, scope).verdict is Verdict.DENY


@pytest.mark.parametrize("error", [RetryableError("gone in the middle"), KeyError("a row that it did not expect")])
@pytest.mark.parametrize("name", READABLE)
def test_f11_a_sweep_that_breaks_off_does_not_move_its_watermark(world, name, error, monkeypatch):
    before = world.store.watermark(name)
    world.clock.tick(days=1)
    world[name].choose(ADA, Act.DENY)
    world[name].wire.clear()
    whole = world[name].sweep

    def breaks_off(*, since):
        raise error
        yield from whole(since=since)

    monkeypatch.setattr(world[name], "sweep", breaks_off)
    assert name in reconcile(world.sync).failed
    assert world.store.watermark(name) == before
    monkeypatch.undo()
    world.clock.tick(days=2)
    world.sweep()
    assert {world.held(each) for each in SYSTEMS} == {Act.DENY}


@pytest.mark.parametrize("name", [AUDIENCE, SERVICE])
def test_f13_a_webhook_that_is_a_day_late_finds_all_done_and_undoes_nothing_newer(world, name):
    world[name].choose(ADA, Act.DENY)
    late, world[name].wire = world[name].wire, []
    world.clock.tick(minutes=15)
    world.sweep()
    assert {world.held(each) for each in SYSTEMS} == {Act.DENY}
    opt_in(world, name)
    world.settle()
    assert world.may(ADA).verdict is Verdict.ALLOW
    world.clock.tick(days=1)
    for event in late:
        world.deliver(event)
    world.settle()
    assert world.may(ADA).verdict is Verdict.ALLOW


@pytest.mark.parametrize("name", READABLE)
def test_f14_a_system_that_says_yes_and_does_nothing_is_found_out(world, name):
    """Of a service that cannot be read nobody can tell; its 2xx is its word."""
    world[name].ignores = True
    opt_out(world, "one-click")
    for _ in range(8):
        world.clock.tick(hours=2)
        world.work()
    assert [(push.target, push.state) for push in status(world.sync).unsynced] == [(name, "waiting")]
    assert status(world.sync).oldest_withdrawal == timedelta(hours=14).total_seconds()
    assert [task.target for task in world.store.tasks()] == [name]
    world[name].ignores = False
    world.settle()
    assert world.held(name) is Act.DENY
    assert not status(world.sync).needs_a_person


@pytest.mark.parametrize("name", READABLE)
def test_f15_a_bounce_is_no_choice_of_the_person(world, name):
    at = world.clock.tick()
    world[name].contacts[ADA, MARKETING] = Held(Act.SUPPRESS, at, Actor.SYSTEM)
    world.settle()
    assert (world.may(ADA).verdict, world.may(ADA).choice) == (Verdict.DENY, Choice.UNKNOWN)
    assert {told.act for each in SYSTEMS for told in world[each].told} == {Act.SUPPRESS}
    cleared = Notice(
        ADA, Act.CLEAR, MARKETING, "standard:crm", world.clock(), value=Suppression.HARD_BOUNCE, actor=Actor.AGENT
    )
    with world.store.transaction():
        apply_notices(world.sync, [cleared], Report(), received_at=world.clock())
    assert world.may(ADA).verdict is Verdict.ASK


@pytest.mark.parametrize("way", ["signed", "unsigned", "standard", "one-click"])
def test_f16_an_event_without_an_id_that_comes_again_is_in_the_ledger_once(world, way):
    name = opt_out(world, way)
    events = world[name].wire if name else []
    for event in list(events):
        world.deliver(event, again=True)
    if not name:
        world.one_click(ADA)
    world.settle()
    denials = world.changes(ADA, Act.DENY)
    assert len({(denial.at, denial.source, denial.assurance) for denial in denials}) == len(denials)


def test_f16_an_unsigned_opt_out_that_the_system_knows_nothing_of_counts_at_once_and_is_taken_back(world):
    world[AUDIENCE].signed = False
    world[AUDIENCE]._form("unsubscribe", world.clock(), email=ADA, action="unsub", reason="manual")
    world.deliver_all()
    world.worker.run_once()
    assert world.may(ADA).verdict is Verdict.DENY
    world.settle()
    assert (len(world.changes(ADA, Act.RETRACT)), world.held(AUDIENCE)) == (1, Act.GRANT)
    assert world.may(ADA).verdict is Verdict.ASK
    assert [task.what for task in world.store.tasks() if not task.target]


def test_f16_an_unsigned_opt_out_is_confirmed_by_the_contact_and_cannot_be_taken_back_later(world):
    opt_out(world, "unsigned")
    world.deliver_all()
    world.work()
    assert {denial.assurance for denial in world.changes(ADA, Act.DENY)} == {Assurance.UNSIGNED, Assurance.READ_BACK}
    assert {world.held(each) for each in SYSTEMS} == {Act.DENY}


def test_f16_a_subscription_that_nobody_signed_raises_nothing_unless_the_contact_shows_it(world):
    opt_out(world, "one-click")
    world.settle()
    world.clock.tick(days=1)
    world[AUDIENCE].signed = False
    world[AUDIENCE]._form("subscribe", world.clock(), email=ADA)
    world.settle()
    assert {world.held(each) for each in SYSTEMS} == {Act.DENY}


@pytest.mark.parametrize("name", READABLE)
def test_f17_a_contact_that_somebody_made_has_not_consented(world, name):
    world[name].choose(BO, Act.GRANT, actor=Actor.SYSTEM)
    for each in SYSTEMS:
        if each != name:
            world[each].add(BO, Act.DENY)
    writes = {each: world[each].writes for each in SYSTEMS}
    world.deliver_all()
    world.work()
    assert world.may(BO).choice is not Choice.GRANTED
    assert writes == {each: world[each].writes for each in SYSTEMS}
