"""Register an audience's webhooks at Mailchimp, and see that they are still there.

Each has a path of its own, `<url>/hooks/mailchimp/<audience>/<token>`, and a secret by which Mailchimp signs; both are
kept in the store and shown once. They are told of everything by everybody, the API too: what another tool unsubscribes
comes by API, and our own writes are known again by the ledger.

A rotation adds before it removes, so that no event falls between. After a crash at any point the same command ends it:
what lies under the URL and is not the newest is removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from contextmail.connectors.calling import unless_gone
from contextmail.connectors.consents import Secrets
from contextmail.connectors.mailchimp.shapes import Webhook
from contextmail.connectors.mailchimp.transport import Transport
from contextmail.errors import ConfigurationError, PlatformError

EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
SOURCES = ("user", "admin", "api")
_KEPT = ("mailchimp-path", "mailchimp")
"""Under which names the store keeps tokens and signing secrets, as the receiver looks for them."""
_TOKEN_BYTES = 32
_UNFINISHED = timedelta(days=30)
"""For how long a rotation that was interrupted may wait for its end; both secrets are valid that long."""
_LATE = timedelta(hours=2)
"""How late an event of a webhook that is gone may still come: Mailchimp tries for 75 minutes."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of ours at Mailchimp, its token left out. `whole`: all events and sources are switched on."""

    id: str
    url: str
    whole: bool
    signed: bool


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Webhooks:
    """The webhooks of one audience that lead to us, with their secrets in the store."""

    def __init__(
        self, transport: Transport, audience: str, store: Secrets, *, clock: Callable[[], datetime] = _now
    ) -> None:
        self.name = f"mailchimp:{audience}"
        self._transport, self._audience, self._store, self._clock = transport, audience, store, clock

    def add(self, url: str) -> str | None:
        """Register a webhook under the receiver's public `url`; return its whole address, None: it is there already.

        Raises ConfigurationError for a URL that is not encrypted, PlatformError where Mailchimp gets no answer there.
        """
        prefix = self._prefix(url)
        there, tokens = self._ours(prefix), self._tokens()
        # More than one: something was interrupted, and which of the secrets is whose is not known.
        if tokens and [hook["url"] for hook in there] == [prefix + tokens[0]]:
            signing = self._store.secrets("mailchimp", self._audience, self._clock())
            if _whole(there[0]) and (signing or not there[0].get("signing_enabled")):
                return None
        return self._replace(prefix, there)

    def rotate(self, url: str = "") -> str:
        """Register another webhook, then remove those before it; return its whole address.

        Their secrets stay valid for two hours, for what is still on its way. Raises as `add` does.
        """
        there = self._ours(self._prefix(url) if url else None)
        if not url and not there:
            cure = f"contextmail webhooks add --on {self.name} --url URL"
            raise ConfigurationError("there is no webhook of ours to rotate", where=self.name, cure=cure)
        return self._replace(self._prefix(url) if url else _stem(there[0]), there)

    def remove(self, url: str = "") -> int:
        """Remove our webhooks at Mailchimp, then forget their secrets; return how many there were."""
        there = self._ours(self._prefix(url) if url else None)
        self._delete(there)
        for kept in _KEPT:
            self._store.forget_secret(kept, self._audience)
        return len(there)

    def hooks(self) -> list[Hook]:
        """List the webhooks of ours, known by their path."""
        return [
            Hook(hook["id"], f"{_stem(hook)}…", _whole(hook), bool(hook.get("signing_enabled")))
            for hook in self._all()
            if self._path in hook["url"]
        ]

    def missing(self) -> str:
        """Say what keeps the events from coming, with the cure; empty: nothing, or no webhook was ever registered."""
        tokens = self._tokens()
        if not tokens:
            return ""
        current = next((hook for hook in self._all() if hook["url"].endswith(self._path + tokens[0])), None)
        if current is None:
            return f"its webhook is gone: contextmail webhooks add --on {self.name} --url URL"
        if not _whole(current):
            return f"its webhook is not told of everything: contextmail webhooks rotate --on {self.name}"
        return ""

    @property
    def _path(self) -> str:
        return f"/hooks/mailchimp/{self._audience}/"

    def _prefix(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            cure = "https://hooks.example.com, the public address of the receiver"
            raise ConfigurationError("addresses would travel unencrypted", where="--url", cure=cure)
        return url.rstrip("/") + self._path

    def _tokens(self) -> list[str]:
        return [*self._store.secrets("mailchimp-path", self._audience, self._clock())]

    def _all(self) -> Iterable[Webhook]:
        found: Iterable[Webhook] = self._transport.call("lists.get_list_webhooks", list_id=self._audience)["webhooks"]
        return found

    def _ours(self, prefix: str | None) -> list[Webhook]:
        """List what lies under a prefix, and what bears a token of ours; the webhooks of others are let be."""
        ends = tuple(self._path + token for token in self._tokens())
        return [h for h in self._all() if (prefix and h["url"].startswith(prefix)) or h["url"].endswith(ends)]

    def _replace(self, prefix: str, old: Sequence[Webhook]) -> str:
        if not old:
            # Of a webhook that is gone; left there, it would pass for the secret of one whose making is interrupted.
            self._store.forget_secret("mailchimp", self._audience)
        before = {kept: self._store.secrets(kept, self._audience, self._clock()) for kept in _KEPT}
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        # Before it is registered: Mailchimp looks whether the URL answers, and may tell of something at once.
        self._keep("mailchimp-path", token)
        made = self._transport.once(lambda: self._make(prefix + token), lambda: self._unmake(prefix + token))
        if signing := made.get("signing_secret", ""):
            self._keep("mailchimp", signing)
        else:
            self._store.forget_secret("mailchimp", self._audience)
        self._delete(old)
        self._let_lapse("mailchimp-path", [token, *before["mailchimp-path"]])
        if signing:
            self._let_lapse("mailchimp", [signing, *before["mailchimp"]])
        return prefix + token

    def _keep(self, kept: str, secret: str) -> None:
        self._store.set_secret(kept, self._audience, secret, keep_old_until=self._clock() + _UNFINISHED)

    def _let_lapse(self, kept: str, newest_first: Sequence[str]) -> None:
        """Keep the first for good, and the others for as long as something may still come to them."""
        with self._store.transaction():
            self._store.forget_secret(kept, self._audience)
            for secret in reversed(newest_first):
                self._store.set_secret(kept, self._audience, secret, keep_old_until=self._clock() + _LATE)

    def _make(self, url: str) -> Webhook:
        body = {"url": url, "events": dict.fromkeys(EVENTS, True), "sources": dict.fromkeys(SOURCES, True)}
        try:
            made: Webhook = self._transport.call("lists.create_list_webhook", list_id=self._audience, body=body)
        except PlatformError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            cure = "start the receiver first: Mailchimp looks whether the URL answers"
            raise PlatformError(error.title, status=error.status, where=self.name, cure=cure) from None
        return made

    def _unmake(self, url: str) -> None:
        """Remove what an unanswered call made: its secret was in the answer that did not come."""
        self._delete(hook for hook in self._all() if hook["url"] == url)

    def _delete(self, hooks: Iterable[Webhook]) -> None:
        for hook in hooks:
            delete = partial(self._transport.call, "lists.delete_list_webhook", list_id=self._audience)
            unless_gone(partial(delete, webhook_id=hook["id"]))


def _stem(hook: Webhook) -> str:
    return hook["url"].rpartition("/")[0] + "/"


def _whole(hook: Webhook) -> bool:
    return all((hook.get("events") or {}).get(name) for name in EVENTS) and all(
        (hook.get("sources") or {}).get(name) for name in SOURCES
    )
