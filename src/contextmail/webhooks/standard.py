"""Standard Webhooks, for a company's own systems: https://www.standardwebhooks.com.

The vocabulary is the same in and out:

    {"type": "consent.changed", "timestamp": "2026-05-31T09:00:00Z", "data": {"endpoint": "ada@example.com",
     "channel": "email", "purpose": "marketing", "choice": "denied", "actor": "person", "method": "link"}}

`consent.changed`: choice `granted`, `denied` or `pending`; besides channel and purpose it may name `list` and `topic`,
and say `strength`, `at`, `actor`, `method`, `evidence`, `obtained`. `preference.changed`: `prefer` is `only=sms` or
`most=1/30`. `endpoint.suppressed`, `endpoint.cleared`: `kind` names why. `endpoint.changed`: `new_endpoint`.
`contact.erased`.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Act, Actor, Assurance, Obtained, Scope, Suppression
from contextmail.model.consent_words import is_preference
from contextmail.model.event import Notice
from contextmail.webhooks.base import MOVED, BadPayloadError, BadSignatureError, Verified, demanded, line
from contextmail.webhooks.http import Request

WINDOW = timedelta(minutes=5)
"""Either way, as the specification's libraries have it: each try is signed anew."""
_CHOICES = {"granted": Act.GRANT, "denied": Act.DENY, "pending": Act.PEND}


@dataclass(frozen=True, slots=True)
class Standard:
    """Understand Standard Webhooks of any sender that shares a secret (`whsec_...`) with us."""

    name: ClassVar[str] = "standard"

    def key(self, secret: str) -> bytes:
        """Give the bytes that sign."""
        return b64decode(secret.removeprefix("whsec_") + "==")

    def verify(self, request: Request, account: str, secrets: Sequence[str], now: datetime) -> Verified:
        """Check `webhook-id`, `webhook-timestamp` and `webhook-signature`, which lists several while secrets rotate."""
        from standardwebhooks import Webhook

        known = demanded(request.headers["webhook-id"], "webhook-id")
        sent_at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC).replace(tzinfo=None)
        if abs(now - sent_at) > WINDOW:
            raise BadSignatureError("sent at a time that is not now")
        given = [signature.encode() for signature in request.headers["webhook-signature"].split(" ")]
        body = request.body.decode()
        for secret in secrets:
            # The library's own `verify` asks the machine's clock; and it stops at a signature that it does not know.
            signed = Webhook(self.key(secret)).sign(known, sent_at, body).encode()
            if any(hmac.compare_digest(signed, one) for one in given):
                return Verified(known, Assurance.SIGNED)
        raise BadSignatureError("no signature matches")

    def parse(self, body: bytes, account: str, received_at: datetime, assurance: Assurance) -> list[Notice]:
        """Read an event of the vocabulary above. Raises BadPayloadError for any other."""
        event = _object(body)
        data = event.get("data")
        if not isinstance(data, Mapping):
            raise BadPayloadError("data is no object")
        said = Notice(
            endpoint=demanded(data.get("endpoint"), "endpoint"),
            act=Act.DENY,
            scope=Scope(
                _one_of(Channel, data, "channel"),
                _one_of(Purpose, data, "purpose"),
                line(data.get("list"), "list"),
                line(data.get("topic"), "topic"),
            ),
            source=f"{self.name}:{account}",
            at=_time(data.get("at") or event.get("timestamp")),
            actor=Actor(_one_of(Actor, data, "actor") or Actor.SYSTEM),
            method=line(data.get("method"), "method") or "webhook",
            assurance=assurance,
            obtained=_one_of(Obtained, data, "obtained"),
            evidence=line(data.get("evidence"), "evidence"),
        )
        match event.get("type"):
            case "consent.changed":
                return [_chosen(said, data)]
            case "preference.changed":
                prefer = demanded(data.get("prefer"), "prefer")
                if not is_preference(prefer):
                    raise BadPayloadError("prefer is neither only=CHANNEL nor most=MESSAGES/DAYS")
                return [replace(said, act=Act.PREFER, value=prefer)]
            case "endpoint.suppressed" | "endpoint.cleared" as kind:
                act = Act.SUPPRESS if kind == "endpoint.suppressed" else Act.CLEAR
                value = demanded(_one_of(Suppression, data, "kind"), "kind")
                return [replace(said, act=act, value=value)]
            case "endpoint.changed":
                new = demanded(data.get("new_endpoint"), "new_endpoint")
                return [replace(said, act=MOVED, scope=Scope(), moved_to=new)]
            case "contact.erased":
                return [replace(said, act=Act.ERASE, scope=Scope())]
        raise BadPayloadError("an unknown type of event")


def _chosen(said: Notice, data: Mapping[str, Any]) -> Notice:
    act = _CHOICES.get(demanded(data.get("choice"), "choice"))
    if act is None:
        raise BadPayloadError(f"choice is none of {', '.join(_CHOICES)}")
    # A withdrawal that names nothing is of everything; a grant is of what it names.
    if act is Act.GRANT and not (said.scope.channel and said.scope.purpose):
        raise BadPayloadError("a grant names its channel and its purpose")
    strength = line(data.get("strength"), "strength")
    if strength not in ("", "implied", "explicit", "confirmed"):
        raise BadPayloadError("strength is none of implied, explicit, confirmed")
    return replace(said, act=act, strength=strength)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        event = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise BadPayloadError("not JSON") from error
    if not isinstance(event, Mapping):
        raise BadPayloadError("no JSON object")
    return event


def _one_of(names: type[Channel | Purpose | Actor | Obtained | Suppression], data: Mapping[str, Any], name: str) -> str:
    value = line(data.get(name), name)
    if value and value not in list(names):
        raise BadPayloadError(f"{name} is none of {', '.join(names)}")
    return value


def _time(value: object) -> datetime | None:
    """Read a time of ISO 8601 as UTC without a zone, as which one without a zone counts."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(line(value, "time"))
        return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    except (ValueError, OverflowError) as error:
        raise BadPayloadError("a time that is not of ISO 8601") from error
