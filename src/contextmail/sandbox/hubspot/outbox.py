"""The outbox: what each recipient of an e-mail would receive; who opted out or is no marketing contact gets nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from contextmail.dialects.hubl import Hubl
from contextmail.sandbox.hubspot.model import Email, Record
from contextmail.sandbox.hubspot.state import State

_VALUE = re.compile(r"{{.*?}}", re.DOTALL)
PLATFORM = {
    "unsubscribe_link": "https://example.org/unsubscribe",
    "unsubscribe_link_all": "https://example.org/unsubscribe-all",
    "view_as_page_url": "https://example.org/view",
    "site_settings.company_name": "Lantern & Lace",
    "site_settings.company_street_address_1": "1 Example Road",
    "site_settings.company_city": "London",
    "site_settings.company_zip": "N1 1AA",
}


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient's copy; `widgets` are by name, `html` is all of them in their order but the preheader."""

    contact_id: str
    email: str
    subject: str
    preheader: str
    widgets: Mapping[str, str]

    @property
    def html(self) -> str:
        """Give the e-mail's body."""
        return "\n".join(text for name, text in self.widgets.items() if name != "preview_text")


def copies(state: State, email: Email) -> list[Copy]:
    """Render an e-mail for everybody who would get it. Raises TemplateError."""
    sources = {"": str(email.body.get("subject", ""))}
    for name, widget in email.body["content"].get("widgets", {}).items():
        body = widget.get("body", {})
        sources[name] = str(body.get("html") or body.get("value") or "")
    if not email.programmable:
        # Outside programmable e-mail conditionals are decided before the contact is known.
        sources = {name: _decided(source) for name, source in sources.items()}
    whole = " ".join(sources.values())
    named = [name for name in state.properties["contacts"] if name in whole]
    # Many get the same text: it is rendered once.
    render = lru_cache(maxsize=None)(_rendered)
    told = []
    for record in recipients(state, email):
        values = tuple((f"contact.{name}", state.value("contacts", record, name)) for name in named)
        texts = {name: render(source, values) for name, source in sources.items()}
        subject = texts.pop("")
        told.append(Copy(record.id, record.email, subject, texts.get("preview_text", ""), texts))
    return told


def recipients(state: State, email: Email) -> Iterator[Record]:
    """Give the contacts who would get an e-mail: on its lists, marketing contacts, reachable, and not opted out."""
    reached = email.body["to"]
    wanted = _named(state, reached, "include")
    for id_ in sorted(wanted - _named(state, reached, "exclude"), key=int):
        record = state.records["contacts"].get(id_)
        if record is not None and _mailable(state, email, record):
            yield record


def _named(state: State, reached: Mapping[str, Mapping[str, list[str]]], word: str) -> set[str]:
    ids = {str(id_) for id_ in reached.get("contactIds", {}).get(word, ())}
    for list_id in reached.get("contactIlsLists", {}).get(word, ()):
        held = state.lists.get(str(list_id))
        ids |= held.members.keys() if held else set()
    return ids


def _mailable(state: State, email: Email, record: Record) -> bool:
    values, address = record.values, record.values.get("email", "")
    subscription = email.body.get("subscriptionDetails", {}).get("subscriptionId") or 0
    return bool(
        address
        and values.get("hs_marketable_status") == "true"
        and values.get("hs_email_quarantined") != "true"
        and "hs_email_hard_bounce_reason_enum" not in values
        and not state.preferences.left(address, int(subscription))
    )


def _rendered(source: str, values: tuple[tuple[str, str | None], ...]) -> str:
    return Hubl().render(source, {**PLATFORM, **dict(values)}, {}) if "{" in source else source


def _decided(source: str) -> str:
    if "{%" not in source:
        return source
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match.group())
        return f"\x00{len(held) - 1}\x00"

    decided = Hubl().render(_VALUE.sub(hold, source), {}, {})
    return re.sub("\x00(\\d+)\x00", lambda match: held[int(match[1])], decided)
