"""Marketing e-mails: read one as its author left it, and make another from it with every widget. Nothing here sends.

A part for each rich-text widget (`html` where there is one, else `html:WIDGET`), the subject, the preview text, and
the plain text where the author wrote one. What a PATCH does with widgets that it does not name is not documented, so
all of them are sent, each whole; and a clone is read back before it counts as made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Literal

from contextmail.connectors.base import Draft
from contextmail.connectors.calling import unless_gone
from contextmail.connectors.hubspot.lists import target_of
from contextmail.connectors.hubspot.transport import Transport
from contextmail.dialects import DIALECTS
from contextmail.errors import CapabilityError, ForbiddenError, PlatformError, StalePlanError

Email = dict[str, Any]

EDITABLE = "save"
_ALL = "/marketing/v3/emails"
_PREVIEW = "preview_text"
_BODY = re.compile(r"<body\b[^>]*>(.*)</body\s*>", re.DOTALL | re.IGNORECASE)
_STATES = {
    "DRAFT": EDITABLE,
    "SCHEDULED": "schedule",
    "PUBLISHED_OR_SCHEDULED": "schedule",
    "SCHEDULED_OR_PUBLISHED": "schedule",
    "PRE_PROCESSING": "sending",
    "PROCESSING": "sending",
    "PUBLISHED": "sent",
}
"""HubSpot's states in the words that every platform's drafts share."""
_REGULAR = ("", "BATCH_EMAIL", "LOCALTIME_EMAIL")
_STEPS = {
    "AB_": "make the variation that you want a regular e-mail, and plan that one",
    "AUTOMATED": "plan a regular e-mail; the e-mail of a workflow is changed in HubSpot",
    "RSS": "write this issue as a regular e-mail, and plan that one",
    "BLOG": "write this issue as a regular e-mail, and plan that one",
}
_KEPT = (
    "from.fromName", "from.replyTo", "from.customReplyTo", "subscriptionDetails.subscriptionId",
    "subscriptionDetails.officeLocationId", "to.suppressGraymail", "to.limitSendFrequency", "campaign", "language",
    "businessUnitId", "activeDomain", "content.templatePath", "emailTemplateMode",
)  # fmt: skip
_NO_API = (
    "plan with --paste: fields and list are made, and you put the texts into the e-mail by hand."
    " The e-mail API needs Marketing Hub Professional, and a token with the scope `content`"
)


def read(transport: Transport, email: str, mode: Literal["slot", "choose"]) -> Draft:
    """Read a draft. Raises CapabilityError for one that cannot be copied, with the step to take."""
    found = _get(transport, email)
    where = f"HubSpot e-mail {email}"
    kind = found.get("type") or ""
    if kind not in _REGULAR:
        step = next((step for start, step in _STEPS.items() if kind.startswith(start)), "plan a regular e-mail")
        raise CapabilityError(f"an e-mail of the type {kind} cannot be copied by the API", where=where, cure=step)
    if (found.get("content") or {}).get("smartFields"):
        cure = "remove its smart rules in HubSpot: contextmail says to each person what is true of them"
        raise CapabilityError("the API does not tell the texts of smart rules", where=where, cure=cure)
    if mode == "choose" and found.get("emailTemplateMode") == "DRAG_AND_DROP":
        cure = '[hubspot] mode = "slot"; or a coded template with isEnabledForEmailV3Rendering: true'
        raise CapabilityError("a drag-and-drop e-mail takes tokens and no conditionals", where=where, cure=cure)
    return Draft(
        id=str(found["id"]),
        title=found.get("name") or "",
        state=_state(found),
        parts={name: text for name, text in _parts(found).items() if text},
        settings=dict(_kept(found)),
        segment=target_of(found.get("to") or {}),
        lost=("the time of its sending",) if found.get("publishDate") else (),
    )


def find(transport: Transport, title: str) -> str | None:
    """Look for an e-mail of exactly this name."""
    return next((str(one["id"]) for one in listed(transport) if one.get("name") == title), None)


def listed(transport: Transport) -> Iterator[Email]:
    """Stream every e-mail of the portal, the youngest first. Raises CapabilityError where the tier has no e-mail API."""
    try:
        for page in transport.pages(f"{_ALL}/", query={"limit": 100, "sort": "-createdAt"}):
            yield from page
    except ForbiddenError as error:
        raise closed() from error


def create(transport: Transport, draft: Draft, parts: Mapping[str, str], segment: str, title: str) -> str:
    """Make a new draft for a list: a clone, or for a message of a file one with a rich-text widget.

    Raises PlatformError where HubSpot did not take the list or the texts: the new draft is removed.
    """
    body = {"id": draft.id, "cloneName": title} if draft.id else _plain(parts, title)
    path = f"{_ALL}/clone" if draft.id else f"{_ALL}/"
    made = transport.once(
        lambda: str(_send(transport, "POST", path, body, repeat=False)["id"]), lambda: find(transport, title)
    )
    clone = _get(transport, made)
    before = {name: text for name, text in _parts(clone).items() if text}
    body = {"name": title, "to": _only(segment, clone.get("to") or {}), **_changed(clone, parts)}
    _send(transport, "PATCH", f"{_ALL}/{made}/draft", body)
    after = _get(transport, made)
    wrong = _wrong(after, _fitting(clone, parts), segment)
    if draft.id and before != dict(draft.parts):
        wrong = "the clone has other texts than the draft"
    if wrong:
        delete(transport, made)
        cure = "the new draft was removed; run the command again, or plan with --paste"
        raise PlatformError(wrong, where=f"HubSpot e-mail {draft.id or made}", cure=cure)
    return made


def change(transport: Transport, email: str, parts: Mapping[str, str]) -> None:
    """Put other texts into a draft. Raises StalePlanError once it is scheduled or sent."""
    found = _editable(transport, email)
    _send(transport, "PATCH", f"{_ALL}/{email}/draft", _changed(found, parts))


def delete(transport: Transport, email: str) -> None:
    """Delete a draft; one that is gone is gone. Raises StalePlanError once it is scheduled or sent."""

    def remove() -> None:
        _editable(transport, email)
        _send(transport, "DELETE", f"{_ALL}/{email}")

    unless_gone(remove)


def checklist(transport: Transport, email: str) -> list[str]:
    """List what is missing before HubSpot would send; the API tells no list of its own."""
    found = _get(transport, email)
    wanted = {
        "subject: it is empty": found.get("subject"),
        "sender: none is chosen": (found.get("from") or {}).get("replyTo"),
        "subscription type: none is chosen": (found.get("subscriptionDetails") or {}).get("subscriptionId"),
        "recipients: no list is chosen": target_of(found.get("to") or {}),
    }
    return [what for what, there in wanted.items() if not there]


def _get(transport: Transport, email: str) -> Email:
    """Read an e-mail as it was last written: the draft version, which is the live one where there is no other."""
    return _send(transport, "GET", f"{_ALL}/{email}/draft")


def _send(transport: Transport, method: str, path: str, body: object = None, *, repeat: bool = True) -> Email:
    try:
        answer: Email = transport.send(method, path, body=body, repeat=repeat)
        return answer
    except ForbiddenError as error:
        raise closed() from error


def closed() -> CapabilityError:
    """Say the step to take where the e-mail API is not open to this portal or token."""
    return CapabilityError("this portal's tier or token has no e-mail API", where="HubSpot e-mails", cure=_NO_API)


def _editable(transport: Transport, email: str) -> Email:
    found = _get(transport, email)
    if (state := _state(found)) != EDITABLE:
        cure = "unschedule it in HubSpot first" if state == "schedule" else "it stays as it is"
        what = f"the draft is no draft any more: its state is {state!r}"
        raise StalePlanError(what, where=f"HubSpot e-mail {email}", cure=cure)
    return found


def _state(email: Email) -> str:
    state = email.get("state") or ""
    return _STATES.get(state, state.lower())


def _widgets(email: Email) -> dict[str, str]:
    """Give the name of each rich-text widget by the name of its part."""
    widgets = (email.get("content") or {}).get("widgets") or {}
    rich = [name for name, widget in widgets.items() if isinstance((widget.get("body") or {}).get("html"), str)]
    return {"html": rich[0]} if len(rich) == 1 else {f"html:{name}": name for name in rich}


def _parts(email: Email) -> dict[str, str]:
    content = email.get("content") or {}
    widgets = content.get("widgets") or {}
    bodies = {part: widgets[name]["body"]["html"] for part, name in _widgets(email).items()}
    preview = ((widgets.get(_PREVIEW) or {}).get("body") or {}).get("value") or ""
    return {
        "subject": email.get("subject") or "", "preheader": preview,
        **bodies, "text": content.get("plainTextVersion") or "",
    }  # fmt: skip


def _changed(email: Email, parts: Mapping[str, str]) -> Email:
    """Write the body of a PATCH: the whole content with other texts in it. Raises PlatformError for a part without place."""
    content, parts = deepcopy(email.get("content") or {}), _fitting(email, parts)
    widgets = content.setdefault("widgets", {})
    places = _widgets(email)
    for part, text in parts.items():
        if part == "preheader":
            widgets.setdefault(_PREVIEW, {"name": _PREVIEW, "body": {}}).setdefault("body", {})["value"] = text
        elif part == "text":
            content["plainTextVersion"] = text
        elif part in places:
            widgets[places[part]]["body"]["html"] = text
        elif part != "subject":
            raise PlatformError(f"the e-mail has no place for the part {part}", where=f"HubSpot e-mail {email['id']}")
    return {"content": content, **({"subject": parts["subject"]} if "subject" in parts else {})}


def _fitting(email: Email, parts: Mapping[str, str]) -> dict[str, str]:
    """Give the texts as a widget holds them: of a whole HTML document, what stands in its body."""
    found = {name: _BODY.search(text) for name, text in parts.items() if name in _widgets(email)}
    return {name: whole[1] if (whole := found.get(name)) else text for name, text in parts.items()}


def _plain(parts: Mapping[str, str], title: str) -> Email:
    """Write an e-mail with one rich-text widget, in HubSpot's plain drag-and-drop template."""
    widget, area = "module-0-0-0", {"id": "column-0-0", "widgets": ["module-0-0-0"], "width": 12}
    section = {"id": "section-0", "columns": [area]}
    html = {"name": widget, "type": "module", "body": {"path": "@hubspot/rich_text", "html": ""}}
    return {
        "name": title,
        "subject": parts.get("subject", ""),
        "content": {
            "templatePath": "@hubspot/email/dnd/Plain_email.html",
            "flexAreas": {"main": {"boxed": False, "isSingleColumnFullWidth": False, "sections": [section]}},
            "widgets": {widget: html, _PREVIEW: {"name": _PREVIEW, "body": {"value": ""}}},
        },
    }


