"""/lists/{list_id}/members, one contact at a time, and POST /lists/{list_id}, up to 500 with errors by address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contextmail.sandbox.mailchimp.bodies import member_of, one_of
from contextmail.sandbox.mailchimp.call import Call, Document, Shape, found, iso
from contextmail.sandbox.mailchimp.membership import STATUSES, Writer, exists
from contextmail.sandbox.mailchimp.model import Audience, Member, Segment
from contextmail.sandbox.mailchimp.problems import Problem, bad_request, invalid
from contextmail.sandbox.mailchimp.state import State, key_of

TAGS_SHOWN = 50
NOWHERE = dict.fromkeys(("latitude", "longitude", "gmtoff", "dstoff"), 0)
_SHAPE = Shape(
    "id=key email_address=email unique_email_id=short_id web_id email_type status timestamp_signup=signed_up_at ip_opt"
    " last_changed=changed_at language vip source",
    consents_to_one_to_one_messaging=True,
    ip_signup="",
    member_rating=2,
    email_client="",
    location={**NOWHERE, "country_code": "", "timezone": "", "region": ""},
)
SORTS: dict[str, Callable[[Member], str]] = {
    "timestamp_signup": lambda member: member.signed_up_at.isoformat(),
    "last_changed": lambda member: member.changed_at.isoformat(),
}


def index(call: Call) -> Document:
    """List contacts by status and time of change."""
    audience, archived = call.audience, call.state.readings.archived_listed
    status, sort = call.one_of("status", *STATUSES, "archived"), call.one_of("sort_field", *SORTS)
    since, gone_since = call.moment("since_last_changed"), call.moment("unsubscribed_since")
    unique = call.query.get("unique_email_id", "")
    if gone_since and status != "unsubscribed":
        raise invalid("unsubscribed_since", "Only with status=unsubscribed.")

    def keep(member: Member) -> bool:
        return (
            (member.status == status if status else archived or member.status != "archived")
            and (since is None or member.changed_at > since)
            and (gone_since is None or (member.unsubscribed_at is not None and member.unsubscribed_at > gone_since))
            and (not unique or member.short_id == unique)
        )

    name = (status, since, gone_since, unique, sort)
    filtered = any(name[:4]) or not archived
    shown = audience.members.view(name, keep if filtered else None, SORTS.get(sort))
    if call.one_of("sort_dir", "ASC", "DESC") == "DESC":
        shown = shown[::-1]
    return call.page("members", shown, document, list_id=audience.id)


def get(call: Call) -> Document:
    """Read one contact."""
    return document(call, _member(call))


def add(call: Call) -> Document:
    """Add a contact, who must not be there; tags may be set here and nowhere else."""
    email, status, writer = call.given("email_address", str), call.given("status", str), _writer(call)
    if writer.find(key_of(email)) is not None:
        raise exists(email)
    member = writer.create(email, status, call.body)
    for name in call.given("tags", list, []):
        tag(call.state, call.audience, member, str(name))
    return document(call, member)


def put(call: Call) -> Document:
    """Add a contact, or change the one that is there."""
    email, writer = call.given("email_address", str), _writer(call)
    member = writer.find(_key(call))
    if member is None:
        status = call.given("status_if_new", str, str(call.body.get("status") or ""))
        if not status:
            raise invalid("status_if_new", "This value should not be blank.")
        member = writer.create(email, status, call.body)
    else:
        writer.change(member, call.body)
    return document(call, member)


def patch(call: Call) -> Document:
    """Change a contact that is there; it cannot create."""
    if call.body.get("status") == "transactional":
        raise invalid("status", "Value must be one of: subscribed, unsubscribed, cleaned, pending")
    member = _member(call)
    _writer(call).change(member, call.body)
    return document(call, member)


def batch(call: Call) -> Document:
    """Write up to 500 contacts; what one item does wrong is told beside the others' success."""
    items, limit = call.given("members", list), call.state.limits.batch_members
    if len(items) > limit:
        raise invalid("members", f"Must have {limit} or fewer items")
    writer = _writer(call)
    update, sync = call.given("update_existing", bool, False), call.given("sync_tags", bool, False)
    forgiving = bool(call.flag("skip_duplicate_check"))
    created: list[Member] = []
    updated: list[Member] = []
    errors: list[Document] = []
    seen: set[str] = set()
    for item in items:
        email = str(item.get("email_address", "")) if isinstance(item, dict) else ""
        key = key_of(email)
        try:
            if key in seen:
                if forgiving:
                    continue
                raise bad_request(f"{email} occurs more than once in this batch.")
            seen.add(key)
            is_new, member = _write_one(writer, email, item, update=update)
        except Problem as problem:
            errors.append(_error(email, problem))
            continue
        (created if is_new else updated).append(member)
        _set_tags(call, member, item, replace=sync)
    return {
        "new_members": [document(call, member) for member in created],
        "updated_members": [document(call, member) for member in updated],
        "errors": errors,
        "total_created": len(created),
        "total_updated": len(updated),
        "error_count": len(errors),
    }


def archive(call: Call) -> None:
    """Archive a contact."""
    member = _member(call)
    if member.status == "archived":
        raise Problem(405, "Method Not Allowed", "This list member cannot be removed. Please contact support.")
    member.status, member.changed_at = "archived", call.state.now()
    call.audience.members.changed()


