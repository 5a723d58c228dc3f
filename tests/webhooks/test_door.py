"""Whoever comes while others are served goes in with the next: all share a commit, and nobody is left waiting."""

import asyncio
import logging
import threading
from collections.abc import Sequence

import pytest
from webhooks.conftest import ADA, left, mailchimp

from contextmail.webhooks.door import Door
from contextmail.webhooks.http import Request, Response
from contextmail.webhooks.receiver import Receiver

PEOPLE = [f"n{number}@example.com" for number in range(30)]


class Slow:
    """The real receiver, which waits at `gate` before each group, and fails at those in `fails`, counted from 1."""

    def __init__(self, receiver: Receiver, fails: Sequence[int] = ()) -> None:
        self.receiver, self.fails = receiver, fails
        self.groups: list[int] = []
        self.began, self.gate = threading.Event(), threading.Event()

    def handle_all(self, requests: Sequence[Request]) -> list[Response]:
        self.groups.append(len(requests))
        self.began.set()
        assert self.gate.wait(30)
        if len(self.groups) in self.fails:
            raise RuntimeError(f"a bug that tells of {ADA}")
        return self.receiver.handle_all(requests)


async def begun(door: Door, slow: Slow, people: Sequence[str]) -> list[asyncio.Task[Response]]:
    """Let the first be served and the others wait at the door."""
    asked = [asyncio.create_task(door.ask(mailchimp(left(people[0]))))]
    await asyncio.to_thread(slow.began.wait, 30)
    asked += [asyncio.create_task(door.ask(mailchimp(left(person)))) for person in people[1:]]
    # Each of them comes as far as the door.
    await asyncio.sleep(0)
    return asked


def statuses(answers: Sequence[Response]) -> list[int]:
    return [answer.status for answer in answers]


def test_all_who_come_meanwhile_share_one_commit(receiver, store) -> None:
    statements: list[str] = []
    store._database._connection.set_trace_callback(statements.append)
    slow = Slow(receiver)

    async def come() -> list[Response]:
        asked = await begun(Door(slow), slow, PEOPLE)
        slow.gate.set()
        return await asyncio.wait_for(asyncio.gather(*asked), 30)

    assert statuses(asyncio.run(come())) == [200] * len(PEOPLE)
    store._database._connection.set_trace_callback(None)
    # Who came first is alone, and a statement by itself needs no transaction.
    assert slow.groups == [1, len(PEOPLE) - 1]
    assert statements.count("COMMIT") == 1
    assert sorted(event.body for event in store.inbox()) == sorted(left(person) for person in PEOPLE)


@pytest.mark.parametrize("gone", [0, 1, 7])
def test_who_hangs_up_harms_nobody(receiver, store, gone) -> None:
    slow = Slow(receiver)

    async def come() -> list[Response]:
        asked = await begun(Door(slow), slow, PEOPLE[:8])
        asked.pop(gone).cancel()
        await asyncio.sleep(0)
        slow.gate.set()
        return await asyncio.wait_for(asyncio.gather(*asked), 30)

    assert statuses(asyncio.run(come())) == [200] * 7
    assert len(store.inbox()) == 8


@pytest.mark.parametrize("fails", [[1], [2], [1, 2]])
def test_whatever_goes_wrong_everybody_is_answered_and_the_next_begin_anew(receiver, store, caplog, fails) -> None:
    slow = Slow(receiver, fails)

    async def come() -> tuple[list[Response], Response]:
        door = Door(slow)
        asked = await begun(door, slow, PEOPLE[:5])
        slow.gate.set()
        answers = await asyncio.wait_for(asyncio.gather(*asked), 30)
        return answers, await asyncio.wait_for(door.ask(mailchimp(left(PEOPLE[9]))), 30)

    answers, later = asyncio.run(come())
    assert statuses(answers) == [503 if 1 in fails else 200] + [503 if 2 in fails else 200] * 4
    assert later.status == 200
    assert left(PEOPLE[9]) in [event.body for event in store.inbox()]
    assert "RuntimeError" in caplog.text and ADA not in caplog.text


def test_a_door_that_is_broken_down_in_the_middle_leaves_nobody_waiting(receiver, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    slow = Slow(receiver)

    async def come() -> list[Response]:
        door = Door(slow)
        asked = await begun(door, slow, PEOPLE[:3])
        assert door._serving
        door._serving.cancel()
        slow.gate.set()
        first = await asyncio.wait_for(asked[0], 30)
        asked.append(asyncio.create_task(door.ask(mailchimp(left(PEOPLE[9])))))
        return [first, *await asyncio.wait_for(asyncio.gather(*asked[1:]), 30)]

    assert statuses(asyncio.run(come())) == [503, 200, 200, 200]
