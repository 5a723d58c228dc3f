"""POST /lists/{list_id}: up to 500 contacts at once, with the errors of single addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contextmail.sandbox.mailchimp.api.members import document, tag, untag
from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.call import Call
from contextmail.sandbox.mailchimp.membership import Writer
from contextmail.sandbox.mailchimp.model import Audience, Member
from contextmail.sandbox.mailchimp.problems import Problem, invalid
from contextmail.sandbox.mailchimp.state import State, key_of


def write(call: Call) -> dict[str, Any]:
    """Write contacts; what one item does wrong is told beside the others' success."""
    items = member_of(call.body, "members", list)
    limit = call.state.limits.batch_members
    if len(items) > limit:
        raise invalid(("members", f"Must have {limit} or fewer items"))
    writer = Writer(call.state, call.audience, validate=not call.flag("skip_merge_validation"))
    update, sync = member_of(call.body, "update_existing", bool, False), member_of(call.body, "sync_tags", bool, False)
    forgiving = bool(call.flag("skip_duplicate_check"))
    created: list[Member] = []
    updated: list[Member] = []
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    for item in items:
        email = str(item.get("email_address", "")) if isinstance(item, dict) else ""
        key = key_of(email)
        try:
            if key in seen:
                if not forgiving:
                    raise _Refused("ERROR_GENERIC", f"{email} occurs more than once in this batch.")
                continue
            seen.add(key)
            member = _write_one(writer, email, item, update=update)
        except _Refused as refused:
            errors.append(_error(email, str(refused), refused.code))
            continue
        except Problem as problem:
            errors.append(_error(email, problem.detail, "ERROR_GENERIC", problem))
            continue
        is_new, written = member
        (created if is_new else updated).append(written)
        _tags(call.state, call.audience, written, item, replace=sync)
    return {
        "new_members": [document(call.state, call.audience, member) for member in created],
        "updated_members": [document(call.state, call.audience, member) for member in updated],
        "errors": errors,
        "total_created": len(created),
        "total_updated": len(updated),
        "error_count": len(errors),
    }


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def _write_one(writer: Writer, email: str, item: Mapping[str, Any], *, update: bool) -> tuple[bool, Member]:
    """Write one item: whether it is new, and the contact."""
    readings = writer.state.readings
    status = member_of(item, "status", str, "")
    member = writer.find(key_of(email))
    if member is None:
        if readings.batch_status_if_new:
            status = member_of(item, "status_if_new", str, status)
        if not status:
            raise _Refused("ERROR_GENERIC", "The status of a new contact is missing.")
        return True, writer.create(email, status, item)
    if not update:
        message = f"{email} is already a list member; provide update_existing:true in the request body to update it."
        raise _Refused("ERROR_CONTACT_EXISTS", message)
    if not status and readings.batch_without_status == "rejected":
        raise _Refused("ERROR_GENERIC", "The status of the contact is missing.")
    if status == "subscribed" and member.status == "unsubscribed" and not readings.batch_resubscribes:
        status = ""
    # An item names its contact by address, so that the address cannot change here but in its case.
    writer.change(member, {**item, "status": status})
    return False, member


def _tags(state: State, audience: Audience, member: Member, item: Mapping[str, Any], *, replace: bool) -> None:
    if "tags" not in item:
        return
    wanted = [str(name) for name in member_of(item, "tags", list, [])]
    if replace:
        for held in [audience.segments[number].name for number in member.segments]:
            if held not in wanted:
                untag(audience, member, held)
    for name in wanted:
        tag(state, audience, member, name)


def _error(email: str, message: str, code: str, problem: Problem | None = None) -> dict[str, Any]:
    field, field_message = problem.errors[0] if problem and problem.errors else ("", "")
    return {
        "email_address": email,
        "error": message,
        "error_code": code,
        "field": field,
        "field_message": field_message,
    }
