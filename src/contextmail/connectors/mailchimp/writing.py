"""Write contact fields, and nothing else: no body of this file carries a status.

`batch`  POST /lists/{id}, 500 contacts a call. An item without a status changes contacts that are there; whether it
         could ever create one is not documented, so an answer that names a new contact stops everything.
`patch`  PATCH /lists/{id}/members/{key}, one contact a call; it cannot create a contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import chain
from typing import NoReturn

from contextmail.connectors.base import WRITABLE, FieldWrite, RowError
from contextmail.connectors.calling import batches, without_addresses
from contextmail.connectors.mailchimp.shapes import BatchAnswer, BatchError, Contact
from contextmail.connectors.mailchimp.transport import PAGE, Transport
from contextmail.connectors.mailchimp.values import FIELD_BYTES, fits, key_of
from contextmail.connectors.mailchimp.watching import StatusWatch
from contextmail.errors import CapabilityError, PlatformError, StatusMovedError
from contextmail.model.mailchimp import MailchimpOptions

BATCH = 500
"""Contacts of a write, the most that Mailchimp takes."""

_LOOK = "look at the audience's recent changes in Mailchimp before anything else is written; then run the command again"


def batches_a_look(read_back: int) -> int:
    """Give how many batches one page tells enough of: four times the contacts that are asked of each."""
    return max(1, PAGE * read_back // (4 * BATCH))


class FieldWriter:
    """Write fields in batches, several at the same time, and look whether a status has moved.

    Each answer is searched for contacts that were created or subscribed; and of each batch so many are read back, soon
    after it. The first batch goes alone: what is wrong with all of them stops before the second. A moved status stops
    those that have not begun.
    """

    def __init__(self, transport: Transport, options: MailchimpOptions) -> None:
        self._transport, self._options = transport, options
        self._audience = options.audience
        self._moved = ""
        every = batches_a_look(options.read_back)
        self._watch = StatusWatch(transport, options.audience, options.read_back, every, self._stop)

    def write(self, writes: Iterable[FieldWrite]) -> Iterator[list[RowError]]:
        """Yield the errors of each batch of 500, in order, once it is written; all are read back when it ends.

        Raises StatusMovedError, CapabilityError where the audience takes no batch without statuses.
        """
        coming = batches(writes, BATCH)
        first = next(coming, None)
        if first is None:
            return
        if self._options.write == "patch":
            for batch in chain([first], coming):
                yield [error for error in self._transport.in_order(self._patch, batch) if error]
            return
        errors = self._batch(first)
        self._refuse_without_statuses(first, errors)
        self._watch.look()
        yield errors
        yield from self._transport.in_order(self._batch, coming)
        self._watch.look()

    def _batch(self, batch: list[FieldWrite]) -> list[RowError]:
        """Write a batch."""
        if self._moved:
            self._stop(self._moved)
        refused = {write.key: error for write in batch if (error := _unfit(write))}
        items = {write.key: write for write in batch if write.key not in refused}
        errors = list(refused.values())
        if items:
            answer = self._sent(list(items.values()))
            errors += self._errors(answer, items)
            self._watch.wrote(items, answer)
        return errors

    def _sent(self, batch: list[FieldWrite]) -> BatchAnswer:
        """Send a batch; where no answer comes, look at some of it before it is sent again, with the same values."""
        body = {
            "members": [{"email_address": write.email, "merge_fields": dict(write.fields)} for write in batch],
            "update_existing": True,
        }

        def send() -> BatchAnswer:
            answer: BatchAnswer = self._transport.call(
                "lists.batch_list_members",
                list_id=self._audience,
                body=body,
                # Fields that are required on the signup form and that we do not write are no matter of ours.
                skip_merge_validation="true",
            )
            return answer

        some = [(write.key, write.status) for write in batch[:: self._options.read_back]]
        return self._transport.once(send, lambda: self._watch.read(some))

    def _errors(self, answer: BatchAnswer, items: dict[str, FieldWrite]) -> list[RowError]:
        """Read what became of each address. Raises StatusMovedError for a contact that the batch created or raised."""
        raised = [
            one for one in answer.get("updated_members") or ()
            if one.get("status") == "subscribed" and (write := items.get(_key(one))) and write.status != "subscribed"
        ]  # fmt: skip
        if created := answer.get("new_members"):
            self._stop(f"a batch created {len(created)} contacts")
        if raised:
            self._stop(f"{len(raised)} contacts that were not subscribed are so after a batch")
        return [
            RowError(key_of(error.get("email_address", "")), _reason(error)) for error in answer.get("errors") or ()
        ]

    def _patch(self, write: FieldWrite) -> RowError | None:
        """Write one contact; the answer says its status."""
        if self._moved:
            self._stop(self._moved)
        if error := _unfit(write):
            return error
        try:
            contact: Contact = self._transport.call(
                "lists.update_list_member",
                list_id=self._audience,
                subscriber_hash=write.key,
                body={"merge_fields": dict(write.fields)},
                skip_merge_validation="true",
            )
        except PlatformError as problem:
            if problem.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
                raise
            return RowError(write.key, f"{problem.title}: {problem.detail}")
        if (now := contact.get("status")) != write.status:
            self._stop(f"contact {write.key} was {write.status} and is {now}")
        return None

    def _refuse_without_statuses(self, batch: list[FieldWrite], errors: list[RowError]) -> None:
        """Raise CapabilityError where every contact that was sent came back for want of a status."""
        sent = {write.key for write in batch if _unfit(write) is None}
        wanting = {error.key for error in errors if "status" in error.reason.lower()}
        if sent and sent <= wanting:
            raise CapabilityError(
                "Mailchimp takes no batch without statuses for this audience, and a write of fields carries none",
                where=self._where(),
                cure='[mailchimp] write = "patch"',
            )

    def _stop(self, what: str) -> NoReturn:
        self._moved = what
        raise StatusMovedError(f"{what}: nothing more is written", where=self._where(), cure=_LOOK)

    def _where(self) -> str:
        return f"mailchimp:{self._audience}"


def _unfit(write: FieldWrite) -> RowError | None:
    """Say why a contact is not written at all."""
    if write.status not in WRITABLE:
        return RowError(write.key, f"not written: this run read the contact as {write.status}")
    long = [tag for tag, text in write.fields.items() if not fits(text)]
    if long:
        return RowError(write.key, f"not written: {', '.join(long)} holds more than {FIELD_BYTES} bytes")
    return None


def _key(contact: Contact) -> str:
    return contact.get("id") or key_of(contact.get("email_address", ""))


def _reason(error: BatchError) -> str:
    parts = (error.get("error"), error.get("field"), error.get("field_message"))
    return without_addresses(": ".join(part for part in parts if part))
