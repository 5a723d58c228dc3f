"""A small world: platforms that keep consent of their own, their webhooks, a clock, and the real store."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from contextmail.connectors.consents import Pushed, unreached
from contextmail.errors import RetryableError
from contextmail.model.consent import Act, Actor, Assurance, Change, Permission, Scope, fold, permission
from contextmail.model.event import Notice, Push
from contextmail.reconciling import reconcile
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore
from contextmail.syncing import Report, Sync, Worker
from contextmail.webhooks import sources
from contextmail.webhooks.unsubscribe import Unsubscription

START = datetime(2026, 6, 1, 9)
MARKETING = Scope("email", "marketing")
NEWS = Scope("email", "marketing", topic="news")
ADA, BO = "ada@example.com", "bo@example.com"
LOOKUP, SEAL = "an invented lookup key of the tests", "A" * 43 + "="


class Clock:
    """The time of the world, which passes only when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **by: float) -> datetime:
        self.now += timedelta(**(by or {"seconds": 1}))
        return self.now


@dataclass(frozen=True)
class Event:
    """A webhook on its way."""

    source: str
    account: str
    body: bytes
    key: str
    assurance: Assurance


@dataclass
class Held:
    """What a platform holds of one endpoint in one scope."""

    act: Act
    since: datetime | None
    actor: Actor


