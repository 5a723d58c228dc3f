"""The outbox in the browser: what each recipient of a campaign would receive, or did, and may do as themselves."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qs, quote

from contextmail.dialects.mailchimp import Mailchimp as MergeLanguage
from contextmail.errors import TemplateError
from contextmail.sandbox.http import Reply, Request
from contextmail.sandbox.mailchimp import recipients
from contextmail.sandbox.mailchimp.call import found
from contextmail.sandbox.mailchimp.model import Audience, Campaign, Member, Receipt
from contextmail.sandbox.mailchimp.problems import named
from contextmail.sandbox.mailchimp.state import State

SHOWN = 50
"""People in the picker at once; a search finds the others."""
LEAVE = {"manual": "Unsubscribe", "abuse": "Report as spam"}
RETURN = {"subscribe": "Sign up again"}
HEADERS = {
    # Nothing of an e-mail may run, load or send from here.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-src 'self'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
dt{font-weight:600}dd{margin:0 0 .6rem}iframe{width:100%;height:36rem;border:1px solid #767676}
form{display:flex;flex-wrap:wrap;gap:1rem;align-items:end;margin:1rem 0}label{display:block}
input,select,button{font:inherit;padding:.3rem}table{border-collapse:collapse}pre{white-space:pre-wrap}
th,td{text-align:left;padding:.3rem .8rem .3rem 0}"""


def page(state: State, request: Request) -> Reply:
    """Answer /outbox and /outbox/{campaign}?person=...&q=...; / leads there. A POST is a person's choice.

    Raises Problem.
    """
    match request.method, request.path.strip("/").split("/"):
        case "GET", [""]:
            return Reply(302, headers={"Location": "/outbox"})
        case "GET", ["outbox"]:
            with state.lock:
                return _reply("Outbox", _campaigns(state))
        case "GET" | "POST" as method, ["outbox", id_]:
            with state.lock:
                campaign = found(state.campaigns.get(id_))
                members = found(state.lists.get(campaign.list_id)).members
                person = members.get(request.query.get("person", ""))
                if method == "POST":
                    return _chosen(state, campaign, found(person), request.body)
                buttons = _choices(person) if person else ""
                return _reply(_title(campaign), _campaign(state, campaign, request.query) + buttons)
    raise named("ResourceNotFound")


def rendered(state: State, campaign: Campaign, receipt: Receipt) -> dict[str, str]:
    """Give subject, preheader, html and text of a campaign as one recipient gets it.

    Raises TemplateError for a block that is not closed.
    """
    audience = state.lists[campaign.list_id]
    language = MergeLanguage(clock=lambda: (campaign.send_at or state.now()).date())
    values: dict[str, str | None] = {**_platform_values(audience, campaign, receipt)}
    values |= {tag: _text(value) for tag, value in audience.tagged_values(receipt.values).items()}
    defaults = {field.tag: field.default for field in audience.fields.values()}
    sources = {
        "subject": campaign.settings.get("subject_line", ""),
        "preheader": campaign.settings.get("preview_text", ""),
        "html": campaign.html,
        "text": campaign.plain_text,
    }
    return {name: language.render(source, values, defaults) for name, source in sources.items()}


def _platform_values(audience: Audience, campaign: Campaign, receipt: Receipt) -> dict[str, str]:
    """Give what the platform fills itself; links lead nowhere."""
    address = f"{audience.name}, 1 Example Road, London N1 1AA"
    links = ("UNSUB", "UPDATE_PROFILE", "ARCHIVE", "FORWARD")
    return {
        "EMAIL": receipt.email,
        "SUBJECT": campaign.settings.get("subject_line", ""),
        "MC_PREVIEW_TEXT": campaign.settings.get("preview_text", ""),
        "LIST:NAME": audience.name,
        "LIST:COMPANY": audience.name,
        "LIST:ADDRESS": address,
        "HTML:LIST_ADDRESS_HTML": escape(address),
        **{name: f"https://example.com/{name.lower()}" for name in links},
    }


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(str(part) for part in value.values() if part)
    return str(value)


def _people(state: State, campaign: Campaign) -> list[Receipt]:
    sent = state.reports.get(campaign.id)
    if sent is not None:
        return list(sent.values())
    members = recipients.of_campaign(state, campaign)
    return [Receipt(member.key, member.email, member.values, member.vip) for member in members]


