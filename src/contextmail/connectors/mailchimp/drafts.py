"""Drafts: read one as its author left it, and make another from it. Nothing here can send.

Sources: the Marketing API's campaigns. HTML that is put into a campaign with a template is ignored with 200 OK, so a
copy has no template; PATCH needs subject, sender's name and reply-to each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, cast

from contextmail.connectors.base import Draft
from contextmail.connectors.calling import unless_gone
from contextmail.connectors.mailchimp.segments import target_of
from contextmail.connectors.mailchimp.shapes import Campaign, Checklist, Content, ListAnswer
from contextmail.connectors.mailchimp.transport import Transport
from contextmail.errors import CapabilityError, PlatformError, StalePlanError

EDITABLE = ("save", "paused")
"""States in which a campaign may still be changed."""

_KEPT = {
    "settings": """from_name reply_to to_name folder_id use_conversation authenticate auto_footer inline_css
        fb_comments""".split(),
    "tracking": "opens html_clicks text_clicks ecomm360 google_analytics clicktale".split(),
    "social_card": "image_url title description".split(),
}
_LOST = {
    ("settings", "template_id"): "the template: the copy holds its HTML, and is edited as code",
    ("settings", "drag_and_drop"): "drag and drop: the copy is edited as code",
    ("settings", "timewarp"): "Timewarp: choose it again when scheduling",
    ("settings", "auto_tweet"): "the post on Twitter",
    ("settings", "auto_fb_post"): "the post on Facebook",
    ("tracking", "goal_tracking"): "goal tracking",
    ("tracking", "salesforce"): "Salesforce tracking",
    ("tracking", "capsule"): "Capsule tracking",
}
_STEPS = {
    "variate": "make the variation that you want a regular campaign, and plan that one",
    "absplit": "make the variation that you want a regular campaign, and plan that one",
    "rss": "write this issue as a regular campaign, and plan that one",
    "automation": "plan a regular campaign; the e-mail of an automation is changed in Mailchimp",
    "multichannel": "replicate it as a regular campaign in the classic builder, or `contextmail plan --paste`",
}
_PARTS = {"html": "html", "text": "plain_text"}


def read(transport: Transport, audience: str, campaign: str) -> Draft:
    """Read a draft. Raises CapabilityError for one that cannot be copied, with the step to take."""
    get = partial(transport.call, "campaigns.get", campaign_id=campaign)
    get_content = partial(transport.call, "campaigns.get_content", campaign_id=campaign, fields=["html", "plain_text"])
    answers = transport.in_order(lambda read: read(), (get, get_content))
    found: Campaign = next(answers)
    where = f"mailchimp campaign {campaign}"
    for kind in (found.get("type", ""), found.get("content_type", "")):
        if step := _STEPS.get(kind.removesuffix("-email")):
            raise CapabilityError(f"a {kind} campaign cannot be copied by the API", where=where, cure=step)
    recipients = found.get("recipients") or {}
    if recipients.get("list_id") != audience:
        cure = f"--on mailchimp:{recipients.get('list_id') or 'LIST'}, or choose the audience in the draft"
        raise CapabilityError("the draft is for another audience", where=where, cure=cure)
    settings = found.get("settings") or {}
    return Draft(
        id=found["id"],
        title=_text(settings.get("title")),
        state=found.get("status", ""),
        parts=_parts(settings, next(answers)),
        settings=dict(_kept(found)),
        segment=target_of(recipients.get("segment_opts") or {}),
        lost=tuple(_lost(found)),
    )


def find(transport: Transport, audience: str, title: str) -> str | None:
    """Look for a campaign of exactly this title, the youngest first."""
    found: Iterable[Campaign] = transport.rows(
        "campaigns.list",
        "campaigns",
        list_id=audience,
        sort_field="create_time",
        sort_dir="DESC",
        fields=["campaigns.id", "campaigns.settings.title", "total_items"],
    )
    return next((one["id"] for one in found if (one.get("settings") or {}).get("title") == title), None)


def create(
    transport: Transport, audience: str, draft: Draft, parts: Mapping[str, str], segment: str, title: str
) -> str:
    """Make a new draft for a segment. Raises PlatformError where Mailchimp did not take the segment or the texts."""
    settings = {**(_nested(draft.settings) if draft.settings else _defaults(transport, audience))}
    body: dict[str, Any] = {
        "type": "regular" if "html" in parts else "plaintext",
        "recipients": {"list_id": audience, "segment_opts": {"saved_segment_id": int(segment)}},
        **settings,
    }
    body["settings"] = {**settings.get("settings", {}), **_headers(parts), "title": title}

    def make() -> Campaign:
        made: Campaign = transport.call("campaigns.create", body=body)
        return made

    def there() -> Campaign | None:
        made = find(transport, audience, title)
        found: Campaign | None = transport.call("campaigns.get", campaign_id=made) if made else None
        return found

    made = transport.once(make, there)
    _check_target(transport, made, segment)
    _put_content(transport, made["id"], parts)
    return made["id"]


def change(transport: Transport, campaign: str, parts: Mapping[str, str]) -> None:
    """Put other texts into a draft. Raises StalePlanError once it is scheduled or sent."""
    found = _editable(transport, campaign)
    settings = found.get("settings") or {}
    if headers := _headers(parts):
        needed = {name: settings.get(name) for name in ("subject_line", "from_name", "reply_to")}
        transport.call("campaigns.update", campaign_id=campaign, body={"settings": {**needed, **headers}})
    _put_content(transport, campaign, parts)


def delete(transport: Transport, campaign: str) -> None:
    """Delete a draft; one that is gone is gone. Raises StalePlanError once it is scheduled or sent."""

    def remove() -> None:
        _editable(transport, campaign)
        transport.call("campaigns.remove", campaign_id=campaign)

    unless_gone(remove)


def checklist(transport: Transport, campaign: str) -> list[str]:
    """List what Mailchimp still wants before it would send."""
    answer: Checklist = transport.call("campaigns.get_send_checklist", campaign_id=campaign)
    wanted = [
        f"{item.get('heading', '')}: {item.get('details', '')}"
        for item in answer.get("items") or ()
        if item.get("type") == "error"
    ]
    return wanted or ([] if answer.get("is_ready") else ["Mailchimp does not say what is missing"])


def _editable(transport: Transport, campaign: str) -> Campaign:
    found: Campaign = transport.call("campaigns.get", campaign_id=campaign)
    state = found.get("status", "")
    if state not in EDITABLE:
        cure = "unschedule it in Mailchimp first" if state == "schedule" else "it stays as it is"
        raise StalePlanError(
            f"the draft is no draft any more: its state is {state!r}", where=f"mailchimp campaign {campaign}", cure=cure
        )
    return found


def _parts(settings: Mapping[str, object], content: Content) -> dict[str, str]:
    parts = {
        "subject": _text(settings.get("subject_line")),
        "preheader": _text(settings.get("preview_text")),
        "html": content.get("html") or "",
        "text": content.get("plain_text") or "",
    }
    return {name: text for name, text in parts.items() if text}


def _kept(campaign: Campaign) -> Iterable[tuple[str, str]]:
    """List the settings that a copy takes over, as `tracking.opens` -> text."""
    for group, names in _KEPT.items():
        for name in names:
            value = _group(campaign, group).get(name)
            if value not in (None, ""):
                yield f"{group}.{name}", _text(value)


def _lost(campaign: Campaign) -> Iterable[str]:
    for (group, name), words in _LOST.items():
        if (campaign.get(group) or {}).get(name):  # type: ignore[attr-defined]
            yield words
    if campaign.get("send_time"):
        yield "the time of its sending"


def _group(campaign: Campaign, name: str) -> Mapping[str, object]:
    groups = cast(Mapping[str, Mapping[str, object] | None], campaign)
    return groups.get(name) or {}


def _nested(settings: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Turn settings as text back into what the API takes."""
    nested: dict[str, dict[str, Any]] = {}
    for name, text in settings.items():
        group, _, key = name.partition(".")
        nested.setdefault(group, {})[key] = {"true": True, "false": False}.get(text, text)
    return nested


