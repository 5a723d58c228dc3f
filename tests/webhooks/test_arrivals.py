"""Events that come at the same time share a commit, and each sender hears of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from webhooks.conftest import NOW

from contextmail.model.consent import Assurance
from contextmail.store.base import StoreDownError
from contextmail.webhooks.arrivals import Arrivals

KEYS = ["a", "b", "c", "b", "d", "e", "f", "a"]


def keep_all(store, before_commit=lambda: None) -> list[object]:
    """Let eight threads come while the store is busy with something else; give what each of them heard."""
    arrivals = Arrivals(store)

    def keep(key: str) -> object:
        try:
            return arrivals.keep("standard", "crm", key, Assurance.SIGNED, key.encode(), NOW)
        except StoreDownError as error:
            return str(error)

    with ThreadPoolExecutor(len(KEYS)) as threads:
        with store.transaction():
            heard = [threads.submit(keep, key) for key in KEYS]
            while len(arrivals._waiting) < len(KEYS) - 1:
                threading.Event().wait(0.01)
            before_commit()
        return [one.result() for one in heard]


def test_what_comes_while_a_commit_is_under_way_shares_the_next_one(store) -> None:
    statements: list[str] = []
    store._database._connection.set_trace_callback(statements.append)
    heard = keep_all(store)
    store._database._connection.set_trace_callback(None)
    # The commit of the busy one and that of all the others; who came first is alone, and a statement needs none.
    assert statements.count("COMMIT") == 2
    assert heard.count(True) == len(set(KEYS)) and heard.count(False) == 2
    assert sorted(event.body.decode() for event in store.inbox()) == sorted(set(KEYS))


def test_when_it_cannot_be_kept_every_sender_hears_so(store, monkeypatch) -> None:
    def full(*event: object) -> bool:
        raise StoreDownError("the disk is full")

    heard = keep_all(store, lambda: monkeypatch.setattr(store, "receive", full))
    monkeypatch.undo()
    # Who came first was under way already.
    assert heard.count("the disk is full") == len(KEYS) - 1
    assert len(store.inbox()) == 1
    assert Arrivals(store).keep("standard", "crm", "z", Assurance.SIGNED, b"z", NOW) is True


@pytest.mark.parametrize("times", [1, 3])
def test_one_alone_is_kept_and_known_again(store, times) -> None:
    arrivals = Arrivals(store)
    heard = [arrivals.keep("standard", "crm", "a", Assurance.SIGNED, b"a", NOW) for _ in range(times)]
    assert heard == [True, *[False] * (times - 1)]
