"""Segments: whom a draft targets, who is in one, and static ones of ours.

A tag is a static segment to the API, so both are named by the same kind of id. A draft that targets several tags is
written `any:12,34` or `all:12,34`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce

from contextmail.connectors.calling import batches
from contextmail.connectors.mailchimp.shapes import Contact, SegmentOptions
from contextmail.connectors.mailchimp.transport import Transport
from contextmail.errors import CapabilityError

CHANGES = 500
"""Addresses that one call adds to a segment or takes from it."""
_TAGS = ("static_is", "static_any", "static_all")


def target_of(options: SegmentOptions) -> str:
    """Give the saved segment or the tags that a draft targets; empty: the whole audience.

    Raises CapabilityError for conditions that were never saved, with the step to take.
    """
    if saved := options.get("saved_segment_id"):
        return str(saved)
    conditions = options.get("conditions") or []
    if not conditions and not options.get("prebuilt_segment_id"):
        return ""
    tags = [str(one.get("value")) for one in conditions if one.get("op") in _TAGS and str(one.get("value")).isdigit()]
    if tags and len(tags) == len(conditions):
        return tags[0] if len(tags) == 1 else f"{options.get('match', 'any')}:{','.join(tags)}"
    raise CapabilityError(
        "the draft targets conditions that are not a saved segment",
        cure="in Mailchimp: Audience > Segments: save one with these conditions, then choose it in the draft",
    )


def segment_keys(transport: Transport, audience: str, segment: str) -> Iterator[str]:
    """Stream the keys of the subscribed contacts of a segment, of any of several, or of all of several."""
    mode, _, listed = segment.rpartition(":")
    each = [_keys(transport, audience, one) for one in listed.split(",")]
    if mode == "all":
        yield from reduce(set.intersection, (set(keys) for keys in each))
    elif mode == "any":
        yield from set[str]().union(*each)
    else:
        yield from each[0]


def _keys(transport: Transport, audience: str, segment: str) -> Iterator[str]:
    found: Iterable[Contact] = transport.rows(
        "lists.get_segment_members_list",
        "members",
        list_id=audience,
        segment_id=segment,
        fields=["members.id", "total_items"],
    )
    for one in found:
        yield one["id"]


def find(transport: Transport, audience: str, name: str) -> str | None:
    """Look for a static segment of exactly this name."""
    return next((id_ for id_, called in listed(transport, audience, type="static") if called == name), None)


def listed(transport: Transport, audience: str, **query: str) -> Iterator[tuple[str, str]]:
    """Stream the id and the name of each segment and tag, or of those of one `type`."""
    fields = ["segments.id", "segments.name", "total_items"]
    for one in transport.rows("lists.list_segments", "segments", list_id=audience, fields=fields, **query):
        yield str(one["id"]), one["name"]


def create(transport: Transport, audience: str, name: str, emails: Iterable[str]) -> str:
    """Create a static segment; one whose creation went unanswered is looked for before it is created again."""

    def make() -> str:
        # Empty at first: so creating it is one small call, and filling it can be done twice.
        body = {"name": name, "static_segment": []}
        return str(transport.call("lists.create_segment", list_id=audience, body=body)["id"])

    made = transport.once(make, lambda: find(transport, audience, name))
    change(transport, audience, made, add=emails, remove=())
    return made


def change(transport: Transport, audience: str, segment: str, *, add: Iterable[str], remove: Iterable[str]) -> None:
    """Add and remove addresses, so many a call; whoever is in it twice or out of it twice is so once."""

    def one(body: dict[str, list[str]]) -> None:
        transport.until_answered("lists.batch_segment_members", list_id=audience, segment_id=segment, body=body)

    # All that leave before any that come: an address may be among both.
    for kind, emails in (("members_to_remove", remove), ("members_to_add", add)):
        for _ in transport.in_order(one, ({kind: batch} for batch in batches(emails, CHANGES))):
            pass
