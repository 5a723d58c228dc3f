"""Tell a service of the company's own by Standard Webhooks (https://www.standardwebhooks.com); it cannot be read.

    {"type": "consent.changed", "timestamp": "2026-05-31T09:00:00Z", "data": {"endpoint": "ada@example.com",
     "channel": "email", "purpose": "marketing", "list": "", "topic": "", "choice": "denied"}}

Besides, `endpoint.suppressed` with its `kind`, and `contact.erased`: the words that the receiver understands, too. An
empty part of the scope means all of it. The `webhook-id` of a push is the same at every try: it is how the service
knows a repetition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from standardwebhooks import Webhook

from contextmail.connectors.calling import asked_to_wait
from contextmail.connectors.consents import Pushed
from contextmail.errors import ConfigurationError, RetryableError
from contextmail.model.consent import Act
from contextmail.model.event import Notice, Push

_TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and to wait for an answer: the specification lets a sender wait 15 to 30."""
_REFUSED = 3
"""Tries after which a refusal counts: a service may answer 404 while it is being replaced."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CHOICES = {Act.DENY: "denied", Act.GRANT: "granted", Act.PEND: "pending"}
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


class WebhookConsents:
    """One service at one URL. `secrets` gives those that are valid, and a message is signed with each of them.

    Raises ConfigurationError for a URL over which addresses would travel unencrypted.
    """

    readable = False

    def __init__(
        self,
        name: str,
        url: str,
        secrets: Callable[[], Sequence[str]],
        *,
        timeout: tuple[float, float] = _TIMEOUT,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ConfigurationError("addresses would travel unencrypted", where=name, cure="an https:// URL")
        self.name = name
        self._url, self._secrets, self._timeout = url, secrets, timeout
        self._session = requests.Session()
        # Else a password of ~/.netrc would be sent along.
        self._session.auth = lambda request: request

    def push(self, push: Push) -> Pushed:
        """Send one signed message. 410, and 4xx to a grant after three tries, are `blocked`: somebody has to look.

        Raises RetryableError for 429, 5xx and no answer, with the time that `Retry-After` asks for, and for a
        certificate that is not trusted; to a withdrawal for 4xx, too: a service that is put right is told of it.
        """
        if push.act not in (*_CHOICES, Act.SUPPRESS, Act.ERASE):
            return Pushed("blocked", f"there is no word for {push.act}")
        response = self._send(push)
        status = response.status_code
        if 200 <= status < 300:
            return Pushed("done")
        if status == HTTPStatus.GONE:
            return Pushed("blocked", "the service answers 410: it wants no more of these")
        if 300 <= status < 400:
            return Pushed("blocked", f"the service answers {status}: a redirect is not followed, correct the url")
        passing = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BUSY
        if not passing and push.act is Act.GRANT and push.tries >= _REFUSED:
            return Pushed("blocked", f"the service answers {status}: look into its log")
        raise self._later(
            f"the service answers {status}", status, asked_to_wait(response.headers.get("Retry-After", ""))
        )

    def read(self, endpoint: str) -> list[Notice]:
        """Give nothing: it cannot be read."""
        return []

    def sweep(self, *, since: datetime | None) -> Iterator[Notice]:
        """Give nothing: it cannot be swept."""
        return iter(())

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()

    def _send(self, push: Push) -> requests.Response:
        now = datetime.now(UTC)
        body = json.dumps(_event(push, now))
        known = _id(push)
        signatures = [Webhook(secret).sign(known, now, body) for secret in self._secrets()]
        if not signatures:
            raise self._later(f"there is no secret to sign with: contextmail webhooks secret {self.name}")
        headers = {
            "content-type": "application/json",
            "user-agent": "contextmail",
            "webhook-id": known,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            # The body of the answer is not asked for: stream leaves it where it is.
            with self._session.post(
                self._url,
                data=body.encode(),
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return response
        except requests.exceptions.SSLError:
            raise self._later("the certificate is not trusted: renew it, or correct the url") from None
        except requests.RequestException as error:
            late = isinstance(error, requests.Timeout)
            raise self._later("no answer in time" if late else "the service cannot be reached") from None

    def _later(self, what: str, status: int = 0, after: float = 0.0) -> RetryableError:
        error = RetryableError(what, status=status, where=self.name, cure="it is tried again")
        error.after = after
        return error


def _id(push: Push) -> str:
    """Name a message: one change may have to be told in several ways, first to suppress and then to erase."""
    told = "\n".join((push.change, push.act, *_scope(push).values(), push.value))
    return f"msg_{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def _event(push: Push, now: datetime) -> dict[str, object]:
    data = {"endpoint": push.endpoint}
    if push.act is Act.ERASE:
        kind = "contact.erased"
    elif push.act is Act.SUPPRESS:
        kind, data = "endpoint.suppressed", data | _scope(push) | {"kind": push.value}
    else:
        kind, data = "consent.changed", data | _scope(push) | {"choice": _CHOICES[push.act]}
    return {"type": kind, "timestamp": now.isoformat(timespec="seconds").replace("+00:00", "Z"), "data": data}


def _scope(push: Push) -> dict[str, str]:
    scope = push.scope
    return {"channel": scope.channel, "purpose": scope.purpose, "list": scope.list, "topic": scope.topic}