@dataclass
class Platform:
    """A system with an API and webhooks; `skew` is how far its clock is off.

    `hooks`: `mailchimp` (forms, unsigned unless `signed`), `standard` (signed JSON) or nothing: only a sweep shows it.
    """

    name: str
    clock: Clock
    hooks: str = "standard"
    signed: bool = True
    skew: timedelta = timedelta(0)
    topics: bool = False
    grants: Act | None = Act.GRANT
    """What a grant by API comes to: it is written, the person is asked (PEND), or it is refused (None)."""
    echoes_as_person: bool = False
    proves: bool = True
    """It can show that it was the person who signed up there."""
    readable: bool = True
    contacts: dict[tuple[str, Scope], Held] = field(default_factory=dict)
    wire: list[Event] = field(default_factory=list)
    told: list[Push] = field(default_factory=list)
    writes: int = 0
    """How often the API changed something."""
    away: bool = False
    ignores: bool = False
    """It answers that all went well, and does nothing."""

    def add(self, endpoint: str, act: Act = Act.GRANT, scope: Scope = MARKETING) -> None:
        """Hold a contact from long ago, imported."""
        self.contacts[endpoint, scope] = Held(act, START - timedelta(days=30), Actor.SYSTEM)

    def choose(self, endpoint: str, act: Act, scope: Scope = MARKETING, *, actor: Actor = Actor.PERSON) -> datetime:
        """Let a person (or a colleague, or an import) change what is held; a webhook tells of it. Return its time."""
        at = self.clock() + self.skew
        held = self.contacts.get((endpoint, scope))
        if held is None or held.act is not act:
            self.contacts[endpoint, scope] = Held(act, at, actor)
            self._tell(endpoint, act, scope, at, actor)
        return at

    def move(self, old: str, new: str) -> None:
        """Let a person change their address; what is held goes with it."""
        for (endpoint, scope), held in list(self.contacts.items()):
            if endpoint == old:
                self.contacts[new, scope] = self.contacts.pop((endpoint, scope))
                assert held
        at = self.clock() + self.skew
        if self.hooks == "standard":
            self._send(
                {"type": "endpoint.changed", "timestamp": _iso(at), "data": {"endpoint": old, "new_endpoint": new}}
            )
        elif self.hooks == "mailchimp":
            self._form("upemail", at, old_email=old, new_email=new)

    # what contextmail calls
    def push(self, push: Push) -> Pushed:
        self._answer()
        self.told.append(push)
        if push.act is Act.ERASE:
            gone = [key for key in self.contacts if key[0] == push.endpoint]
            for key in gone:
                del self.contacts[key]
            return Pushed("done" if gone else "absent")
        mine = [key for key in self.contacts if key[0] == push.endpoint and self._reaches(push, key[1])]
        outside = None if self.topics else unreached(push, MARKETING)
        if outside or not mine:
            return outside or Pushed("absent")
        if push.act is Act.GRANT and self.grants is None:
            return Pushed("blocked", "grants are not written there")
        want = self.grants if push.act is Act.GRANT else Act.DENY
        assert want
        for endpoint, scope in mine if not self.ignores else []:
            held = self.contacts[endpoint, scope]
            if held.act in (want, Act.GRANT if want is Act.PEND else Act.SUPPRESS):
                continue
            at = self.clock() + self.skew
            self.contacts[endpoint, scope] = Held(want, at, Actor.SYSTEM)
            self.writes += 1
            self._tell(endpoint, want, scope, at, Actor.PERSON if self.echoes_as_person else Actor.SYSTEM)
        return Pushed("done")

    def _reaches(self, push: Push, scope: Scope) -> bool:
        return push.scope.covers(scope) and (push.act is not Act.GRANT or scope.covers(push.scope))

    def read(self, endpoint: str) -> list[Notice]:
        self._answer()
        return [self._notice(known, scope, held) for (known, scope), held in self.contacts.items() if known == endpoint]

    def sweep(self, *, since: datetime | None) -> Iterator[Notice]:
        self._answer()
        for (endpoint, scope), held in list(self.contacts.items()):
            if since is None or held.since is None or held.since >= since:
                yield self._notice(endpoint, scope, held)

    def close(self) -> None:
        """Hold nothing open."""

    def _answer(self) -> None:
        if self.away:
            raise RetryableError("it is away", where=self.name)

    def _notice(self, endpoint: str, scope: Scope, held: Held) -> Notice:
        proven = self.proves and held.act is Act.GRANT and held.actor is Actor.PERSON
        actor = Actor.PERSON if proven else Actor.SYSTEM if held.act is Act.GRANT else Actor.PLATFORM
        return Notice(
            endpoint, held.act, scope, self.name, held.since, actor=actor, method="poll", assurance=Assurance.READ_BACK,
            evidence="form" if proven else "", value="hard_bounce" if held.act is Act.SUPPRESS else "",
        )  # fmt: skip

    def _tell(self, endpoint: str, act: Act, scope: Scope, at: datetime, actor: Actor) -> None:
        if self.hooks == "standard":
            choice = {Act.GRANT: "granted", Act.DENY: "denied", Act.PEND: "pending"}[act]
            data = {"endpoint": endpoint, "channel": scope.channel, "purpose": scope.purpose, "topic": scope.topic}
            data |= {"choice": choice, "actor": str(actor), "at": _iso(at), "evidence": "form 7"}
            self._send({"type": "consent.changed", "timestamp": _iso(at), "data": data})
        elif self.hooks == "mailchimp" and act is Act.DENY:
            self._form("unsubscribe", at, email=endpoint, action="unsub", reason="manual")
        elif self.hooks == "mailchimp" and act is Act.GRANT:
            self._form("subscribe", at, email=endpoint)

    def _send(self, event: dict[str, object]) -> None:
        self._put("standard", json.dumps(event).encode(), Assurance.SIGNED)

    def _form(self, kind: str, at: datetime, **data: str) -> None:
        account = self.name.partition(":")[2]
        fields = {f"data[{name}]": value for name, value in {**data, "list_id": account}.items()}
        body = urlencode({"type": kind, "fired_at": at.strftime("%Y-%m-%d %H:%M:%S"), **fields}).encode()
        self._put("mailchimp", body, Assurance.SIGNED if self.signed else Assurance.UNSIGNED)

    def _put(self, source: str, body: bytes, assurance: Assurance) -> None:
        count = self.clock.__dict__["sent"] = self.clock.__dict__.get("sent", 0) + 1
        self.wire.append(Event(source, self.name.partition(":")[2], body, f"event {count}", assurance))


def _iso(at: datetime) -> str:
    return at.isoformat() + "Z"


def small_world(room: str) -> World:
    """Make four systems of the kinds that there are, and Ada, who is subscribed in all of them."""
    made = World(Path(room), mailchimp(), service(), table(), service("webhook:shop", readable=False, hooks=""))
    for platform in made.platforms.values():
        platform.add(ADA)
    made.sweep()
    made.clock.tick(days=1)
    return made


