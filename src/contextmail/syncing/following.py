"""What follows from a change in the ledger: who is to be told, and who is frozen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from contextmail.model.consent import Act, Assurance, Change, Scope, Suppression, fold
from contextmail.model.event import Push
from contextmail.syncing.base import Drift, Report, Sync
from contextmail.syncing.meaning import Wanted, affected, agrees, contradicts, flips, own_change, wanted

DOUBT = timedelta(minutes=15)
"""How long nobody tells a system what it is said to have told us itself, unsigned: that would make a forgery true."""
Place = tuple[str, Scope]
"""A subject and a scope."""


def record(
    sync: Sync,
    changes: Sequence[Change],
    report: Report,
    *,
    endpoints: Iterable[str] = (),
    moved: Iterable[tuple[str, str]] = (),
    seen: Iterable[tuple[str, Scope, str]] = (),
    during: Push | None = None,
) -> None:
    """Append changes, and enqueue a push wherever a system now holds something else than the ledger wants.

    `seen`: subjects and scopes of which a system (the third) has just spoken, which may contradict what was recorded
    long ago. `during`: the push that is under way, which looks after itself. Call it within `store.transaction()`.
    """
    store = sync.store
    known = {change.id for subject in {c.subject for c in changes} for change in store.changes(subject)}
    new = {change.id: change for change in changes if change.id not in known}
    report.changes += store.append(new.values(), endpoints)
    joined = set()
    for one, other in moved:
        # A system that keeps several addresses of a person says so at every sight.
        if other not in store.linked(one):
            store.link(one, other)
            joined |= {one, other}
    spoke: dict[Place, set[str]] = {}
    for subject, scope, system in seen:
        spoke.setdefault((subject, scope), set()).add(system)
    turned = _turned(sync, new, joined)
    for place in dict.fromkeys((*turned, *spoke)):
        _follow(sync, place, report, turned=place in turned, spoke=spoke.get(place, set()), during=during)


def _turned(sync: Sync, new: dict[str, Change], joined: set[str]) -> list[Place]:
    """List where the ledger wants something else than before the new changes, and before two subjects became one."""
    changed, places = joined | {change.subject for change in new.values()}, []
    for subject in sorted(changed.union(*map(sync.store.linked, changed))):
        now = sync.store.changes(subject)
        before = [] if subject in joined else [change for change in now if change.id not in new]
        was, is_ = fold(before), fold(now)
        places += [
            (subject, scope)
            for scope in sorted(affected(now if subject in joined else new.values(), now))
            if _differs(wanted(was, scope), wanted(is_, scope), new)
        ]
    return places


def _differs(before: Wanted | None, now: Wanted | None, new: dict[str, Change]) -> bool:
    if now is None or before is None:
        return now is not before
    return (before.act, before.value) != (now.act, now.value) or (now.change.id in new and not now.restricts)


def _follow(sync: Sync, place: Place, report: Report, *, turned: bool, spoke: set[str], during: Push | None) -> None:
    """Enqueue what follows from the ledger for one endpoint and scope; freeze it where it turns too often."""
    (subject, scope), store, now = place, sync.store, sync.clock()
    changes = store.changes(subject)
    if turned and flips(changes, scope, now, sync.options.flips):
        freeze = own_change(Act.SUPPRESS, subject, scope, now, value=Suppression.FLAPPING, method="breaker")
        changes = [*changes, freeze]
        report.changes += store.append([freeze])
        report.frozen += 1
        store.ask(subject, "", f"frozen: {scope} was switched back and forth; look into it, then release it")
    want = wanted(fold(changes), scope)
    if want is None:
        return
    told = []
    for name, system in sync.systems.items():
        underway = during and (during.target, during.subject, during.scope) == (name, *place)
        if underway or _is_doubtful(want, name, now):
            continue
        value, _ = store.observed(name, subject, scope) or ("", None)
        if name in spoke and contradicts(value, want):
            report.drift.append(Drift(name, subject, scope, value, str(want.act)))
            if _is_fought(changes, name, now, sync.options.flips):
                store.ask(subject, name, "something there subscribes them again and again: find it and switch it off")
                continue
        elif not turned or (agrees(value, want) if system.readable else _knows(sync, name, place, want)):
            continue
        told.append((name, subject, want.act, scope, want.value, want.change.id))
    store.enqueue(told)


def _knows(sync: Sync, system: str, place: Place, want: Wanted) -> bool:
    """Say whether a system that cannot be read was last told of a grant, and this is another: it may be its own echo."""
    subject, scope = place
    told = [
        p for p in sync.store.pushes(subject=subject) if p.target == system and p.state not in ("dropped", "blocked")
    ]
    return want.act is Act.GRANT and bool(told) and (told[-1].act, told[-1].scope) == (Act.GRANT, scope)


def _is_doubtful(want: Wanted, system: str, now: datetime) -> bool:
    by = want.change
    return by.assurance is Assurance.UNSIGNED and by.source == system and now - by.received_at < DOUBT


def _is_fought(changes: Iterable[Change], system: str, now: datetime, limit: int) -> bool:
    """Say whether a system was set back to subscribed more often within the hour than a person would."""
    since = now - timedelta(hours=1)
    return sum(c.act is Act.GRANT and c.source == system and c.received_at > since for c in changes) > limit
