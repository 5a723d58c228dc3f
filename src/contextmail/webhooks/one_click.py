"""One-click unsubscribe, RFC 8058: a mail program or a person's button posts to the link of an e-mail."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from contextmail.model.consent import Act, Actor, Assurance
from contextmail.model.event import Notice
from contextmail.webhooks.base import BadPayloadError, BadSignatureError, Verified
from contextmail.webhooks.http import Request
from contextmail.webhooks.unsubscribe import Seal, Unsubscription


@dataclass(frozen=True, slots=True)
class OneClick:
    """Understand the links that `unsubscribe` makes; the seal of a link is its signature."""

    seal: Seal
    name: ClassVar[str] = "one-click"

    def key(self, secret: str) -> bytes:
        """Give the bytes of a secret; a link needs none."""
        return secret.encode()

    def verify(self, request: Request, account: str, secrets: Sequence[str], now: datetime) -> Verified:
        """Open the link's token. It does not grow old: whoever finds last year's e-mail may leave by it."""
        # As a form or as multipart, which RFC 8058 prefers: the token is what counts, the field tells a POST on purpose.
        if b"List-Unsubscribe" not in request.body or b"One-Click" not in request.body:
            raise BadSignatureError("no List-Unsubscribe=One-Click")
        token = request.path.rpartition("/")[2].encode()
        asked = Unsubscription.from_bytes(self.seal.open(token))
        minute = f"{now:%Y-%m-%dT%H:%M}".encode()
        return Verified(hashlib.sha256(token + minute).hexdigest(), Assurance.SIGNED, asked.to_bytes())

    def parse(self, body: bytes, account: str, received_at: datetime, assurance: Assurance) -> list[Notice]:
        """Read who leaves what. Raises BadPayloadError."""
        try:
            asked = Unsubscription.from_bytes(body)
        except (ValueError, TypeError, RecursionError) as error:
            raise BadPayloadError("no unsubscription") from error
        return [
            Notice(
                endpoint=asked.endpoint,
                act=Act.DENY,
                scope=asked.scope,
                source=self.name,
                at=received_at,
                actor=Actor.PERSON,
                method="one-click",
                assurance=assurance,
                evidence=f"link of {asked.made_on}",
            )
        ]
