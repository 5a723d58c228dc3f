"""What a system that keeps consent is to the sync: it can be told, read back and swept."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Literal, Protocol

from contextmail.model.consent import Act, Scope
from contextmail.model.event import Notice, Push

Outcome = Literal["done", "absent", "blocked"]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push: `absent`: the target does not hold the endpoint; `blocked`: a person must do it."""

    outcome: Outcome
    reason: str = ""


class ConsentSystem(Protocol):
    """A system that keeps consent of its own.

    Every method raises RetryableError while the system is away, PlatformError where it refuses, AuthenticationError
    for its key, ConfigurationError for settings that do not fit it. None of them holds an address.
    """

    name: str
    """`mailchimp:LIST`, `sql:customers`, `webhook:crm`: as it stands in the ledger and the outbox."""
    readable: bool
    """It can be read back and swept; a company's own webhook cannot."""

    def push(self, push: Push) -> Pushed:
        """Tell it, idempotently: a push that was carried out before changes nothing. It never creates a contact."""
        ...

    def read(self, endpoint: str) -> list[Notice]:
        """Say what it holds of one endpoint now, in terms of a DENY, GRANT, PEND, NEVER or SUPPRESS; empty: absent.

        Where its own webhooks name no endpoint, it is asked with what they name instead (`model.event.RECORD`).
        """
        ...

    def sweep(self, *, since: datetime | None) -> Iterator[Notice]:
        """Stream what it holds of every endpoint that changed since then; None: of all of them."""
        ...

    def close(self) -> None:
        """Let its connections go."""
        ...


class Secrets(Protocol):
    """What is needed of the store to keep secrets."""

    def secrets(self, source: str, account: str, now: datetime) -> Sequence[str]:
        """Give the secrets that are valid, the current one first."""
        ...

    def set_secret(self, source: str, account: str, secret: str, *, keep_old_until: datetime | None = None) -> None:
        """Keep a new secret; the one before stays valid until then, or not at all."""
        ...

    def forget_secret(self, source: str, account: str) -> None:
        """Drop every secret of a source's account."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything within one commit."""
        ...


def unreached(push: Push, keeps: Scope) -> Pushed | None:
    """Say why a push does not reach a system that keeps one choice, for `keeps`; None: it does."""
    if push.act is Act.ERASE or push.scope.covers(keeps):
        return None
    if push.scope.list not in ("", keeps.list):
        return Pushed("absent", "it is about another list")
    if push.scope.channel not in ("", keeps.channel) or push.scope.purpose not in ("", keeps.purpose):
        return Pushed("absent", "it is about another channel or purpose")
    return Pushed("blocked", "it keeps one choice for all topics: change this topic there by hand")


def spellings(endpoint: str) -> tuple[str, ...]:
    """Give the ways to write a normalised address: its domain in ASCII, and as people write it."""
    local, at, domain = endpoint.rpartition("@")
    if "xn--" not in domain:
        return (endpoint,)
    return endpoint, f"{local}{at}{domain.encode().decode('idna')}"


def new_secret() -> str:
    """Make a secret as Standard Webhooks writes it: 32 random bytes."""
    return f"whsec_{b64encode(token_bytes(32)).decode()}"
