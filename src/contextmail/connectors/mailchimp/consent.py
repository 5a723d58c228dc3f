"""Consent at one audience of Mailchimp: told, read back, swept.

This is the one place that writes a status; every other write is of fields, and carries none (`writing.py`). It writes
two: `unsubscribed`, and `pending`, by which Mailchimp asks the person once more. Both by PATCH, which cannot create a
contact. What is not documented is read so that an error lowers permission, and never raises it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Literal

from contextmail.connectors.base import Member
from contextmail.connectors.calling import unless_gone
from contextmail.connectors.consents import Pushed, spellings, unreached
from contextmail.connectors.mailchimp import reports
from contextmail.connectors.mailchimp.contacts import member
from contextmail.connectors.mailchimp.shapes import Contact
from contextmail.connectors.mailchimp.source import MailchimpSource
from contextmail.connectors.mailchimp.values import key_of, moment, written
from contextmail.errors import PlatformError, RetryableError
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Act, Actor, Assurance, Scope, Suppression
from contextmail.model.event import Notice, Push

_SAYS = {
    "subscribed": Act.GRANT,
    "pending": Act.PEND,
    "unsubscribed": Act.DENY,
    "transactional": Act.NEVER,
    "nonsubscribed": Act.NEVER,
}
"""What a status says of consent, of e-mail and of SMS; `archived` says nothing."""
_IN_PLACE = {
    "unsubscribed": frozenset({"unsubscribed", "cleaned", "archived"}),
    "pending": frozenset({"pending", "subscribed"}),
}
"""The statuses of a contact with which there is nothing more to write. None of the first is sent anything."""
_MAY_BE_ASKED = ("unsubscribed", "transactional")
_BY_PERSON = re.compile(r"form|pop-?up|landing page|survey", re.IGNORECASE)
"""Sources at which a person signs up; by any other a colleague, an import or a program did."""
_NO_SMS = "Mailchimp's API takes no SMS opt-out: unsubscribe the number in Mailchimp, under Contacts"
_FIELDS = ["id", "email_address", "unique_email_id", "status", "last_changed", "timestamp_opt", "ip_opt", "source"]
_EVER = datetime(1970, 1, 1)
"""After which time a contact was unsubscribed that merely is so: `last_changed` moves with every field, ours too."""


class MailchimpConsents:
    """One audience. `grants`: what a proven grant does there; `scope`: what leaving the audience means."""

    readable = True

    def __init__(
        self,
        source: MailchimpSource,
        *,
        grants: Literal["pending", "never"] = "pending",
        scope: Literal["channel", "list"] = "channel",
    ) -> None:
        self.name = f"mailchimp:{source.audience}"
        self._source, self._transport, self._audience = source, source.transport, source.audience
        self._grants, self._scope = grants, scope
        self._keeps = Scope(Channel.EMAIL, Purpose.MARKETING, source.audience)

    def push(self, push: Push) -> Pushed:
        """Set a status that says the same, and read it back; delete for good for an erasure.

        What Mailchimp does not take by API is `blocked`, with its own words where it says why.
        """
        channel = push.scope.channel if "@" in push.endpoint else push.scope.channel or Channel.SMS
        if channel == Channel.SMS:
            return Pushed("blocked", _NO_SMS)
        if outside := unreached(push, self._keeps):
            return outside
        if push.act is Act.GRANT and self._grants == "never":
            return Pushed("blocked", "grants are not written there ([consent.systems] grants): a colleague may")
        contact = self._contact(push.endpoint)
        if contact is None:
            return Pushed("absent")
        match push.act:
            case Act.DENY | Act.SUPPRESS:
                return self._bring(contact, "unsubscribed")
            case Act.GRANT:
                return self._bring(contact, "pending")
            case Act.ERASE:
                return self._delete(contact)
        return Pushed("blocked", f"Mailchimp has no status for {push.act}")

    def _bring(self, contact: Contact, status: Literal["unsubscribed", "pending"]) -> Pushed:
        held = contact["status"]
        if held in _IN_PLACE[status]:
            return Pushed("done")
        if status == "pending" and held not in _MAY_BE_ASKED:
            return Pushed("blocked", f"the contact is {held}: it cannot be asked by API")
        try:
            self._transport.call(
                "lists.update_list_member",
                list_id=self._audience,
                subscriber_hash=contact["id"],
                body={"status": status},
                skip_merge_validation="true",
            )
        except PlatformError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return Pushed("absent")
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            # The title alone: the detail begins with the address.
            return Pushed("blocked", error.title)
        now = self._contact(contact["email_address"])
        if now is not None and now["status"] not in _IN_PLACE[status]:
            what = f"the change was taken, and the contact is still {now['status']}"
            raise RetryableError(what, where=self.name, cure="it is tried again")
        return Pushed("done")

    def _delete(self, contact: Contact) -> Pushed:
        unless_gone(
            lambda: self._transport.until_answered(
                "lists.delete_list_member_permanent", list_id=self._audience, subscriber_hash=contact["id"]
            )
        )
        if self._contact(contact["email_address"]) is not None:
            raise RetryableError("the contact is still there", where=self.name, cure="it is tried again")
        return Pushed("done")

    def read(self, endpoint: str) -> list[Notice]:
        """Say what the contact of an address holds. A grant is the person's own only where they signed up at a form.

        A number cannot be looked up by API: empty.
        """
        contact = self._contact(endpoint) if "@" in endpoint else None
        if contact is None:
            return []
        source = contact.get("source", "")
        by_person = bool(contact.get("ip_opt") and contact.get("timestamp_opt") and _BY_PERSON.search(source))
        return [
            replace(notice, actor=Actor.PERSON, method="form", strength="explicit", evidence="Mailchimp: ip_opt, form")
            if by_person and notice.act is Act.GRANT
            else notice
            for notice in self._notices(member(contact), after=None if self._left_last(contact) else _EVER)
        ]

    def sweep(self, *, since: datetime | None) -> Iterator[Notice]:
        """Stream who is newly unsubscribed, then who left on which campaign, dated, then what each contact holds.

        The contacts come last: what they say is newest. Their refusals are dated by their last change of any kind,
        since Mailchimp tells no other time; that is never too early, and no news of whoever was refusing already.
        """
        for one in self._source.unsubscribed(since=since):
            yield from self._notices(one, after=since or _EVER)
        for consent in reports.unsubscribed(self._transport, self._audience, since):
            if consent.endpoint:
                left = self._notice(consent.endpoint, self._marketing(Channel.EMAIL), consent.at)
                # What was, not what the contact holds now: no read-back.
                yield left(act=Act.DENY, actor=Actor.PERSON, method="link", assurance=Assurance.SIGNED)
        for one in self._source.members(since=since):
            yield from self._notices(one, after=_EVER)

    def close(self) -> None:
        """Let the connections go."""
        self._source.close()

    def _notices(self, one: Member, *, after: datetime | None) -> Iterator[Notice]:
        """Say what a contact holds; a refusal of e-mail began after that time (None: at its last change)."""
        for consent in one.consents:
            by_email = consent.channel == Channel.EMAIL
            status = one.status if by_email else consent.source
            began = after if by_email else None
            if status == "cleaned":
                bounced = self._notice(consent.endpoint, Scope(Channel.EMAIL), consent.at)
                yield bounced(act=Act.SUPPRESS, value=Suppression.HARD_BOUNCE, actor=Actor.PLATFORM, after=began)
            elif act := _SAYS.get(status):
                says = self._notice(consent.endpoint, self._marketing(consent.channel), consent.at)
                if act is Act.GRANT:
                    yield says(act=act, actor=Actor.SYSTEM)
                else:
                    yield says(act=act, actor=Actor.PLATFORM, after=began)

    def _notice(self, endpoint: str, scope: Scope, at: datetime | None) -> partial[Notice]:
        return partial(
            Notice,
            endpoint,
            scope=scope,
            source=self.name,
            at=at,
            method="poll",
            assurance=Assurance.READ_BACK,
        )

    def _marketing(self, channel: str) -> Scope:
        return Scope(channel, Purpose.MARKETING, self._audience if self._scope == "list" else "")

    def _left_last(self, contact: Contact) -> bool:
        """Say whether a contact has not changed since it was unsubscribed: then its last change is when that was."""
        changed = moment(contact.get("last_changed"))
        if contact["status"] != "unsubscribed" or changed is None:
            return False
        answer = self._transport.call(
            "lists.get_list_members_info",
            list_id=self._audience,
            status="unsubscribed",
            unsubscribed_since=written(changed - timedelta(seconds=1)),
            unique_email_id=contact.get("unique_email_id", ""),
            fields=["members.id"],
        )
        return any(one["id"] == contact["id"] for one in answer.get("members") or ())

    def _contact(self, endpoint: str) -> Contact | None:
        """Look a contact up; what its domain looks like decides its key, so each spelling is tried."""
        found: Iterable[Contact | None] = map(self._by_key, map(key_of, spellings(endpoint)))
        return next((contact for contact in found if contact), None)

    def _by_key(self, key: str) -> Contact | None:
        contact: Contact | None = unless_gone(
            lambda: self._transport.call(
                "lists.get_list_member", list_id=self._audience, subscriber_hash=key, fields=_FIELDS
            )
        )
        return contact
