"""What a system that holds customers is to contextmail: a Source to read, and a Target that can also be written.

No write of this file carries a consent status: enrichment never touches consent. What a platform cannot represent is
a Capability that it lacks, and asking for it raises CapabilityError.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

Status = Literal["subscribed", "unsubscribed", "pending", "cleaned", "archived", "transactional", "unknown"]
"""What the platform says of an address in one audience, in its most common words."""
WRITABLE: tuple[Status, ...] = ("subscribed", "unsubscribed", "pending")
"""The statuses of contacts whose fields may be written."""


class Capability(StrEnum):
    """Name what a platform can represent; see `Source.capabilities`."""

    ORDERS = "orders"
    TOUCHES = "touches"
    CONSENTS = "consents"
    CHANGES = "changes since a moment"
    FIELDS = "contact fields"
    EMPTY_FIELDS = "new fields that are empty, whatever one of the same name once held"
    SEGMENTS = "segments"
    DRAFTS = "campaign drafts"
    CHOOSE = "conditionals in the body"
    CHOOSE_IN_SUBJECT = "conditionals in the subject"
    TASKS = "tasks for people"


@dataclass(frozen=True, slots=True)
class Account:
    """Who is behind the key: the account's name, what the key may do, limits that a plan must keep to.

    `limits`: `fields` that an audience may have, `field_bytes` of a value, contacts in a `page` of a read, in a
    `batch` of a write and in a `segment_batch`, before each of which `segment_reads` calls are made; `connections` at
    once; after the first batch, after every `look` more and at the end one read looks whether statuses have moved. One
    that is absent is no limit.
    """

    id: str
    name: str
    may: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AudienceField:
    """A contact field of an audience: `tag` is how a template names it, `id` how the API does."""

    id: str
    tag: str
    name: str
    type: str = "text"
    default: str = ""
    public: bool = False
    required: bool = False


# Not frozen: a frozen one takes four times as long to make, and there are as many as contacts.
@dataclass(slots=True)
class Consent:
    """What the platform says of the consent of one endpoint: a snapshot, which may lower and never raise.

    `status` is granted, pending or denied; `source` is how it came about, in the platform's words.
    """

    customer: str
    endpoint: str
    channel: str
    status: Literal["granted", "pending", "denied"]
    at: datetime | None
    source: str
    purpose: str = "marketing"


# Not frozen: a frozen one takes four times as long to make, and there are as many as contacts.
@dataclass(slots=True)
class Member:
    """A contact of one audience. `key` is the platform's own id of it; `fields` maps tags to text ("" is empty)."""

    key: str
    email: str
    status: Status
    fields: Mapping[str, str]
    changed_at: datetime | None = None
    tags: tuple[str, ...] = ()
    phone: str = ""
    country: str = ""
    time_zone: str = ""
    joined_at: datetime | None = None
    account: str = ""
    """The company that the contact belongs to, by its id."""
    account_owner: str = ""
    """Who at our company owns the relationship, by name."""
    consents: tuple[Consent, ...] = ()
    """What the contact itself says of consent; `Source.consents` adds what the platform says elsewhere."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of an order, in the columns that `[tables.orders]` maps: amounts in major units, as text."""

    customer: str
    order: str
    line: str
    product: str
    product_name: str
    quantity: str
    price: str
    currency: str
    at: datetime
    is_return: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the platform's store has it."""

    product: str
    name: str
    category: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Touch:
    """A message that somebody got, and what they did with it."""

    customer: str
    at: datetime
    channel: str
    campaign: str
    delivered: bool | None = None
    opened: bool | None = None
    clicked: bool | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign as its author left it: parts by name, the settings that a copy keeps or loses, and whom it targets.

    A part is `subject`, `preheader`, `html` or `text`; of several of a kind each has a name behind it: `html:footer`.
    `state` is `save`, `paused`, `schedule`, `sending`, `sent`, or the platform's own word for what is no draft;
    `segment` is the saved segment, empty: everybody.
    """

    id: str
    title: str
    state: str
    parts: Mapping[str, str]
    settings: Mapping[str, str]
    segment: str = ""
    lost: tuple[str, ...] = ()
    """Settings that a copy would lose, in words."""


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """New values of some fields of one contact; a tag that is absent stays as it is."""

    key: str
    email: str
    fields: Mapping[str, str]
    status: Status = "unknown"
    """What this run read of the contact: only `subscribed`, `unsubscribed` and `pending` are written."""


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one contact was not written: the platform's own words, by key, never by address."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Task:
    """What somebody is asked to do about one contact, and why."""

    key: str
    subject: str
    reason: str


class Tasks(Protocol):
    """Where a platform keeps what people are asked to do."""

    def make(self, run: str, tasks: Iterable[Task]) -> int:
        """Make a task for the owner of each contact that has one; one that the run has made stays. Count those made."""
        ...

    def delete(self, run: str, keys: Iterable[str]) -> int:
        """Delete the run's tasks about these contacts that nobody has begun. Count them."""
        ...


