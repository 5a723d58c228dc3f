"""Webhooks on their way: form-encoded, signed, sent again when nobody took them."""

from __future__ import annotations

import hashlib
import hmac
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from contextmail.sandbox.mailchimp.state import Event, State

TIMEOUT = 10.0
"""Seconds that the platform waits for an answer."""
RETRIES = (60.0, 300.0, 900.0, 3240.0)
"""Seconds between tries: growing, 75 minutes in all; the single steps are not published."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to deliver an event: `status` is the receiver's, 0 where none came."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    status: int


class Courier:
    """Deliver the events of an account to its webhooks, one after the other, in a thread of its own."""

    def __init__(self, state: State, retries: Sequence[float] = RETRIES) -> None:
        self.delivered: list[Delivery] = []
        self._state, self._retries = state, tuple(retries)
        self._waiting: queue.Queue[Event | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        state.listeners.append(self._waiting.put)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop delivering, and drop what is waiting."""
        self._stopping.set()
        self._waiting.put(None)
        self._thread.join()

    def wait(self) -> None:
        """Wait until every event so far was delivered or given up."""
        self._waiting.join()

    def _run(self) -> None:
        while True:
            event = self._waiting.get()
            try:
                if event is None or self._stopping.is_set():
                    return
                for url, secret in self._addressed(event):
                    self._deliver(url, secret, event)
            finally:
                self._waiting.task_done()

    def _addressed(self, event: Event) -> list[tuple[str, str]]:
        with self._state.lock:
            hooks = self._state.lists[event.list_id].webhooks.values()
            wanting = (hook for hook in hooks if hook.events.get(event.type) and hook.sources.get(event.source))
            return [(hook.url, hook.secret) for hook in wanting]

    def _deliver(self, url: str, secret: str, event: Event) -> None:
        body = form(event)
        for pause in (*self._retries, None):
            headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "MailChimp"}
            if secret:
                headers["X-Mailchimp-Signature"] = signature(secret, body, int(time.time()))
            status = _status(url, body, headers)
            self.delivered.append(Delivery(url, body, headers, status))
            if 200 <= status < 300 or pause is None or self._stopping.wait(pause):
                return


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
    return 200 <= _status(url) < 300


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}[{key}]", inner)
    else:
        yield name, str(value)


def _status(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> int:
    """Make a call, a POST where there is a body, and give its status: 0 where no answer came."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, body, dict(headers or {})), timeout=TIMEOUT
        ) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
