"""What a write does to a member: the platform's rules of status, of compliance and of forgotten addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contextmail.sandbox.mailchimp import values
from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.model import Audience, Member
from contextmail.sandbox.mailchimp.problems import Problem, invalid
from contextmail.sandbox.mailchimp.state import State, key_of, tell

STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes members of an audience as the API does; `validate` is off with `skip_merge_validation`."""

    state: State
    audience: Audience
    validate: bool = True

    def find(self, key: str) -> Member | None:
        """Give the member that a write of that key would change: an archived one counts as new, by setting."""
        member = self.audience.members.get(key)
        if member is not None and member.status == "archived" and self.state.readings.archived_is_new:
            return None
        return member

    def create(self, email: str, status: str, body: Mapping[str, Any]) -> Member:
        """Add a contact, or bring an archived one back. Raises Problem."""
        if not _ADDRESS.fullmatch(email):
            raise invalid(("email_address", "Please provide a valid email address."))
        key = key_of(email)
        if key in self.audience.forgotten:
            raise forgotten(email)
        now = self.state.now()
        old = self.audience.members.get(key) or Member(key, email, "", self.state.number(), now, now)
        _allow(status, old)
        member = replace(old, email=email, status=status, changed_at=now, **self._rest(old, body))
        self.audience.members.put(member)
        if status == "subscribed":
            tell(self.state, self.audience, member, "subscribe", "api")
        return member

    def change(self, member: Member, body: Mapping[str, Any]) -> bool:
        """Change a contact; tell whether anything did. `status` overwrites. Raises Problem, having changed nothing."""
        before, was = _picture(member), member.status
        status = str(body.get("status") or was)
        _allow(status, member)
        rest = self._rest(member, body)
        address = str(body.get("email_address") or member.email)
        if key_of(address) != member.key:
            self._move(member, address)
        member.email, member.status = address, status
        for name, value in rest.items():
            setattr(member, name, value)
        if _picture(member) == before:
            return False
        member.changed_at = self.state.now()
        self.audience.members.changed()
        self._tell(member, was)
        return True

    def _rest(self, member: Member, body: Mapping[str, Any]) -> dict[str, Any]:
        """Read everything but address and status, before anything is changed."""
        given, limits, readings = member_of(body, "merge_fields", dict, {}), self.state.limits, self.state.readings
        return {
            "values": values.taken(self.audience, member.values, given, limits, readings, validate=self.validate),
            "interests": self._interests(member.interests, body),
            "vip": member_of(body, "vip", bool, member.vip),
            "language": member_of(body, "language", str, member.language),
            "email_type": member_of(body, "email_type", str, member.email_type),
        }

    def _interests(self, before: frozenset[str], body: Mapping[str, Any]) -> frozenset[str]:
        chosen = member_of(body, "interests", dict, {})
        known = {interest for category in self.audience.categories.values() for interest in category.interests}
        unknown = sorted(set(chosen) - known)
        if unknown:
            raise invalid((f"interests.{unknown[0]}", "Invalid interest ID."))
        return (before - chosen.keys()) | {interest for interest, wanted in chosen.items() if wanted}

    def _move(self, member: Member, address: str) -> None:
        if not _ADDRESS.fullmatch(address):
            raise invalid(("email_address", "Please provide a valid email address."))
        key = key_of(address)
        if key in self.audience.forgotten:
            raise forgotten(address)
        if key in self.audience.members:
            raise exists(address)
        old_email = member.email
        for number in member.segments:
            keys = self.audience.segments[number].keys
            del keys[member.key]
            keys[key] = None
        self.audience.members.remove(member.key)
        member.key = key
        self.audience.members.put(member)
        data = {"list_id": self.audience.id, "new_id": member.short_id, "new_email": address, "old_email": old_email}
        self.state.emit(self.audience, "upemail", "api", data)

    def _tell(self, member: Member, was: str) -> None:
        if member.status == was:
            tell(self.state, self.audience, member, "profile", "api")
        elif member.status == "subscribed":
            tell(self.state, self.audience, member, "subscribe", "api")
        elif member.status == "unsubscribed":
            member.unsubscribed_at, member.unsubscribe_reason = self.state.now(), "N/A (Unsubscribed by admin)"
            tell(self.state, self.audience, member, "unsubscribe", "api")


def forgotten(email: str) -> Problem:
    """Refuse an address that was deleted for good."""
    why = "was permanently deleted and cannot be re-imported. The contact must re-subscribe to get back on the list."
    return Problem(400, "Forgotten Email Not Subscribed", f"{email} {why}")


def exists(email: str) -> Problem:
    """Refuse to add somebody who is there."""
    return Problem(400, "Member Exists", f"{email} is already a list member. Use PUT to insert or update list members.")


def _allow(status: str, member: Member) -> None:
    if status == member.status:
        return
    if status not in STATUSES:
        raise invalid(("status", "Value must be one of: " + ", ".join(STATUSES)))
    if member.locked and status == "subscribed":
        why = "is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed."
        raise Problem(400, "Member In Compliance State", f"{member.email} {why}")


def _picture(member: Member) -> tuple[object, ...]:
    return member.email, member.status, member.values, member.vip, member.language, member.email_type, member.interests
