"""The ledger with what has come in and is not in it yet: whoever left a second ago is not written to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

from contextmail.errors import RecordRejected
from contextmail.model.consent import Act, Change, restrictions
from contextmail.model.endpoint import normalise
from contextmail.model.event import Notice
from contextmail.model.touch import Touch
from contextmail.store.base import Consents, ConsentStore, InboxEvent
from contextmail.syncing.meaning import RESTRICTIVE, as_change
from contextmail.webhooks.base import BadPayloadError, WebhookSource

_LOWERING = RESTRICTIVE | {Act.PREFER}
_PAGE = 1000
_LOG = logging.getLogger(__name__)


class Hearing:
    """Answer for a store as if the worker had taken every event of its inbox; nothing is written, no system called.

    An answer costs as much as there are events that no worker has taken: about 0.1 ms each.
    """

    def __init__(self, store: ConsentStore, sources: Mapping[str, WebhookSource]) -> None:
        self._store, self._sources = store, sources

    def now(self) -> Consents:
        """Give what is known at this moment. Raises StoreDownError."""
        heard = _Heard(self._store)
        for event in self._new():
            for notice in self._understood(event):
                heard.add(notice, event)
        return heard

    def touches(self) -> Iterator[Touch]:
        """Stream the touches whose outcomes files have told."""
        return self._store.touches()

    def touches_of(self, customer: str, endpoint: str) -> list[Touch]:
        """List those of a customer and of a normalised endpoint; either may be empty."""
        return self._store.touches_of(customer, self._store.subject(endpoint) if endpoint else "")

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _new(self) -> Iterator[InboxEvent]:
        last = 0
        while page := self._store.inbox("new", after=last, limit=_PAGE):
            yield from page
            last = page[-1].id

    def _understood(self, event: InboxEvent) -> Iterable[Notice]:
        try:
            return self._sources[event.source].parse(event.body, event.account, event.received_at, event.assurance)
        except (BadPayloadError, KeyError):
            return ()
        except Exception as error:  # noqa: BLE001  # one event that breaks a parser must not stop the answers about all others
            _LOG.warning("%s event %s: not understood, %s", event.source, event.id, type(error).__name__)
            return ()


class _Heard:
    """The ledger at one moment, with what the inbox takes away. What raises waits for the worker, who looks into it."""

    def __init__(self, store: ConsentStore) -> None:
        self._store = store
        self._said: dict[str, list[Change]] = {}
        self._moved: dict[str, set[str]] = {}
        self._endpoints: dict[str, str] = {}

    def add(self, notice: Notice, event: InboxEvent) -> None:
        """Add what an event says; one without a usable address or number is passed over, as by the worker."""
        try:
            subject = self._known(notice.endpoint)
            other = self._known(notice.moved_to) if notice.moved_to else ""
        except RecordRejected:
            return
        if other:
            self._moved.setdefault(subject, set()).add(other)
            self._moved.setdefault(other, set()).add(subject)
        elif notice.act in _LOWERING:
            change = as_change(notice, subject, event.received_at, str(event.id))
            self._said.setdefault(subject, []).append(change)

    def _known(self, endpoint: str) -> str:
        plain = normalise(endpoint)
        subject = self._store.subject(plain)
        self._endpoints[subject] = plain
        return subject

    def subject(self, endpoint: str) -> str:
        return self._store.subject(endpoint)

    def endpoint(self, subject: str) -> str | None:
        return self._store.endpoint(subject) or self._endpoints.get(subject)

    def subjects(self) -> Iterator[str]:
        added = set(self._endpoints)
        for subject in self._store.subjects():
            added.discard(subject)
            yield subject
        yield from added

    def changes(self, subject: str) -> list[Change]:
        if not (self._said or self._moved):
            return self._store.changes(subject)
        others = (change for other in self._linked(subject) for change in restrictions(self._own(other)))
        return [*self._own(subject), *others]

    def _own(self, subject: str) -> list[Change]:
        return [*self._store.changes(subject), *self._said.get(subject, ())]

    def _linked(self, subject: str) -> set[str]:
        known, found = {subject}, [subject]
        while found:
            one = found.pop()
            others = {*self._store.linked(one), *self._moved.get(one, ())} - known
            known |= others
            found += others
        return known - {subject}
