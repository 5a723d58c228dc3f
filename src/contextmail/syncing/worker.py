"""The worker: inbox -> ledger -> outbox -> push -> read back. Killed anywhere, the next one goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import islice, takewhile

from contextmail.errors import ContextmailError
from contextmail.model.consent import Act, Assurance
from contextmail.model.endpoint import normalise
from contextmail.model.event import Notice
from contextmail.store.base import InboxEvent, StoreDownError
from contextmail.syncing.base import Report, Sync
from contextmail.syncing.claiming import claims
from contextmail.syncing.erasing import forget_again
from contextmail.syncing.following import record
from contextmail.syncing.meaning import as_change, own_change
from contextmail.syncing.pushing import carry_out
from contextmail.syncing.recording import apply_notices
from contextmail.webhooks.base import BadPayloadError, WebhookSource

SETTLED = timedelta(minutes=5)
"""How long after an unsigned unsubscription a system has to show it; what it shows earlier may be from before it."""
PATIENCE = timedelta(hours=24)
"""How long a contact is asked for before its event is left to a colleague; the sweep sees the same contact anyway."""
_BATCH = 100
_UNUSABLE = "an endpoint that is no address or number"
_LOG = logging.getLogger(__name__)


class Worker:
    """Fold what came in into the ledger and tell the systems; several may run at once."""

    def __init__(self, sync: Sync, sources: Mapping[str, WebhookSource]) -> None:
        self._sync, self._sources = sync, sources

    def run_once(self, stop: Callable[[], bool] = lambda: False) -> Report:
        """Take one batch of events and one batch of pushes; return what was done. Raises StoreDownError.

        Where `stop` says so, it ends after the event or push that is under way.
        """
        report = Report()
        for event in takewhile(lambda _: not stop(), self._due()):
            self._take(event, report)
        for push in islice(claims(self._sync, stop=stop), _BATCH):
            carry_out(self._sync, push, report)
        return report

    def run(self, stop: threading.Event, between: Callable[[], None] = lambda: None, pause: float = 1.0) -> None:
        """Work until `stop` is set, resting `pause` seconds when there is nothing to do; `between` is called each time."""
        while not stop.is_set():
            idle = True
            try:
                idle = self.run_once(stop.is_set).idle
                between()
            except StoreDownError as error:
                _LOG.warning("the store is away: %s", error)
            if idle:
                stop.wait(pause)

    def _due(self) -> list[InboxEvent]:
        """List the events to be taken now; those that wait for a read-back never keep out those behind them."""
        now, limit = self._sync.clock(), _BATCH
        while True:
            events = self._sync.store.inbox("new", limit=limit)
            due = [event for event in events if event.received_at + _pause(event.tries) <= now]
            if due or len(events) < limit:
                return due[:_BATCH]
            limit *= 4

    def _take(self, event: InboxEvent, report: Report) -> None:
        store, name = self._sync.store, f"{event.source}:{event.account} event {event.id}"
        report.events += 1
        try:
            source = self._sources.get(event.source)
            if source is None:
                raise BadPayloadError(f"there is no source {event.source!r}")
            notices = source.parse(event.body, event.account, event.received_at, event.assurance)
            self._apply(event, notices, report)
        except StoreDownError:
            raise
        except Exception as error:  # noqa: BLE001  # one event that is not understood must not keep the others waiting
            reason = str(error) if isinstance(error, BadPayloadError) else type(error).__name__
            store.settle(event.id, "quarantined", reason)
            report.quarantined += 1
            _LOG.warning("%s: quarantined, %s", name, reason)

    def _apply(self, event: InboxEvent, notices: list[Notice], report: Report) -> None:
        store, rejected = self._sync.store, report.rejected
        doubtful = [n for n in notices if n.read_back and n.source in self._sync.systems]
        # A grant that is read back says nothing by itself: what the system holds does.
        sure = [n for n in notices if n not in doubtful or n.act is not Act.GRANT]
        with store.transaction():
            subjects = apply_notices(self._sync, sure, report, received_at=event.received_at, ref=str(event.id))
            bad = _UNUSABLE if report.rejected > rejected else ""
            if not doubtful:
                self._settle(event, subjects, bad)
        report.quarantined += bool(bad)
        if doubtful:
            self._confirm(event, doubtful, subjects, bad, report)

    def _confirm(self, event: InboxEvent, notices: list[Notice], subjects: set[str], bad: str, report: Report) -> None:
        """Read back the contacts of an event that nobody signed, or that cannot say who did it."""
        sync, now = self._sync, self._sync.clock()
        try:
            held = {n.endpoint: sync.systems[n.source].read(n.endpoint) for n in notices}
        except ContextmailError as error:
            waits = f"not read back: {type(error).__name__}"
            over = now - event.received_at > PATIENCE
            sync.store.settle(event.id, "quarantined" if over else "new", waits, subjects=subjects)
            report.quarantined += over
            report.postponed += not over
            return
        wrong = [n for n in notices if _is_refuted(n, held[n.endpoint])]
        early, rejected = now - event.received_at < SETTLED, report.rejected
        with sync.store.transaction():
            for said in held.values():
                subjects |= apply_notices(sync, said, report, received_at=now, ref=now.isoformat())
            if wrong and early:
                sync.store.settle(event.id, "new", "waits for the system to show it", subjects=subjects)
                report.postponed += 1
                return
            for notice in wrong:
                self._retract(event, notice, report)
            if report.rejected > rejected and not bad:
                bad = _UNUSABLE
                report.quarantined += 1
            self._settle(event, subjects, bad)

    def _settle(self, event: InboxEvent, subjects: set[str], bad: str) -> None:
        self._sync.store.settle(event.id, "quarantined" if bad else "done", bad, subjects=subjects)
        forget_again(self._sync, subjects)

    def _retract(self, event: InboxEvent, notice: Notice, report: Report) -> None:
        """Take back a withdrawal that nobody signed and that the system knows nothing of."""
        subject = self._sync.store.subject(normalise(notice.endpoint))
        denial = as_change(notice, subject, event.received_at, str(event.id))
        taken_back = own_change(
            Act.RETRACT, subject, notice.scope, self._sync.clock(), value=denial.id, method="read-back"
        )
        record(self._sync, [taken_back], report)
        self._sync.store.ask(subject, "", f"{notice.source}: an unsigned opt-out was not so; undo it where it was told")


def _is_refuted(notice: Notice, held: list[Notice]) -> bool:
    """Say whether a contact was subscribed since before an unsigned withdrawal; absence and doubt refute nothing."""
    about = [n for n in held if notice.scope.covers(n.scope)]
    return (
        notice.assurance is Assurance.UNSIGNED
        and notice.act is Act.DENY
        and bool(about)
        and all(n.act is Act.GRANT and n.at and notice.at and n.at < notice.at for n in about)
    )


def _pause(tries: int) -> timedelta:
    """Give the time after its receipt at which an event is taken for the (tries + 1)th time."""
    return timedelta() if not tries else timedelta(minutes=min(2**tries, 60 * tries))
