"""Carry out one push: look, decide by the ledger as it is now, tell, and look again."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from datetime import timedelta

from contextmail.connectors.consents import ConsentSystem
from contextmail.errors import AuthenticationError, ContextmailError, PlatformError, RetryableError
from contextmail.model.consent import Act, fold
from contextmail.model.event import Notice, Push, PushState
from contextmail.store.base import StoreDownError
from contextmail.syncing.base import Report, Sync
from contextmail.syncing.claiming import claims, held
from contextmail.syncing.erasing import LEDGER, bury
from contextmail.syncing.meaning import RESTRICTIVE, Wanted, holds, wanted
from contextmail.syncing.recording import apply_notices

TRIES = 5
"""After so many a colleague is asked; a withdrawal is tried again every hour besides."""
REFUSALS = 30
"""A withdrawal that is refused is tried so often, a day long; a colleague is asked at the first refusal."""
_LATE = f"not told after {TRIES} tries; it is tried again every hour"
_CHOICES = (Act.GRANT, Act.DENY)
_LOG = logging.getLogger(__name__)


def push_due(sync: Sync, report: Report) -> None:
    """Carry out all that is due, the withdrawals first. Raises StoreDownError."""
    for push in claims(sync):
        carry_out(sync, push, report)


def carry_out(sync: Sync, push: Push, report: Report) -> None:
    """Bring a claimed push to its end, or put it back for later. Raises StoreDownError only."""
    after, refused = 0.0, False
    try:
        with held(sync, push):
            state, reason = _carry_out(sync, push, report)
    except StoreDownError:
        raise
    except (RetryableError, AuthenticationError) as error:
        state, reason, after = "waiting", getattr(error, "title", "the key is refused"), getattr(error, "after", 0.0)
    except Exception as error:  # noqa: BLE001  # one contact that a connector stumbles over must not keep the others waiting
        reason, refused = _why(error), True
        gives_up = push.act not in RESTRICTIVE or (push.tries >= REFUSALS and push.reason == reason)
        state = "blocked" if gives_up else "waiting"
    with sync.store.transaction():
        _settle(sync, push, report, state, reason, after, refused=refused)


def _why(error: Exception) -> str:
    if isinstance(error, PlatformError):
        return error.title
    known = isinstance(error, ContextmailError)
    return type(error).__name__ if known else f"the connector failed: {type(error).__name__}"


def _carry_out(sync: Sync, push: Push, report: Report) -> tuple[PushState, str]:
    store = sync.store
    if push.target == LEDGER:
        with store.transaction():
            reason = bury(sync, push)
        return ("waiting" if reason else "done"), reason
    system = sync.systems.get(push.target)
    if system is None:
        return "blocked", "no such system in [consent.systems]"
    if not push.endpoint:
        return "dropped", "nobody is known by it any more"
    if push.act is Act.ERASE:
        told = system.push(push)
        return ("blocked" if told.outcome == "blocked" else "done"), told.reason
    # Somebody may have spoken there since, and a lost webhook never says so: telling first would write over it.
    held = _look(sync, system, push, report)
    want = wanted(fold(store.changes(push.subject)), push.scope)
    if want is None:
        return "dropped", "the ledger no longer asks for it"
    if want.act is Act.GRANT and _left_its_list(sync, push):
        return "dropped", "they have left its list, and what is granted more widely does not lift that"
    if holds(held, want, push.scope):
        return "done", "it was so already"
    return _tell(sync, system, replace(push, act=want.act, value=want.value, change=want.change.id), report, want)


def _left_its_list(sync: Sync, push: Push) -> bool:
    own = replace(push.scope, list=push.scope.list or push.target.partition(":")[2])
    want = wanted(fold(sync.store.changes(push.subject)), own)
    return want is not None and want.restricts


def _tell(sync: Sync, system: ConsentSystem, push: Push, report: Report, want: Wanted) -> tuple[PushState, str]:
    told = system.push(push)
    if told.outcome == "done" and holds(_look(sync, system, push, report, told=push.act), want, push.scope) is False:
        raise RetryableError("it says otherwise when read back", where=system.name)
    return ("blocked" if told.outcome == "blocked" else "done"), told.reason


def _look(sync: Sync, system: ConsentSystem, push: Push, report: Report, *, told: Act | None = None) -> list[Notice]:
    """Read the contact, and record what is news."""
    if not system.readable:
        return []
    now = sync.clock()
    held = system.read(push.endpoint)
    with sync.store.transaction():
        apply_notices(sync, held, report, received_at=now, ref=now.isoformat(), during=push, told=told)
    return held


def _settle(
    sync: Sync, push: Push, report: Report, state: PushState, reason: str, after: float, *, refused: bool
) -> None:
    """Write down what became of a push, when it is tried again, and whether a colleague has to look."""
    withdrawal, tired = push.act in RESTRICTIVE, push.tries >= TRIES
    if state == "waiting" and tired and not withdrawal:
        state = "blocked"
    pause, task = timedelta(0), ""
    if state == "blocked":
        task = reason
    elif state == "waiting":
        pause = timedelta(hours=1) if tired else timedelta(seconds=30 * 2**push.tries)
        pause = max(pause * random.uniform(0.5, 1), timedelta(seconds=after))
        task = f"{reason}; it is tried again" if refused else _LATE if tired else ""
    if push.target != LEDGER and (task or state != "waiting"):
        _show(sync, push, task)
    sync.store.pushed(push.id, state, reason, again_at=sync.clock() + pause)
    report.told += state == "done"
    report.waiting += state == "waiting"
    report.blocked += state == "blocked"
    report.dropped += state == "dropped"
    if state in ("waiting", "blocked"):
        _LOG.warning("%s %s: %s, %s", push.target, push.subject[:8], state, reason)


def _show(sync: Sync, push: Push, task: str) -> None:
    """Let the one open task about a push be this; empty: none is left, as it was carried out or is no longer asked."""
    store, act = sync.store, f"{push.act} {push.value}".strip()
    about = tuple(f"{one} for {push.scope}: " for one in {act, *(_CHOICES if push.act in _CHOICES else ())})
    asked = task and f"{act} for {push.scope}: {task}"
    for other in store.tasks(subject=push.subject):
        if other.target == push.target and other.what.startswith(about) and other.what != asked:
            store.finish(other.id)
    if asked:
        store.ask(push.subject, push.target, asked)
