"""Webhooks as Mailchimp sends them: form-encoded, signed, sent again when nobody took them."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from contextmail.sandbox.courier import Courier, Letter, status_of
from contextmail.sandbox.mailchimp.state import Event, State

TIMEOUT = 10.0
"""Seconds that the platform waits for an answer."""
RETRIES = (60.0, 300.0, 900.0, 3240.0)
"""Seconds between tries: growing, 75 minutes in all; the single steps are not published."""


def courier(state: State, retries: Sequence[float] = RETRIES) -> Courier[Event]:
    """Make the courier of an account's events."""

    def write(event: Event) -> Iterator[Letter]:
        body = form(event)
        with state.lock:
            hooks = list(state.lists[event.list_id].webhooks.values())
        for hook in hooks:
            if hook.events.get(event.type) and hook.sources.get(event.source):
                yield Letter(hook.url, partial(_letter, hook.secret, body))

    made = Courier(write, retries, timeout=TIMEOUT)
    state.listeners.append(made.put)
    return made


def _letter(secret: str, body: bytes, _try: int) -> tuple[bytes, dict[str, str]]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "MailChimp"}
    signed = {"X-Mailchimp-Signature": signature(secret, body, int(time.time()))} if secret else {}
    return body, {**headers, **signed}


def signature(secret: str, body: bytes, at: int) -> str:
    """Sign a body as of a Unix time: `t=...,v1=...`, HMAC-SHA256 of time, dot and body in hexadecimal digits."""
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def form(event: Event) -> bytes:
    """Write an event as the platform's form: type, fired_at, data[...]."""
    fired = event.at.strftime("%Y-%m-%d %H:%M:%S")
    return urlencode([("type", event.type), ("fired_at", fired), *_flat("data", event.data)]).encode()


def answers(url: str) -> bool:
    """Tell whether a URL answers GET with a success, as it must before a webhook is made."""
    return 200 <= status_of(url, timeout=TIMEOUT) < 300


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}[{key}]", inner)
    else:
        yield name, str(value)
