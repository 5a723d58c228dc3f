"""Read an account of Mailchimp's: its audience's contacts and fields, orders, touches, consent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from contextmail.connectors.base import (
    Account,
    AudienceField,
    Capability,
    Consent,
    Member,
    OrderLine,
    Product,
    Touch,
)
from contextmail.connectors.calling import unless_gone
from contextmail.connectors.mailchimp import contacts, reports, shop
from contextmail.connectors.mailchimp.segments import CHANGES, listed, segment_keys
from contextmail.connectors.mailchimp.shapes import AccountAnswer, Contact, MergeField
from contextmail.connectors.mailchimp.transport import PAGE, Transport
from contextmail.connectors.mailchimp.values import FIELD_BYTES, written
from contextmail.connectors.mailchimp.writing import BATCH, batches_a_look
from contextmail.model.mailchimp import MailchimpOptions

_MAY = {
    "owner": ("read", "write fields", "write segments", "write drafts"),
    "admin": ("read", "write fields", "write segments", "write drafts"),
    "manager": ("read", "write fields", "write segments", "write drafts"),
    "author": ("read", "write drafts"),
    "viewer": ("read",),
}


class MailchimpSource:
    """One audience of an account, to read. Every iterator streams pages; it is closed with `close`."""

    name = "mailchimp"
    capabilities = frozenset(Capability) - {Capability.CHOOSE_IN_SUBJECT, Capability.TASKS}
    """Sources conflict on conditionals in a subject, so none is written there."""

    def __init__(self, transport: Transport, options: MailchimpOptions) -> None:
        self.audience = options.audience
        self.transport = transport
        self.options = options

    def account(self) -> Account:
        """Tell who is behind the key. Raises AuthenticationError."""
        answer: AccountAnswer = self.transport.call("root.get_root")
        limits = {
            "fields": self.options.fields,
            "field_bytes": FIELD_BYTES,
            "page": PAGE,
            "batch": BATCH if self.options.write == "batch" else 1,
            "segment_batch": CHANGES,
            "look": batches_a_look(self.options.read_back) if self.options.write == "batch" else 0,
            "connections": self.options.connections,
        }
        role = answer.get("role", "")
        return Account(answer.get("account_id", ""), answer.get("account_name", ""), _MAY.get(role, ()), limits)

    def fields(self) -> list[AudienceField]:
        """List the audience's contact fields."""
        found: Iterable[MergeField] = self.transport.rows(
            "lists.get_list_merge_fields", "merge_fields", list_id=self.audience
        )
        return [audience_field(one) for one in found]

    def members(self, *, since: datetime | None = None) -> Iterator[Member]:
        """Stream the contacts of the audience but the archived; with `since`, what changed, the archived too.

        Pages are counted from the beginning, so somebody who leaves while they are read moves the rest up, and one
        contact slips past between two pages: it is noticed by the total, and the pages are read once more for it.
        They are not sorted: by any time to sort by, contacts imported together tie, and ties have no order.
        """
        seen = set[int]()
        query: dict[str, object] = {"since_last_changed": written(since)} if since else {}
        yield from self._listed(seen, query, archived=since is not None)
        if since:
            yield from self._listed(seen, {**query, "status": "archived"}, archived=True)

    def unsubscribed(self, *, since: datetime | None = None) -> Iterator[Member]:
        """Stream the contacts that are unsubscribed; with `since`, those that became so since then."""
        query: dict[str, object] = {"unsubscribed_since": written(since)} if since else {}
        yield from self._listed(set(), {**query, "status": "unsubscribed"}, archived=False)

    def _listed(self, seen: set[int], query: dict[str, object], *, archived: bool) -> Iterator[Member]:
        for _ in range(2):
            totals = []
            for page in self.transport.pages(
                "lists.get_list_members_info", "members", list_id=self.audience, fields=contacts.FIELDS, **query
            ):
                totals.append(page.total)
                fresh: list[Contact] = [one for one in page.rows if int(one["id"], 16) not in seen]
                seen.update(int(one["id"], 16) for one in fresh)
                yield from (contacts.member(one) for one in fresh if archived or one["status"] != "archived")
            if totals[-1] >= totals[0]:
                return

    def read_members(self, keys: Iterable[str]) -> Iterator[Member]:
        """Read single contacts again, in the order of `keys`; those that are gone are left out."""
        for found in self.transport.in_order(self._member, keys):
            if found:
                yield found

    def _member(self, key: str) -> Member | None:
        contact = unless_gone(
            lambda: self.transport.call("lists.get_list_member", list_id=self.audience, subscriber_hash=key)
        )
        return None if contact is None else contacts.member(contact)

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderLine]:
        """Stream the lines of the orders of the audience's stores; a cancelled or refunded order is also taken back.

        The API cannot ask by date: all orders are read, and those that did not change since are passed over.
        """
        return shop.orders(self.transport, self.audience, since)

    def products(self) -> Iterator[Product]:
        """Stream the products of the audience's stores."""
        return shop.products(self.transport, self.audience)

    def touches(self, *, since: datetime | None = None, skip: Collection[str] = ()) -> Iterator[Touch]:
        """Stream who was sent each campaign of the audience, whether it reached them, who opened and who clicked.

        With `since`, campaigns sent since then and up to 30 days before it: openings come late.
        """
        return reports.touches(self.transport, self.audience, since, skip)

    def consents(self, *, since: datetime | None = None) -> Iterator[Consent]:
        """Stream who unsubscribed on which campaign, and when."""
        return reports.unsubscribed(self.transport, self.audience, since)

    def segment_members(self, segment: str) -> Iterator[str]:
        """Stream the keys of the contacts in a saved segment or tag, or in several of a draft (`any:12,34`)."""
        return segment_keys(self.transport, self.audience, segment)

    def saved_segments(self) -> Iterator[tuple[str, str]]:
        """Stream the id and the name of each saved segment and tag."""
        return listed(self.transport, self.audience)

    def close(self) -> None:
        """Let the connections go."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def audience_field(one: MergeField) -> AudienceField:
    """Read a contact field."""
    return AudienceField(
        id=str(one.get("merge_id", "")),
        tag=one.get("tag", ""),
        name=one.get("name", ""),
        type=one.get("type", "text"),
        default=one.get("default_value") or "",
        public=bool(one.get("public")),
        required=bool(one.get("required")),
    )
