"""The world under a hostile network, as a Hypothesis state machine; used with the real fold, and with broken ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from syncing.world import MARKETING, NEWS, World, folder, mailchimp, service, table

from contextmail.model.consent import Act, Actor, Scope, Trust, Verdict, fold, permission
from contextmail.model.event import Notice
from contextmail.reconciling import reconcile
from contextmail.syncing import Report, Sync, Worker, apply_notices
from contextmail.webhooks import sources

PEOPLE = ("ada@example.com", "bo@example.com")
SKEWS = (-90, 0, 90)
PLATFORMS = ("mailchimp:L1", "standard:crm", "sql:customers")
ENDPOINTS = (*PEOPLE, "ada@example.org")

people, platforms = st.sampled_from(PEOPLE), st.sampled_from(PLATFORMS)
acts, scopes = st.sampled_from((Act.GRANT, Act.DENY)), st.sampled_from((MARKETING, NEWS))


class Killed(BaseException):
    """The process died here."""


class Fragile:
    """Hand calls on to a store or a system, and die before or after one of them."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self.__dict__.update(inner=inner, fuse=fuse)

    def __getattr__(self, name: str) -> object:
        found = getattr(self.inner, name)
        return self.fuse.wrap(found) if callable(found) and name not in ("transaction", "close") else found


@dataclass
class Fuse:
    """Count the calls down; at zero the process dies."""

    left: int
    after: bool

    def wrap(self, call: Callable[..., object]) -> Callable[..., object]:
        def fragile(*given: object, **named: object) -> object:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            result = call(*given, **named)
            if self.left == 0:
                raise Killed
            return result

        return fragile


@dataclass(frozen=True)
class Said:
    """What a person chose: `earliest` and `latest` bound the time for which any honest ledger can take it."""

    endpoint: str
    scope: Scope
    act: Act
    earliest: datetime
    latest: datetime


