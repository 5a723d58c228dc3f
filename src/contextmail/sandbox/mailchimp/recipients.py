"""Who is in a segment, and whom a campaign would reach."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from contextmail.sandbox.mailchimp.bodies import member_of, one_of
from contextmail.sandbox.mailchimp.model import Audience, Campaign, Member, Segment
from contextmail.sandbox.mailchimp.problems import Problem, invalid, not_modelled

if TYPE_CHECKING:
    from contextmail.sandbox.mailchimp.state import State

SUBSCRIBED = frozenset({"subscribed"})
CONDITIONS = "options.conditions"

Test = Callable[[Member], bool]

TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "is": operator.eq,
    "not": operator.ne,
    "contains": lambda text, value: value in text,
    "notcontain": lambda text, value: value not in text,
    "starts": str.startswith,
    "ends": str.endswith,
    "blank": lambda text, _: not text,
    "blank_not": lambda text, _: bool(text),
}
NUMBER_TESTS: Mapping[str, Callable[[float, float], bool]] = {
    "is": operator.eq,
    "not": operator.ne,
    "greater": operator.gt,
    "less": operator.lt,
}


def of_campaign(state: State, campaign: Campaign) -> Sequence[Member]:
    """List the subscribed members whom a campaign targets."""
    audience, options = state.lists[campaign.list_id], campaign.segment_opts
    if saved := options.get("saved_segment_id"):
        segment = audience.segments.get(saved)
        return of_segment(state, audience, segment, SUBSCRIBED) if segment else []
    if options.get("conditions"):
        return _meeting(state, audience, options.get("match", "any"), options["conditions"], SUBSCRIBED)
    return audience.members.view("subscribed", lambda member: member.status == "subscribed")


def of_segment(state: State, audience: Audience, segment: Segment, statuses: frozenset[str]) -> list[Member]:
    """List the members of a segment that have one of these statuses."""
    if segment.type == "static":
        name = ("segment", segment.id, statuses)
        return audience.members.view(name, lambda member: member.key in segment.keys and member.status in statuses)
    return _meeting(state, audience, segment.match, segment.conditions, statuses)


def conditions_of(state: State, audience: Audience, options: Any) -> tuple[str, tuple[Any, ...]]:
    """Read what a segment is made of: how its conditions go together, and they.

    Raises Problem for those that the sandbox cannot evaluate.
    """
    match = one_of("options.match", member_of(options, "match", str, "any"), ("any", "all"))
    conditions = tuple(member_of(options, "conditions", list))
    for condition in conditions:
        _test(state, audience, condition)
    return match, conditions


def _meeting(
    state: State, audience: Audience, match: str, conditions: Iterable[Mapping[str, Any]], statuses: frozenset[str]
) -> list[Member]:
    """List who meets the conditions; nobody does where a field or a segment that one names is gone since."""
    try:
        tests = [_test(state, audience, condition) for condition in conditions]
    except Problem:
        return []
    fold = all if match == "all" else any
    return [one for one in audience.members if one.status in statuses and fold(test(one) for test in tests)]


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
        raise invalid(CONDITIONS, "There is no such segment.")
    wanted = condition.get("op") == "static_is"
    return lambda member: (member.key in segment.keys) is wanted


def _merge(audience: Audience, condition: Mapping[str, Any]) -> Test:
    field, op = audience.field_tagged(str(condition.get("field"))), str(condition.get("op"))
    if field is None:
        raise invalid(CONDITIONS, f"The merge field {condition.get('field')} does not exist.")
    if op not in TEXT_TESTS:
        raise not_modelled(f"The operator {op} of TextMerge")
    test, value, number = TEXT_TESTS[op], str(condition.get("value", "")), field.id
    return lambda member: test(str(member.values.get(number, "")), value)


def _bought(state: State, condition: Mapping[str, Any]) -> Test:
    if condition.get("field") != "ecomm_orders":
        raise not_modelled(f"The field {condition.get('field')} of EcommNumber")
    test = NUMBER_TESTS[one_of(CONDITIONS, str(condition.get("op")), NUMBER_TESTS)]
    count = {email: one.orders for store in state.stores.values() for email, one in store.customers_by_email.items()}
    try:
        value = float(str(condition.get("value")))
    except ValueError as error:
        raise invalid(CONDITIONS, f"{condition.get('value')} is no number.") from error
    return lambda member: test(count.get(member.email.lower(), 0), value)
