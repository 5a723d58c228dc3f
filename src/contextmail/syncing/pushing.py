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
from contextmail.syncing.erasing import LEDGER, bury
from contextmail.syncing.meaning import RESTRICTIVE, Wanted, holds, wanted
from contextmail.syncing.recording import apply_notices

TRIES = 5
"""After so many a colleague is asked; a withdrawal is tried again every hour besides."""
_LATE = f"not told of a withdrawal after {TRIES} tries; it is tried again every hour"
_LOG = logging.getLogger(__name__)


def push_due(sync: Sync, report: Report) -> None:
    """Carry out all that is due, the withdrawals first. Raises StoreDownError."""
    while due := sync.store.due(sync.clock()):
        for push in due:
            carry_out(sync, push, report)


def carry_out(sync: Sync, push: Push, report: Report) -> None:
    """Bring a claimed push to its end, or put it back for later. Raises StoreDownError only."""
    after = 0.0
    try:
        state, reason = _carry_out(sync, push, report)
    except StoreDownError:
        raise
    except (RetryableError, AuthenticationError) as error:
        state, reason, after = "waiting", getattr(error, "title", "the key is refused"), getattr(error, "after", 0.0)
    except PlatformError as error:
        state, reason = "blocked", error.title
    except ContextmailError as error:
        state, reason = "blocked", type(error).__name__
    except Exception as error:  # noqa: BLE001  # one contact that a connector stumbles over must not keep the others waiting
        state, reason = "blocked", f"the connector failed: {type(error).__name__}"
    with sync.store.transaction():
        _settle(sync, push, report, state, reason, after)


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


def _settle(sync: Sync, push: Push, report: Report, state: PushState, reason: str, after: float) -> None:
    """Write down what became of a push, when it is tried again, and whether a colleague has to look."""
    store, withdrawal, tired = sync.store, push.act in RESTRICTIVE, push.tries >= TRIES
    if state == "waiting" and tired and not withdrawal:
        state = "blocked"
    pause = timedelta(0)
    if state == "waiting":
        pause = timedelta(hours=1) if tired else timedelta(seconds=30 * 2**push.tries)
        pause = max(pause * random.uniform(0.5, 1), timedelta(seconds=after))
        if tired and push.target != LEDGER:
            store.ask(push.subject, push.target, _LATE)
    elif state == "blocked":
        store.ask(push.subject, push.target, f"{push.act} for {push.scope}: {reason}")
    elif push.tries > TRIES:
        for task in store.tasks():
            if (task.subject, task.target, task.what) == (push.subject, push.target, _LATE):
                store.finish(task.id)
    store.pushed(push.id, state, reason, again_at=sync.clock() + pause)
    report.told += state == "done"
    report.waiting += state == "waiting"
    report.blocked += state == "blocked"
    report.dropped += state == "dropped"
    if state in ("waiting", "blocked"):
        _LOG.warning("%s %s: %s, %s", push.target, push.subject[:8], state, reason)
