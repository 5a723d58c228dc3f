"""/campaigns: drafts, their content and what may be done with them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from contextmail.sandbox.mailchimp import checklist, recipients
from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.call import Call, found, iso, moment
from contextmail.sandbox.mailchimp.model import Campaign
from contextmail.sandbox.mailchimp.problems import Problem, invalid, not_modelled
from contextmail.sandbox.mailchimp.state import State

TYPES = ("regular", "plaintext", "absplit", "rss", "variate")
STATUSES = ("save", "paused", "schedule", "sending", "sent")
DEFAULTS: Mapping[str, Any] = {
    "subject_line": "",
    "preview_text": "",
    "title": "",
    "from_name": "",
    "reply_to": "",
    "use_conversation": False,
    "to_name": "",
    "folder_id": "",
    "authenticate": True,
    "auto_footer": False,
    "inline_css": False,
    "auto_tweet": False,
    "fb_comments": True,
    "timewarp": False,
    "drag_and_drop": False,
}
TRACKING: Mapping[str, Any] = {"opens": True, "html_clicks": True, "text_clicks": False, "ecomm360": False}
SETTABLE = {*DEFAULTS, "template_id", "auto_fb_post"}


def index(call: Call) -> dict[str, Any]:
    """List campaigns, the newest first."""
    kind, status = call.one_of("type", *TYPES), call.one_of("status", *STATUSES)
    list_id = call.query.get("list_id", "")
    since, before = call.moment("since_send_time"), call.moment("before_send_time")
    made_since, made_before = call.moment("since_create_time"), call.moment("before_create_time")
    member, sort = call.query.get("member_id", ""), call.one_of("sort_field", "create_time", "send_time")
    # The e-mails of an automation are read like campaigns, and listed with their automation alone.
    automated = {email.id for automation in call.state.automations.values() for email in automation.emails}
    shown = [
        one
        for one in call.state.campaigns.values()
        if one.id not in automated
        and (not kind or one.type == kind)
        and (not status or one.status == status)
        and (not list_id or one.list_id == list_id)
        and (since is None or (one.send_at is not None and one.send_at > since))
        and (before is None or (one.send_at is not None and one.send_at < before))
        and (made_since is None or one.created_at > made_since)
        and (made_before is None or one.created_at < made_before)
        and (not member or member in call.state.reports.get(one.id, {}))
    ]
    newest_last = sorted(
        shown, key=lambda one: (one.send_at or one.created_at) if sort == "send_time" else one.created_at
    )
    shown = newest_last if call.one_of("sort_dir", "ASC", "DESC") == "ASC" else newest_last[::-1]
    return call.page("campaigns", shown, lambda one: document(call.state, one))


def get(call: Call) -> dict[str, Any]:
    """Read a campaign."""
    return document(call.state, _campaign(call))


def add(call: Call) -> dict[str, Any]:
    """Make a draft."""
    kind = member_of(call.body, "type", str)
    if kind not in TYPES:
        raise invalid(("type", "Value must be one of: " + ", ".join(TYPES)))
    if kind not in ("regular", "plaintext"):
        raise not_modelled(f"Making a campaign of type {kind}")
    state = call.state
    campaign = Campaign(state.short_id(), state.number(), kind, "", state.now(), content_type="template")
    _change(state, campaign, call.body)
    state.campaigns[campaign.id] = campaign
    return document(state, campaign)


def patch(call: Call) -> dict[str, Any]:
    """Change a draft."""
    campaign = _editable(call)
    settings = member_of(call.body, "settings", dict)
    for name in ("subject_line", "from_name", "reply_to"):
        if name not in settings:
            raise invalid((f"settings.{name}", "This value should not be blank."))
    _change(call.state, campaign, call.body)
    return document(call.state, campaign)


def delete(call: Call) -> None:
    """Delete a campaign."""
    del call.state.campaigns[_campaign(call).id]


def content(call: Call) -> dict[str, Any]:
    """Read a campaign's content."""
    campaign = _campaign(call)
    return {"plain_text": campaign.plain_text, "html": campaign.html, "archive_html": campaign.html}


def set_content(call: Call) -> dict[str, Any]:
    """Set a draft's content; once it has a template, HTML is ignored and the answer says nothing of it."""
    campaign = _editable(call)
    for way in ("url", "archive", "variate_contents"):
        if way in call.body:
            raise not_modelled(f"Content by {way}")
    if "template" in call.body:
        template = member_of(call.body, "template", dict)
        if template.get("sections"):
            raise not_modelled("Content by the sections of a template")
        _use_template(call.state, campaign, member_of(template, "id", int))
    html = member_of(call.body, "html", str, "")
    if html and not campaign.settings.get("template_id"):
        campaign.html, campaign.content_type = html, "html"
        campaign.plain_text = _plain(html)
    if "plain_text" in call.body:
        campaign.plain_text = member_of(call.body, "plain_text", str)
    return content(call)


def send_checklist(call: Call) -> dict[str, Any]:
    """Say what the platform still wants before it would send."""
    campaign = _campaign(call)
    return {"is_ready": checklist.ready(call.state, campaign), "items": checklist.items(call.state, campaign)}


