"""/lists/{list_id}/segments and tag-search: static segments are tags at the same time."""

from __future__ import annotations

from collections.abc import Iterable

from contextmail.sandbox.mailchimp import recipients
from contextmail.sandbox.mailchimp.api.members import document as member_document
from contextmail.sandbox.mailchimp.call import Call, Collection, Document, Shape
from contextmail.sandbox.mailchimp.model import Member, Segment
from contextmail.sandbox.mailchimp.problems import bad_request, invalid
from contextmail.sandbox.mailchimp.state import key_of


def add(call: Call) -> Document:
    """Make a segment: static, of addresses (unknown ones are ignored), or saved, of conditions."""
    audience, name = call.audience, call.given("name", str)
    emails, options = call.body.get("static_segment"), call.body.get("options")
    if (emails is None) is (options is None):
        raise invalid("static_segment", "A segment needs either static_segment or options.")
    if any(segment.name == name for segment in audience.segments.values()):
        raise bad_request("Sorry, that tag already exists.")
    # Whatever is wrong with the rest must be found before the segment is there.
    made = Segment(0, name, "static" if options is None else "saved", call.state.now(), call.state.now())
    members = _members(call, _addresses(call, "static_segment"))
    _change(call, made)
    made.id = call.state.number()
    audience.segments[made.id] = made
    audience.join(made, members)
    return _document(call, made)


def patch(call: Call) -> Document:
    """Rename a segment, or replace its members or conditions."""
    audience, segment = call.audience, SEGMENTS.one(call)
    segment.name = call.given("name", str, segment.name)
    if "static_segment" in call.body:
        wanted = _members(call, _addresses(call, "static_segment"))
        _empty(call, segment)
        audience.join(segment, wanted)
    _change(call, segment)
    segment.updated_at = call.state.now()
    return _document(call, segment)


def delete(call: Call) -> None:
    """Delete a segment; its members stay."""
    segment = SEGMENTS.one(call)
    _empty(call, segment)
    del call.audience.segments[segment.id]


def change_members(call: Call) -> Document:
    """Add and remove members of a static segment, up to 500 each; unknown addresses are ignored."""
    segment, audience = SEGMENTS.one(call), call.audience
    if segment.type != "static":
        raise bad_request("Members of a saved segment come from its conditions.")
    coming, going = _addresses(call, "members_to_add"), _addresses(call, "members_to_remove")
    added = [member for member in _members(call, coming) if member.key not in segment.keys]
    removed = [member for member in _members(call, going) if member.key in segment.keys]
    audience.join(segment, added)
    audience.leave(segment, removed)
    segment.updated_at = call.state.now()
    unknown = [email for email in (*coming, *going) if key_of(email) not in audience.members]
    errors = [{"email_addresses": unknown, "error": "Email addresses do not exist in the audience"}] if unknown else []
    return {
        "members_added": [member_document(call, member) for member in added],
        "members_removed": [member_document(call, member) for member in removed],
        "errors": errors,
        "total_added": len(added),
        "total_removed": len(removed),
        "error_count": len(unknown),
    }


def members(call: Call) -> Document:
    """List a segment's members: the subscribed ones, unless asked for more."""
    return call.page("members", _held(call, SEGMENTS.one(call)), member_document)


def search_tags(call: Call) -> Document:
    """Find tags by the beginning of their names."""
    begin, held = call.query.get("name", "").lower(), call.audience.segments.values()
    found = [one for one in held if one.type == "static" and one.name.lower().startswith(begin)]
    return {"tags": [{"id": one.id, "name": one.name} for one in found], "total_items": len(found)}


def _change(call: Call, segment: Segment) -> None:
    if (options := call.body.get("options")) is not None:
        segment.match, segment.conditions = recipients.conditions_of(call.state, call.audience, options)


def _empty(call: Call, segment: Segment) -> None:
    call.audience.leave(segment, [call.audience.members[key] for key in segment.keys])


def _addresses(call: Call, name: str) -> list[str]:
    emails, limit = call.given(name, list, []), call.state.limits.segment_changes
    if len(emails) > limit:
        raise invalid(name, f"Must have {limit} or fewer items")
    return [str(email) for email in emails]


def _members(call: Call, emails: Iterable[str]) -> list[Member]:
    there = (call.audience.members.get(key_of(email)) for email in emails)
    return list({member.key: member for member in there if member is not None}.values())


def _held(call: Call, segment: Segment) -> list[Member]:
    asked = {kind for kind in ("cleaned", "transactional", "unsubscribed") if call.flag(f"include_{kind}")}
    return recipients.of_segment(call.state, call.audience, segment, recipients.SUBSCRIBED | asked)


def _chosen(call: Call, segments: Iterable[Segment]) -> Iterable[Segment]:
    kind = call.one_of("type", "saved", "static", "fuzzy")
    return (segment for segment in segments if not kind or segment.type == kind)


_SHAPE = Shape("id name type created_at updated_at")


def _document(call: Call, segment: Segment) -> Document:
    static = {"condition_type": "StaticSegment", "field": "static_segment", "op": "static_is", "value": segment.id}
    conditions = [static] if segment.type == "static" else segment.conditions
    options = {"match": segment.match, "conditions": conditions}
    return _SHAPE(call, segment, member_count=len(_held(call, segment)), options=options, list_id=call.audience.id)


SEGMENTS = Collection(
    "segments", "/lists/{list_id}/segments/{segment_id}", lambda call: call.audience.segments, _document, chosen=_chosen
)
