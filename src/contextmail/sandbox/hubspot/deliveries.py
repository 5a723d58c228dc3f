"""Webhooks as HubSpot sends them: JSON arrays of up to a hundred events, signed three ways, without any address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from contextmail.sandbox.courier import Courier, Letter
from contextmail.sandbox.hubspot.call import Document
from contextmail.sandbox.hubspot.state import PORTAL, Event, State

TIMEOUT = 5.0
"""Seconds that the platform waits for an answer."""
RETRIES = (60.0, 300.0, 900.0, 3600.0, 7200.0, 7200.0, 14400.0, 14400.0, 14400.0, 14400.0)
"""Seconds between tries: ten within a day; the single steps are not published."""
EVENTS = 100
APP = 54321
_UNQUOTED = {"%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "("}
_UNQUOTED |= {"%29": ")", "%2A": "*", "%2C": ",", "%3B": ";"}


@dataclass
class App:
    """The app that hears of changes: one URL, and what it subscribed to, such as `contact.creation`.

    A `contact.propertyChange` names its property: `contact.propertyChange:email`. `repeats` sends each event that
    often, as the platform may. `version` is that of X-HubSpot-Signature, v1 or v2; v3 always comes along.
    """

    url: str = ""
    secret: str = "sandbox-secret"
    subscribed: set[str] = field(default_factory=set)
    repeats: int = 1
    version: str = "v1"

    def hears(self, event: Event) -> bool:
        """Tell whether the app wants an event."""
        wanted = f"{event.type}:{event.more['propertyName']}" if "propertyName" in event.more else event.type
        return bool(self.url) and wanted in self.subscribed


def courier(state: State, app: App, retries: Sequence[float] = RETRIES) -> Courier[Event]:
    """Make the courier of a portal's events: what came together goes together, up to a hundred in one call."""
    numbers, waiting = itertools.count(1), deque[Document]()

    def write(_event: Event) -> Iterator[Letter]:
        events = [waiting.popleft() for _ in range(min(len(waiting), EVENTS))]
        for _ in range(app.repeats if events else 0):
            yield Letter(app.url, partial(_letter, app, events))

    made = Courier(write, retries, timeout=TIMEOUT)

    def hear(event: Event) -> None:
        if app.hears(event):
            waiting.append(_told(event, next(numbers)))
            made.put(event)

    state.listeners.append(hear)
    return made


def signature(
    version: str, secret: str, body: bytes, *, method: str = "POST", url: str = "", timestamp: int = 0
) -> str:
    """Sign a body as the platform does: v1 and v2 are SHA-256 in hexadecimal digits, v3 an HMAC in Base64.

    `timestamp` is in milliseconds. Source: HubSpot's page on validating requests.
    """
    call = f"{method}{url}".encode()
    if version == "v1":
        return hashlib.sha256(secret.encode() + body).hexdigest()
    if version == "v2":
        return hashlib.sha256(secret.encode() + call + body).hexdigest()
    for quoted, sign in _UNQUOTED.items():
        call = call.replace(quoted.encode(), sign.encode())
    signed = hmac.new(secret.encode(), call + body + str(timestamp).encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


def _letter(app: App, events: Sequence[Document], attempt: int) -> tuple[bytes, dict[str, str]]:
    now = int(time.time() * 1000)
    body = json.dumps([{**event, "attemptNumber": attempt} for event in events]).encode()
    return body, {
        "Content-Type": "application/json",
        "X-HubSpot-Signature": signature(app.version, app.secret, body, url=app.url),
        "X-HubSpot-Signature-Version": app.version,
        "X-HubSpot-Signature-v3": signature("v3", app.secret, body, url=app.url, timestamp=now),
        "X-HubSpot-Request-Timestamp": str(now),
    }


def _told(event: Event, number: int) -> Document:
    ids = {"eventId": number, "subscriptionId": 12345, "portalId": PORTAL, "appId": APP}
    at = int(event.at.timestamp() * 1000)
    what = {"occurredAt": at, "subscriptionType": event.type, "objectId": int(event.object_id)}
    return {**ids, **what, "changeSource": event.source, **event.more}
