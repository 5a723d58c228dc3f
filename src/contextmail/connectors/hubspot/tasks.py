"""Tasks for people: whoever is rerouted to a person is told to the owner of the contact, with the reason, and once.

A task is found again by the contact that it is about and by the run in its body: not by search, which lags behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from contextmail.connectors.base import Task
from contextmail.connectors.calling import batches
from contextmail.connectors.hubspot.records import related
from contextmail.connectors.hubspot.transport import PAGE, Transport
from contextmail.errors import UncertainError

_ABOUT_A_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}
_TASKS = "/crm/v3/objects/tasks/batch"
_TRIES = 3


class HubspotTasks:
    """The tasks of one portal."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def make(self, run: str, tasks: Iterable[Task]) -> int:
        """Make a task for the owner of each contact that has one; one that the run has made stays. Count those made."""
        return sum(self._batch(run, batch) for batch in batches(tasks, PAGE))

    def delete(self, run: str, keys: Iterable[str]) -> int:
        """Delete the run's tasks about these contacts that nobody has begun. Count them."""
        count = 0
        for batch in batches(keys, PAGE):
            going = [
                {"id": task["id"]}
                for _, task in self._made(run, batch)
                if task["properties"].get("hs_task_status") == "NOT_STARTED"
            ]
            for some in batches(going, PAGE):
                self._transport.send("POST", f"{_TASKS}/archive", body={"inputs": some})
                count += len(some)
        return count

    def _batch(self, run: str, batch: list[Task]) -> int:
        owners = self._owners([task.key for task in batch])
        made = 0
        for attempt in range(1, _TRIES + 1):
            there = {key for key, _ in self._made(run, list(owners))}
            wanted = [_task(run, one, owners[one.key]) for one in batch if one.key in owners and one.key not in there]
            if not wanted:
                return made
            try:
                return made + len(self._transport.one_batch(f"{_TASKS}/create", wanted, repeat=False).results)
            except UncertainError:
                # It may have been carried out: look before it is tried again.
                if attempt == _TRIES:
                    raise
                made += len({key for key, _ in self._made(run, list(owners))} - there)
        return made

    def _owners(self, keys: list[str]) -> dict[str, str]:
        body = {"properties": ["hubspot_owner_id"]}
        read = self._transport.batch("/crm/v3/objects/contacts/batch/read", _ids(keys), size=PAGE, body=body)
        found = [one for answer in read for one in answer.results]
        return {str(one["id"]): owner for one in found if (owner := one["properties"].get("hubspot_owner_id"))}

    def _made(self, run: str, keys: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Stream the tasks that a run has made about these contacts, with the contact."""
        tasks = related(self._transport, "contacts", "tasks", keys)
        about = {task: key for key, those in tasks.items() for task in those}
        body = {"properties": ["hs_task_body", "hs_task_status"]}
        for answer in self._transport.batch(f"{_TASKS}/read", _ids(about), size=PAGE, body=body):
            for task in answer.results:
                if _mark(run) in (task["properties"].get("hs_task_body") or ""):
                    yield about[str(task["id"])], task


def _task(run: str, task: Task, owner: str) -> dict[str, Any]:
    return {
        # So that what is wrong with one row refuses no other, and is told of that one.
        "objectWriteTraceId": task.key,
        "properties": {
            "hs_timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "hs_task_subject": task.subject,
            "hs_task_body": f"{task.reason} {_mark(run)}",
            "hs_task_status": "NOT_STARTED",
            "hs_task_type": "TODO",
            "hubspot_owner_id": owner,
        },
        "associations": [{"to": {"id": task.key}, "types": [_ABOUT_A_CONTACT]}],
    }


def _mark(run: str) -> str:
    return f"(contextmail {run})"


def _ids(keys: Iterable[str]) -> list[dict[str, str]]:
    return [{"id": key} for key in keys]
