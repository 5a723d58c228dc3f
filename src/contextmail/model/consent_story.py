"""The story of a permission: what each change did to it, and why it did nothing where it did not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contextmail.model.consent import Act, Change, Permission, Scope, Verdict, fold, permission


@dataclass(frozen=True, slots=True)
class Step:
    """One change with the verdict before and after it, and why it moved nothing where it did not."""

    change: Change
    before: Verdict
    after: Verdict
    note: str


def explain(changes: Iterable[Change], scope: Scope) -> list[Step]:
    """Tell the story of a permission: change by change, in the order in which they were received."""
    known: list[Change] = []
    steps = []
    for change in sorted(changes, key=lambda c: (c.received_at, c.id)):
        before = permission(fold(known), scope)
        known.append(change)
        after = permission(fold(known), scope)
        steps.append(Step(change, before.verdict, after.verdict, _note(change, scope, before, after)))
    return steps


def _note(change: Change, scope: Scope, before: Permission, after: Permission) -> str:
    if change.refused:
        return change.refused
    if before.verdict is not after.verdict:
        return ""
    if not change.scope.covers(scope):
        return f"says nothing of {scope}"
    if change.act is Act.GRANT and after.verdict is Verdict.DENY:
        stands = next(iter(after.reasons))
        return f"does not lift what stands against it: {stands.text}"
    return "changes nothing"