def _defaults(transport: Transport, audience: str) -> dict[str, dict[str, Any]]:
    """Give the audience's own sender, for a message that has none."""
    answer: ListAnswer = transport.call("lists.get_list", list_id=audience, fields=["campaign_defaults"])
    defaults = answer.get("campaign_defaults") or {}
    return {"settings": {"from_name": defaults.get("from_name", ""), "reply_to": defaults.get("from_email", "")}}


def _headers(parts: Mapping[str, str]) -> dict[str, str]:
    names = {"subject": "subject_line", "preheader": "preview_text"}
    return {names[part]: text for part, text in parts.items() if part in names}


def _check_target(transport: Transport, made: Campaign, segment: str) -> None:
    """Take a draft back whose segment was not taken: it would go to everybody."""
    options = (made.get("recipients") or {}).get("segment_opts") or {}
    if str(options.get("saved_segment_id")) != segment:
        transport.call("campaigns.remove", campaign_id=made["id"])
        raise PlatformError(
            "Mailchimp did not take the segment, and the draft would go to everybody",
            where=f"mailchimp segment {segment}",
            cure="the draft was removed; run the command again, or plan with --paste",
        )


def _put_content(transport: Transport, campaign: str, parts: Mapping[str, str]) -> None:
    body = {key: parts[name] for name, key in _PARTS.items() if name in parts}
    if not body:
        return
    transport.call("campaigns.set_content", campaign_id=campaign, body=body)
    content: Content = transport.call("campaigns.get_content", campaign_id=campaign, fields=["html", "plain_text"])
    for name, key in _PARTS.items():
        if name in parts and not _holds(content, key, parts[name]):
            raise PlatformError(
                f"Mailchimp did not take the {name} part",
                where=f"mailchimp campaign {campaign}",
                cure="a campaign with a template ignores it: make a draft without one",
            )


def _holds(content: Content, key: str, text: str) -> bool:
    """Say whether each merge tag of what was written is there; Mailchimp may change the rest (its footer)."""
    from contextmail.dialects.mailchimp import Mailchimp

    there = str(content.get(key) or "")
    return all(text[token.start : token.end] in there for token in Mailchimp().tokens(text))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
