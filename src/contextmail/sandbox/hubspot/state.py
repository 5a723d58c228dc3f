"""The portal: everything that the sandbox holds, and what people outside the API do to it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contextmail.sandbox.hubspot.associations import Associations
from contextmail.sandbox.hubspot.definitions import STAGES, own_properties
from contextmail.sandbox.hubspot.model import KINDS, Definition, Email, Owner, Property, Record, RecordList, Wish
from contextmail.sandbox.hubspot.preferences import Preferences
from contextmail.sandbox.hubspot.records import Records
from contextmail.sandbox.hubspot.settings import Limits, Readings, Tier

PORTAL = 62515
API, CRM, PERSON = "INTEGRATION", "CRM", "SOURCE_RECIPIENT"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a webhook tells: `contact.propertyChange` of an object, with what else belongs to its type."""

    type: str
    object_id: str
    at: datetime
    source: str
    more: Mapping[str, Any]


class State:
    """A portal and all that is in it. Hold `lock` to look at several things at once while calls run."""

    def __init__(
        self,
        limits: Limits | None = None,
        readings: Readings | None = None,
        *,
        tier: Tier = "professional",
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.tier: Tier = tier
        self.limits, self.readings = limits or Limits.of(tier), readings or Readings()
        self.lock = threading.RLock()
        self.seed = seed
        self.listeners: list[Callable[[Event], None]] = []
        self.now, self.started = clock, clock()
        self._numbers = itertools.count(10_001)
        self.records = {kind: Records() for kind in KINDS}
        self.properties = {kind: {made.name: made for made in own_properties(kind)} for kind in KINDS}
        self.groups = {kind: {one.group: one.group for one in held.values()} for kind, held in self.properties.items()}
        self.associations = Associations()
        self.addresses: dict[str, str] = {}
        """The contact's id of each address, additional ones too."""
        self.blocked: set[str] = set()
        """Addresses that were deleted for good: they cannot be written again."""
        self.lists: dict[str, RecordList] = {}
        self.emails: dict[str, Email] = {}
        self.owners: dict[str, Owner] = {}
        self.preferences = Preferences(clock)
        self.stages = ["appointmentscheduled", "contractsent", "closedwon", "closedlost"]
        """Of the one pipeline of deals."""

    def number(self) -> int:
        """Give a number that nothing else has."""
        return next(self._numbers)

    def emit(self, type_: str, object_id: str, source: str = CRM, **more: Any) -> None:
        """Tell the listeners what happened."""
        event = Event(type_, object_id, self.now(), source, more)
        for listener in self.listeners:
            listener(event)

    # -- records

    def find_by(self, kind: str, name: str, value: str) -> Record | None:
        """Give the record whose unique property has a value."""
        if kind == "contacts" and name == "email":
            record = self.records[kind].get(self.addresses.get(value.lower(), ""))
            primary = record is not None and record.email.lower() == value.lower()
            return record if primary or self.readings.additional_found else None
        return next((one for one in self.records[kind] if one.values.get(name) == value), None)

    def add(self, kind: str, values: Mapping[str, str], *, source: str = CRM) -> Record:
        """Make a record, whatever its values are."""
        now = self.now()
        record = Record(str(self.number()), {name: value for name, value in values.items() if value}, now, now)
        self.records[kind].put(record)
        if kind == "contacts":
            self.addresses |= {address.lower(): record.id for address in record.addresses}
            self.emit("contact.creation", record.id, source, changeFlag="NEW")
        return record

    def change(self, kind: str, record: Record, values: Mapping[str, str], *, source: str = CRM) -> None:
        """Write values to a record; an empty one clears, and a life cycle only moves forward."""
        for name, value in values.items():
            before = record.values.get(name, "")
            if value == before or (name == "lifecyclestage" and not _forward(before, value)):
                continue
            record.values[name], record.updated_at = value, self.now()
            if not value:
                del record.values[name]
            if kind == "contacts":
                if name == "email":
                    self.addresses.pop(before.lower(), None)
                    self.addresses |= {address.lower(): record.id for address in record.addresses}
                self.emit("contact.propertyChange", record.id, source, propertyName=name, propertyValue=value)

    def remove(self, kind: str, record: Record) -> None:
        """Delete a record; what its addresses chose stays."""
        record.updated_at = self.now()
        record.updated_at = self.now()
        self.records[kind].drop(record)
        self.associations.drop(kind, record.id)
        self._off_lists(kind, record)
        if kind == "contacts":
            for address in record.addresses:
                self.addresses.pop(address.lower(), None)
            self.emit("contact.deletion", record.id)

    def merge(self, kind: str, primary: Record, other: Record) -> Record:
        """Merge two records: the primary's values win, the other's addresses become additional ones.

        What addresses chose stays with them, so that the primary's address decides who gets e-mail from now on.
        """
        values = {**other.values, **primary.values}
        if "true" in (primary.values.get("hs_marketable_status"), other.values.get("hs_marketable_status")):
            values["hs_marketable_status"] = "true"
        additional = [*primary.additional, *other.addresses]
        former = [*primary.merged, *other.merged, other.id]
        survivor, going = primary, [other]
        if self.readings.merge_makes_new:
            survivor, going = self.add(kind, {}), [primary, other]
            former.append(primary.id)
        for record in going:
            for held in self._off_lists(kind, record):
                self.join(held, survivor.id)
            self.associations.move(kind, record.id, survivor.id)
            self.records[kind].drop(record, survivor)
        survivor.values, survivor.additional, survivor.merged = values, additional, former
        survivor.updated_at = self.now()
        if kind == "contacts":
            self.addresses |= {address.lower(): survivor.id for address in survivor.addresses}
            self.emit(
                "contact.merge",
                survivor.id,
                primaryObjectId=int(primary.id),
                mergedObjectIds=[int(other.id)],
                newObjectId=int(survivor.id),
                numberOfPropertiesMoved=len(other.values.keys() - primary.values.keys()),
            )
        return survivor

    def _off_lists(self, kind: str, record: Record) -> list[RecordList]:
        on = [held for held in self.lists.values() if held.kind == kind and record.id in held.members]
        for held in on:
            del held.members[record.id]
        return on

    def value(self, kind: str, record: Record, name: str) -> str | None:
        """Give a property's value as it is told, None where it has none."""
        match name:
            case "createdate" | "hs_createdate":
                return stamp(record.created_at)
            case "lastmodifieddate" | "hs_lastmodifieddate":
                return stamp(record.updated_at)
            case "hs_object_id":
                return record.id
            case "hs_merged_object_ids":
                return ";".join(record.merged) or None
            case "hs_additional_emails":
                return ";".join(record.additional) or None
        if kind == "contacts" and name.startswith("hs_email_optout"):
            left = self.preferences.left(record.email, int(name.removeprefix("hs_email_optout").strip("_") or 0))
            return "true" if left else None
        return record.values.get(name)

    # -- making things without the API

    def add_contact(self, email: str, *, marketing: bool = True, **values: str) -> Record:
        """Make a contact; values are by property. Makes a text property for each name that the portal lacks."""
        for name in values.keys() - self.properties["contacts"].keys():
            self.add_property("contacts", name)
        flag = "true" if marketing else "false"
        return self.add("contacts", {"email": email, **values, "hs_marketable_status": flag})

    def add_property(self, kind: str, name: str, **more: Any) -> Property:
        """Define a property, of text unless said otherwise."""
        made = Property(name, name, next(iter(self.groups[kind])), **more)
        self.properties[kind][name] = made
        return made

    def add_list(self, name: str, kind: str = "contacts", *, processing: str = "MANUAL") -> RecordList:
        """Make an empty list."""
        now = self.now()
        made = RecordList(str(self.number()), name, kind, processing, now, now)
        self.lists[made.id] = made
        return made

    def join(self, held: RecordList, *ids: str) -> None:
        """Put records on a list."""
        held.members.update(dict.fromkeys(ids, self.now()))

    def add_owner(self, first_name: str, last_name: str) -> Owner:
        """Make a user who may own records."""
        number, email = self.number(), f"{first_name}.{last_name}@example.org".lower()
        owner = Owner(str(number), number + 1_000_000, email, first_name, last_name, self.now())
        self.owners[owner.id] = owner
        return owner

    def add_definition(self, name: str, purpose: str = "Marketing", **more: Any) -> Definition:
        """Make a subscription type, and the property that tells who left it."""
        made = Definition(self.number(), name, purpose, self.now(), **more)
        self.preferences.definitions[made.id] = made
        self.add_property("contacts", f"hs_email_optout_{made.id}", type="bool", read_only=True, own=False)
        return made

    def add_email(self, name: str, subject: str = "", *, programmable: bool = False, **body: Any) -> Email:
        """Make a draft; `widgets` are by name, the rest is the API's: to, subscriptionDetails."""
        content = {"widgets": body.pop("widgets", {}), "templatePath": "@hubspot/email/dnd/Plain_text.html"}
        sender = {"fromName": "Lantern & Lace", "replyTo": "shop@example.org", "customReplyTo": ""}
        nobody: dict[str, list[str]] = {"include": [], "exclude": []}
        to = {"contactIlsLists": nobody, "contactIds": nobody, "contactLists": nobody}
        told = {"name": name, "subject": subject, "from": sender, "to": to, "content": content}
        email = Email(str(self.number()), {**told, **body}, self.now(), self.now(), programmable=programmable)
        self.emails[email.id] = email
        return email

    # -- what people do

    def unsubscribe(self, email: str, subscription: int = 0) -> None:
        """Take an address out of one subscription type, or of all, as the person's own click does."""
        with self.lock:
            self.choose(email, subscription, "UNSUBSCRIBED", source=PERSON)

    def subscribe(self, email: str, subscription: int) -> None:
        """Subscribe an address by the person's own act: whatever stood against it is over."""
        with self.lock:
            self.preferences.lift_all(email)
            self.choose(email, subscription, "SUBSCRIBED", source=PERSON)

    def choose(self, email: str, subscription: int, status: Wish, *, source: str = "SOURCE_API", **basis: str) -> None:
        """Record what an address chose for a subscription type; 0 is all of them."""
        self.preferences.choose(email, subscription, status, source, **basis)
        record = self.find_by("contacts", "email", email)
        if record is not None and self.readings.optout_events:
            name = f"hs_email_optout_{subscription}" if subscription else "hs_email_optout"
            value = "true" if status == "UNSUBSCRIBED" else "false"
            record.updated_at = self.now()
            self.emit("contact.propertyChange", record.id, "EMAIL", propertyName=name, propertyValue=value)

    def bounce(self, email: str) -> None:
        """Let an address bounce for good: no e-mail goes there any more. Raises KeyError."""
        with self.lock:
            record = self.records["contacts"].get(self.addresses[email.lower()])
            assert record is not None, "an address leads to a contact"
            record.values |= {"hs_email_bounce": "1", "hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"}


def stamp(at: datetime) -> str:
    """Write a moment as the platform does: milliseconds and Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _forward(before: str, after: str) -> bool:
    return before not in STAGES or after not in STAGES or STAGES.index(after) > STAGES.index(before)
