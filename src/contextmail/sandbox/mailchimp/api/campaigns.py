"""/campaigns: drafts, their content and what may be done with them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any

from contextmail.sandbox.mailchimp import recipients
from contextmail.sandbox.mailchimp.bodies import member_of, moment, one_of
from contextmail.sandbox.mailchimp.call import Call, Collection, Document, Shape
from contextmail.sandbox.mailchimp.model import Campaign
from contextmail.sandbox.mailchimp.problems import bad_request, invalid, not_modelled
from contextmail.sandbox.mailchimp.state import State

TYPES = ("regular", "plaintext", "absplit", "rss", "variate")
STATUSES = ("save", "paused", "schedule", "sending", "sent")
TEXTS = ("subject_line", "preview_text", "title", "from_name", "reply_to", "to_name", "folder_id")
SWITCHES = ("use_conversation", "auto_footer", "inline_css", "auto_tweet", "timewarp", "drag_and_drop")
DEFAULTS: Document = {"authenticate": True, "fb_comments": True}
DEFAULTS |= dict.fromkeys(TEXTS, "") | dict.fromkeys(SWITCHES, False)
TRACKING: Document = {"opens": True, "html_clicks": True, "text_clicks": False, "ecomm360": False}
_UNSEEN = re.compile(r"<(style|script|title)\b.*?</\1>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
SETTABLE = {*DEFAULTS, "template_id", "auto_fb_post"}


def add(call: Call) -> Document:
    """Make a draft."""
    kind, state = one_of("type", call.given("type", str), TYPES), call.state
    if kind not in ("regular", "plaintext"):
        raise not_modelled(f"Making a campaign of type {kind}")
    campaign = Campaign(state.short_id(), state.number(), kind, "", state.now(), content_type="template")
    _change(state, campaign, call.body)
    state.campaigns[campaign.id] = campaign
    return _document(call, campaign)


def patch(call: Call) -> Document:
    """Change a draft."""
    campaign, settings = _editable(call), call.given("settings", dict)
    for name in ("subject_line", "from_name", "reply_to"):
        if name not in settings:
            raise invalid(f"settings.{name}", "This value should not be blank.")
    _change(call.state, campaign, call.body)
    return _document(call, campaign)


def content(call: Call) -> Document:
    """Read a campaign's content."""
    campaign = CAMPAIGNS.one(call)
    return {"plain_text": campaign.plain_text, "html": campaign.html, "archive_html": campaign.html}


def set_content(call: Call) -> Document:
    """Set a draft's content; once it has a template, HTML is ignored and the answer says nothing of it."""
    campaign = _editable(call)
    for way in ("url", "archive", "template", "variate_contents"):
        if way in call.body:
            raise not_modelled(f"Content by {way}")
    html = call.given("html", str, "")
    if html and not campaign.settings.get("template_id"):
        campaign.html, campaign.content_type = html, "html"
        campaign.plain_text = _plain(html)
    if "plain_text" in call.body:
        campaign.plain_text = call.given("plain_text", str)
    return content(call)


def send_checklist(call: Call) -> Document:
    """Say what the platform still wants before it would send."""
    items = _checklist(call.state, CAMPAIGNS.one(call))
    return {"is_ready": all(item["type"] != "error" for item in items), "items": items}


def replicate(call: Call) -> Document:
    """Copy a campaign as a new draft."""
    state, made = call.state, copy.deepcopy(CAMPAIGNS.one(call))
    made.id, made.web_id, made.created_at = state.short_id(), state.number(), state.now()
    made.status, made.send_at, made.sent = "save", None, 0
    made.settings["title"] = f"{made.settings.get('title', '')} (copy 01)"
    state.campaigns[made.id] = made
    return _document(call, made)


def schedule(call: Call) -> None:
    """Schedule a draft, on the quarter of an hour."""
    campaign = _editable(call)
    at = moment(call.given("schedule_time", str), "schedule_time")
    if at.minute % 15 or at.second:
        why = "Campaigns may only be scheduled to send on the quarter-hour (:00, :15, :30, :45)."
        raise invalid("schedule_time", why)
    if at <= call.state.now():
        raise invalid("schedule_time", "The schedule time must be in the future.")
    _must_be_ready(call)
    campaign.status, campaign.send_at = "schedule", at


def unschedule(call: Call) -> None:
    """Make a scheduled campaign a draft again."""
    campaign = CAMPAIGNS.one(call)
    if campaign.status != "schedule":
        raise bad_request("This campaign is not scheduled.")
    campaign.status, campaign.send_at = "save", None


def send(call: Call) -> None:
    """Send a draft."""
    campaign = _editable(call)
    _must_be_ready(call)
    call.state.send(campaign.id)


def send_test(call: Call) -> None:
    """Take a test e-mail; it is delivered to nobody."""
    CAMPAIGNS.one(call)
    call.given("test_emails", list)
    one_of("send_type", call.given("send_type", str), ("html", "plaintext"))


def _chosen(call: Call, campaigns: Iterable[Campaign]) -> list[Campaign]:
    """Choose campaigns for a list, the newest first unless asked otherwise."""
    kind, status, list_id = call.one_of("type", *TYPES), call.one_of("status", *STATUSES), call.query.get("list_id", "")
    since = call.moment("since_send_time")
    by_sending = call.one_of("sort_field", "create_time", "send_time") == "send_time"
    # The e-mails of an automation are read like campaigns, and listed with their automation alone.
    automated = {email.id for automation in call.state.automations.values() for email in automation.emails}
    chosen = (
        one
        for one in campaigns
        if one.id not in automated
        and (not kind or one.type == kind)
        and (not status or one.status == status)
        and (not list_id or one.list_id == list_id)
        and (since is None or (one.send_at is not None and one.send_at > since))
    )
    newest_last = sorted(chosen, key=lambda one: (by_sending and one.send_at) or one.created_at)
    return newest_last if call.one_of("sort_dir", "ASC", "DESC") == "ASC" else newest_last[::-1]


