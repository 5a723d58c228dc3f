"""A member of Mailchimp's as a contact of ours."""

from __future__ import annotations

from typing import Literal, cast

from contextmail.connectors.base import Consent, Member, Status
from contextmail.connectors.mailchimp.shapes import Contact
from contextmail.connectors.mailchimp.values import as_text, key_of, moment

_READ = """id email_address status merge_fields last_changed timestamp_opt timestamp_signup source unsubscribe_reason
    location tags sms_phone_number sms_subscription_status sms_subscription_last_updated""".split()
FIELDS = [*(f"members.{name}" for name in _READ), "total_items"]
"""What is asked of a page of contacts: an eighth of what the platform would send."""

_Consent = Literal["granted", "pending", "denied"]
_EMAIL: dict[str, _Consent] = {"subscribed": "granted", "pending": "pending"}
"""Any other status, `transactional` and `cleaned` too, is no consent to marketing."""
_STATUSES = ("subscribed", "unsubscribed", "pending", "cleaned", "archived", "transactional")


def member(contact: Contact) -> Member:
    """Read a contact; a status that is new to us is `unknown`."""
    email = contact.get("email_address", "")
    key = contact.get("id") or key_of(email)
    status = contact.get("status", "")
    location = contact.get("location") or {}
    return Member(
        key=key,
        email=email,
        status=cast(Status, status if status in _STATUSES else "unknown"),
        fields={
            tag: value if isinstance(value, str) else as_text(value)
            for tag, value in (contact.get("merge_fields") or {}).items()
        },
        changed_at=moment(contact.get("last_changed")),
        tags=tuple([tag["name"] for tag in tags]) if (tags := contact.get("tags")) else (),
        phone=contact.get("sms_phone_number") or "",
        country=location.get("country_code") or "",
        time_zone=location.get("timezone") or "",
        joined_at=moment(contact.get("timestamp_signup")) or moment(contact.get("timestamp_opt")),
        consents=_consents(contact, key, email, status),
    )


def _consents(contact: Contact, key: str, email: str, status: str) -> tuple[Consent, ...]:
    consent = _EMAIL.get(status, "denied")
    if consent == "granted":
        at, how = contact.get("timestamp_opt"), contact.get("source")
    else:
        # Of a refusal the contact says only when it last changed, in whatever way: not before that.
        at, how = contact.get("last_changed"), contact.get("unsubscribe_reason")
    email_consent = Consent(key, email, "email", consent, moment(at), how or status)
    phone = contact.get("sms_phone_number")
    if not phone:
        return (email_consent,)
    sms = contact.get("sms_subscription_status") or "nonsubscribed"
    changed = moment(contact.get("sms_subscription_last_updated"))
    return email_consent, Consent(key, phone, "sms", _EMAIL.get(sms, "denied"), changed, sms)
