"""Read a portal of HubSpot's: its contacts with their companies and deals, orders, touches, consent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain
from types import TracebackType
from typing import Any, Self

from contextmail.connectors.base import Account, AudienceField, Capability, Consent, Member, OrderLine, Product, Touch
from contextmail.connectors.hubspot import sent, shop, statuses
from contextmail.connectors.hubspot.choices import Choices
from contextmail.connectors.hubspot.contacts import Contacts, gone
from contextmail.connectors.hubspot.lists import CHANGES, ids_of
from contextmail.connectors.hubspot.properties import LONGEST, audience_field
from contextmail.connectors.hubspot.records import Record, by_id, changed, listed, merged, values
from contextmail.connectors.hubspot.times import moment
from contextmail.connectors.hubspot.transport import PAGE, Transport
from contextmail.connectors.hubspot.writing import batches_a_look
from contextmail.model.hubspot import HubspotOptions

ALL = "contacts"
"""The audience that is every contact of the portal."""

_MEMBERS = 250


class HubspotSource:
    """The contacts of a portal, or of one list, to read. Every iterator streams; it is closed with `close`."""

    name = "hubspot"
    capabilities = frozenset(Capability)

    def __init__(self, transport: Transport, options: HubspotOptions) -> None:
        self.audience = options.audience or ALL
        self.transport = transport
        self.options = options
        self._read: Contacts | None = None

    def account(self) -> Account:
        """Tell which portal it is. What a token may do is not told: `doctor` tries. Raises AuthenticationError."""
        answer = self.transport.send("GET", "/account-info/v3/details")
        limits = {
            "fields": self.options.fields,
            "field_bytes": LONGEST,
            "page": PAGE,
            "batch": PAGE,
            "segment_batch": CHANGES,
            "segment_reads": 1,
            "look": batches_a_look(self.options.read_back),
            "connections": self.options.connections,
        }
        portal = str(answer.get("portalId", ""))
        name = f"{answer.get('accountType') or 'portal'} {portal}".lower()
        return Account(portal, name, ("read",), limits)

    def fields(self) -> list[AudienceField]:
        """List the contact properties that are read: the usual of HubSpot's, the company's own, and what is mapped.

        A fact of `[hubspot.properties]` is a field by the fact's name.
        """
        mapped = self.options.properties
        definitions = self._definitions()
        shown = set(self._reading(definitions).shown) - mapped.keys()
        found = [audience_field(one) for one in definitions if one.get("name") in shown]
        return found + [AudienceField(fact, fact, path, "read only") for fact, path in mapped.items()]

    def members(self, *, since: datetime | None = None) -> Iterator[Member]:
        """Stream the contacts of the portal or of the list; with `since`, what changed, the archived and merged too.

        A list does not tell who left it: with `since`, those stay until it is read as a whole.
        """
        reading = self._reading(self._definitions())
        left: list[Member] = []

        def noted(records: Iterable[Record]) -> Iterator[Record]:
            for one in records:
                left.extend(gone(id_, moment(values(one).get("lastmodifieddate"))) for id_ in merged(one))
                yield one

        records = self._records(reading.names, since)
        yield from reading.members(noted(records) if since else records)
        if since and self.audience == ALL:
            yield from left
            archived = listed(self.transport, "contacts", reading.names, archived=True)
            recent = (one for one in archived if _not_before(one.get("archivedAt"), since))
            yield from reading.members(recent)

    def read_members(self, keys: Iterable[str]) -> Iterator[Member]:
        """Read single contacts again, in the order of `keys`; those that are gone are left out."""
        reading = self._read or self._reading(self._definitions())
        return reading.members(by_id(self.transport, "contacts", keys, reading.names))

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderLine]:
        """Stream the lines of orders, and of deals in a stage of `order_stages`; what was taken back comes twice.

        Raises AuthenticationError where the token may read neither.
        """
        return shop.orders(self.transport, self.options.order_stages, since)

    def products(self) -> Iterator[Product]:
        """Stream the products of the portal."""
        return shop.products(self.transport)

    def touches(self, *, since: datetime | None = None, skip: Collection[str] = ()) -> Iterator[Touch]:
        """Stream who was sent which marketing e-mail, whether it reached them, who opened and who clicked.

        Where the portal does not tell recipients, the latest e-mail that each contact got, whatever `since` is.
        """
        if sent.has_events(self.transport):
            yield from sent.touches(self.transport, since, skip)
        elif sent.LATEST not in skip:
            yield from sent.latest(self._records(sent.TOLD, None))

    def consents(self, *, since: datetime | None = None) -> Iterator[Consent]:
        """Stream what contacts chose for each type of subscription: granted or denied, by the type's name.

        Whoever chose a type for marketing has granted marketing. One by one where the tier has no batch, and then of
        `[hubspot] statuses` contacts at most.
        """
        return statuses.consents(self.transport, self._records(["email", "hs_additional_emails"], since), self.options)

    def close(self) -> None:
        """Let the connections go."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _records(self, names: Collection[str], since: datetime | None) -> Iterator[Record]:
        if self.audience != ALL:
            return self._of_list(names, since)
        if since is None:
            return listed(self.transport, "contacts", names)
        chose = self._chose(since)
        others = (one for one in changed(self.transport, "contacts", since) if one not in chose)
        return by_id(self.transport, "contacts", chain(chose, others), names)

    def _chose(self, since: datetime) -> set[str]:
        """Give the contacts whose choices changed: that an opt-out changes a contact itself is not documented."""
        emails = {event.email for event in Choices(self.transport).events(since) or ()}
        return {id_ for found in ids_of(self.transport, emails, primary=False) for id_ in found}

    def _of_list(self, names: Collection[str], since: datetime | None) -> Iterator[Record]:
        """Stream the contacts of the list; with `since`, those that joined it since then or changed."""
        path = f"/crm/v3/lists/{self.audience}/memberships"
        rows = self.transport.rows(path, query={"limit": _MEMBERS})
        if since is None:
            yield from by_id(self.transport, "contacts", (str(one["recordId"]) for one in rows), names)
            return
        chose = self._chose(since)
        joined = {str(one["recordId"]): one.get("membershipTimestamp") for one in rows}
        for one in by_id(self.transport, "contacts", joined, [*names, "lastmodifieddate"]):
            times = joined.get(str(one["id"])), values(one).get("lastmodifieddate")
            if str(one["id"]) in chose or any(_not_before(at, since) for at in times):
                yield one

    def _definitions(self) -> list[Any]:
        return list(self.transport.rows("/crm/v3/properties/contacts"))

    def _reading(self, definitions: list[Any]) -> Contacts:
        """Say what to read of contacts, by the properties that there are now."""
        own = [one["name"] for one in definitions if not one.get("hubspotDefined")]
        self._read = Contacts(self.transport, own, self.options.properties)
        return self._read


def _not_before(text: str | None, since: datetime) -> bool:
    at = moment(text)
    return at is None or at >= since
