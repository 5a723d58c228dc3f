"""Consent at HubSpot: told, read back, swept.

HubSpot keeps it by address, not by contact: it outlives the contact, and of two contacts that are merged the surviving
address decides. So every address of a contact is looked at by itself, and a merge makes what restricts one of them
restrict all. Whoever has left nothing is written to by HubSpot, asked or not: that reads as a grant by the system, which
raises nothing in the ledger, and is corrected where the ledger denies it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from contextmail.connectors.consents import Pushed, unreached
from contextmail.connectors.hubspot.choices import ALL, Choices, Event
from contextmail.connectors.hubspot.people import People, Person
from contextmail.connectors.hubspot.transport import Transport
from contextmail.errors import RetryableError
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Act, Actor, Assurance, Scope, Suppression
from contextmail.model.consent_options import HubspotSystem
from contextmail.model.event import ERASED, RECORD, Notice, Push

_MARKETING = Scope(Channel.EMAIL, Purpose.MARKETING)
_BY_HAND = "HubSpot's API keeps consent of e-mail alone: note this refusal at the contact by hand"
_NOBODY = "nobody known"
"""In place of the address of somebody whom HubSpot has deleted and nobody remembers: it lies in quarantine."""


class HubspotConsents:
    """The contacts of one portal. `remembered` gives the address that a record had, by its id, or nothing."""

    readable = True
    name = "hubspot"

    def __init__(
        self, transport: Transport, options: HubspotSystem, *, remembered: Callable[[str], str] = lambda _: ""
    ) -> None:
        self._transport, self._options, self._remembered = transport, options, remembered
        self._people, self._choices = People(transport), Choices(transport)

    def push(self, push: Push) -> Pushed:
        """Unsubscribe from a type or from everything, and read it back; delete for good for an erasure.

        A grant is written only by setting, with a legal basis and an explanation that names the ledger's change. What
        HubSpot does not take by API is `blocked`.
        """
        if "@" not in push.endpoint or push.scope.channel not in ("", Channel.EMAIL):
            return Pushed("absent") if push.act is Act.GRANT else Pushed("blocked", _BY_HAND)
        of = self._type(push.scope)
        if of == ALL and (outside := unreached(push, _MARKETING)):
            return outside
        person = self._people.by_address(push.endpoint)
        if person is None:
            return Pushed("absent")
        match push.act:
            case Act.DENY | Act.SUPPRESS:
                return self._leave(person.asked, of)
            case Act.GRANT:
                return self._join(person.asked, of, push.change)
            case Act.ERASE:
                return self._erase(person)
        return Pushed("blocked", f"HubSpot has no status for {push.act}")

    def _type(self, scope: Scope) -> int:
        """Give the subscription type that a scope names, ALL where it names none of HubSpot's."""
        named = Scope(_MARKETING.channel, _MARKETING.purpose, scope.list)
        is_type = scope.list.isdecimal() and not scope.topic and scope.covers(named)
        return int(scope.list) if is_type and int(scope.list) in self._choices.types() else ALL

    def _scope(self, of: int) -> Scope:
        """Say what leaving a type means."""
        return _MARKETING if of == ALL or self._options.scope == "channel" else _listed(of)

    def _leave(self, email: str, of: int) -> Pushed:
        # Whoever left one brand still gets what another sends.
        if not self._choices.left(email, of, brands=False):
            self._choices.leave(email, of)
            if not self._choices.left(email, of):
                what = "the opt-out was taken, and the address is still subscribed"
                raise RetryableError(what, where=self.name, cure="it is tried again")
        return Pushed("done")

    def _join(self, email: str, of: int, change: str) -> Pushed:
        """Subscribe; whoever left is subscribed again only where the setting says so."""
        own, left = self._options, self._has_left(email, of)
        if left and own.grants != "resubscribe":
            return Pushed(
                "blocked", "they have left it there, and no setting subscribes them again ([consent.systems] grants)"
            )
        if own.grants == "never":
            return Pushed("done", "they have left nothing there")
        chosen, types = self._choices.by_type(email), own.subscriptions if of == ALL else (of,)
        if not left:
            # A grant of all marketing does not bring back what was left by itself.
            types = tuple(one for one in types if one not in chosen or not chosen[one].left)
        explanation = f"{own.explanation} (contextmail, change {change[:12]})"
        for one in types:
            if left or one not in chosen or chosen[one].status != "SUBSCRIBED":
                self._choices.join(email, one, legal_basis=own.legal_basis, explanation=explanation)
        if left and self._has_left(email, of):
            cure = (
                "a colleague has to look" if types else "name the types that it means ([consent.systems] subscriptions)"
            )
            return Pushed("blocked", f"the older opt-out still stands: {cure}")
        return Pushed("done")

    def _has_left(self, email: str, of: int) -> bool:
        """Say whether a refusal stands against all that a grant is of."""
        return any(held.act is Act.DENY and held.scope.covers(self._scope(of)) for held in self._holds(email))

    def _erase(self, person: Person) -> Pushed:
        self._people.erase(person)
        if self._people.by_id(person.id) is not None:
            raise RetryableError("the contact is still there", where=self.name, cure="it is tried again")
        return Pushed("done")

    def read(self, endpoint: str) -> list[Notice]:
        """Say what HubSpot holds of an address, or, of a record that a webhook names, of each of its addresses.

        With a record come those that it had before, so that what restricts them goes with the person. A record that was
        deleted for good asks for their erasure.
        """
        if endpoint.startswith(ERASED):
            return self._erased(endpoint.removeprefix(ERASED))
        if endpoint.startswith(RECORD):
            person = self._people.by_id(endpoint.removeprefix(RECORD))
            return [] if person is None else self._of(person)
        person = self._people.by_address(endpoint) if "@" in endpoint else None
        if person is None:
            return []
        return [*self._bounced(person, person.asked), *self._holds(person.asked)]

    def _erased(self, id_: str) -> list[Notice]:
        person = self._people.by_id(id_)
        known = person.addresses if person else (self._remembered(id_) or _NOBODY,)
        return [
            self._notice(one, Scope(), None)(act=Act.ERASE, actor=Actor.PLATFORM, method="webhook") for one in known
        ]

    def sweep(self, *, since: datetime | None) -> Iterator[Notice]:
        """Stream the changes of the timeline, dated, then what each contact holds that changed.

        Without a time, or a timeline, of every contact; only those that HubSpot marks as having left something, or
        that have several addresses, cost calls of their own.
        """
        types = self._choices.types(anew=True)
        events = None if since is None else self._choices.events(since)
        for event in events or ():
            yield from self._told(event)
        people = self._people.changed(None if events is None else since, types)
        for notices in self._transport.in_order(self._of, people):
            yield from notices

    def close(self) -> None:
        """Let the connections go."""
        self._transport.close()

    def _of(self, person: Person) -> list[Notice]:
        """Say what each address of a contact holds, and that they are one person's."""
        first, *more = person.addresses or ("",)
        if not first:
            return []
        notices = [
            # Not the other way round: that a former address was erased must not erase the present one.
            self._notice(first, Scope(), None)(act=Act.RETRACT, moved_to=other)
            for other in dict.fromkeys((*more, *person.former))
        ]
        notices += self._bounced(person, first)
        if person.left_nothing and not more:
            scopes = dict.fromkeys(map(self._scope, self._choices.types() or [ALL]))
            return notices + [self._notice(first, scope, None)(act=Act.GRANT) for scope in scopes]
        for email in person.addresses:
            notices += self._holds(email)
        return notices

    def _bounced(self, person: Person, email: str) -> list[Notice]:
        if not person.bounced or email.lower() != person.addresses[0].lower():
            return []
        bounced = self._notice(email, Scope(Channel.EMAIL), None)
        return [bounced(act=Act.SUPPRESS, value=Suppression.HARD_BOUNCE, actor=Actor.PLATFORM)]

    def _holds(self, email: str) -> list[Notice]:
        """Say what HubSpot holds of an address: one notice for each scope, a refusal before anything else."""
        of_all = self._choices.of_all(email)
        if of_all.left:
            return [self._notice(email, _MARKETING, of_all.at)(act=Act.DENY, actor=Actor.PLATFORM)]
        chosen, held = self._choices.by_type(email), dict[Scope, Notice]()
        for of in self._choices.types() or [ALL]:
            choice, scope = chosen.get(of), self._scope(of)
            says = self._notice(email, scope, choice.at if choice else None)
            if choice is not None and choice.left:
                held[scope] = says(act=Act.DENY, actor=Actor.PLATFORM)
            else:
                held.setdefault(scope, says(act=Act.GRANT))
        return list(held.values())

    def _told(self, event: Event) -> Iterator[Notice]:
        """Read a change of the timeline; a grant is the person's only where they made it themselves, for one type."""
        # What was, not what the address holds now: no read-back.
        says = partial(self._notice(event.email, self._scope(event.of), event.at), assurance=Assurance.SIGNED)
        by = Actor.PERSON if event.by_person else Actor.PLATFORM
        match event.change:
            case "UNSUBSCRIBED":
                yield says(act=Act.DENY, actor=by, method="link" if event.by_person else "poll")
            case "SUBSCRIBED" if event.by_person and event.of != ALL:
                evidence = "HubSpot: timeline, SOURCE_RECIPIENT"
                yield says(act=Act.GRANT, actor=by, method="form", strength="explicit", evidence=evidence)
            case "BOUNCED":
                yield says(act=Act.SUPPRESS, scope=Scope(Channel.EMAIL), value=Suppression.HARD_BOUNCE, actor=by)
            case "REPORTED_SPAM":
                yield says(act=Act.SUPPRESS, scope=Scope(Channel.EMAIL), value=Suppression.COMPLAINT, actor=by)

    def _notice(self, email: str, scope: Scope, at: datetime | None) -> partial[Notice]:
        fixed: dict[str, Any] = {"scope": scope, "source": self.name, "at": at}
        return partial(Notice, email, actor=Actor.SYSTEM, method="poll", assurance=Assurance.READ_BACK, **fixed)


def _listed(of: int) -> Scope:
    return Scope(_MARKETING.channel, _MARKETING.purpose, str(of))
