"""Ask people to do what a campaign does not: whoever is rerouted to a person becomes a task for the contact's owner."""

from __future__ import annotations

from collections.abc import Iterator

from contextmail.applying.desk import Desk
from contextmail.connectors.base import Task
from contextmail.engines.lines import pages
from contextmail.model.plan import Plan
from contextmail.planning.audience import TO_A_PERSON
from contextmail.planning.folder import DECISIONS

_STEP = "tasks"


def make_tasks(desk: Desk, plan: Plan) -> int:
    """Make the tasks of a run, where the platform keeps any; those that are there stay as they are. Count those made."""
    if desk.target.tasks is None:
        return 0
    desk.runs.before(desk.run, _STEP)
    tasks = (Task(key, _subject(plan, to), _why(reason, to)) for key, reason, to in _rerouted(desk))
    made = desk.target.tasks.make(desk.run, tasks)
    desk.runs.after(desk.run, _STEP, made=made)
    return made


def delete_tasks(desk: Desk) -> list[str]:
    """Delete the tasks of a run that nobody has begun; say what is left."""
    if not desk.runs.began(desk.run, _STEP):
        return []
    if desk.target.tasks is None:
        return ["the tasks for people: the settings want none any more"]
    desk.target.tasks.delete(desk.run, (key for key, _, _ in _rerouted(desk)))
    return []


def _rerouted(desk: Desk) -> Iterator[tuple[str, str, str]]:
    rows = f'(SELECT key, reason, coalesce("to", \'\') AS "to" FROM {desk.file(DECISIONS)} WHERE {TO_A_PERSON})'
    return (row for row in pages(desk.engine, rows, "key"))


def _subject(plan: Plan, to: str) -> str:
    return f"{'Call' if to == 'call' else 'Talk to them'}, in place of the e-mail {plan.message.id!r}"


def _why(reason: str, to: str) -> str:
    return f"They did not get it: {reason}{f', to {to}' if to else ''}."
