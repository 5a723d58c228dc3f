"""Nobody is written to against their newest choice, whatever the network and the machines do; and the test can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from syncing.machine import Consent
from syncing.world import MARKETING, NEWS

from contextmail.model import consent
from contextmail.model.consent import Act, Change, Choice, Reason
from contextmail.syncing import pushing, recording

PATIENT = settings(
    max_examples=40, stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
ADA = "ada@example.com"
AUDIENCE, SERVICE, TABLE = "mailchimp:L1", "standard:crm", "sql:customers"


def test_no_system_ends_more_subscribed_than_the_newest_choice_of_the_person_allows():
    run_state_machine_as_test(Consent, settings=PATIENT)


# ---------------------------------------------------------------------------------------------- broken on purpose
def last_write_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Change, "counts_at", property(lambda change: change.received_at))


def ties_allow(patch: pytest.MonkeyPatch) -> None:
    counts_at, later = Change.counts_at.fget, timedelta(microseconds=1)
    patch.setattr(Change, "counts_at", property(lambda c: counts_at(c) + later * (c.act is Act.GRANT)))


def a_wider_scope_lifts(patch: pytest.MonkeyPatch) -> None:
    choose = consent._choice

    def lifted(standing, scope):
        choice, said = choose(standing, scope)
        grants = [grant for at, grant in standing.granted.items() if at.covers(scope)]
        if said and all(any(grant.counts_at > reason.change.counts_at for grant in grants) for reason in said):
            choice = Choice.GRANTED
            said = tuple(Reason("granted", "", grant) for grant in grants)
        return choice, said

    patch.setattr(consent, "_choice", lifted)


def observed_subscribed_raises(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Change, "refused", "")


def no_reconcile(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Consent, "sweeps", False)


def tells_without_looking(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pushing, "_look", lambda *_, **__: [])


def all_within_a_minute_of_a_push_is_its_echo(patch: pytest.MonkeyPatch) -> None:
    def is_news(sync, notice, change):
        pushes = [p for p in sync.store.pushes(subject=change.subject) if p.target == notice.source and p.began_at]
        return not any(abs(change.counts_at - push.began_at) < timedelta(minutes=1) for push in pushes)

    patch.setattr(recording, "_is_news", is_news)


def a_grant_by_our_own_push_is_the_persons(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recording, "_is_echo", lambda *_: False)


# ---------------------------------------------------------------------------------------------- what shows it
def chose(world: Consent, name: str, act: Act, scope: consent.Scope = MARKETING) -> None:
    world.choose(name, ADA, act, scope, lost=False)


def delivered(world: Consent, name: str, at: int = 0) -> None:
    world.deliver(name, at, again=False, lost=False)
    world.work()


def an_older_yes_that_arrives_after_a_newer_no(world: Consent) -> None:
    chose(world, AUDIENCE, Act.DENY)
    chose(world, AUDIENCE, Act.GRANT)
    chose(world, SERVICE, Act.DENY)
    world.outage(AUDIENCE, away=True)
    delivered(world, SERVICE)
    delivered(world, AUDIENCE)


def a_yes_and_a_no_in_the_same_second(world: Consent) -> None:
    chose(world, AUDIENCE, Act.DENY)
    world.choose_twice_at_once(ADA, SERVICE, AUDIENCE)


def a_yes_to_all_after_a_no_to_one_topic(world: Consent) -> None:
    chose(world, SERVICE, Act.DENY, NEWS)
    chose(world, SERVICE, Act.DENY)
    chose(world, SERVICE, Act.GRANT)


def an_old_file_imported_over_a_no(world: Consent) -> None:
    chose(world, SERVICE, Act.DENY)
    delivered(world, SERVICE)
    world.colleague_subscribes(SERVICE, ADA)


def a_no_of_which_no_webhook_tells(world: Consent) -> None:
    chose(world, TABLE, Act.DENY)


def a_no_that_is_not_known_yet_where_a_yes_is_to_be_told(world: Consent) -> None:
    chose(world, AUDIENCE, Act.DENY)
    delivered(world, AUDIENCE)
    world.outage(TABLE, away=True)
    chose(world, AUDIENCE, Act.GRANT)
    delivered(world, AUDIENCE)
    chose(world, TABLE, Act.GRANT)
    chose(world, TABLE, Act.DENY)


def a_no_shortly_after_a_push(world: Consent) -> None:
    chose(world, AUDIENCE, Act.DENY)
    delivered(world, AUDIENCE)
    chose(world, SERVICE, Act.GRANT)
    chose(world, AUDIENCE, Act.GRANT)
    chose(world, SERVICE, Act.DENY)


def a_yes_told_while_a_no_is_still_on_its_way(world: Consent) -> None:
    chose(world, SERVICE, Act.DENY)
    delivered(world, SERVICE)
    delivered(world, AUDIENCE)
    chose(world, AUDIENCE, Act.GRANT)
    chose(world, TABLE, Act.GRANT)
    chose(world, TABLE, Act.DENY)
    world.outage(TABLE, away=True)
    world.wait(1)
    delivered(world, AUDIENCE)


KILLS = {
    last_write_wins: an_older_yes_that_arrives_after_a_newer_no,
    ties_allow: a_yes_and_a_no_in_the_same_second,
    a_wider_scope_lifts: a_yes_to_all_after_a_no_to_one_topic,
    observed_subscribed_raises: an_old_file_imported_over_a_no,
    no_reconcile: a_no_of_which_no_webhook_tells,
    tells_without_looking: a_no_that_is_not_known_yet_where_a_yes_is_to_be_told,
    all_within_a_minute_of_a_push_is_its_echo: a_no_shortly_after_a_push,
    a_grant_by_our_own_push_is_the_persons: a_yes_told_while_a_no_is_still_on_its_way,
}


def run(story: Callable[[Consent], None], *, lies: bool = True) -> None:
    """Let one story happen in the machine, and hold what comes of it to the machine's own invariants."""
    world = Consent()
    world.begin(skews=(0, 0, 0), signed=True, lies=lies)
    try:
        story(world)
    finally:
        world.teardown()


@pytest.mark.parametrize("story", KILLS.values(), ids=lambda story: story.__name__)
def test_a_story_that_broken_code_gets_wrong_ends_well(story):
    run(story)


@pytest.mark.parametrize(("breaks", "story"), KILLS.items(), ids=lambda given: given.__name__)
def test_the_machine_notices(breaks, story, monkeypatch):
    breaks(monkeypatch)
    with pytest.raises(AssertionError):
        run(story)