_SHAPE = Shape(
    "id web_id type create_time=created_at send_time=send_at status emails_sent=sent content_type",
    needs_block_refresh=False,
    resendable=False,
    delivery_status={"enabled": False},
)


def _document(call: Call, campaign: Campaign) -> Document:
    audience, archive = call.state.lists.get(campaign.list_id), f"https://example.com/archive/{campaign.id}"
    count = len(recipients.of_campaign(call.state, campaign)) if audience else 0
    targets: Document = {"list_id": campaign.list_id, "list_is_active": audience is not None, "recipient_count": count}
    targets |= {"list_name": audience.name if audience else "", "segment_text": ""}
    if campaign.segment_opts:
        targets["segment_opts"] = campaign.segment_opts
    return _SHAPE(
        call,
        campaign,
        archive_url=archive,
        long_archive_url=archive,
        recipients=targets,
        settings={**DEFAULTS, **campaign.settings},
        tracking={**TRACKING, **campaign.tracking},
    )


CAMPAIGNS = Collection(
    "campaigns", "/campaigns/{campaign_id}", lambda call: call.state.campaigns, _document, chosen=_chosen
)


def _editable(call: Call) -> Campaign:
    campaign = CAMPAIGNS.one(call)
    if not campaign.editable:
        raise bad_request(f"A campaign with status {campaign.status} cannot be changed.")
    return campaign


def _must_be_ready(call: Call) -> None:
    if not send_checklist(call)["is_ready"]:
        raise bad_request("Your campaign is not ready to send.")


def _checklist(state: State, campaign: Campaign) -> list[Document]:
    """List what is checked; an item of type `error` keeps a campaign from being sent."""
    settings, audience = campaign.settings, state.lists.get(campaign.list_id)
    count = len(recipients.of_campaign(state, campaign)) if audience else 0
    reached = f"{count} recipients of {audience.name}" if audience else "No audience"
    subject, preview = settings.get("subject_line"), settings.get("preview_text")
    sender, reply_to = settings.get("from_name", ""), settings.get("reply_to", "")
    linked = "*|UNSUB|*" in campaign.html
    link = "There is one" if linked else "There is none: the platform adds a footer of its own"
    checks = (
        ("Audience", reached, "success" if count else "error"),
        ("Subject line", subject or "No subject", "success" if subject else "error"),
        ("From", f"{sender} <{reply_to}>", "success" if sender and reply_to else "error"),
        ("Preview text", preview or "No preview text", "success" if preview else "warning"),
        ("HTML email", "The content", "success" if campaign.html else "error"),
        ("Unsubscribe link", link, "success" if linked else "warning"),
    )
    return [
        {"type": grade, "id": 500 + number, "heading": heading, "details": details}
        for number, (heading, details, grade) in enumerate(checks)
    ]


def _change(state: State, campaign: Campaign, body: Mapping[str, Any]) -> None:
    """Change what a body tells, after all of it was checked. Raises Problem."""
    targets, settings = member_of(body, "recipients", dict, {}), member_of(body, "settings", dict, {})
    list_id = member_of(targets, "list_id", str, campaign.list_id)
    if list_id and list_id not in state.lists:
        raise invalid("recipients.list_id", "The list specified does not exist.")
    options = member_of(targets, "segment_opts", dict, {}) if targets else campaign.segment_opts
    for name, default in DEFAULTS.items():
        member_of(settings, name, type(default), default)
    _check_segment(state, list_id, options)
    if settings.get("template_id"):
        _use_template(state, campaign, member_of(settings, "template_id", int))
    campaign.list_id, campaign.segment_opts = list_id, dict(options)
    campaign.settings.update({name: value for name, value in settings.items() if name in SETTABLE})
    campaign.tracking.update(member_of(body, "tracking", dict, {}))
    campaign.content_type = member_of(body, "content_type", str, campaign.content_type)


def _check_segment(state: State, list_id: str, options: Mapping[str, Any]) -> None:
    if not options:
        return
    if not list_id:
        raise invalid("recipients.segment_opts", "A segment needs a list.")
    audience, saved = state.lists[list_id], member_of(options, "saved_segment_id", int, 0)
    if saved and saved not in audience.segments:
        raise invalid("recipients.segment_opts.saved_segment_id", "The segment specified does not exist.")
    if options.get("prebuilt_segment_id"):
        raise not_modelled("A prebuilt segment")
    if not saved:
        recipients.conditions_of(state, audience, {"conditions": [], **options})


def _use_template(state: State, campaign: Campaign, number: int) -> None:
    template = state.templates.get(number)
    if template is None:
        raise invalid("settings.template_id", "The template specified does not exist.")
    campaign.settings["template_id"], campaign.content_type = number, "template"
    campaign.html, campaign.plain_text = template.html, _plain(template.html)


def _plain(html: str) -> str:
    lines = (" ".join(unescape(text).split()) for text in _TAG.split(_UNSEEN.sub("", html)))
    return "\n".join(line for line in lines if line)
