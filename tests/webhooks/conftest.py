"""A receiver with a real store, one account of each source, and a clock that stands still."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet
from standardwebhooks import Webhook

from contextmail.sandbox.hubspot import deliveries
from contextmail.sandbox.mailchimp.deliveries import signature
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore
from contextmail.webhooks import sources
from contextmail.webhooks.http import Request
from contextmail.webhooks.receiver import Receiver

NOW = datetime(2026, 5, 31, 9, 0, 0)
UNIX = 1780218000
LIST = "a6b5da1054"
TOKEN = "t" * 32
MAILCHIMP = "mailchimp-signs-with-this"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PORTAL = 62515
CLIENT = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
PUBLIC = "https://hooks.example.com"
ADA = "ada@example.com"


def left(email: str = ADA, **more: str) -> bytes:
    """Write an unsubscribe as Mailchimp does."""
    data = {"action": "unsub", "reason": "manual", "id": "8a25ff1d98", "list_id": LIST, "email": email} | more
    fields = {"type": "unsubscribe", "fired_at": "2026-05-31 08:59:30"}
    return urlencode(fields | {f"data[{name}]": value for name, value in data.items()}).encode()


def mailchimp(body: bytes = left(), *, secret: str = MAILCHIMP, at: int = UNIX, token: str = TOKEN) -> Request:
    """Post an event as Mailchimp does."""
    headers = {"x-mailchimp-signature": signature(secret, body, at)} if secret else {}
    return Request("POST", f"/hooks/mailchimp/{LIST}/{token}", headers, body)


def standard(body: bytes, *, secret: str = WHSEC, at: int = UNIX, known: str = "msg_1") -> Request:
    """Post an event as a library of Standard Webhooks does."""
    headers = {
        "webhook-id": known,
        "webhook-timestamp": str(at),
        "webhook-signature": Webhook(secret).sign(known, datetime.fromtimestamp(at, UTC), body.decode()),
    }
    return Request("POST", "/hooks/standard/crm", headers, body)


def event(type_: str = "contact.creation", object_id: int = 123, **more: object) -> dict[str, object]:
    """Write one event as HubSpot does."""
    told = {"eventId": 1, "subscriptionId": 12345, "portalId": PORTAL, "appId": 54321, "occurredAt": 1564113600000}
    return {**told, "subscriptionType": type_, "attemptNumber": 0, "objectId": object_id, "changeSource": "CRM", **more}


def hubspot(*events: object, secret: str = CLIENT, at: int = UNIX * 1000, body: bytes = b"", url: str = "") -> Request:
    """Post an array of events as HubSpot does: signed over the public URL."""
    body = body or json.dumps(events).encode()
    path = f"/hooks/hubspot/{PORTAL}"
    signed = deliveries.signature("v3", secret, body, url=url or PUBLIC + path, timestamp=at)
    headers = {"x-hubspot-signature-v3": signed, "x-hubspot-request-timestamp": str(at)}
    return Request("POST", path, headers, body)


@pytest.fixture
def sealer() -> Sealer:
    return Sealer("a lookup key of more than thirty-two characters", [Fernet.generate_key().decode()])


@pytest.fixture
def store(tmp_path: Path, sealer: Sealer):
    opened = SqliteConsentStore(tmp_path / "consent.db", sealer)
    opened.set_secret("mailchimp-path", LIST, TOKEN)
    opened.set_secret("mailchimp", LIST, MAILCHIMP)
    opened.set_secret("standard", "crm", WHSEC)
    opened.set_secret("hubspot", str(PORTAL), CLIENT)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(now=NOW)


@pytest.fixture
def receiver(store: SqliteConsentStore, sealer: Sealer, clock: SimpleNamespace) -> Receiver:
    return Receiver(store, sources(sealer, public_url=PUBLIC), clock=lambda: clock.now)
