"""Webhooks on their way: delivered in order, in a thread of its own, and sent again when nobody took them."""

from __future__ import annotations

import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be delivered; `write` gives body and headers of each try, which may tell its number and sign its time."""

    url: str
    write: Callable[[int], tuple[bytes, Headers]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to deliver an event: `status` is the receiver's, 0 where none came."""

    url: str
    body: bytes
    headers: Headers
    status: int


class Courier(Generic[T]):
    """Deliver events one after the other; `write` makes an event's letters, `retries` are the seconds between tries."""

    def __init__(self, write: Callable[[T], Iterable[Letter]], retries: Sequence[float], *, timeout: float) -> None:
        self.delivered: list[Delivery] = []
        self._write, self._retries, self._timeout = write, tuple(retries), timeout
        self._waiting: queue.Queue[T | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def put(self, event: T) -> None:
        """Deliver an event when its turn comes."""
        self._waiting.put(event)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop delivering, and drop what is waiting."""
        self._stopping.set()
        self._waiting.put(None)
        self._thread.join()

    def wait(self) -> None:
        """Wait until every event so far was delivered or given up."""
        self._waiting.join()

    def _run(self) -> None:
        while True:
            event = self._waiting.get()
            try:
                if event is None or self._stopping.is_set():
                    return
                for letter in self._write(event):
                    self._deliver(letter)
            finally:
                self._waiting.task_done()

    def _deliver(self, letter: Letter) -> None:
        for number, pause in enumerate((*self._retries, None)):
            body, headers = letter.write(number)
            status = status_of(letter.url, body, headers, timeout=self._timeout)
            self.delivered.append(Delivery(letter.url, body, headers, status))
            if 200 <= status < 300 or pause is None or self._stopping.wait(pause):
                return


def status_of(url: str, body: bytes | None = None, headers: Headers | None = None, *, timeout: float) -> int:
    """Make a call, a POST where there is a body, and give its status: 0 where no answer came."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, body, dict(headers or {})), timeout=timeout
        ) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
