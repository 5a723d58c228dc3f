"""Whom the receiver knows: path tokens and signing secrets of every account, none of them weak."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from contextmail.errors import ConfigurationError
from contextmail.store.base import ConsentStore
from contextmail.webhooks.base import WebhookSource

SHORTEST = 16
"""Bytes of a secret; a random one of fewer can be guessed."""
Known = tuple[Sequence[str], Sequence[str]]
"""Path tokens and signing secrets, each the current one first."""


class Secrets:
    """Look secrets up at most once a second: a rotation counts within that time, and a burst costs one look."""

    def __init__(self, store: ConsentStore, sources: Mapping[str, WebhookSource]) -> None:
        self._store, self._sources = store, sources
        self._known: dict[tuple[str, str], Known] = {}
        self._as_of: datetime | None = None

    def check(self, now: datetime) -> None:
        """Look at every secret. Raises ConfigurationError for one that is empty, short or malformed."""
        for kind, account in self._store.accounts():
            source = kind.removesuffix("-path")
            if source in self._sources:
                self._look_up(source, account, now)

    def of(self, source: str, account: str, now: datetime) -> Known:
        """Give what is kept of an account; both empty: nobody knows it. Raises ConfigurationError as `check` does."""
        second = now.replace(microsecond=0)
        if second != self._as_of:
            self._known, self._as_of = {}, second
        # One look, not two: another thread may begin a new second in between.
        return self._known.get((source, account)) or self.anew(source, account, now)

    def anew(self, source: str, account: str, now: datetime) -> Known:
        """Look again: an event may be signed with a secret that was made within this second."""
        known = self._known[(source, account)] = self._look_up(source, account, now)
        return known

    def _look_up(self, source: str, account: str, now: datetime) -> Known:
        tokens = self._store.secrets(f"{source}-path", account, now)
        secrets = self._store.secrets(source, account, now)
        key = self._sources[source].key
        if any(_is_weak(str.encode, token) for token in tokens) or any(_is_weak(key, secret) for secret in secrets):
            cure = f"contextmail webhooks rotate --on {source}:{account}"
            what = f"a secret is malformed, or of fewer than {SHORTEST} bytes"
            raise ConfigurationError(what, where=f"{source}:{account}", cure=cure)
        return tokens, secrets


def _is_weak(key: Callable[[str], bytes], secret: str) -> bool:
    try:
        return len(key(secret)) < SHORTEST
    except ValueError:
        return True
