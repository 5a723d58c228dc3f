"""POST .../search: filters over one kind of object, two hundred a page and ten thousand in all."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from contextmail.sandbox.hubspot.api.objects import document
from contextmail.sandbox.hubspot.call import Call, Document, member, paging
from contextmail.sandbox.hubspot.model import Record
from contextmail.sandbox.hubspot.problems import Problem

GROUPS, FILTERS, ALL_FILTERS, LETTERS = 5, 6, 18, 3000
TEXTS = {"contacts": "email firstname lastname phone company", "companies": "name domain phone", "deals": "dealname"}
"""What `query` looks through."""
Test = Callable[[str | None], bool]


def search(call: Call) -> Document:
    """Find records that meet all filters of one of the groups."""
    kind, state = call.kind(), call.state
    count = call.given("limit", int, 10)
    at = call.given("after", str, "0")
    after = int(at) if at.isdecimal() else -1
    if min(count, after) < 0 or count > state.limits.search_page or after + count > state.limits.search_total:
        raise Problem(400, f"Search gives {state.limits.search_page} a page and {state.limits.search_total} in all.")
    if len(str(call.body)) > LETTERS:
        raise Problem(400, f"A search has at most {LETTERS} characters.")
    groups = [_group(call, kind, one) for one in _groups(call)]
    words = call.given("query", str, "").lower().split()
    until = state.now() - timedelta(seconds=state.readings.search_lag)

    def meets(record: Record) -> bool:
        return (
            record.updated_at <= until
            and (not groups or any(all(test(record) for test in tests) for tests in groups))
            and (not words or _mentions(kind, record, words))
        )

    found = [one for one in state.records[kind] if meets(one)]
    for sort in reversed(call.given("sorts", list, [])):
        name = sort if isinstance(sort, str) else member(sort, "propertyName", str)
        down = isinstance(sort, dict) and sort.get("direction") == "DESCENDING"
        found.sort(key=lambda one: _key(state.value(kind, one, name)), reverse=down)
    names = call.strings("properties")
    shown = [document(call, kind, one, names) for one in found[after : after + count]]
    more = {"paging": paging(after + count)} if after + count < len(found) else {}
    return {"total": len(found), "results": shown, **more}


def _groups(call: Call) -> list[Any]:
    groups = call.given("filterGroups", list, [])
    sizes = [len(member(one, "filters", list)) for one in groups]
    if len(groups) > GROUPS or sum(sizes) > ALL_FILTERS or max(sizes, default=0) > FILTERS:
        raise Problem(400, f"At most {GROUPS} filterGroups with {FILTERS} filters each, {ALL_FILTERS} in all.")
    return groups


def _group(call: Call, kind: str, group: Any) -> list[Callable[[Record], bool]]:
    def on(one: Any) -> Callable[[Record], bool]:
        name, test = member(one, "propertyName", str), _test(one)
        if name not in call.state.properties[kind]:
            raise Problem(400, f'There was a problem with the request: property "{name}" does not exist.')
        return lambda record: test(call.state.value(kind, record, name))

    return [on(one) for one in member(group, "filters", list)]


def _test(one: Any) -> Test:
    operator, value = member(one, "operator", str), str(one.get("value", "")).lower()
    values = {str(word).lower() for word in member(one, "values", list, [])}
    low, high = _key(value), _key(str(one.get("highValue", "")))
    tests: dict[str, Test] = {
        "HAS_PROPERTY": lambda text: bool(text),
        "NOT_HAS_PROPERTY": lambda text: not text,
        "EQ": lambda text: (text or "").lower() == value,
        "NEQ": lambda text: (text or "").lower() != value,
        "IN": lambda text: (text or "").lower() in values,
        "NOT_IN": lambda text: (text or "").lower() not in values,
        "LT": lambda text: bool(text) and _key(text) < low,
        "LTE": lambda text: bool(text) and _key(text) <= low,
        "GT": lambda text: bool(text) and _key(text) > low,
        "GTE": lambda text: bool(text) and _key(text) >= low,
        "BETWEEN": lambda text: bool(text) and low <= _key(text) <= high,
        "CONTAINS_TOKEN": lambda text: _token(value, text),
        "NOT_CONTAINS_TOKEN": lambda text: not _token(value, text),
    }
    if operator not in tests:
        raise Problem(400, f"The operator {operator} does not exist.")
    return tests[operator]


def _key(text: str | None) -> tuple[float, str]:
    """Order numbers as numbers, moments by their milliseconds, both before texts."""
    for number in (float, _milliseconds):
        with suppress(ValueError, OverflowError):
            return number(text or "-inf"), ""
    return float("inf"), text or ""


def _milliseconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def _token(value: str, text: str | None) -> bool:
    pattern = re.escape(value).replace(r"\*", ".*")
    return re.search(rf"(?<!\w){pattern}(?!\w)", (text or "").lower()) is not None


def _mentions(kind: str, record: Record, words: list[str]) -> bool:
    text = " ".join(record.values.get(name, "") for name in TEXTS.get(kind, "").split()).lower()
    return all(word in text for word in words)
