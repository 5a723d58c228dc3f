"""Write contact properties of ours, and nothing else: no body of this file carries a property that HubSpot keeps itself.

A batch changes contacts by the id of their record, so it can create nobody. What it did is judged row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from contextmail.connectors.base import WRITABLE, FieldWrite, Member, RowError
from contextmail.connectors.calling import batches, without_addresses
from contextmail.connectors.hubspot.properties import LONGEST, is_platforms_own
from contextmail.connectors.hubspot.transport import PAGE, BatchAnswer, Transport
from contextmail.errors import StatusMovedError

_UPDATE = "/crm/v3/objects/contacts/batch/update"
_LOOK = "look at these contacts' history in HubSpot before anything else is written; then run the command again"


def batches_a_look(read_back: int) -> int:
    """Give after how many batches one read looks at one contact in so many of each."""
    return max(1, PAGE // max(1, PAGE // read_back))


@dataclass(frozen=True, slots=True)
class _Written:
    errors: list[RowError]
    statuses: dict[str, str]
    """Key -> the status that this run read, of some that were written."""


class FieldWriter:
    """Write fields in batches, several at the same time, and look whether a status has moved.

    The first batch goes alone: what is wrong with all of them stops before the second.
    """

    def __init__(
        self, transport: Transport, read_back: int, read: Callable[[Iterable[str]], Iterator[Member]], where: str
    ) -> None:
        self._transport, self._read_back, self._read, self._where = transport, read_back, read, where
        self._every = batches_a_look(read_back)

    def write(self, writes: Iterable[FieldWrite]) -> Iterator[list[RowError]]:
        """Yield the errors of each batch of 100, in order, once it is written; some are read back soon after.

        Raises StatusMovedError, after which nothing more is begun.
        """
        coming = batches(writes, PAGE)
        first = next(coming, None)
        if first is None:
            return
        written = self._batch(first)
        self._look(written.statuses)
        yield written.errors
        unseen: dict[str, str] = {}
        for number, written in enumerate(self._transport.in_order(self._batch, coming), 1):
            unseen |= written.statuses
            if number % self._every == 0:
                self._look(unseen)
                unseen = {}
            yield written.errors
        self._look(unseen)

    def _batch(self, batch: list[FieldWrite]) -> _Written:
        refused = {write.key: error for write in batch if (error := _unfit(write))}
        items = {write.key: write for write in batch if write.key not in refused}
        inputs = [{"id": key, "properties": dict(write.fields)} for key, write in items.items()]
        answer = self._transport.one_batch(_UPDATE, inputs) if inputs else BatchAnswer([])
        done = [str(one["id"]) for one in answer.results]
        # Of two that were merged the survivor comes under its own id for both, with the text of either.
        if others := len(done) - len(items.keys() & set(done)):
            self._stop(f"a batch wrote {others} contacts that were not in it: they were merged meanwhile")
        failed = {key: answer.errors.get(key, "HubSpot does not say why") for key in items.keys() - set(done)}
        errors = [*refused.values(), *(RowError(key, without_addresses(why)) for key, why in failed.items())]
        return _Written(errors, {key: items[key].status for key in done[:: self._read_back]})

    def _look(self, statuses: dict[str, str]) -> None:
        now = {member.key: member.status for member in self._read(statuses)} if statuses else {}
        for key, before in statuses.items():
            if now.get(key) != before:
                self._stop(f"contact {key} was {before} and is {now.get(key, 'gone')}")

    def _stop(self, what: str) -> NoReturn:
        raise StatusMovedError(f"{what}: nothing more is written", where=self._where, cure=_LOOK)


def _unfit(write: FieldWrite) -> RowError | None:
    """Say why a contact is not written at all."""
    if write.status not in WRITABLE:
        return RowError(write.key, f"not written: this run read the contact as {write.status}")
    if kept := [tag for tag in write.fields if is_platforms_own(tag)]:
        return RowError(write.key, f"not written: {', '.join(kept)} is a property that HubSpot keeps itself")
    if long := [tag for tag, text in write.fields.items() if len(text) > LONGEST]:
        return RowError(write.key, f"not written: {', '.join(long)} holds more than {LONGEST} characters")
    return None