class Consent(RuleBasedStateMachine):
    """People choose, the network loses, doubles, delays and reorders, the worker dies: no choice may be lost."""

    sweeps = True

    @initialize(skews=st.tuples(*[st.sampled_from(SKEWS)] * 3), signed=st.booleans(), lies=st.booleans())
    def begin(self, skews: tuple[int, ...], signed: bool, lies: bool) -> None:
        self.room = folder()
        one, two, three = (timedelta(seconds=s) for s in skews)
        self.world = World(
            Path(self.room.name),
            mailchimp(skew=one, signed=signed),
            service(skew=two, echoes_as_person=lies),
            table(skew=three, topics=True),
        )
        self.said: list[Said] = []
        self.steps = 0
        for person in PEOPLE:
            for platform in self.world.platforms.values():
                for scope in (MARKETING, NEWS) if platform.topics else (MARKETING,):
                    platform.add(person, scope=scope)

    # ---------------------------------------------------------------------------------------------- people
    @rule(name=platforms, person=people, act=acts, scope=scopes, lost=st.booleans())
    def choose(self, name: str, person: str, act: Act, scope: Scope, lost: bool) -> None:
        """Somebody makes up their mind; times of one person differ by seconds."""
        self.world.clock.tick(seconds=2)
        self._choose(name, person, act, scope, lost)

    @rule(person=people, one=platforms, other=platforms)
    def choose_twice_at_once(self, person: str, one: str, other: str) -> None:
        """They say yes in one place and no in another, dated the same second."""
        if one == other:
            return
        self.world.clock.tick(seconds=2)
        self._choose(one, person, Act.DENY, MARKETING, lost=False)
        self._choose(other, person, Act.GRANT, MARKETING, lost=False)

    def _choose(self, name: str, person: str, act: Act, scope: Scope, lost: bool) -> None:
        platform = self.world[name]
        held = platform.contacts.get((person, scope))
        if held is None or held.act is act:
            return
        at = platform.choose(person, act, scope)
        real = self.world.clock()
        self.said.append(Said(person, scope, act, min(at, real), at))
        if lost and platform.wire:
            platform.wire.pop()
        self.steps += 1

    @precondition(lambda self: ("ada@example.com", MARKETING) in self.world["standard:crm"].contacts)
    @rule()
    def move(self) -> None:
        """Ada changes her address at the service; the webhook of it arrives at once, that of her choices may not."""
        if "ada@example.org" in {endpoint for endpoint, _ in self.world["standard:crm"].contacts}:
            return
        self.world.clock.tick(seconds=2)
        crm = self.world["standard:crm"]
        crm.move("ada@example.com", "ada@example.org")
        self.world.deliver(crm.wire.pop())
        self.steps += 1

    # ---------------------------------------------------------------------------------------------- others
    @rule(name=platforms, person=people)
    def colleague_subscribes(self, name: str, person: str) -> None:
        """Somebody imports an old file into a platform, over a withdrawal that the ledger knows of."""
        platform, subject = self.world[name], self.world.subject(person)
        held = platform.contacts.get((person, MARKETING))
        known = {(change.act, change.at) for change in self.world.store.changes(subject)}
        seen = self.world.store.observed(name, subject, MARKETING)
        if held and held.act is Act.DENY and ((Act.DENY, held.since) in known or seen == (Act.DENY, held.since)):
            self.world.clock.tick(seconds=2)
            platform.choose(person, Act.GRANT, actor=Actor.IMPORT)
            self.steps += 1

    @rule(person=people)
    def imported(self, person: str) -> None:
        """A file that says "subscribed", with tomorrow's date, is imported into the ledger."""
        row = Notice(
            person, Act.GRANT, MARKETING, "import:old.csv", self.world.clock() + timedelta(days=1), actor=Actor.IMPORT,
            trust=Trust.CLAIMED, evidence="a column",
        )  # fmt: skip
        with self.world.store.transaction():
            apply_notices(self.world.sync, [row], Report(), received_at=self.world.clock())

    # ---------------------------------------------------------------------------------------------- network
    @rule(name=platforms, at=st.integers(0, 5), again=st.booleans(), lost=st.booleans())
    def deliver(self, name: str, at: int, again: bool, lost: bool) -> None:
        """An event arrives, in any order, perhaps twice; an echo or a repetition may be lost."""
        wire = self.world[name].wire
        if wire:
            event = wire[at % len(wire)]
            self.world.deliver(event, again=again)
            if again or lost:
                return
            wire.remove(event)

    @rule(name=platforms, away=st.booleans())
    def outage(self, name: str, away: bool) -> None:
        """A platform goes away, or comes back."""
        self.world[name].away = away

    @rule(minutes=st.sampled_from((1, 6, 61, 3000)))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.world.clock.tick(minutes=minutes)

    # ---------------------------------------------------------------------------------------------- contextmail
    @rule()
    def work(self) -> None:
        """The worker does a round."""
        self.world.worker.run_once()

    @rule(left=st.integers(1, 60), after=st.booleans(), sweeping=st.booleans())
    def crash(self, left: int, after: bool, sweeping: bool) -> None:
        """The worker, or a sweep, dies somewhere in the middle; another worker goes on."""
        fuse = Fuse(left, after)
        systems = {name: Fragile(platform, fuse) for name, platform in self.world.platforms.items()}
        sync = Sync(Fragile(self.world.store, fuse), systems, self.world.sync.options, self.world.clock)  # type: ignore[arg-type]
        try:
            if sweeping and self.sweeps:
                reconcile(sync)
            else:
                Worker(sync, sources(self.world.sealer)).run_once()
        except Killed:
            self.steps += 1

    @rule()
    def sweep(self) -> None:
        """A sweep compares."""
        if self.sweeps:
            reconcile(self.world.sync)

    # ---------------------------------------------------------------------------------------------- what must hold
    def teardown(self) -> None:
        """Let everything arrive and come to rest; then nobody may be written to against their newest choice."""
        if not hasattr(self, "world"):
            return
        try:
            self.world.settle(sweep=self.sweeps)
            self._nobody_is_held_against_their_choice()
            self._nothing_goes_round()
        finally:
            self.world.close()
            self.room.cleanup()
            shutil.rmtree(self.room.name, ignore_errors=True)

    def _nobody_is_held_against_their_choice(self) -> None:
        for endpoint in ENDPOINTS:
            changes = self.world.store.changes(self.world.subject(endpoint))
            for scope in (MARKETING, NEWS):
                if not self._must_be_denied(endpoint, scope):
                    continue
                verdict = permission(fold(changes), scope).verdict
                assert verdict is Verdict.DENY, f"the ledger lost the withdrawal of {scope}"
                for platform in self.world.platforms.values():
                    held = platform.contacts.get((endpoint, scope))
                    assert held is None or held.act is not Act.GRANT, f"{platform.name} still writes to {scope}"

    def _must_be_denied(self, endpoint: str, scope: Scope) -> bool:
        linked = self.world.store.linked(self.world.subject(endpoint))
        about = [s for s in self.said if s.endpoint == endpoint or self.world.subject(s.endpoint) in linked]
        # A no that the same person took back at once, where they had said it, may never have been seen by anybody.
        return any(
            no.act is Act.DENY
            and no.scope.covers(scope)
            and not any(
                yes.act is Act.GRANT
                and yes.endpoint in (endpoint, no.endpoint)
                and yes.scope.covers(scope)
                and no.scope.covers(yes.scope)
                and yes.latest > no.earliest
                for yes in about
            )
            for no in about
        )

    def _nothing_goes_round(self) -> None:
        pushes = len(self.world.store.pushes())
        assert pushes <= 12 * (self.steps + 1), f"{pushes} pushes after {self.steps} steps"
        writes = [platform.writes for platform in self.world.platforms.values()]
        self.world.settle(sweep=self.sweeps)
        assert writes == [platform.writes for platform in self.world.platforms.values()], "it does not stay at rest"
