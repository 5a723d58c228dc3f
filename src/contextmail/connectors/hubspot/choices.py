"""What addresses chose at HubSpot: subscription types, opt-outs of everything, and the timeline of both.

A choice belongs to an address, with or without a contact. Paths: "Communication preferences", version 4; the timeline is
of version 1 and ends in September 2027, so whoever asks for it must do without it, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contextmail.connectors.calling import unless_gone
from contextmail.connectors.hubspot.paths import ENDED, at
from contextmail.connectors.hubspot.times import milliseconds, moment
from contextmail.connectors.hubspot.transport import PAGE, Query, Transport
from contextmail.errors import ForbiddenError

ALL = 0
"""In place of a subscription type: everything."""
_STATUSES = "/communication-preferences/v4/statuses/{}"
_TIMELINE = "/email/public/v1/subscriptions/timeline"
_EMAIL = {"channel": "EMAIL"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address chose for a type: SUBSCRIBED, UNSUBSCRIBED or NOT_SPECIFIED, and when; UTC without a zone."""

    status: str
    at: datetime | None

    @property
    def left(self) -> bool:
        """Say whether nothing of the type is sent."""
        return self.status == "UNSUBSCRIBED"


@dataclass(frozen=True, slots=True)
class Event:
    """A change that the timeline tells; `of` is a type, or ALL."""

    email: str
    of: int
    change: str
    by_person: bool
    at: datetime


class Choices:
    """Read and write what addresses chose."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._types: list[int] | None = None

    def types(self, *, anew: bool = False) -> list[int]:
        """List the ids of the subscription types that a person can leave."""
        if self._types is None or anew:
            found = definitions(self._transport)
            self._types = [int(one["id"]) for one in found if one.get("isActive", True) and not one.get("isInternal")]
        return self._types

    def of_all(self, email: str, *, brands: bool = True) -> Choice:
        """Read whether an address left everything, of the portal or, where they count, of a brand."""
        for row in self._rows(at(f"{_STATUSES}/unsubscribe-all", email)):
            if (choice := _choice(row)).left and (brands or row.get("wideStatusType") != "BRAND_WIDE"):
                return choice
        return Choice("NOT_SPECIFIED", None)

    def by_type(self, email: str) -> dict[int, Choice]:
        """Read what an address chose for each type; of a type that several brands have, the refusal."""
        choices: dict[int, Choice] = {}
        for row in self._rows(at(_STATUSES, email)):
            of, choice = int(row["subscriptionId"]), _choice(row)
            if of not in choices or choice.left:
                choices[of] = choice
        return choices

    def left(self, email: str, of: int, *, brands: bool = True) -> bool:
        """Say whether an address left a type, or everything."""
        return self.of_all(email, brands=brands).left or (
            of != ALL and self.by_type(email).get(of, Choice("", None)).left
        )

    def leave(self, email: str, of: int) -> None:
        """Unsubscribe an address from a type, or from everything."""
        if of == ALL:
            self._transport.send("POST", at(f"{_STATUSES}/unsubscribe-all", email), query=_EMAIL)
            return
        body = {"subscriptionId": of, "statusState": "UNSUBSCRIBED", **_EMAIL}
        self._transport.send("POST", at(_STATUSES, email), query=_EMAIL, body=body)

    def join(self, email: str, of: int, *, legal_basis: str, explanation: str) -> None:
        """Subscribe an address to a type; this version of the API does so even after an opt-out."""
        grounds = {"legalBasis": legal_basis, "legalBasisExplanation": explanation}
        body = {"subscriptionId": of, "statusState": "SUBSCRIBED", **_EMAIL, **grounds}
        self._transport.send("POST", at(_STATUSES, email), query=_EMAIL, body=body)

    def events(self, since: datetime) -> Iterator[Event] | None:
        """Stream what changed since then, the latest first; None: there is no timeline for this token, or any more."""
        query: Query = {"limit": PAGE, "startTimestamp": milliseconds(since)}
        try:
            first = unless_gone(lambda: self._transport.send("GET", _TIMELINE, query=query), means=ENDED)
        except ForbiddenError:
            return None
        return None if first is None else self._pages(first, query)

    def _pages(self, page: Any, query: Query) -> Iterator[Event]:
        while True:
            for entry in page.get("timeline") or ():
                yield from _events(entry)
            if not page.get("hasMore"):
                return
            page = self._transport.send("GET", _TIMELINE, query={**query, "offset": page["offset"]})

    def _rows(self, path: str) -> list[Any]:
        found = unless_gone(lambda: self._transport.send("GET", path, query=_EMAIL)) or {}
        return found.get("results") or []


def definitions(transport: Transport) -> list[Any]:
    """List the types of subscription."""
    answer = transport.send("GET", "/communication-preferences/v4/definitions")
    return list(answer.get("results") or answer.get("subscriptionDefinitions") or ())


def _choice(row: Mapping[str, Any]) -> Choice:
    return Choice(str(row.get("status")), moment(row.get("timestamp")))


def _events(entry: Mapping[str, Any]) -> Iterator[Event]:
    at_, email = moment(entry.get("timestamp")), entry.get("recipient")
    for change in entry.get("changes") or ():
        of = change.get("subscriptionId") if change.get("changeType") == "SUBSCRIPTION_STATUS" else ALL
        if email and at_ and of is not None:
            yield Event(email, int(of), str(change.get("change")), change.get("source") == "SOURCE_RECIPIENT", at_)
