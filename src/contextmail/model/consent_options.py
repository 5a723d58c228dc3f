"""How a company's consent is kept and where it goes: the settings of `[consent]`, none of them secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: Literal["channel", "list"] = "channel"
    """What leaving one list means: no marketing on that channel at all, or only not from this list."""


class MailchimpSystem(_Options):
    """An audience of Mailchimp: `[consent.systems."mailchimp:LIST"]`."""

    kind: Literal["mailchimp"]
    audience: str
    grants: Literal["pending", "never"] = "pending"
    """What a proven grant does there: ask the person once more (`pending`), or leave a task for a colleague."""


class HubspotSystem(_Options):
    """The contacts of a HubSpot portal: `[consent.systems.hubspot]`."""

    kind: Literal["hubspot"]
    portal: int
    """The portal's number, HubSpot > Account: its events come in by it, and no other portal's."""
    scope: Literal["channel", "list"] = "list"
    """What leaving one subscription type means: no marketing by e-mail at all, or none of this type, by its id."""
    grants: Literal["never", "subscribe", "resubscribe"] = "never"
    """What a proven grant does there: left as a task for a colleague; or it subscribes, but nobody who has left
    (`subscribe`), or whoever (`resubscribe`)."""
    subscriptions: tuple[int, ...] = ()
    """The ids of the subscription types that a grant of all marketing by e-mail means; empty: it is left as a task."""
    legal_basis: Literal[
        "CONSENT_WITH_NOTICE",
        "LEGITIMATE_INTEREST_CLIENT",
        "LEGITIMATE_INTEREST_PQL",
        "LEGITIMATE_INTEREST_OTHER",
        "PERFORMANCE_OF_CONTRACT",
        "NON_GDPR",
    ] = "CONSENT_WITH_NOTICE"
    """The legal basis that HubSpot is given with a grant."""
    explanation: str = Field(default="The person gave their consent themselves", min_length=1)
    """What HubSpot is told of how the consent was given; the number of the ledger's change follows."""


class SqlSystem(_Options):
    """A table of the company's own database, often the source of its customers."""

    kind: Literal["sql"]
    url: str
    """An SQLAlchemy URL without a password, a file's path relative to contextmail.toml; or `env:NAME`, in the environment."""
    table: str
    endpoint: str
    """The column of the address or number."""
    channel: Literal["email", "sms", "voice", "call", "postal"] = "email"
    purpose: str = "marketing"
    permitted: str
    """The column that says whether they may be written to."""
    yes: str | int | bool = True
    no: str | int | bool = False
    changed_at: str = ""
    """The column of the row's last change of consent, UTC; empty: a sweep reads the whole table."""
    deletes: bool = False
    """An erasure deletes the row; else it empties the endpoint's column, or writes `erased-…@erased.invalid` there."""
    grants: bool = False
    """A proven grant is written; else it is left as a task."""


class WebhookSystem(_Options):
    """A service of the company's own, told by Standard Webhooks; its signing secret is kept in the store."""

    kind: Literal["webhook"]
    url: str = Field(pattern=r"^https?://")


System = Annotated[MailchimpSystem | HubspotSystem | SqlSystem | WebhookSystem, Field(discriminator="kind")]


class ConsentOptions(BaseModel):
    """Say where the ledger lies, what an opt-out means, and which systems are kept in step."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: Path = Path("consent.db")
    """The SQLite file of inbox, ledger and outbox; relative to `store`, contextmail's own folder."""
    production: bool = False
    """Refuse a store that is temporary, read-only or on a network disk."""
    raw_days: int = Field(default=30, ge=1)
    """Days for which what came is kept as it came, sealed."""
    quarantine_days: int = Field(default=90, ge=1)
    """Days for which what nobody understood is kept; it may be an opt-out, so look into it (`contextmail inbox list`)."""
    sweep_minutes: float = Field(default=15, gt=0, le=720)
    """How long a worker waits between two sweeps."""
    alarm: int = Field(default=100, ge=1)
    """Withdrawals within an hour that make an alarm, where they are also three times as many as in any hour of the four
    weeks before."""
    flips: int = Field(default=6, ge=2)
    """Changes of mind within an hour after which an endpoint is frozen until a person looks."""
    overlap_minutes: int = Field(default=30, ge=0)
    """How far before its last one a sweep begins: platforms show changes late."""
    public_url: str = Field(
        default="", pattern=r"^(https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s?#]*)?)?$"
    )
    """Where the receiver is reached from outside, `https://hooks.example.com`: HubSpot's signature covers it."""
    hubspot_v1: bool = False
    """Take HubSpot's older signature where an app sends no other; it covers neither time nor URL."""
    systems: dict[str, System] = {}
    """Every system that is told and swept, by name."""
