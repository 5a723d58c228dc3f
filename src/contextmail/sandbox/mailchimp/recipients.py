"""Who is in a segment, and whom a campaign would reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from contextmail.sandbox.mailchimp.bodies import member_of
from contextmail.sandbox.mailchimp.model import Audience, Campaign, Member, Segment
from contextmail.sandbox.mailchimp.problems import Problem, invalid, not_modelled

if TYPE_CHECKING:
    from contextmail.sandbox.mailchimp.state import State

SUBSCRIBED = frozenset({"subscribed"})

Test = Callable[[Member], bool]


def of_campaign(state: State, campaign: Campaign) -> Sequence[Member]:
    """List the subscribed members whom a campaign targets."""
    audience, options = state.lists[campaign.list_id], campaign.segment_opts
    saved = options.get("saved_segment_id")
    if saved:
        segment = audience.segments.get(saved)
        return of_segment(state, audience, segment, SUBSCRIBED) if segment else []
    if options.get("conditions"):
        match, conditions = options.get("match", "any"), tuple(options["conditions"])
        keep = _if_possible(lambda: _all_or_any(state, audience, match, conditions))
        return [member for member in audience.members if member.status == "subscribed" and keep(member)]
    return audience.members.view("subscribed", lambda member: member.status == "subscribed")


def of_segment(state: State, audience: Audience, segment: Segment, statuses: frozenset[str]) -> list[Member]:
    """List the members of a segment that have one of these statuses."""
    if segment.type == "static":
        found = (audience.members.get(key) for key in segment.keys)
        return [member for member in found if member is not None and member.status in statuses]
    keep = _if_possible(lambda: _all_or_any(state, audience, segment.match, segment.conditions))
    return [member for member in audience.members if member.status in statuses and keep(member)]


def check(state: State, audience: Audience, match: str, conditions: tuple[Any, ...]) -> None:
    """Raise Problem for conditions that the sandbox cannot evaluate, before they are stored."""
    if match not in ("any", "all"):
        raise invalid(("options.match", "Value must be one of: any, all"))
    _all_or_any(state, audience, match, conditions)


def _if_possible(make: Callable[[], Test]) -> Test:
    """Make a test; where a field or a segment that it names is gone since, it is true of nobody."""
    try:
        return make()
    except Problem:
        return _nobody


def _nobody(_member: Member) -> bool:
    return False


def _all_or_any(state: State, audience: Audience, match: str, conditions: tuple[Mapping[str, Any], ...]) -> Test:
    tests = [_test(state, audience, condition) for condition in conditions]
    fold = all if match == "all" else any
    return lambda member: fold(test(member) for test in tests)


def _test(state: State, audience: Audience, condition: Mapping[str, Any]) -> Test:
    kind = member_of(condition, "condition_type", str)
    match kind:
        case "StaticSegment":
            return _static(audience, condition)
        case "TextMerge":
            return _merge(audience, condition)
        case "EcommNumber":
            return _bought(state, condition)
    raise not_modelled(f"The segment condition {kind}")


def _static(audience: Audience, condition: Mapping[str, Any]) -> Test:
    segment = audience.segments.get(member_of(condition, "value", int))
    if segment is None:
        raise invalid(("options.conditions", "There is no such segment."))
    wanted = condition.get("op") == "static_is"
    return lambda member: (member.key in segment.keys) is wanted


def _merge(audience: Audience, condition: Mapping[str, Any]) -> Test:
    field = audience.field_tagged(str(condition.get("field")))
    if field is None:
        raise invalid(("options.conditions", f"The merge field {condition.get('field')} does not exist."))
    value, number = str(condition.get("value", "")), field.id
    tests: dict[str, Callable[[str], bool]] = {
        "is": lambda text: text == value,
        "not": lambda text: text != value,
        "contains": lambda text: value in text,
        "notcontain": lambda text: value not in text,
        "starts": lambda text: text.startswith(value),
        "ends": lambda text: text.endswith(value),
        "blank": lambda text: not text,
        "blank_not": lambda text: bool(text),
    }
    op = str(condition.get("op"))
    if op not in tests:
        raise not_modelled(f"The operator {op} of TextMerge")
    return lambda member: tests[op](str(member.values.get(number, "")))


def _bought(state: State, condition: Mapping[str, Any]) -> Test:
    if condition.get("field") != "ecomm_orders":
        raise not_modelled(f"The field {condition.get('field')} of EcommNumber")
    count = {one.email.lower(): one.orders for store in state.stores.values() for one in store.customers.values()}
    value = _number(condition.get("value"))
    tests: dict[str, Callable[[float], bool]] = {
        "is": lambda orders: orders == value,
        "not": lambda orders: orders != value,
        "greater": lambda orders: orders > value,
        "less": lambda orders: orders < value,
    }
    op = str(condition.get("op"))
    if op not in tests:
        raise invalid(("options.conditions", f"{op} is no operator of EcommNumber."))
    return lambda member: tests[op](count.get(member.email.lower(), 0))


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError as error:
        raise invalid(("options.conditions", f"{value} is no number.")) from error
