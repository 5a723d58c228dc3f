"""Links that unsubscribe: opaque, without an address in them, and good for as long as the keys that seal them."""

from __future__ import annotations

import json
import re
from dataclasses import astuple, dataclass
from datetime import date
from typing import Protocol

from contextmail.errors import ConfigurationError
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Scope
from contextmail.model.endpoint import normalise

MARKETING = Scope(channel=Channel.EMAIL, purpose=Purpose.MARKETING)
_KIND = "unsubscribe"
_PUBLIC = re.compile(r"https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s?#]*)?")


class Seal(Protocol):
    """Close bytes, so that nobody else reads or alters them, and open them again."""

    def seal(self, plain: bytes) -> bytes:
        """Close bytes; what comes out is letters that a URL holds as they are."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """Open what was closed with any key that still counts; raises for anything else."""
        ...


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """What a link stands for: who leaves what, and the day on which the link was made."""

    endpoint: str
    scope: Scope
    made_on: date

    def to_bytes(self) -> bytes:
        """Write it as JSON."""
        return json.dumps([_KIND, self.endpoint, *astuple(self.scope), self.made_on.isoformat()]).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Unsubscription:
        """Read what `to_bytes` wrote; raises ValueError for anything else."""
        kind, *said, made_on = json.loads(data)
        endpoint, channel, purpose, list_, topic = said
        if kind != _KIND or not endpoint or not all(isinstance(part, str) and part.isprintable() for part in said):
            raise ValueError("no unsubscription")
        return cls(endpoint, Scope(channel, purpose, list_, topic), date.fromisoformat(made_on))


def link(seal: Seal, public_url: str, unsubscription: Unsubscription) -> str:
    """Make the link of an e-mail: `<public_url>/u/<token>`.

    Raises RecordRejected for an endpoint that is none, ConfigurationError for a public URL without TLS, which RFC 8058
    demands.
    """
    if not _PUBLIC.fullmatch(public_url):
        cure = "give the https:// address at which the receiver is reached from outside"
        raise ConfigurationError("no public URL", where="public_url", cure=cure)
    known = Unsubscription(normalise(unsubscription.endpoint), unsubscription.scope, unsubscription.made_on)
    return f"{public_url.rstrip('/')}/u/{seal.seal(known.to_bytes()).decode()}"


def unsubscribe_headers(url: str) -> dict[str, str]:
    """Give the two headers of an e-mail that make the link `url` one-click (RFC 8058); DKIM has to cover both."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
