"""Look whether the consent status of what was written has moved, with one read for many batches.

A page of the contacts that changed since a group of batches was written, in the order of their signup, holds some of
every batch, for batches are in the order of keys. Of a batch of which it holds too few, single contacts are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from math import ceil
from threading import Lock
from typing import NoReturn

from contextmail.connectors.base import FieldWrite
from contextmail.connectors.calling import unless_gone
from contextmail.connectors.mailchimp.shapes import BatchAnswer, Contact
from contextmail.connectors.mailchimp.transport import PAGE, Transport
from contextmail.connectors.mailchimp.values import moment, written


@dataclass(frozen=True, slots=True)
class _Batch:
    statuses: Mapping[str, str]
    """Key -> the status that this run read."""
    since: datetime | None
    """When half of it was written, by the platform's clock: the other half is in any list of what changed since."""


class StatusWatch:
    """Read one written contact in `one_in` again, once `every` batches are written; call `stop` where one has moved."""

    def __init__(
        self, transport: Transport, audience: str, one_in: int, every: int, stop: Callable[[str], NoReturn]
    ) -> None:
        self._transport, self._audience, self._one_in = transport, audience, one_in
        self._every, self._stop = every, stop
        self._unseen: list[_Batch] = []
        self._looks = 0
        self._lock = Lock()

    def wrote(self, batch: Mapping[str, FieldWrite], answer: BatchAnswer) -> None:
        """Remember a batch, and look where it is time to; the other connections go on writing meanwhile."""
        changed = sorted(one["last_changed"] for one in answer.get("updated_members") or () if one.get("last_changed"))
        since = moment(changed[len(changed) // 2]) if changed else None
        with self._lock:
            self._unseen.append(_Batch({key: write.status for key, write in batch.items()}, since))
            due = len(self._unseen) >= self._every
        if due:
            self.look()

    def look(self) -> None:
        """Look at every batch that was not looked at yet."""
        with self._lock:
            group, self._unseen = self._unseen, []
            self._looks += 1
        if not group:
            return
        now = self._page(group)
        for batch in group:
            seen = [key for key in batch.statuses if key in now]
            for key in seen:
                self._check(key, batch.statuses[key], now[key])
            wanting = ceil(len(batch.statuses) / self._one_in) - len(seen)
            self.read(islice((one for one in batch.statuses.items() if one[0] not in now), max(0, wanting)))

    def read(self, statuses: Iterable[tuple[str, str]]) -> None:
        """Look at single contacts: key, and the status that this run read."""
        for key, before in statuses:
            ask = partial(self._transport.call, "lists.get_list_member", list_id=self._audience, fields=["status"])
            contact: Contact | None = unless_gone(partial(ask, subscriber_hash=key))
            if contact is None:
                self._stop(f"contact {key} is gone")
            self._check(key, before, contact.get("status", ""))

    def _page(self, group: list[_Batch]) -> dict[str, str]:
        """Read a page of those who changed since the first of these batches; another stretch of it each time."""
        times = [batch.since for batch in group if batch.since]
        # The filter leaves out whoever changed in that very second.
        since = {"since_last_changed": written(min(times) - timedelta(seconds=1))} if times else {}
        rows = sum(len(batch.statuses) for batch in group) // 2
        answer = self._transport.call(
            "lists.get_list_members_info",
            list_id=self._audience,
            count=PAGE,
            offset=self._looks * PAGE % max(1, rows - PAGE),
            sort_field="timestamp_signup",
            fields=["members.id", "members.status"],
            **since,
        )
        contacts: list[Contact] = answer.get("members") or []
        return {one["id"]: one.get("status", "") for one in contacts}

    def _check(self, key: str, before: str, now: str) -> None:
        if now != before:
            self._stop(f"contact {key} was {before} and is {now}")
