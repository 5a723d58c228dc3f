"""/lists/{list_id}/segments and tag-search: static segments are tags at the same time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contextmail.sandbox.mailchimp import recipients
from contextmail.sandbox.mailchimp.api.members import document
from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.call import Call, found
from contextmail.sandbox.mailchimp.documents import of_segment
from contextmail.sandbox.mailchimp.model import Member, Segment
from contextmail.sandbox.mailchimp.problems import Problem, invalid
from contextmail.sandbox.mailchimp.state import key_of


def index(call: Call) -> dict[str, Any]:
    """List segments."""
    audience, kind = call.audience, call.one_of("type", "saved", "static", "fuzzy")
    shown = [segment for segment in audience.segments.values() if not kind or segment.type == kind]
    statuses = _statuses(call)
    return call.page(
        "segments", shown, lambda one: of_segment(call.state, audience, one, statuses), list_id=audience.id
    )


def get(call: Call) -> dict[str, Any]:
    """Read a segment."""
    return of_segment(call.state, call.audience, _segment(call), _statuses(call))


def add(call: Call) -> dict[str, Any]:
    """Make a segment: static, of addresses (unknown ones are ignored), or saved, of conditions."""
    name = member_of(call.body, "name", str)
    emails, options = call.body.get("static_segment"), call.body.get("options")
    if (emails is None) is (options is None):
        raise invalid(("static_segment", "A segment needs either static_segment or options."))
    if any(segment.name == name for segment in call.audience.segments.values()):
        raise Problem(400, "Bad Request", "Sorry, that tag already exists.")
    if options is not None:
        match, conditions = member_of(options, "match", str, "any"), tuple(member_of(options, "conditions", list))
        recipients.check(call.state, call.audience, match, conditions)
        segment = call.state.add_segment(call.audience, name, "saved")
        segment.match, segment.conditions = match, conditions
    else:
        wanted = _addresses(call, "static_segment")
        segment = call.state.add_segment(call.audience, name)
        _join(segment, _members(call, wanted))
    return of_segment(call.state, call.audience, segment)


def patch(call: Call) -> dict[str, Any]:
    """Rename a segment, or replace its members or conditions."""
    segment = _segment(call)
    segment.name = member_of(call.body, "name", str, segment.name)
    if "static_segment" in call.body:
        wanted = _members(call, _addresses(call, "static_segment"))
        _leave(segment, [call.audience.members[key] for key in segment.keys])
        _join(segment, wanted)
    if "options" in call.body:
        options = member_of(call.body, "options", dict)
        match, conditions = member_of(options, "match", str, "any"), tuple(member_of(options, "conditions", list))
        recipients.check(call.state, call.audience, match, conditions)
        segment.match, segment.conditions = match, conditions
    segment.updated_at = call.state.now()
    return of_segment(call.state, call.audience, segment)


def delete(call: Call) -> None:
    """Delete a segment; its members stay."""
    segment = _segment(call)
    _leave(segment, [call.audience.members[key] for key in segment.keys])
    del call.audience.segments[segment.id]


def change_members(call: Call) -> dict[str, Any]:
    """Add and remove members of a static segment, up to 500 each; unknown addresses are ignored."""
    segment, audience = _segment(call), call.audience
    if segment.type != "static":
        raise Problem(400, "Bad Request", "Members of a saved segment come from its conditions.")
    coming, going = _addresses(call, "members_to_add"), _addresses(call, "members_to_remove")
    added = [member for member in _members(call, coming) if member.key not in segment.keys]
    removed = [member for member in _members(call, going) if member.key in segment.keys]
    _join(segment, added)
    _leave(segment, removed)
    segment.updated_at = call.state.now()
    unknown = [email for email in (*coming, *going) if key_of(email) not in audience.members]
    errors = [{"email_addresses": unknown, "error": "Email addresses do not exist in the audience"}] if unknown else []
    return {
        "members_added": [document(call.state, audience, member) for member in added],
        "members_removed": [document(call.state, audience, member) for member in removed],
        "errors": errors,
        "total_added": len(added),
        "total_removed": len(removed),
        "error_count": len(unknown),
    }


def members(call: Call) -> dict[str, Any]:
    """List a segment's members: the subscribed ones, unless asked for more."""
    audience = call.audience
    shown = recipients.of_segment(call.state, audience, _segment(call), _statuses(call))
    return call.page("members", shown, lambda member: document(call.state, audience, member))


def search_tags(call: Call) -> dict[str, Any]:
    """Find tags by the beginning of their names."""
    begin = call.query.get("name", "").lower()
    tags = [
        {"id": segment.id, "name": segment.name}
        for segment in call.audience.segments.values()
        if segment.type == "static" and segment.name.lower().startswith(begin)
    ]
    return {"tags": tags, "total_items": len(tags)}


def _segment(call: Call) -> Segment:
    number = call.params["segment_id"]
    return found(call.audience.segments.get(int(number)) if number.isdecimal() else None)


def _statuses(call: Call) -> frozenset[str]:
    asked = {kind for kind in ("cleaned", "transactional", "unsubscribed") if call.flag(f"include_{kind}")}
    return recipients.SUBSCRIBED | asked


def _addresses(call: Call, name: str) -> list[str]:
    emails = member_of(call.body, name, list, [])
    limit = call.state.limits.segment_changes
    if len(emails) > limit:
        raise invalid((name, f"Must have {limit} or fewer items"))
    return [str(email) for email in emails]


def _members(call: Call, emails: Iterable[str]) -> list[Member]:
    found_ones = (call.audience.members.get(key_of(email)) for email in emails)
    return list({member.key: member for member in found_ones if member is not None}.values())


def _join(segment: Segment, members: Iterable[Member]) -> None:
    for member in members:
        segment.keys[member.key] = None
        member.segments = (*member.segments, segment.id)


def _leave(segment: Segment, members: Iterable[Member]) -> None:
    for member in members:
        segment.keys.pop(member.key, None)
        member.segments = tuple(number for number in member.segments if number != segment.id)
