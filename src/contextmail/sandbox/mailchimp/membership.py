"""What a write does to a member: the platform's rules of status, compliance, forgotten addresses and merge values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contextmail.sandbox.mailchimp.bodies import member_of, one_of
from contextmail.sandbox.mailchimp.model import Audience, Member, MergeField
from contextmail.sandbox.mailchimp.problems import Problem, invalid
from contextmail.sandbox.mailchimp.state import State, key_of

STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
_SHAPES = {
    "date": (r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}", "Please enter the date."),
    "birthday": (r"(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])", "Please enter a month (01-12) and a day (01-31)"),
    "zip": (r"\d{5}", "Please enter a complete zip code"),
    "url": (r"https?://\S+", "Please enter a valid URL."),
    "imageurl": (r"https?://\S+", "Please enter a valid image URL."),
}
_EVENTS = {"subscribed": "subscribe", "unsubscribed": "unsubscribe"}
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
        key, now = self._key(email), self.state.now()
        old = self.audience.members.get(key) or Member(key, email, "", self.state.number(), now, now)
        self._allow(status, old)
        left = now if status == "unsubscribed" else old.unsubscribed_at
        member = replace(old, email=email, status=status, changed_at=now, unsubscribed_at=left, **self._rest(old, body))
        self.audience.members.put(member)
        if status == "subscribed":
            self.state.tell(self.audience, member, "subscribe", "api")
        return member

    def change(self, member: Member, body: Mapping[str, Any]) -> None:
        """Change a contact; `status` overwrites. Raises Problem, having changed nothing."""
        before, was = replace(member), member.status
        status = str(body.get("status") or was)
        self._allow(status, member)
        rest = self._rest(member, body)
        address = str(body.get("email_address") or member.email)
        if key_of(address) != member.key:
            self._move(member, address)
        for name, value in {"email": address, "status": status, **rest}.items():
            setattr(member, name, value)
        if member == before:
            return
        member.changed_at = self.state.now()
        if status != was and status == "unsubscribed":
            member.unsubscribed_at, member.unsubscribe_reason = member.changed_at, "N/A (Unsubscribed by admin)"
        self.audience.members.changed()
        if event := "profile" if status == was else _EVENTS.get(status):
            self.state.tell(self.audience, member, event, "api")

    def _key(self, email: str) -> str:
        """Give the key of an address that may be written. Raises Problem."""
        if not _ADDRESS.fullmatch(email):
            raise invalid("email_address", "Please provide a valid email address.")
        key = key_of(email)
        if key in self.audience.forgotten:
            why = "was permanently deleted and cannot be re-imported."
            cure = "The contact must re-subscribe to get back on the list."
            raise Problem(400, "Forgotten Email Not Subscribed", f"{email} {why} {cure}")
        return key

    def _allow(self, status: str, member: Member) -> None:
        if status == member.status:
            return
        one_of("status", status, STATUSES)
        raising = status == "subscribed" or (status == "pending" and not self.state.readings.compliance_takes_pending)
        if member.locked and raising:
            why = "is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed."
            raise Problem(400, "Member In Compliance State", f"{member.email} {why}")

    def _rest(self, member: Member, body: Mapping[str, Any]) -> dict[str, Any]:
        """Read everything but address and status, before anything is changed."""
        given = member_of(body, "merge_fields", dict, {})
        return {
            "values": _taken(self.state, self.audience, member.values, given, validate=self.validate),
            "interests": self._interests(member.interests, body),
            "vip": member_of(body, "vip", bool, member.vip),
            "language": member_of(body, "language", str, member.language),
            "email_type": member_of(body, "email_type", str, member.email_type),
        }

    def _interests(self, before: frozenset[str], body: Mapping[str, Any]) -> frozenset[str]:
        chosen = member_of(body, "interests", dict, {})
        known = {interest for category in self.audience.categories.values() for interest in category.interests}
        if unknown := sorted(set(chosen) - known):
            raise invalid(f"interests.{unknown[0]}", "Invalid interest ID.")
        return (before - chosen.keys()) | {interest for interest, wanted in chosen.items() if wanted}

    def _move(self, member: Member, address: str) -> None:
        key = self._key(address)
        if key in self.audience.members:
            raise exists(address)
        segments = [self.audience.segments[number] for number in member.segments]
        for segment in segments:
            del segment.keys[member.key]
            segment.keys[key] = None
        self.audience.members.remove(member.key)
        member.key = key
        self.audience.members.put(member)
        told = {"new_id": member.short_id, "new_email": address, "old_email": member.email}
        self.state.emit(self.audience, "upemail", "api", {"list_id": self.audience.id, **told})


def exists(email: str) -> Problem:
    """Refuse to add somebody who is there."""
    return Problem(400, "Member Exists", f"{email} is already a list member. Use PUT to insert or update list members.")


def _taken(
    state: State, audience: Audience, before: Mapping[int, Any], given: Mapping[str, Any], *, validate: bool
) -> dict[int, Any]:
    """Give the values by field id after a write of values by tag. Raises Problem with an error per field."""
    fields = {field.tag: field for field in audience.fields.values()}
    values, errors = dict(before), []
    for tag, raw in given.items():
        field = fields.get(tag.upper())
        if field is None:
            if state.readings.unknown_tags == "rejected":
                errors.append((tag, "This merge field does not exist."))
        elif raw is None or raw == "":
            values.pop(field.id, None)
        else:
            try:
                values[field.id] = _value(field, raw, state.limits.text_bytes)
            except ValueError as error:
                errors.append((tag, str(error)))
    if validate:
        missing = (field for field in fields.values() if field.required and field.id not in values)
        errors += [(field.tag, "Please enter a value") for field in missing]
    if errors:
        raise Problem(400, "Invalid Resource", "Your merge fields were invalid.", errors)
    return values


def _value(field: MergeField, raw: Any, longest: int) -> Any:
    """Give a value as it is kept. Raises ValueError with the platform's words for one that is not taken."""
    if field.type == "address":
        if not isinstance(raw, dict) or not all(raw.get(part) for part in ("addr1", "city", "state", "zip")):
            raise ValueError("Please enter a complete address")
        return raw
    if field.type == "number":
        return _number(raw)
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        raise ValueError("Data did not match any of the schemas described in anyOf.")
    text = str(raw)
    if field.type in ("radio", "dropdown"):
        if text not in field.options.get("choices", ()):
            raise ValueError("Value must be one of the choices")
        return text
    if field.type in _SHAPES:
        shape, message = _SHAPES[field.type]
        if not re.fullmatch(shape, text):
            raise ValueError(message)
        return text
    # Bytes, not characters; half a character at the end is dropped.
    return text.encode(errors="replace")[:longest].decode(errors="ignore")


def _number(raw: Any) -> float:
    try:
        number = float(raw)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("Please enter a number")
    return int(number) if number.is_integer() else number