def _only(segment: str, to: Mapping[str, Any]) -> Email:
    """Write whom a draft is for: our list alone, without those whom the author excludes by whatever means."""
    named = {
        kind: (to.get(kind) or {}).get("exclude") or [] for kind in ("contactIlsLists", "contactLists", "contactIds")
    }
    chosen = {kind: {"include": [], "exclude": left} for kind, left in named.items()}
    return {**to, **chosen, "contactIlsLists": {"include": [segment], "exclude": named["contactIlsLists"]}}


def _wrong(email: Email, parts: Mapping[str, str], segment: str) -> str:
    """Say what HubSpot did not take; empty: it took all. It may change the HTML round the tokens."""
    to = email.get("to") or {}
    if [str(one) for one in (to.get("contactIlsLists") or {}).get("include") or ()] != [segment]:
        return "HubSpot did not take the list, and the draft would go to others"
    there, hubl = _parts(email), DIALECTS["hubl"]
    for name, text in parts.items():
        if not all(text[one.start : one.end] in there.get(name, "") for one in hubl.tokens(text)):
            return f"HubSpot did not take the {name} part"
    return ""


def _kept(email: Email) -> Iterator[tuple[str, str]]:
    """List the settings that a clone takes over, as `from.fromName` -> text."""
    for path in _KEPT:
        value: Any = email
        for name in path.split("."):
            value = (value or {}).get(name)
        if value not in (None, "", [], {}):
            yield path, "true" if value is True else "false" if value is False else str(value)
