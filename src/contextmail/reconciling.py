"""Compare every system with the ledger: what a lost webhook would have said, and where a system holds too much."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from contextmail.connectors.consents import ConsentSystem
from contextmail.errors import ContextmailError
from contextmail.model.consent import Act
from contextmail.model.endpoint import normalise
from contextmail.model.event import Notice
from contextmail.store.base import StoreDownError
from contextmail.syncing.base import Drift, Report, Sync
from contextmail.syncing.erasing import tell_at_once
from contextmail.syncing.recording import apply_notices

_BATCH = 200
_LOG = logging.getLogger(__name__)


class _Rehearsed(Exception):
    """Raised to take back what a dry run has written."""


class _Stopped(Exception):
    """Raised to end a sweep that is to be begun again."""


def reconcile(
    sync: Sync, *, full: bool = False, dry_run: bool = False, stop: Callable[[], bool] = lambda: False
) -> Report:
    """Sweep every readable system into the ledger, and enqueue the repair of each drift; return both, counted.

    It begins a little before the last sweep that ended well (`[consent] overlap_minutes`); with `full`, every contact
    is read after that, which tells less of when. A system that fails is named in `failed`, and swept from the same time
    again. What keeps a system's events from coming is in `missing`, and a task. Where `stop` says so, it ends early,
    and the next one begins where this one did. Raises StoreDownError.
    """
    report = Report()
    for name, system in sync.systems.items():
        if not system.readable:
            continue
        began = sync.clock()
        last = sync.store.watermark(name)
        since = last and last - timedelta(minutes=sync.options.overlap_minutes)
        try:
            for start in dict.fromkeys([since, None] if full else [since]):
                _sweep(sync, system, report, since=start, began=began, dry_run=dry_run, stop=stop)
        except StoreDownError:
            raise
        except _Stopped:
            return report
        except Exception as error:  # noqa: BLE001  # one system that stumbles must not keep the others from being swept
            report.failed[name] = type(error).__name__
            _LOG.warning("%s: the sweep did not end, %s", name, type(error).__name__)
            continue
        if not dry_run:
            sync.store.set_watermark(name, began)
    report.drift = list(dict.fromkeys(report.drift))
    _watch(sync, report, dry_run=dry_run)
    return report


def _watch(sync: Sync, report: Report, *, dry_run: bool) -> None:
    """Leave a task for each system whose events do not come to us, and close those of systems whose do again."""
    try:
        report.missing = dict(sync.missing())
    except StoreDownError:
        raise
    except ContextmailError as error:
        _LOG.warning("whether the webhooks are there cannot be seen, %s", type(error).__name__)
        return
    if dry_run:
        return
    for task in sync.store.tasks():
        if not task.subject and report.missing.get(task.target) != task.what:
            sync.store.finish(task.id)
    for system, what in report.missing.items():
        sync.store.ask("", system, what)


def _sweep(
    sync: Sync,
    system: ConsentSystem,
    report: Report,
    *,
    since: datetime | None,
    began: datetime,
    dry_run: bool,
    stop: Callable[[], bool],
) -> None:
    stumbled: ContextmailError | None = None
    for notices in _batches(system.sweep(since=since)):
        if stop():
            raise _Stopped
        try:
            with sync.store.transaction():
                # What has no date of its own was so when the sweep began, and is known again by its next sight.
                apply_notices(sync, notices, report, received_at=began, ref=began.isoformat())
                if dry_run:
                    raise _Rehearsed
        except _Rehearsed:
            continue
        finally:
            buried, report.buried = report.buried, []
        for notice in buried:
            try:
                _let_rest(sync, system, notice, report, dry_run=dry_run)
            except StoreDownError:
                raise
            except ContextmailError as error:
                # One that cannot be told must not hide what the others have said.
                stumbled = error
    if stumbled:
        raise stumbled


def _let_rest(sync: Sync, system: ConsentSystem, notice: Notice, report: Report, *, dry_run: bool) -> None:
    """Tell a system at once that somebody was erased whom it holds anew: nothing of them may be kept for later."""
    if notice.act not in (Act.GRANT, Act.PEND):
        return
    subject = sync.store.subject(normalise(notice.endpoint))
    report.drift.append(Drift(system.name, subject, notice.scope, str(notice.act), str(Act.DENY)))
    if not dry_run:
        told = tell_at_once(sync, system.name, normalise(notice.endpoint), Act.DENY, notice.scope)
        if told.outcome == "blocked":
            sync.store.ask(subject, system.name, f"it holds somebody anew who was erased: {told.reason}")


def _batches(notices: Iterable[Notice]) -> Iterator[list[Notice]]:
    stream = iter(notices)
    while batch := list(islice(stream, _BATCH)):
        yield batch