class Source(Protocol):
    """A system that can be read. Every iterator streams in bounded memory.

    `since` asks only for what changed; where nothing tells that, it raises CapabilityError.
    """

    name: str
    """The platform: `mailchimp`, `hubspot`; `table` for a file or a database's table."""
    audience: str
    """The audience's id, what the user calls the table; `mailchimp:LIST` names the two together."""
    capabilities: frozenset[Capability]

    def account(self) -> Account:
        """Tell who is behind the key. Raises AuthenticationError."""
        ...

    def fields(self) -> list[AudienceField]:
        """List the audience's contact fields."""
        ...

    def members(self, *, since: datetime | None = None) -> Iterator[Member]:
        """Stream the contacts of the audience, whatever their status but `archived`.

        With `since`, only those that changed, and the archived among them too: they are how one sees who left.
        """
        ...

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderLine]:
        """Stream order lines. Raises CapabilityError where the platform has none."""
        ...

    def products(self) -> Iterator[Product]:
        """Stream the products of its stores."""
        ...

    def touches(self, *, since: datetime | None = None, skip: Collection[str] = ()) -> Iterator[Touch]:
        """Stream who was sent what, one campaign after the other; those in `skip` are left out.

        A campaign is told whole: with `since`, those are that were sent or may have been opened since then.
        """
        ...

    def consents(self, *, since: datetime | None = None) -> Iterator[Consent]:
        """Stream what the platform knows of consent beside what each member carries: dated refusals."""
        ...


class Target(Source, Protocol):
    """A source that can be written: fields of contacts that are there, segments, drafts. It never sends."""

    tasks: Tasks | None
    """None: it keeps none, or the settings want none."""

    def create_field(self, tag: str, name: str, default: str) -> AudienceField:
        """Create a text field that is neither public nor required; one of this tag and name that is there is taken.

        Raises UnsafePlanError where the tag is taken by a field of another name: it is somebody else's.
        """
        ...

    def delete_field(self, field: AudienceField) -> None:
        """Delete a field with its values. Raises UnsafePlanError if another field bears its id by now."""
        ...

    def write_fields(self, writes: Iterable[FieldWrite]) -> Iterator[list[RowError]]:
        """Write in batches of the platform's maximum; yield the errors of each batch when it is written.

        Only contacts whose `status`, as this run read it, is subscribed, unsubscribed or pending are written. Reads one
        in a hundred of each batch back, soon after it, and raises StatusMovedError if a status is no longer that.
        """
        ...

    def read_members(self, keys: Iterable[str]) -> Iterator[Member]:
        """Read single contacts again, in the order of `keys`; those that are gone are left out."""
        ...

    def segment_members(self, segment: str) -> Iterator[str]:
        """Stream the keys of the contacts in a saved segment or tag. Raises CapabilityError for unsaved conditions."""
        ...

    def find_segment(self, name: str) -> str | None:
        """Look for a segment of exactly this name; return its id, None: there is none."""
        ...

    def create_segment(self, name: str, emails: Iterable[str]) -> str:
        """Create a static segment of these addresses, in batches of the platform's maximum; return its id."""
        ...

    def change_segment(self, segment: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Add and remove addresses of a static segment; one that the audience does not hold is passed over."""
        ...

    def delete_segment(self, segment: str) -> None:
        """Delete a segment; the contacts stay."""
        ...

    def draft(self, campaign: str) -> Draft:
        """Read a draft. Raises CapabilityError for one that cannot be copied, with the step to take."""
        ...

    def find_draft(self, title: str) -> str | None:
        """Look for a campaign of exactly this title; return its id, None: there is none."""
        ...

    def create_draft(self, draft: Draft, *, parts: Mapping[str, str], segment: str, title: str) -> str:
        """Make a new draft from `draft` with other texts and another segment; the original stays. Return its id.

        A `draft` without id and settings is a message of a file: the audience's own defaults stand for its settings.
        """
        ...

    def change_draft(self, campaign: str, parts: Mapping[str, str]) -> None:
        """Put other texts into a draft of ours."""
        ...

    def delete_draft(self, campaign: str) -> None:
        """Delete a draft of ours."""
        ...

    def checklist(self, campaign: str) -> list[str]:
        """List what the platform still wants before it would send; empty: ready."""
        ...

    def tags_in_use(self) -> Iterator[tuple[str, str]]:
        """Stream (field tag, where) for each field that a draft, scheduled campaign, template or automation names."""
        ...
