"""The account: everything that the sandbox holds, and what people outside the API do to it."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contextmail.sandbox.mailchimp import recipients
from contextmail.sandbox.mailchimp.model import (
    Audience,
    Automation,
    Campaign,
    Member,
    MergeField,
    Receipt,
    Segment,
    Store,
    Template,
)
from contextmail.sandbox.mailchimp.settings import Limits, Readings

DEFAULT_FIELDS = (
    ("FNAME", "First Name", "text"),
    ("LNAME", "Last Name", "text"),
    ("ADDRESS", "Address", "address"),
    ("PHONE", "Phone Number", "phone"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a webhook tells: `source` is user, admin or api."""

    list_id: str
    type: str
    source: str
    data: Mapping[str, Any]
    at: datetime


class State:
    """An account and all that is in it. Hold `lock` to look at several things at once while calls run."""

    def __init__(
        self,
        limits: Limits | None = None,
        readings: Readings | None = None,
        *,
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.limits = limits or Limits()
        self.readings = readings or Readings()
        self.lock = threading.RLock()
        self.seed = seed
        self.account_name = "Lantern & Lace"
        self.lists: dict[str, Audience] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.templates: dict[int, Template] = {}
        self.automations: dict[str, Automation] = {}
        self.stores: dict[str, Store] = {}
        self.reports: dict[str, dict[str, Receipt]] = {}
        """Receipts by campaign and member key."""
        self.listeners: list[Callable[[Event], None]] = []
        self._clock = clock
        self._numbers = itertools.count(1001)

    def now(self) -> datetime:
        """Give the time to the second, as the platform shows it."""
        return self._clock().replace(microsecond=0)

    def number(self) -> int:
        """Give a number that nothing else has."""
        return next(self._numbers)

    def short_id(self) -> str:
        """Give an id of ten hexadecimal digits, the same at every run."""
        return hashlib.sha256(f"{self.seed}:{self.number()}".encode()).hexdigest()[:10]

    def emit(self, audience: Audience, type_: str, source: str, data: Mapping[str, Any]) -> None:
        """Tell the listeners what happened."""
        event = Event(audience.id, type_, source, data, self.now())
        for listener in self.listeners:
            listener(event)

    def tell(
        self, audience: Audience, member: Member, type_: str, source: str, *, reason: str = "", campaign_id: str = ""
    ) -> None:
        """Emit subscribe, unsubscribe or profile for a member, with the names of recorded deliveries in their order."""
        if not audience.webhooks:
            return
        why = {"action": "unsub", "reason": reason or "manual"} if type_ == "unsubscribe" else {}
        who = {"id": member.short_id, "email": member.email, "email_type": member.email_type}
        where = {"ip_opt": "127.0.0.1", "web_id": member.web_id}
        merges = {"EMAIL": member.email, **audience.tagged_values(member.values), **_groups(audience, member)}
        sent = {"campaign_id": campaign_id} if campaign_id else {}
        self.emit(audience, type_, source, {**why, **who, **where, "merges": merges, "list_id": audience.id, **sent})

    # -- making things without the API

    def add_list(self, name: str, *, list_id: str = "", fields: bool = True) -> Audience:
        """Make an audience; `fields` gives it the platform's own FNAME, LNAME, ADDRESS and PHONE."""
        audience = Audience(list_id or self.short_id(), name, self.number(), self.now())
        self.lists[audience.id] = audience
        for tag, label, kind in DEFAULT_FIELDS if fields else ():
            self.add_field(audience, tag, label, type=kind, public=True)
        return audience

    def add_field(self, audience: Audience, tag: str, name: str = "", **more: Any) -> MergeField:
        """Make a merge field."""
        made = MergeField(audience.next_field, tag, name or tag, order=audience.next_field, **more)
        audience.next_field += 1
        audience.fields[made.id] = made
        return made

    def add_member(
        self,
        audience: Audience,
        email: str,
        status: str = "subscribed",
        values: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Member:
        """Make a member of any status; values are by tag. Raises KeyError for an unknown tag."""
        ids = {field.tag: field.id for field in audience.fields.values()}
        kept = {ids[tag]: value for tag, value in (values or {}).items()}
        now = self.now()
        more = {"unsubscribed_at": now if status == "unsubscribed" else None, **more}
        member = Member(key_of(email), email, status, self.number(), now, now, kept, **more)
        audience.members.put(member)
        return member

    def add_segment(self, audience: Audience, name: str, type_: str = "static") -> Segment:
        """Make an empty segment."""
        segment = Segment(self.number(), name, type_, self.now(), self.now())
        audience.segments[segment.id] = segment
        return segment

    def add_campaign(
        self,
        audience: Audience,
        *,
        html: str = "",
        type_: str = "regular",
        content_type: str = "html",
        segment_opts: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Campaign:
        """Make a draft of any kind; settings are named as in the API: subject_line, preview_text, title."""
        campaign = Campaign(self.short_id(), self.number(), type_, audience.id, self.now())
        sender = {"from_name": audience.from_name, "reply_to": audience.from_email, "to_name": "*|FNAME|*"}
        campaign.settings, campaign.segment_opts = {**sender, **settings}, dict(segment_opts or {})
        campaign.content_type, campaign.html = content_type, html
        self.campaigns[campaign.id] = campaign
        return campaign

    def add_template(self, name: str, html: str) -> Template:
        """Make a classic template."""
        template = Template(self.number(), name, html, self.now())
        self.templates[template.id] = template
        return template

    def add_automation(self, audience: Audience, title: str, *emails: Campaign) -> Automation:
        """Make a classic automation of these e-mails."""
        automation = Automation(self.short_id(), title, audience.id, self.now(), emails=emails)
        self.automations[automation.id] = automation
        return automation

    # -- what people do

    def unsubscribe(
        self, list_id: str, email: str, *, campaign_id: str = "", reason: str = "manual", by: str = "user"
    ) -> None:
        """Unsubscribe somebody, as their own click does (`by` user: for good) or as the sender does (`by` admin).

        `reason` is manual or abuse. Raises KeyError.
        """
        with self.lock:
            audience = self.lists[list_id]
            member = audience.members[key_of(email)]
            now = self.now()
            member.status, member.changed_at, member.unsubscribed_at = "unsubscribed", now, now
            member.locked = member.locked or by == "user"
            own = "Reported as spam" if reason == "abuse" else "No reason given"
            member.unsubscribe_reason = own if by == "user" else "N/A (Unsubscribed by admin)"
            audience.members.changed()
            if receipt := self.reports.get(campaign_id, {}).get(member.key):
                receipt.unsubscribed_at, receipt.reason = now, member.unsubscribe_reason
            self.tell(audience, member, "unsubscribe", by, reason=reason, campaign_id=campaign_id)

    def subscribe(self, list_id: str, email: str) -> Member:
        """Subscribe somebody by their own act, a form or a confirmation: whatever stood against it is over.

        Raises KeyError for an unknown list.
        """
        with self.lock:
            audience, key = self.lists[list_id], key_of(email)
            audience.forgotten.discard(key)
            member = audience.members.get(key) or self.add_member(audience, email)
            now = self.now()
            member.status, member.locked, member.changed_at = "subscribed", False, now
            member.opted_at, member.ip_opt, member.source = now, "127.0.0.1", "Hosted Signup Form"
            audience.members.changed()
            self.tell(audience, member, "subscribe", "user")
            return member

    def bounce(self, list_id: str, email: str, *, campaign_id: str = "", reason: str = "hard") -> None:
        """Clean an address off the list for a hard bounce. Raises KeyError."""
        with self.lock:
            audience = self.lists[list_id]
            member = audience.members[key_of(email)]
            member.status, member.locked, member.changed_at = "cleaned", True, self.now()
            audience.members.changed()
            if receipt := self.reports.get(campaign_id, {}).get(member.key):
                receipt.bounce, receipt.opens, receipt.clicks = "hard", [], []
            data = {"list_id": list_id, "campaign_id": campaign_id, "reason": reason, "email": member.email}
            self.emit(audience, "cleaned", "admin", data)

    def send(self, campaign_id: str, *, open_share: float = 0.3, click_share: float = 0.1) -> list[Receipt]:
        """Send a campaign, as its author does in the browser, and let some recipients open and click, by seed.

        Raises KeyError.
        """
        with self.lock:
            campaign = self.campaigns[campaign_id]
            chance = random.Random(f"{self.seed}:{campaign_id}")
            campaign.status, campaign.send_at = "sent", self.now()
            report = self.reports[campaign_id] = {}
            for member in recipients.of_campaign(self, campaign):
                receipt = Receipt(member.key, member.email, member.values, member.vip)
                opened_at = campaign.send_at + timedelta(minutes=chance.randrange(1, 2880))
                if chance.random() < open_share:
                    receipt.opens.append(opened_at)
                    if chance.random() < click_share / max(open_share, 1e-9):
                        receipt.clicks.append((opened_at + timedelta(minutes=1), "https://example.com/"))
                report[member.key] = receipt
            campaign.sent = len(report)
            what = {"id": campaign.id, "subject": campaign.settings.get("subject_line", "")}
            data = {**what, "status": "sent", "reason": "", "list_id": campaign.list_id}
            self.emit(self.lists[campaign.list_id], "campaign", "admin", data)
            return list(report.values())


def key_of(email: str) -> str:
    """Give the platform's key of an address."""
    return hashlib.md5(email.lower().encode(errors="replace"), usedforsecurity=False).hexdigest()


def _groups(audience: Audience, member: Member) -> dict[str, Any]:
    # Names, not ids: that is what the platform sends.
    groupings = {}
    for number, category in enumerate(audience.categories.values()):
        names = [name for id_, name in category.interests.items() if id_ in member.interests]
        groupings[number] = {"id": category.id, "name": category.title, "groups": ", ".join(names)}
    if not groupings:
        return {}
    interests = ", ".join(grouping["groups"] for grouping in groupings.values() if grouping["groups"])
    return {"INTERESTS": interests, "GROUPINGS": groupings}
