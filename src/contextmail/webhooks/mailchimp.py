"""Mailchimp's audience webhooks: a form, signed where the webhook has a secret.

Fields and signature: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal
from urllib.parse import parse_qsl

from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Act, Actor, Assurance, Scope, Suppression
from contextmail.model.event import Notice
from contextmail.webhooks.base import MOVED, BadPayloadError, BadSignatureError, Verified, demanded, line
from contextmail.webhooks.http import Request

FUTURE = timedelta(minutes=5)
PAST = timedelta(hours=24)
"""Mailchimp asks for five minutes, but tries again for 75 and does not say whether it signs each try anew: a window of
five minutes could lose an opt-out. An old request that is played again does nothing: the inbox knows its key."""
_MOST_FIELDS = 2000
_TYPES = (b"subscribe", b"unsubscribe", b"profile", b"cleaned", b"upemail", b"campaign")
_WHO = (b"data[email]", b"data[new_email]", b"data[id]")
_KEY = (b"type", b"fired_at", *_WHO, b"data[action]", b"data[reason]")


@dataclass(frozen=True, slots=True)
class Mailchimp:
    """Understand an audience's webhooks. `scope`: what leaving one audience means, as `[consent] scope` says."""

    scope: Literal["channel", "list"] = "channel"
    name: ClassVar[str] = "mailchimp"

    def key(self, secret: str) -> bytes:
        """Give the bytes that sign."""
        return secret.encode()

    def verify(self, request: Request, account: str, secrets: Sequence[str], now: datetime) -> Verified:
        """Check `X-Mailchimp-Signature: t=<unix>,v1=<hex>`; without a secret the path's token is all there is."""
        if not secrets:
            return Verified(_dedupe(request.body, account), Assurance.UNSIGNED)
        parts = [part.strip().partition("=") for part in request.headers["x-mailchimp-signature"].split(",")]
        (signed_at,) = (value for name, _, value in parts if name == "t")
        age = now - datetime.fromtimestamp(int(signed_at), UTC).replace(tzinfo=None)
        if not -FUTURE <= age <= PAST:
            raise BadSignatureError("signed at a time that is not now")
        given = [value.encode() for name, _, value in parts if name == "v1"]
        for secret in secrets:
            signed = hmac.new(self.key(secret), signed_at.encode() + b"." + request.body, hashlib.sha256)
            if any(hmac.compare_digest(signed.hexdigest().encode(), one) for one in given):
                return Verified(_dedupe(request.body, account), Assurance.SIGNED)
        raise BadSignatureError("no signature matches")

    def parse(self, body: bytes, account: str, received_at: datetime, assurance: Assurance) -> list[Notice]:
        """Read what each type of event means for consent. Raises BadPayloadError."""
        fields = _form(body)
        if line(fields.get("data[list_id]"), "list_id") != account:
            raise BadPayloadError("it tells of another audience than its path")
        kind, action, reason = (fields.get(name) for name in ("type", "data[action]", "data[reason]"))
        if kind == "campaign" or action == "delete":
            return []
        was = "data[old_email]" if kind == "upemail" else "data[email]"
        left = Notice(
            endpoint=_address(fields, was),
            act=Act.DENY,
            scope=Scope(Channel.EMAIL, Purpose.MARKETING, account if self.scope == "list" else ""),
            source=f"{self.name}:{account}",
            at=_at(fields),
            actor=Actor.PLATFORM,
            method="webhook",
            assurance=assurance,
            evidence=line(fields.get("data[campaign_id]"), "campaign_id"),
            read_back=assurance is Assurance.UNSIGNED,
        )
        suppressed = replace(left, act=Act.SUPPRESS, scope=Scope(Channel.EMAIL))
        complained = replace(suppressed, value=Suppression.COMPLAINT)
        match kind:
            case "unsubscribe" if reason == "abuse":
                return [left, complained]
            case "unsubscribe" if reason == "manual" and action == "unsub":
                return [replace(left, actor=Actor.PERSON, method="link")]
            case "unsubscribe":
                return [left]
            case "cleaned":
                return [complained if reason == "abuse" else replace(suppressed, value=Suppression.HARD_BOUNCE)]
            case "subscribe" | "profile":
                # Whether the person did it, and what else they chose, only the platform's own record of them says.
                return [replace(left, act=Act.GRANT, actor=Actor.SYSTEM, read_back=True)]
            case "upemail":
                return [replace(left, act=MOVED, scope=Scope(), moved_to=_address(fields, "data[new_email]"))]
        raise BadPayloadError("an unknown type of event")


def _form(body: bytes) -> Mapping[str, str]:
    """Read `data[merges][FNAME]=Ada` by its whole name: nothing is nested, so nothing is nested too deep.

    A name in another encoding must not cost an opt-out: what is no UTF-8 is marked, and all that is asked for is ASCII.
    """
    text = body.decode(errors="replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise BadPayloadError("a form of too many fields") from error


def _address(fields: Mapping[str, str], name: str) -> str:
    address = demanded(fields.get(name), name)
    if "\ufffd" in address:
        raise BadPayloadError(f"{name} is no UTF-8")
    return address


def _at(fields: Mapping[str, str]) -> datetime | None:
    """Read `fired_at`, UTC. An unreadable one is none: a withdrawal then counts from its receipt, a grant not at all."""
    try:
        return datetime.strptime(fields.get("fired_at", ""), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None


def _dedupe(body: bytes, account: str) -> str:
    """Make the key by which a repetition is known, of fields as they were sent: Mailchimp sends no event id."""
    pairs = body.replace(b"%5B", b"[").replace(b"%5D", b"]").split(b"&")
    fields = dict(pair.partition(b"=")[::2] for pair in pairs)
    # Of a type that is not known yet, or of nobody in particular, these fields may not tell two events apart.
    told_apart = fields.get(b"type") in _TYPES and any(fields.get(name) for name in _WHO)
    said = [account.encode(), *(fields.get(name, b"") for name in _KEY)] if told_apart else [body]
    return hashlib.sha256(b"&".join(said)).hexdigest()
