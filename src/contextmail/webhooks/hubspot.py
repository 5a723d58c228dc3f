"""HubSpot's webhooks: arrays of events that name a record and no address, signed over the receiver's public URL.

An event is a hint: it makes the worker read the record back. No event tells of an opt-out itself; that
`hs_email_optout` fires `contact.propertyChange` is not documented, so the sweep looks without being told, too.
Signature: https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import unquote

from contextmail.errors import ConfigurationError
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Act, Assurance, Scope
from contextmail.model.event import ERASED, RECORD, Notice
from contextmail.webhooks.base import BadPayloadError, BadSignatureError, Verified
from contextmail.webhooks.http import Request

WINDOW = timedelta(minutes=5)
"""Either way. HubSpot asks for the past only; a time in the future would let a stolen request be played for longer."""
EVENTS = ("contact.creation", "contact.restore", "contact.merge", "contact.propertyChange", "contact.privacyDeletion")
"""What a private app is to subscribe to; `contact.deletion` says nothing of consent, which is the address's."""
PROPERTIES = ("email", "hs_additional_emails", "hs_email_optout")
"""The properties whose change counts, with each `hs_email_optout_<subscription>`."""
_UNREADABLE = "an event that is not understood"
_ENCODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""The escapes that HubSpot decodes in a URL before it signs it, and no others."""
_KEY = (
    "portalId",
    "subscriptionId",
    "subscriptionType",
    "eventType",
    "objectId",
    "propertyName",
    "occurredAt",
    "eventId",
)


@dataclass(frozen=True, slots=True)
class Hubspot:
    """Understand an app's webhooks; `public_url`: where the receiver is reached from outside, as `[consent]` says.

    `v1`: take the older signature, too, where no newer one comes. It covers neither URL nor time, so it counts as none.
    """

    public_url: str = ""
    v1: bool = False
    name: ClassVar[str] = "hubspot"

    def key(self, secret: str) -> bytes:
        """Give the bytes that sign. Raises ConfigurationError without a public URL, which is part of what is signed."""
        if not self.public_url:
            cure = '[consent] public_url = "https://hooks.example.com", as it stands in the app at HubSpot'
            raise ConfigurationError("HubSpot signs the receiver's public URL", where="[consent]", cure=cure)
        return secret.encode()

    def verify(self, request: Request, account: str, secrets: Sequence[str], now: datetime) -> Verified:
        """Check `X-HubSpot-Signature-v3` and `X-HubSpot-Request-Timestamp` (milliseconds)."""
        headers, body, keys = request.headers, request.body, [self.key(secret) for secret in secrets]
        given = headers.get("x-hubspot-signature-v3")
        if given is None and self.v1 and headers["x-hubspot-signature-version"] == "v1":
            old = [hashlib.sha256(key + body).hexdigest() for key in keys]
            return _matched(headers["x-hubspot-signature"], old, Verified(_dedupe(body), Assurance.UNSIGNED))
        if given is None:
            raise BadSignatureError("no signature of version 3; `[consent] hubspot_v1` takes the older one")
        sent = headers["x-hubspot-request-timestamp"]
        sent_at = datetime.fromtimestamp(int(sent) / 1000, UTC).replace(tzinfo=None)
        if abs(now - sent_at) > WINDOW:
            raise BadSignatureError("sent at a time that is not now")
        url = self.public_url.rstrip("/") + request.path + (f"?{request.query}" if request.query else "")
        signed = f"{request.method}{_decoded(url)}".encode() + body + sent.encode()
        new = [b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
        return _matched(given, new, Verified(_dedupe(body), Assurance.SIGNED))

    def parse(self, body: bytes, account: str, received_at: datetime, assurance: Assurance) -> list[Notice]:
        """Name each record that is to be read back, once. Raises BadPayloadError for what is no array of events.

        An event of the array that is not understood becomes a notice without an endpoint, so that the others count.
        """
        hints = dict.fromkeys(hint for event in _events(body) for hint in _hints(event, account))
        # What it grants is nothing until the record says whose it is, and what HubSpot holds of them.
        scope = Scope(Channel.EMAIL, Purpose.MARKETING)
        return [
            Notice(
                hint,
                Act.GRANT,
                scope,
                self.name,
                method="webhook",
                assurance=assurance,
                read_back=hint is not _UNREADABLE,
            )
            for hint in hints
        ]


def _matched(given: str, signatures: Iterable[str], verified: Verified) -> Verified:
    if any(hmac.compare_digest(given.encode(), one.encode()) for one in signatures):
        return verified
    raise BadSignatureError("no signature matches")


def _decoded(url: str) -> str:
    return _ENCODED.sub(lambda found: unquote(found[0]), url)


def _events(body: bytes) -> list[Any]:
    try:
        events = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise BadPayloadError("not JSON") from error
    if not isinstance(events, list):
        raise BadPayloadError("no array of events")
    return events


def _hints(event: object, account: str) -> Iterable[str]:
    """Give the record that an event is about, if it tells of consent: `record:123`, `erased:123`."""
    if not isinstance(event, Mapping) or str(event.get("portalId")) != account:
        return (_UNREADABLE,)
    # HubSpot's own pages call it by both names.
    kind = event.get("subscriptionType") or event.get("eventType")
    record = event.get("objectId")
    match kind:
        case "contact.merge" | "object.merge":
            record = event.get("newObjectId") or event.get("primaryObjectId") or record
        case "contact.propertyChange" | "object.propertyChange":
            name = event.get("propertyName")
            if name not in PROPERTIES and not str(name).startswith("hs_email_optout"):
                return ()
    if not isinstance(kind, str) or not _is_id(record):
        return (_UNREADABLE,)
    family, _, what = kind.partition(".")
    if family not in ("contact", "object") or (family == "object" and event.get("objectTypeId") != "0-1"):
        return ()
    if f"contact.{what}" not in EVENTS:
        return ()
    return (f"{ERASED if what == 'privacyDeletion' else RECORD}{record}",)


def _is_id(value: object) -> bool:
    return (
        isinstance(value, int | str)
        and not isinstance(value, bool)
        and re.fullmatch("[0-9]{1,20}", str(value)) is not None
    )


def _dedupe(body: bytes) -> str:
    """Make the key by which a repetition is known: of what tells events apart, in any order, and not of the try's number."""
    try:
        told = sorted(json.dumps([event.get(name) for name in _KEY]) for event in _events(body))
    except (BadPayloadError, AttributeError):
        return hashlib.sha256(body).hexdigest()
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