def delete_permanently(call: Call) -> None:
    """Delete a contact for good: the address cannot be written again."""
    audience, member = call.audience, _member(call)
    for held in _tags(audience, member):
        audience.leave(held, [member])
    audience.members.remove(member.key)
    audience.forgotten.add(member.key)


def tags(call: Call) -> Document:
    """List a contact's tags."""
    member = _member(call)
    when = iso(member.changed_at)
    held = _tags(call.audience, member)
    return call.page("tags", held, lambda _, one: {"id": one.id, "name": one.name, "date_added": when})


def set_tags(call: Call) -> None:
    """Put tags on a contact, or take them off."""
    member = _member(call)
    for item in call.given("tags", list):
        name, status = member_of(item, "name", str), member_of(item, "status", str)
        if one_of("tags.status", status, ("active", "inactive")) == "active":
            tag(call.state, call.audience, member, name)
        else:
            untag(call.audience, member, {name})


def tag(state: State, audience: Audience, member: Member, name: str) -> None:
    """Tag a contact: a tag is a static segment."""
    known = (one for one in audience.segments.values() if one.type == "static" and one.name == name)
    audience.join(next(known, None) or state.add_segment(audience, name), [member])


def untag(audience: Audience, member: Member, names: set[str]) -> None:
    """Take tags off a contact."""
    for held in _tags(audience, member):
        if held.name in names:
            audience.leave(held, [member])


def document(call: Call, member: Member) -> Document:
    """Write a contact, with what the stores know of them; what is not known is left out, never invented."""
    audience, held = call.audience, _tags(call.audience, member)
    values = audience.tagged_values(member.values)
    more: Document = {}
    if audience.categories:
        known = (id_ for category in audience.categories.values() for id_ in category.interests)
        more["interests"] = {id_: id_ in member.interests for id_ in known}
    if member.status == "unsubscribed" and member.unsubscribe_reason:
        more["unsubscribe_reason"] = member.unsubscribe_reason
    if member.sms_status:
        more |= {"sms_phone_number": member.sms_phone, "sms_subscription_status": member.sms_status}
    return _SHAPE(
        call,
        member,
        contact_id=member.key[::-1],
        full_name=f"{values.get('FNAME', '')} {values.get('LNAME', '')}".strip(),
        merge_fields=values,
        stats={"avg_open_rate": 0, "avg_click_rate": 0, **_bought(call.state, member)},
        timestamp_opt=iso(member.opted_at or member.signed_up_at),
        tags_count=len(held),
        tags=[{"id": one.id, "name": one.name} for one in held[:TAGS_SHOWN]],
        list_id=audience.id,
        **more,
    )


def _bought(state: State, member: Member) -> Document:
    email = member.email.lower()
    for store in state.stores.values():
        if one := store.customers_by_email.get(email):
            money = {"total_revenue": one.spent, "number_of_orders": one.orders, "currency_code": store.currency}
            return {"ecommerce_data": money}
    return {}


def _tags(audience: Audience, member: Member) -> list[Segment]:
    return [audience.segments[number] for number in member.segments]


def _key(call: Call) -> str:
    # The path takes the hash or the address itself.
    given = call.params["subscriber_hash"]
    return key_of(given) if "@" in given else given.lower()


def _member(call: Call) -> Member:
    return found(call.audience.members.get(_key(call)))


def _writer(call: Call) -> Writer:
    return Writer(call.state, call.audience, validate=not call.flag("skip_merge_validation"))


def _write_one(writer: Writer, email: str, item: Mapping[str, Any], *, update: bool) -> tuple[bool, Member]:
    """Write one item: whether it is new, and the contact."""
    readings = writer.state.readings
    status = member_of(item, "status", str, "")
    member = writer.find(key_of(email))
    if member is None:
        if readings.batch_status_if_new:
            status = member_of(item, "status_if_new", str, status)
        if not status:
            raise bad_request("The status of a new contact is missing.")
        return True, writer.create(email, status, item)
    if not update:
        cure = "provide update_existing:true in the request body to update it."
        raise Problem(400, "Member Exists", f"{email} is already a list member; {cure}")
    if not status and readings.batch_without_status == "rejected":
        raise bad_request("The status of the contact is missing.")
    if status == "subscribed" and member.status == "unsubscribed" and not readings.batch_resubscribes:
        status = ""
    # An item names its contact by address, so that the address cannot change here but in its case.
    writer.change(member, {**item, "status": status})
    return False, member


def _set_tags(call: Call, member: Member, item: Mapping[str, Any], *, replace: bool) -> None:
    if "tags" not in item:
        return
    wanted = [str(name) for name in member_of(item, "tags", list, [])]
    if replace:
        held = {call.audience.segments[number].name for number in member.segments}
        untag(call.audience, member, held - set(wanted))
    for name in wanted:
        tag(call.state, call.audience, member, name)


def _error(email: str, problem: Problem) -> Document:
    code = "ERROR_CONTACT_EXISTS" if problem.title == "Member Exists" else "ERROR_GENERIC"
    field, message = problem.errors[0] if problem.errors else ("", "")
    told = {"email_address": email, "error": problem.detail, "error_code": code}
    return {**told, "field": field, "field_message": message}