def replicate(call: Call) -> dict[str, Any]:
    """Copy a campaign as a new draft."""
    original, state = _campaign(call), call.state
    made = copy.deepcopy(original)
    made.id, made.web_id, made.created_at = state.short_id(), state.number(), state.now()
    made.status, made.send_at, made.sent = "save", None, 0
    made.settings["title"] = f"{original.settings.get('title', '')} (copy 01)"
    state.campaigns[made.id] = made
    return document(state, made)


def schedule(call: Call) -> None:
    """Schedule a draft, on the quarter of an hour."""
    campaign = _editable(call)
    at = moment(member_of(call.body, "schedule_time", str), "schedule_time")
    if at.minute % 15 or at.second:
        raise invalid(
            ("schedule_time", "Campaigns may only be scheduled to send on the quarter-hour (:00, :15, :30, :45).")
        )
    if at <= call.state.now():
        raise invalid(("schedule_time", "The schedule time must be in the future."))
    _must_be_ready(call.state, campaign)
    campaign.status, campaign.send_at = "schedule", at


def unschedule(call: Call) -> None:
    """Make a scheduled campaign a draft again."""
    campaign = _campaign(call)
    if campaign.status != "schedule":
        raise Problem(400, "Bad Request", "This campaign is not scheduled.")
    campaign.status, campaign.send_at = "save", None


def send(call: Call) -> None:
    """Send a draft."""
    campaign = _editable(call)
    _must_be_ready(call.state, campaign)
    call.state.send(campaign.id)


def send_test(call: Call) -> None:
    """Take a test e-mail; it is delivered to nobody."""
    _campaign(call)
    member_of(call.body, "test_emails", list)
    if member_of(call.body, "send_type", str) not in ("html", "plaintext"):
        raise invalid(("send_type", "Value must be one of: html, plaintext"))


def document(state: State, campaign: Campaign) -> dict[str, Any]:
    """Write a campaign."""
    audience = state.lists.get(campaign.list_id)
    targets: dict[str, Any] = {
        "list_id": campaign.list_id,
        "list_is_active": audience is not None,
        "list_name": audience.name if audience else "",
        "segment_text": "",
        "recipient_count": len(recipients.of_campaign(state, campaign)) if audience else 0,
    }
    if campaign.segment_opts:
        targets["segment_opts"] = campaign.segment_opts
    written = {
        "id": campaign.id,
        "web_id": campaign.web_id,
        "type": campaign.type,
        "create_time": iso(campaign.created_at),
        "archive_url": f"https://example.com/archive/{campaign.id}",
        "long_archive_url": f"https://example.com/archive/{campaign.id}",
        "status": campaign.status,
        "emails_sent": campaign.sent,
        "content_type": campaign.content_type,
        "needs_block_refresh": False,
        "resendable": False,
        "recipients": targets,
        "settings": {**DEFAULTS, **campaign.settings},
        "tracking": {**TRACKING, **campaign.tracking},
        "delivery_status": {"enabled": False},
    }
    if campaign.send_at is not None:
        written["send_time"] = iso(campaign.send_at)
    return written


def _campaign(call: Call) -> Campaign:
    return found(call.state.campaigns.get(call.params["campaign_id"]))


def _editable(call: Call) -> Campaign:
    campaign = _campaign(call)
    if not campaign.editable:
        raise Problem(400, "Bad Request", f"A campaign with status {campaign.status} cannot be changed.")
    return campaign


def _must_be_ready(state: State, campaign: Campaign) -> None:
    if not checklist.ready(state, campaign):
        raise Problem(400, "Bad Request", "Your campaign is not ready to send.")


def _change(state: State, campaign: Campaign, body: Mapping[str, Any]) -> None:
    targets = member_of(body, "recipients", dict, {})
    settings = member_of(body, "settings", dict, {})
    list_id = member_of(targets, "list_id", str, campaign.list_id)
    if list_id and list_id not in state.lists:
        raise invalid(("recipients.list_id", "The list specified does not exist."))
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
        raise invalid(("recipients.segment_opts", "A segment needs a list."))
    audience, saved = state.lists[list_id], member_of(options, "saved_segment_id", int, 0)
    if saved and saved not in audience.segments:
        raise invalid(("recipients.segment_opts.saved_segment_id", "The segment specified does not exist."))
    if options.get("prebuilt_segment_id"):
        raise not_modelled("A prebuilt segment")
    if not saved:
        recipients.check(
            state, audience, member_of(options, "match", str, "any"), tuple(member_of(options, "conditions", list, []))
        )


def _use_template(state: State, campaign: Campaign, number: int) -> None:
    template = state.templates.get(number)
    if template is None:
        raise invalid(("settings.template_id", "The template specified does not exist."))
    campaign.settings["template_id"], campaign.content_type = number, "template"
    campaign.html, campaign.plain_text = template.html, _plain(template.html)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("style", "script", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "script", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden and data.strip():
            self.words.append(" ".join(data.split()))


def _plain(html: str) -> str:
    text = _Text()
    text.feed(html)
    return "\n".join(text.words)
