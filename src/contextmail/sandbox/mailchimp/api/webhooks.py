"""/lists/{list_id}/webhooks: who is told of what."""

from __future__ import annotations

import hashlib
from typing import Any

from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.call import Call, found
from contextmail.sandbox.mailchimp.deliveries import answers
from contextmail.sandbox.mailchimp.documents import of_webhook
from contextmail.sandbox.mailchimp.model import Webhook
from contextmail.sandbox.mailchimp.problems import Problem, invalid

EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
SOURCES = ("user", "admin", "api")


def index(call: Call) -> dict[str, Any]:
    """List an audience's webhooks."""
    audience = call.audience
    shown = [of_webhook(audience, webhook) for webhook in audience.webhooks.values()]
    return {"webhooks": shown, "list_id": audience.id, "total_items": len(shown)}


def get(call: Call) -> dict[str, Any]:
    """Read a webhook, without its secret."""
    return of_webhook(call.audience, _webhook(call))


def add(call: Call) -> dict[str, Any]:
    """Make a webhook; only this answer holds its signing secret."""
    state = call.state
    url = _url(call, "")
    secret = hashlib.sha256(f"webhook:{state.seed}:{state.number()}".encode()).hexdigest()
    made = Webhook(state.short_id(), url, dict.fromkeys(EVENTS, False), dict.fromkeys(SOURCES, False), secret)
    _change(call, made)
    call.audience.webhooks[made.id] = made
    return {**of_webhook(call.audience, made), "signing_secret": secret}


def patch(call: Call) -> dict[str, Any]:
    """Change a webhook."""
    webhook = _webhook(call)
    webhook.url = _url(call, webhook.url)
    _change(call, webhook)
    return of_webhook(call.audience, webhook)


def delete(call: Call) -> None:
    """Delete a webhook."""
    del call.audience.webhooks[_webhook(call).id]


def _webhook(call: Call) -> Webhook:
    return found(call.audience.webhooks.get(call.params["webhook_id"]))


def _url(call: Call, before: str) -> str:
    url = member_of(call.body, "url", str, before)
    if not url.startswith(("http://", "https://")):
        raise invalid(("url", "Please provide a valid URL."))
    if url != before and call.state.readings.webhook_url_checked and not answers(url):
        raise Problem(400, "Bad Request", "The webhook URL did not answer a GET request.")
    return url


def _change(call: Call, webhook: Webhook) -> None:
    for name, switches in (("events", webhook.events), ("sources", webhook.sources)):
        given = member_of(call.body, name, dict, {})
        for switch in given:
            if switch not in switches:
                raise invalid((f"{name}.{switch}", "Value must be one of: " + ", ".join(switches)))
            switches[switch] = member_of(given, switch, bool)
