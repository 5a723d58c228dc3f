"""What systems, people and files say, into the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from contextmail.errors import RecordRejected
from contextmail.model.consent import Act, Assurance, Change, Scope, erased
from contextmail.model.endpoint import normalise
from contextmail.model.event import Notice, Push
from contextmail.syncing.base import Report, Sync
from contextmail.syncing.erasing import begin_erasure
from contextmail.syncing.following import record
from contextmail.syncing.meaning import STATES, as_change, is_own, said

ECHO = timedelta(seconds=60)
"""How far two clocks may differ for a grant to be taken for our own."""


def apply_notices(
    sync: Sync,
    notices: Iterable[Notice],
    report: Report,
    *,
    received_at: datetime,
    ref: str = "",
    during: Push | None = None,
    told: Act | None = None,
) -> set[str]:
    """Record what systems, people and files say, and enqueue what other systems are to be told; return the subjects.

    The one way into the ledger, for webhooks, read-backs, sweeps and imports alike. Call it within
    `store.transaction()`: the notices and what follows from them are kept together or not at all. `ref` tells apart
    what has no date of its own. `during` is the push for which a system was read, and `told` what it was told just
    before: what only repeats that is no news.
    """
    changes: list[Change] = []
    endpoints: list[str] = []
    seen: set[tuple[str, Scope, str]] = set()
    moved: list[tuple[str, str]] = []
    subjects: set[str] = set()
    for notice in notices:
        try:
            endpoint = normalise(notice.endpoint)
            new = normalise(notice.moved_to) if notice.moved_to else ""
        except RecordRejected:
            report.rejected += 1
            continue
        subject = sync.store.subject(endpoint)
        known = sync.store.changes(subject)
        change = as_change(notice, subject, received_at, ref)
        subjects.add(subject)
        to = sync.store.subject(new) if new else ""
        arrived = bool(to) and erased(sync.store.changes(to))
        subjects |= {to} - {""}
        if (erased(known) and erased([*known, change])) or arrived:
            report.erased += 1
            if new and not arrived and notice.assurance is not Assurance.UNSIGNED:
                # Nothing was found to delete under the old one: they had moved on.
                begin_erasure(sync, new)
            report.buried.append(notice)
            continue
        if new:
            moved.append((subject, to))
            endpoints += [endpoint, new]
            continue
        if notice.act is Act.ERASE:
            begin_erasure(sync, endpoint)
            continue
        seen.add((subject, notice.scope, notice.source))
        if _is_news(sync, notice, change) and not (told and is_own(notice, told)):
            changes.append(change)
            endpoints.append(endpoint)
        else:
            report.known += 1
        _observe(sync, notice, subject)
    record(sync, changes, report, endpoints=endpoints, moved=moved, seen=seen, during=during)
    return subjects


def _is_news(sync: Sync, notice: Notice, change: Change) -> bool:
    """Say whether a system tells more than it was last seen to say; the same value since the same time is an echo.

    The time has to be the very same: a withdrawal that merely resembles ours may be the person's own. A person's grant
    is news (the ledger knows a repetition by its id), but not where we asked for it ourselves at that time.
    """
    if change.act is Act.GRANT and not change.refused:
        return not any(_is_echo(push, change) for push in sync.store.pushes(subject=change.subject))
    return not _repeats(notice, sync.store.observed(notice.source, change.subject, notice.scope))


def _repeats(notice: Notice, last: tuple[str, datetime | None] | None) -> bool:
    """Say whether a system was seen to say this before: since the same time, or since it may have begun to."""
    if notice.after is None or last is None:
        return last == (said(notice), notice.at)
    value, since = last
    return value == said(notice) and (since is None or since >= notice.after)


def _is_echo(push: Push, grant: Change) -> bool:
    """Say whether a grant is dated while we told its source to grant, or shortly before or after."""
    if (push.target, push.act) != (grant.source, Act.GRANT) or not push.made_at or not push.tries:
        return False
    over = push.ended_at if push.state == "done" else None
    return push.made_at - ECHO <= grant.counts_at <= (over or grant.received_at) + ECHO


def _observe(sync: Sync, notice: Notice, subject: str) -> None:
    """Remember what a system says: what was read there, and a signed event that is no older."""
    system = sync.systems.get(notice.source)
    if system is None or not system.readable or notice.act not in STATES or notice.assurance is Assurance.UNSIGNED:
        return
    last = sync.store.observed(notice.source, subject, notice.scope)
    if notice.after is not None and _repeats(notice, last):
        # The time of the first sight stays: it is the nearest to when it was.
        return
    read = notice.assurance is Assurance.READ_BACK
    if read or last is None or notice.at is None or last[1] is None or last[1] <= notice.at:
        sync.store.observe(notice.source, subject, notice.scope, said(notice), notice.at)