def _campaigns(state: State) -> str:
    if not state.campaigns:
        return "<p>There is no campaign yet. A draft made through the API appears here.</p>"
    rows = "".join(
        f'<tr><td><a href="/outbox/{quote(campaign.id)}">{escape(_title(campaign))}</a></td>'
        f"<td>{escape(campaign.status)}</td><td>{len(_people(state, campaign))}</td></tr>"
        for campaign in reversed(state.campaigns.values())
        if campaign.list_id in state.lists
    )
    head = '<tr><th scope="col">Campaign</th><th scope="col">Status</th><th scope="col">Recipients</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _campaign(state: State, campaign: Campaign, query: Mapping[str, str]) -> str:
    people = _people(state, campaign)
    verb = "received it" if campaign.status == "sent" else "would receive it"
    count = f"<p>{len(people)} {'person' if len(people) == 1 else 'people'} {verb}.</p>"
    head = f'<p><a href="/outbox">All campaigns</a></p>{count}'
    if not people:
        return head
    word = query.get("q", "").strip()
    matching = [one for one in people if word.lower() in one.email.lower()]
    shown = matching[:SHOWN]
    # A person of the address bar is shown even where the picker holds others.
    chosen = next((one for one in people if one.key == query.get("person")), shown[0] if shown else None)
    head += _picker(shown, len(matching), chosen, word)
    if chosen is None:
        return f"{head}<p>Nobody's address holds that.</p>"
    try:
        return head + _message(rendered(state, campaign, chosen), chosen)
    except TemplateError as error:
        return f'{head}<p role="alert">The campaign cannot be rendered: {escape(str(error))}</p>'


def _picker(shown: list[Receipt], matching: int, chosen: Receipt | None, word: str) -> str:
    listed = [*shown, *([chosen] if chosen is not None and chosen not in shown else [])]
    options = "".join(
        f'<option value="{one.key}"{" selected" if one is chosen else ""}>{escape(one.email)}</option>'
        for one in listed
    )
    note = f" (the first {len(shown)} of {matching})" if matching > len(shown) else ""
    return (
        '<form method="get"><div><label for="q">Address holds</label>'
        f'<input id="q" name="q" value="{escape(word)}"></div>'
        f'<div><label for="person">Person{note}</label><select id="person" name="person">{options}</select></div>'
        "<button>Show</button></form>"
    )


def _message(message: Mapping[str, str], chosen: Receipt) -> str:
    return (
        f"<dl><dt>To</dt><dd>{escape(chosen.email)}</dd><dt>Subject</dt><dd>{escape(message['subject'])}</dd>"
        f"<dt>Preheader</dt><dd>{escape(message['preheader']) or '<em>none</em>'}</dd></dl>"
        f'<h2>HTML</h2><iframe sandbox title="The e-mail as HTML" srcdoc="{escape(message["html"])}"></iframe>'
        f"<h2>Plain text</h2><pre>{escape(message['text'])}</pre>"
    )


def _choices(member: Member) -> str:
    offered = LEAVE if member.status == "subscribed" else RETURN
    listed = "".join(f'<button name="choice" value="{value}">{label}</button>' for value, label in offered.items())
    return (
        f"<h2>As this person</h2><p>{escape(member.email)} is {escape(member.status)}.</p>"
        f'<form method="post" action="?person={quote(member.key)}">{listed}</form>'
    )


def _chosen(state: State, campaign: Campaign, member: Member, body: bytes) -> Reply:
    """Do what the person chose, tell the webhooks, and show the person again. Raises Problem."""
    choice = parse_qs(body.decode(errors="replace")).get("choice", [""])[0]
    if choice in LEAVE:
        state.unsubscribe(campaign.list_id, member.email, campaign_id=campaign.id, reason=choice)
    elif choice in RETURN:
        state.subscribe(campaign.list_id, member.email)
    else:
        raise named("ResourceNotFound")
    return Reply(303, headers={"Location": f"/outbox/{quote(campaign.id)}?person={quote(member.key)}"})


def _title(campaign: Campaign) -> str:
    return str(campaign.settings.get("title") or campaign.settings.get("subject_line") or campaign.id)


def _reply(title: str, body: str) -> Reply:
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Reply(200, document.encode(), "text/html; charset=utf-8", HEADERS)
