"""Contacts of HubSpot's as contacts of ours, with the company, the deals and the owner behind each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache, cached_property, partial
from itertools import chain
from zoneinfo import available_timezones

from contextmail.connectors.base import Consent, Member, Status
from contextmail.connectors.calling import batches
from contextmail.connectors.hubspot.companies import Companies, Deals, owners
from contextmail.connectors.hubspot.records import ASSOCIATED, Record, Values, values
from contextmail.connectors.hubspot.times import moment
from contextmail.connectors.hubspot.transport import Transport
from contextmail.errors import AuthenticationError

SHOWN = "firstname lastname company jobtitle lifecyclestage hs_additional_emails hs_merged_object_ids".split()
"""Properties that are fields of every contact; what the company defined itself and what is mapped comes to them."""

_READ = """email phone mobilephone country hs_country_region_code hs_timezone createdate lastmodifieddate
    hubspot_owner_id hs_email_optout hs_email_hard_bounce_reason_enum hs_email_quarantined
    hs_marketable_status""".split()
_AHEAD = 2
"""Thousands of contacts that are read ahead of whoever takes them."""
_OBJECTS = ("contacts", "companies", "deals")
_REFUSED: dict[Status, str] = {"unsubscribed": "hs_email_optout", "cleaned": "bounced or quarantined"}
_WRITTEN_OUT = {"_slash_": "/", "_hyphen_": "-", "_plus_": "+"}


class Contacts:
    """How contacts are read: `own` are the company's own properties, `mapped` are facts with the property of each."""

    def __init__(self, transport: Transport, own: Collection[str], mapped: Mapping[str, str]) -> None:
        self._transport = transport
        paths = {fact: path if "." in path else f"contacts.{path}" for fact, path in mapped.items()}
        self._mapped = {
            kind: {fact: path.partition(".")[2] for fact, path in paths.items() if path.startswith(f"{kind}.")}
            for kind in _OBJECTS
        }
        self.shown = [*SHOWN, *own]
        """Properties that are fields by their own names."""
        self.names = list(dict.fromkeys([*_READ, *self.shown, *self._mapped["contacts"].values()]))
        """Properties to read of a contact."""
        self._companies = Companies(transport, list(self._mapped["companies"].values()))
        self._deals = Deals(transport, list(self._mapped["deals"].values()))

    def members(self, records: Iterable[Record]) -> Iterator[Member]:
        """Stream contacts as members, in their order."""
        # Owners come in pages, which cannot be read within `in_order`.
        some = partial(self._members, self._owners)
        parts = batches(records, ASSOCIATED)
        return chain.from_iterable(self._transport.in_order(some, parts, ahead=_AHEAD))

    def _members(self, owners: Mapping[str, str], records: list[Record]) -> list[Member]:
        ids = [str(one["id"]) for one in records if not one.get("archived")]
        companies, deals = self._companies.of(ids), self._deals.of(ids)
        found = []
        for one in records:
            company = companies.get(str(one["id"]), {})
            owner = values(one).get("hubspot_owner_id") or values(company).get("hubspot_owner_id") or ""
            fields = self._fields(one, company, deals.get(str(one["id"]), {}))
            found.append(_member(one, fields, str(company.get("id") or ""), owners.get(owner, "")))
        return found

    def _fields(self, record: Record, company: Record, deals: Values) -> dict[str, str]:
        own, its = values(record), values(company)
        fields = {name: own.get(name) or "" for name in self.shown}
        for kind, source in zip(_OBJECTS, (own, its, deals), strict=True):
            fields.update({fact: source.get(name) or "" for fact, name in self._mapped[kind].items()})
        return fields

    @cached_property
    def _owners(self) -> dict[str, str]:
        try:
            return owners(self._transport)
        except AuthenticationError:
            # The token may not read them, as doctor says: whose a contact is stays unknown.
            return {}


def gone(id_: str, at: datetime | None) -> Member:
    """Make the contact that a merge has left behind: its id is nobody's any more."""
    return Member(key=id_, email="", status="archived", fields={}, changed_at=at)


def _member(record: Record, fields: Mapping[str, str], account: str, owner: str) -> Member:
    key, own = str(record["id"]), values(record)
    email, changed = own.get("email") or "", moment(own.get("lastmodifieddate"))
    status: Status = "archived" if record.get("archived") else _status(own)
    # Of a refusal the contact says only when it last changed, in whatever way: not before that.
    refused = (Consent(key, email, "email", "denied", changed, _REFUSED[status]),) if status in _REFUSED else ()
    return Member(
        key=key,
        email=email,
        status=status,
        fields=fields,
        changed_at=moment(record.get("archivedAt")) or changed,
        phone=own.get("mobilephone") or own.get("phone") or "",
        country=own.get("hs_country_region_code") or own.get("country") or "",
        time_zone=_zone(own.get("hs_timezone") or ""),
        joined_at=moment(own.get("createdate")),
        account=account,
        account_owner=owner,
        consents=refused,
    )


def _status(own: Values) -> Status:
    """Tell whether marketing reaches a contact: its own opt-out first, then what HubSpot would not deliver."""
    if own.get("hs_email_optout") == "true":
        return "unsubscribed"
    if not own.get("email"):
        return "unknown"
    if own.get("hs_email_hard_bounce_reason_enum") or own.get("hs_email_quarantined") == "true":
        return "cleaned"
    # Empty in portals that know no marketing contacts.
    return "transactional" if own.get("hs_marketable_status") == "false" else "subscribed"


def _zone(text: str) -> str:
    """Read a time zone as HubSpot writes it out, `america_slash_new_york`; what is none stays as it is."""
    for word, sign in _WRITTEN_OUT.items():
        text = text.replace(word, sign)
    return _zones().get(text.lower(), text)


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}
