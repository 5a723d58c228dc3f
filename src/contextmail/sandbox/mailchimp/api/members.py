"""/lists/{list_id}/members: one contact at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.call import Call, found
from contextmail.sandbox.mailchimp.documents import of_member
from contextmail.sandbox.mailchimp.membership import STATUSES, Writer, exists
from contextmail.sandbox.mailchimp.model import Audience, Member
from contextmail.sandbox.mailchimp.problems import Problem, invalid
from contextmail.sandbox.mailchimp.state import State, key_of

SORTS: dict[str, Callable[[Member], str]] = {
    "timestamp_opt": lambda member: member.signed_up_at.isoformat(),
    "timestamp_signup": lambda member: member.signed_up_at.isoformat(),
    "last_changed": lambda member: member.changed_at.isoformat(),
}


def index(call: Call) -> dict[str, Any]:
    """List contacts by status and time of change."""
    audience = call.audience
    status = call.one_of("status", *STATUSES, "archived")
    since, before = call.moment("since_last_changed"), call.moment("before_last_changed")
    gone_since, unique = call.moment("unsubscribed_since"), call.query.get("unique_email_id", "")
    sort = call.one_of("sort_field", *SORTS)
    if gone_since and status != "unsubscribed":
        raise invalid(("unsubscribed_since", "Only with status=unsubscribed."))
    archived = call.state.readings.archived_listed

    def keep(member: Member) -> bool:
        return (
            (member.status == status if status else archived or member.status != "archived")
            and (since is None or member.changed_at > since)
            and (before is None or member.changed_at < before)
            and (gone_since is None or (member.unsubscribed_at is not None and member.unsubscribed_at > gone_since))
            and (not unique or member.short_id == unique)
        )

    name = (status, since, before, gone_since, unique, sort)
    filtered = any(name[:5]) or not archived
    shown = audience.members.view(name, keep if filtered else None, SORTS.get(sort))
    if call.one_of("sort_dir", "ASC", "DESC") == "DESC":
        shown = shown[::-1]
    return call.page("members", shown, lambda member: document(call.state, audience, member), list_id=audience.id)


def get(call: Call) -> dict[str, Any]:
    """Read one contact."""
    audience = call.audience
    return document(call.state, audience, found(audience.members.get(_key(call))))


def add(call: Call) -> dict[str, Any]:
    """Add a contact, who must not be there; tags may be set here and nowhere else."""
    audience = call.audience
    email, status = member_of(call.body, "email_address", str), member_of(call.body, "status", str)
    writer = _writer(call)
    if writer.find(key_of(email)) is not None:
        raise exists(email)
    member = writer.create(email, status, call.body)
    for name in member_of(call.body, "tags", list, []):
        tag(call.state, audience, member, str(name))
    return document(call.state, audience, member)


def put(call: Call) -> dict[str, Any]:
    """Add a contact, or change the one that is there."""
    email, writer = member_of(call.body, "email_address", str), _writer(call)
    member = writer.find(_key(call))
    if member is None:
        status = member_of(call.body, "status_if_new", str, str(call.body.get("status") or ""))
        if not status:
            raise invalid(("status_if_new", "This value should not be blank."))
        member = writer.create(email, status, call.body)
    else:
        writer.change(member, call.body)
    return document(call.state, call.audience, member)


def patch(call: Call) -> dict[str, Any]:
    """Change a contact that is there; it cannot create."""
    if call.body.get("status") == "transactional":
        raise invalid(("status", "Value must be one of: subscribed, unsubscribed, cleaned, pending"))
    member = found(call.audience.members.get(_key(call)))
    _writer(call).change(member, call.body)
    return document(call.state, call.audience, member)


def archive(call: Call) -> None:
    """Archive a contact."""
    member = found(call.audience.members.get(_key(call)))
    if member.status == "archived":
        raise Problem(405, "Method Not Allowed", "This list member cannot be removed. Please contact support.")
    member.status, member.changed_at = "archived", call.state.now()
    call.audience.members.changed()


def delete_permanently(call: Call) -> None:
    """Delete a contact for good: the address cannot be written again."""
    member = found(call.audience.members.get(_key(call)))
    for number in member.segments:
        call.audience.segments[number].keys.pop(member.key, None)
    call.audience.members.remove(member.key)
    call.audience.forgotten.add(member.key)


def tags(call: Call) -> dict[str, Any]:
    """List a contact's tags."""
    audience = call.audience
    member = found(audience.members.get(_key(call)))
    held = [audience.segments[number] for number in member.segments]
    when = member.changed_at.isoformat(timespec="seconds")
    return call.page("tags", held, lambda tag: {"id": tag.id, "name": tag.name, "date_added": when})


def set_tags(call: Call) -> None:
    """Put tags on a contact, or take them off."""
    audience = call.audience
    member = found(audience.members.get(_key(call)))
    for item in member_of(call.body, "tags", list):
        name, status = member_of(item, "name", str), member_of(item, "status", str)
        if status not in ("active", "inactive"):
            raise invalid(("tags.status", "Value must be one of: active, inactive"))
        if status == "active":
            tag(call.state, audience, member, name)
        else:
            untag(audience, member, name)


def tag(state: State, audience: Audience, member: Member, name: str) -> None:
    """Tag a contact: a tag is a static segment."""
    segment = next((one for one in audience.segments.values() if one.type == "static" and one.name == name), None)
    segment = segment or state.add_segment(audience, name)
    if member.key not in segment.keys:
        segment.keys[member.key] = None
        member.segments = (*member.segments, segment.id)


def untag(audience: Audience, member: Member, name: str) -> None:
    """Take a tag off a contact."""
    for number in member.segments:
        if audience.segments[number].name == name:
            audience.segments[number].keys.pop(member.key, None)
            member.segments = tuple(held for held in member.segments if held != number)


def document(state: State, audience: Audience, member: Member) -> dict[str, Any]:
    """Write a contact with what the stores know of them."""
    for store in state.stores.values():
        bought = store.customers_by_email.get(member.email.lower())
        if bought is not None:
            money = {"total_revenue": bought.spent, "number_of_orders": bought.orders, "currency_code": store.currency}
            return of_member(audience, member, money=money)
    return of_member(audience, member)


def _key(call: Call) -> str:
    # The path takes the hash or the address itself.
    given = call.params["subscriber_hash"]
    return key_of(given) if "@" in given else given.lower()


def _writer(call: Call) -> Writer:
    return Writer(call.state, call.audience, validate=not call.flag("skip_merge_validation"))
