"""/lists/{list_id}/interest-categories: groups, by which people choose topics."""

from __future__ import annotations

from typing import Any

from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.call import Call, found
from contextmail.sandbox.mailchimp.model import InterestCategory
from contextmail.sandbox.mailchimp.problems import invalid

TYPES = ("checkboxes", "dropdown", "radio", "hidden")


def index(call: Call) -> dict[str, Any]:
    """List categories."""
    audience = call.audience
    shown = list(audience.categories.values())
    return call.page("categories", shown, lambda one: _document(call, one), list_id=audience.id)


def get(call: Call) -> dict[str, Any]:
    """Read a category."""
    return _document(call, _category(call))


def add(call: Call) -> dict[str, Any]:
    """Make a category."""
    title, kind = member_of(call.body, "title", str), member_of(call.body, "type", str)
    if kind not in TYPES:
        raise invalid(("type", "Value must be one of: " + ", ".join(TYPES)))
    made = InterestCategory(call.state.short_id(), title, kind)
    call.audience.categories[made.id] = made
    return _document(call, made)


def delete(call: Call) -> None:
    """Delete a category with its interests."""
    del call.audience.categories[_category(call).id]


def interests(call: Call) -> dict[str, Any]:
    """List a category's interests."""
    category = _category(call)
    return call.page(
        "interests",
        list(category.interests),
        lambda id_: _interest(call, category, id_),
        list_id=call.audience.id,
        category_id=category.id,
    )


def interest(call: Call) -> dict[str, Any]:
    """Read an interest."""
    category, id_ = _category(call), call.params["interest_id"]
    found(category.interests.get(id_))
    return _interest(call, category, id_)


def add_interest(call: Call) -> dict[str, Any]:
    """Make an interest."""
    category, id_ = _category(call), call.state.short_id()
    category.interests[id_] = member_of(call.body, "name", str)
    return _interest(call, category, id_)


def delete_interest(call: Call) -> None:
    """Delete an interest."""
    category, id_ = _category(call), call.params["interest_id"]
    found(category.interests.pop(id_, None))


def _category(call: Call) -> InterestCategory:
    return found(call.audience.categories.get(call.params["interest_category_id"]))


def _document(call: Call, one: InterestCategory) -> dict[str, Any]:
    return {"list_id": call.audience.id, "id": one.id, "title": one.title, "display_order": 0, "type": one.type}


def _interest(call: Call, category: InterestCategory, id_: str) -> dict[str, Any]:
    held = sum(id_ in member.interests for member in call.audience.members)
    return {
        "category_id": category.id,
        "list_id": call.audience.id,
        "id": id_,
        "name": category.interests[id_],
        "subscriber_count": str(held),
        "display_order": 0,
    }
