"""What the platform limits, by tier, and how the sandbox reads what nobody has confirmed: both by setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["free", "starter", "professional", "enterprise"]
DAILY: dict[Tier, int] = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}


@dataclass(frozen=True, slots=True)
class Limits:
    """The platform's limits. `calls` in each `window` of seconds; a shorter window keeps a test short."""

    calls: int = 190
    window: float = 10.0
    daily: int = 625_000
    searches: int = 5
    """In a second, for all kinds of objects together."""
    search_page: int = 200
    search_total: int = 10_000
    page: int = 100
    batch: int = 100
    association_inputs: int = 1000
    association_creates: int = 2000
    memberships: int = 250
    """A page of a list's members."""
    membership_changes: int = 100_000
    preference_inputs: int = 100
    properties: int = 1000
    """Properties that the account defines itself, for each kind of object."""
    text: int = 65_536
    merges: int = 250
    """Records that are one in the end."""

    @classmethod
    def of(cls, tier: Tier) -> Limits:
        """Give a private app's limits on a tier."""
        return cls(calls=100 if tier in ("free", "starter") else 190, daily=DAILY[tier])


@dataclass(frozen=True, slots=True)
class Readings:
    """Both readings of what no documentation settles; a client has to be right under each of them."""

    legacy_paths: bool = True
    """False: /crm/v3 and its like are gone, as from September 2027; the dated paths alone are served."""
    additional_found: bool = True
    """A look-up by e-mail finds a contact by its additional addresses, too."""
    merge_makes_new: bool = False
    """A merge gives the survivor a new id, and both old ids answer for it; False: the primary keeps its own."""
    api_contacts_are_marketing: bool = False
    """Contacts made by the API are marketing contacts, by the app's switch."""
    email_patch: Literal["widgets", "deep"] = "widgets"
    """PATCH of an e-mail's content: the map of widgets is replaced, or merged widget by widget."""
    legal_basis_required: bool = True
    """The account's data-privacy settings are on: SUBSCRIBED needs a legal basis and its explanation."""
    subscribing_lifts_all: bool = False
    """SUBSCRIBED to one type by v4 also ends an opt-out of everything."""
    optout_events: bool = False
    """A change of hs_email_optout fires contact.propertyChange."""
    retry_after: bool = False
    """A 429 says when to come again."""
    search_lag: float = 0.0
    """Seconds until search sees a change."""
