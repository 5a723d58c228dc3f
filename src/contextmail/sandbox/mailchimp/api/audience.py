"""/lists/{list_id}/merge-fields, interest-categories and webhooks: what an audience has besides people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from contextmail.sandbox.mailchimp.bodies import member_of, one_of
from contextmail.sandbox.mailchimp.call import Call, Collection, Document, Shape
from contextmail.sandbox.mailchimp.deliveries import answers
from contextmail.sandbox.mailchimp.model import InterestCategory, MergeField, Webhook
from contextmail.sandbox.mailchimp.problems import bad_request, invalid

FIELD_TYPES = "text number address phone date url imageurl radio dropdown birthday zip".split()
CHANGEABLE = {name: name for name in ("name", "required", "public", "options", "help_text")}
CHANGEABLE |= {"default_value": "default", "display_order": "order"}
_TAG = re.compile(r"[A-Z0-9_]+")
CATEGORY_TYPES = ("checkboxes", "dropdown", "radio", "hidden")
EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
SOURCES = ("user", "admin", "api")


def add_field(call: Call) -> Document:
    """Add a field; without a tag it gets one."""
    audience, limit = call.audience, call.state.limits.merge_fields
    name, kind = call.given("name", str), one_of("type", call.given("type", str), FIELD_TYPES)
    if len(audience.fields) >= limit:
        raise bad_request(f"This audience has reached the limit of {limit} merge fields.")
    tag = _tag(call, call.given("tag", str, f"MMERGE{audience.next_field}"))
    made = call.state.add_field(audience, tag, name, type=kind)
    _set(made, call)
    return _field(call, made) | {"merge_field_limit": limit, "total_items": len(audience.fields)}


def change_field(call: Call) -> Document:
    """Change a field; a new tag renames it for all contacts."""
    field = FIELDS.one(call)
    tag = call.given("tag", str, field.tag)
    if tag.upper() != field.tag:
        field.tag = _tag(call, tag)
    _set(field, call)
    return _field(call, field)


def _ordered(_call: Call, fields: Iterable[MergeField]) -> list[MergeField]:
    return sorted(fields, key=lambda field: (field.order, field.id))


def _tag(call: Call, given: str) -> str:
    tag, longest = given.upper(), call.state.limits.tag_length
    if not _TAG.fullmatch(tag) or len(tag) > longest:
        raise invalid("tag", f"Merge tags are letters, digits and underscores, {longest} characters or fewer.")
    if call.audience.field_tagged(tag) or tag == "EMAIL":
        raise bad_request(f'A Merge Field with the tag "{tag}" already exists for this list.')
    return tag


def _set(field: MergeField, call: Call) -> None:
    for told, attribute in CHANGEABLE.items():
        before = getattr(field, attribute)
        setattr(field, attribute, call.given(told, type(before), before))


_FIELD = Shape("merge_id=id tag name type required default_value=default public display_order=order help_text")


def _field(call: Call, field: MergeField) -> Document:
    size = {"size": 25} if field.type == "text" else {}
    return _FIELD(call, field, options={**size, **field.options}, list_id=call.audience.id)


# Values are kept by a field's id, and ids never come back: deleting a field deletes every contact's value.
FIELDS = Collection(
    "merge_fields",
    "/lists/{list_id}/merge-fields/{merge_id}",
    lambda call: call.audience.fields,
    _field,
    chosen=_ordered,
)


def add_category(call: Call) -> Document:
    """Make a category."""
    kind = one_of("type", call.given("type", str), CATEGORY_TYPES)
    made = InterestCategory(call.state.short_id(), call.given("title", str), kind)
    call.audience.categories[made.id] = made
    return _category(call, made)


def add_interest(call: Call) -> Document:
    """Make an interest."""
    category, id_ = CATEGORIES.one(call), call.state.short_id()
    category.interests[id_] = call.given("name", str)
    return _interest(call, id_)


def _category(call: Call, one: InterestCategory) -> Document:
    return {"list_id": call.audience.id, "id": one.id, "title": one.title, "display_order": 0, "type": one.type}


def _interest(call: Call, id_: str) -> Document:
    category = CATEGORIES.one(call)
    held = sum(id_ in member.interests for member in call.audience.members)
    where = {"category_id": category.id, "list_id": call.audience.id}
    return {**where, "id": id_, "name": category.interests[id_], "subscriber_count": str(held), "display_order": 0}


CATEGORIES = Collection(
    "categories",
    "/lists/{list_id}/interest-categories/{interest_category_id}",
    lambda call: call.audience.categories,
    _category,
)
INTERESTS = Collection(
    "interests",
    "/lists/{list_id}/interest-categories/{interest_category_id}/interests/{interest_id}",
    lambda call: {id_: id_ for id_ in CATEGORIES.one(call).interests},
    _interest,
)


def webhooks(call: Call) -> Document:
    """List an audience's webhooks, all of them: they do not come by page."""
    shown = [_webhook(call, webhook) for webhook in call.audience.webhooks.values()]
    return {"webhooks": shown, "list_id": call.audience.id, "total_items": len(shown)}


def add_webhook(call: Call) -> Document:
    """Make a webhook; only this answer holds its signing secret."""
    state, url = call.state, _url(call, "")
    secret = hashlib.sha256(f"webhook:{state.seed}:{state.number()}".encode()).hexdigest()
    made = Webhook(state.short_id(), url, dict.fromkeys(EVENTS, False), dict.fromkeys(SOURCES, False), secret)
    _switch(call, made)
    call.audience.webhooks[made.id] = made
    return {**_webhook(call, made), "signing_secret": secret}


def change_webhook(call: Call) -> Document:
    """Change a webhook's address, events and sources."""
    webhook = WEBHOOKS.one(call)
    webhook.url = _url(call, webhook.url)
    _switch(call, webhook)
    return _webhook(call, webhook)


def _url(call: Call, before: str) -> str:
    url = call.given("url", str, before)
    if not url.startswith(("http://", "https://")):
        raise invalid("url", "Please provide a valid URL.")
    if url != before and call.state.readings.webhook_url_checked and not answers(url):
        raise bad_request("The webhook URL did not answer a GET request.")
    return url


def _switch(call: Call, webhook: Webhook) -> None:
    for name, switches in (("events", webhook.events), ("sources", webhook.sources)):
        given = call.given(name, dict, {})
        switches |= {one_of(f"{name}.{switch}", switch, switches): member_of(given, switch, bool) for switch in given}


def _webhook(call: Call, webhook: Webhook) -> Document:
    """Write a webhook; its secret is shown once, by the call that makes it."""
    what = {"events": webhook.events, "sources": webhook.sources, "signing_enabled": bool(webhook.secret)}
    return {"id": webhook.id, "url": webhook.url, **what, "list_id": call.audience.id}


WEBHOOKS = Collection(
    "webhooks", "/lists/{list_id}/webhooks/{webhook_id}", lambda call: call.audience.webhooks, _webhook
)