class World:
    """Platforms, the real store on disk, and a worker that can be killed and started anew."""

    def __init__(self, folder: Path, *platforms: Callable[[Clock], Any], clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.sealer = Sealer(LOOKUP, [SEAL], brand="Bramble")
        self.store = SqliteConsentStore(folder / "consent.db", self.sealer, clock=self.clock)
        self.platforms = {made.name: made for made in (make(self.clock) for make in platforms)}
        self.sync = Sync(self.store, self.platforms, clock=self.clock)
        self.worker = Worker(self.sync, sources(self.sealer))

    def __getitem__(self, name: str) -> Platform:
        return self.platforms[name]

    def deliver(self, event: Event, *, again: bool = False) -> bool:
        """Let the receiver keep an event; with `again` under another key, as of a sender that has none."""
        key = f"{event.key} again {self.clock()}" if again else event.key
        return self.store.receive(event.source, event.account, key, event.assurance, event.body, self.clock())

    def deliver_all(self) -> None:
        """Deliver whatever is on its way."""
        for platform in self.platforms.values():
            while platform.wire:
                self.deliver(platform.wire.pop(0))

    def work(self, rounds: int = 50) -> Report:
        """Work until there is nothing to do just now; return the last round that did something."""
        last = Report()
        for _ in range(rounds):
            report = self.worker.run_once()
            if report.idle:
                return last
            last = report
        raise AssertionError("the worker does not come to rest")

    def sweep(self, *, full: bool = False) -> Report:
        """Compare every system with the ledger, and repair."""
        report = reconcile(self.sync, full=full)
        self.work()
        return report

    def settle(self, *, sweep: bool = True, rounds: int = 12) -> None:
        """Deliver all, bring every system back, and work until nothing is left to do. Raises AssertionError."""
        for platform in self.platforms.values():
            platform.away = False
        for _ in range(rounds):
            self.clock.tick(hours=2)
            writes = sum(platform.writes for platform in self.platforms.values())
            self.deliver_all()
            self.work()
            if sweep:
                assert not reconcile(self.sync, full=True).failed
                self.work()
            wrote = sum(platform.writes for platform in self.platforms.values()) - writes
            wire = any(platform.wire for platform in self.platforms.values())
            open_ = [p for p in self.store.pushes() if p.state in ("waiting", "pushing")]
            if not (wrote or wire or open_ or self.store.inbox("new")):
                return
        stuck = [(p.target, str(p.act), str(p.scope), p.state, p.reason, p.tries) for p in open_]
        raise AssertionError(f"it does not settle: {wrote} writes, {stuck}, {self.store.inbox('new')}")

    def one_click(self, endpoint: str, scope: Scope = MARKETING) -> None:
        """Let somebody press the button of an e-mail."""
        body = Unsubscription(endpoint, scope, self.clock().date()).to_bytes()
        self.deliver(Event("one-click", "", body, f"click {self.subject(endpoint)} {self.clock()}", Assurance.SIGNED))

    def subject(self, endpoint: str) -> str:
        return self.store.subject(endpoint)

    def changes(self, endpoint: str, act: Act | None = None) -> list[Change]:
        """List what the ledger holds of somebody, or only one kind of it."""
        return [c for c in self.store.changes(self.subject(endpoint)) if act in (None, c.act)]

    def may(self, endpoint: str, scope: Scope = MARKETING) -> Permission:
        return permission(fold(self.changes(endpoint)), scope)

    def held(self, name: str, endpoint: str = ADA, scope: Scope = MARKETING) -> Act | None:
        """Say what a platform holds of somebody."""
        found = self[name].contacts.get((endpoint, scope))
        return found and found.act

    def close(self) -> None:
        self.store.close()


def folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder in memory where there is one: what is tested here is not the disk."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


def mailchimp(name: str = "mailchimp:L1", **given: object) -> Callable[[Clock], Platform]:
    """Make an audience: a grant by API asks the person once more."""
    return lambda clock: replace(Platform(name, clock, hooks="mailchimp", grants=Act.PEND), **given)  # type: ignore[arg-type]


def service(name: str = "standard:crm", **given: object) -> Callable[[Clock], Platform]:
    """Make a service of the company's own that sends Standard Webhooks and keeps topics."""
    return lambda clock: replace(Platform(name, clock, topics=True), **given)  # type: ignore[arg-type]


def table(name: str = "sql:customers", **given: object) -> Callable[[Clock], Platform]:
    """Make a table: no webhooks, only a sweep shows what changed."""
    return lambda clock: replace(Platform(name, clock, hooks="", proves=False), **given)  # type: ignore[arg-type]
