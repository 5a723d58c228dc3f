"""Answer webhooks: verify the raw bytes, keep them, answer. What they mean is for the worker to find out.

    POST /hooks/<source>/<account>[/<path token>]     an event of a system; GET and HEAD: 200, nothing else happens
    POST /u/<token>                                   one-click unsubscribe; GET: a page with a button

200 kept, or known from before. 401 not from who it says: nothing is kept. 404, 405, 413 not for us. 503 not kept: send
it again. Never 403, 406 or 410: some senders stop for good at one of them (Postmark, Mailgun, Standard Webhooks).
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from contextmail.model.consent import Assurance
from contextmail.store.base import ConsentStore
from contextmail.webhooks import page
from contextmail.webhooks.base import BadSignatureError, Verified, WebhookSource
from contextmail.webhooks.http import Request, Response
from contextmail.webhooks.secrets import Known, Secrets

MIB = 1 << 20
_ACCOUNT = re.compile(r"[\w.-]{1,100}", re.ASCII)
_LINK = "one-click"

# Never the path, which holds a secret, nor a header or the body.
_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class _Hook:
    source: str
    account: str
    token: str

    def answer(self, status: int, text: bytes) -> Response:
        """Answer a program in a word, a person with a page."""
        pages = {200: page.done, 401: page.broken, 503: page.later}
        return pages[status]() if self.source == _LINK and status in pages else Response(status, text)


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An event that is verified, to be kept."""

    hook: _Hook
    key: str
    assurance: Assurance
    body: bytes
    at: datetime


def _not_kept(hook: _Hook, error: Exception) -> Response:
    _log.error("not kept %s %s: %s", hook.source, hook.account, type(error).__name__)
    return hook.answer(503, b"try again later\n")


class Receiver:
    """Take in events of every source. Safe for several threads.

    `body_limit`: bytes of a body; a server may stop reading behind it, and the longer body is refused.
    """

    def __init__(
        self,
        store: ConsentStore,
        sources: Mapping[str, WebhookSource],
        *,
        body_limit: int = MIB,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.body_limit = body_limit
        self._store, self._sources, self._clock = store, sources, clock
        self._secrets = Secrets(store, sources)

    def check(self) -> None:
        """Look at every secret before the first request. Raises ConfigurationError for an empty or a short one."""
        self._secrets.check(self._clock())

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def handle(self, request: Request) -> Response:
        """Answer one request. Raises nothing: what goes wrong here is answered with 503, and the sender tries again."""
        return self.handle_all([request])[0]

    def handle_all(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests that came at the same time; their events share a commit, which is nearly all of the work."""
        now = self._clock()
        judged = [self._judged(request, now) for request in requests]
        kept = self._kept([one for one in judged if isinstance(one, _Arrival)])
        return [one if isinstance(one, Response) else next(kept) for one in judged]

    def _judged(self, request: Request, now: datetime) -> Response | _Arrival:
        """Verify a request and give what is to be kept of it, or the answer where nothing is."""
        hook = self._hook(request.path)
        if hook is None:
            return Response(404, b"there is nothing here\n")
        if request.method in ("GET", "HEAD"):
            return page.asking() if hook.source == _LINK else Response(200, b"ready\n")
        if request.method != "POST":
            return Response(405, b"POST events here\n")
        if len(request.body) > self.body_limit:
            return Response(413, b"too large\n")
        try:
            verified = self._verified(hook, request, now)
            # Mailchimp's key is made of an address, so it is kept as one: by its keyed hash.
            key = self._store.subject(verified.dedupe)
        except BadSignatureError as error:
            _log.warning("refused %s %s: %s", hook.source, hook.account, error)
            return hook.answer(401, b"not verified\n")
        except Exception as error:  # noqa: BLE001  # the sender keeps the event until we can
            return _not_kept(hook, error)
        body = request.body if verified.body is None else verified.body
        return _Arrival(hook, key, verified.assurance, body, now)

    def _kept(self, arrivals: Sequence[_Arrival]) -> Iterator[Response]:
        """Keep events, all or none, durably when the first answer is given."""
        try:
            # A single statement is a commit by itself.
            with self._store.transaction() if len(arrivals) > 1 else nullcontext():
                new = [
                    self._store.receive(one.hook.source, one.hook.account, one.key, one.assurance, one.body, one.at)
                    for one in arrivals
                ]
        except Exception as error:  # noqa: BLE001  # each sender keeps its event until we can
            return iter([_not_kept(one.hook, error) for one in arrivals])
        for one, is_new in zip(arrivals, new, strict=True):
            _log.info("%s %s %s %s", "kept" if is_new else "known", one.hook.source, one.hook.account, one.key[:8])
        return iter([one.hook.answer(200, b"kept\n") for one in arrivals])

    def _hook(self, path: str) -> _Hook | None:
        match path.split("/"):
            case ["", "u", token] if token:
                return _Hook(_LINK, "", token)
            case ["", "hooks", source, account, *token] if len(token) <= 1 and _ACCOUNT.fullmatch(account):
                return _Hook(source, account, "".join(token)) if source in self._sources and source != _LINK else None
        return None

    def _verified(self, hook: _Hook, request: Request, now: datetime) -> Verified:
        if hook.source == _LINK:
            return self._signed(hook, request, (), now)
        try:
            return self._known(hook, request, self._secrets.of(hook.source, hook.account, now), now)
        except BadSignatureError:
            return self._known(hook, request, self._secrets.anew(hook.source, hook.account, now), now)

    def _known(self, hook: _Hook, request: Request, kept: Known, now: datetime) -> Verified:
        tokens, secrets = kept
        if not tokens and not secrets:
            raise BadSignatureError("no secret is kept for it")
        given = hook.token.encode(errors="replace")
        if tokens and not any(hmac.compare_digest(given, token.encode()) for token in tokens):
            raise BadSignatureError("another path token")
        return self._signed(hook, request, secrets, now)

    def _signed(self, hook: _Hook, request: Request, secrets: Sequence[str], now: datetime) -> Verified:
        try:
            return self._sources[hook.source].verify(request, hook.account, secrets, now)
        except BadSignatureError:
            raise
        except Exception as error:  # noqa: BLE001  # a stranger's header may break any parser
            # The message of an error could repeat what they sent.
            raise BadSignatureError(type(error).__name__) from None
