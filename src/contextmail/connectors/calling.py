"""What connections to every platform share: calls at the same time and in order, tries, the words of failures.

What is tried again, and what is not:

    refused before any work    too many calls, a lock, no connection: every call
    no answer, or a 5xx        a call that ends the same made once or twice. The wait for an answer outlasts the
                               server's own, so that nothing is repeated while it still runs there
                               any other: UncertainError, since it may have been carried out. Whoever made the call
                               looks at what is there first, and makes again only what is not
    anything else              never
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, Literal, TypeVar

import tenacity

from contextmail.connectors.gate import gate_of
from contextmail.errors import PlatformError, RetryableError, UncertainError

CONNECT_TIMEOUT = 10.0
LONGEST_WAIT = 30.0
"""Seconds between two tries; a platform that asks to be left alone for longer is not asked again."""

_AN_HOUR = 3600.0
_BETWEEN = 4
"""Threads that are between two calls, beside those that make one."""
_ADDRESS = re.compile(r"[^\s<>\"(),;:]+@[^\s<>\"'(),;:]+")
_NOT_SENT = {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ConnectTimeout", "ProxyError"}
"""Errors of urllib3, by which `requests` calls too, and of `requests`."""

A = TypeVar("A")
B = TypeVar("B")


@dataclass(slots=True)
class Tally:
    """What was asked of a platform: calls that read, calls that write, tries beyond the first, seconds under way."""

    reads: int = 0
    writes: int = 0
    repeated: int = 0
    busy: float = 0.0


class Calling:
    """Make calls to one host: as many at the same time as it allows, counted, and again where that is safe."""

    def __init__(self, host: str, *, connections: int, attempts: int, wait: float) -> None:
        self.tally = Tally()
        self._counting = threading.Lock()
        self._gate = gate_of(host, connections)
        # More threads than connections: while one reads an answer or writes a body, its connection is another's.
        self._pool = ThreadPoolExecutor(connections + _BETWEEN, thread_name_prefix=host)
        # Enough that a slow call does not leave the other connections idle, few enough to hold in memory.
        self._ahead = 2 * connections
        self._wait = wait
        self._backoff = tenacity.wait_exponential(wait, max=LONGEST_WAIT) + tenacity.wait_random(0, wait)
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_be_repeated),
            stop=tenacity.stop_after_attempt(attempts),
            wait=self._pause,
            before_sleep=self._count_repeated,
            reraise=True,
        )
        self._insisting = self._retrying.copy(retry=tenacity.retry_if_exception_type(UncertainError))

    def once(self, make: Callable[[], A], find: Callable[[], A | None]) -> A:
        """Make a call that went unanswered again only after a look: what `find` finds is taken in its place.

        Raises UncertainError where all tries went unanswered.
        """
        looks = False

        def make_or_find() -> A:
            nonlocal looks
            if looks and (there := find()) is not None:
                return there
            looks = True
            return make()

        return self._insisting(make_or_find)

    def in_order(self, function: Callable[[A], B], items: Iterable[A], *, ahead: int = 0) -> Iterator[B]:
        """Apply a function that makes calls to each item, as many at the same time as there are connections.

        Results come in the order of the items, `ahead` of whoever takes them (0: twice the connections); large items
        want few. The function itself must not use this: it would wait for a place that it holds.
        """
        waiting: deque[Future[B]] = deque()
        coming = iter(items)
        try:
            waiting.extend(self._pool.submit(function, item) for item in islice(coming, ahead or self._ahead))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(self._pool.submit(function, item) for item in islice(coming, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Let the threads go; calls under way end first."""
        self._pool.shutdown(cancel_futures=True)

    def _passing(self, send: Callable[[], A], *, writes: bool) -> A:
        """Send when there is a free connection, and count."""
        with self._gate.passing():
            began = time.perf_counter()
            try:
                return send()
            finally:
                seconds = time.perf_counter() - began
                with self._counting:
                    self.tally.busy += seconds
                    self.tally.reads += not writes
                    self.tally.writes += writes

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Wait for longer from try to try, and for as long as the platform asks; not at all where `wait` is 0."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if self._wait and isinstance(error, RetryableError) else 0.0
        return max(self._backoff(state), asked)

    def _count_repeated(self, state: tenacity.RetryCallState) -> None:
        with self._counting:
            self.tally.repeated += 1


def batches(items: Iterable[A], size: int) -> Iterator[list[A]]:
    """Cut items into lists of `size`, the last one shorter."""
    coming = iter(items)
    while batch := list(islice(coming, size)):
        yield batch


def unless_gone(call: Callable[[], A], *, means: Collection[int] = (HTTPStatus.NOT_FOUND,)) -> A | None:
    """Make a call about what may have been deleted meanwhile; None: it was, as a status among `means` says."""
    try:
        return call()
    except PlatformError as error:
        if error.status not in means:
            raise
        return None


def without_addresses(text: str) -> str:
    """Write "an address" in place of each, since what an error says may be shown to anybody."""
    return _ADDRESS.sub("an address", text)


def phrase(status: int) -> str:
    """Name an HTTP status: `404 Not Found`."""
    known = {int(code): code.phrase for code in HTTPStatus}
    return f"{status} {known.get(status, 'without a reason')}"


def asked_to_wait(retry_after: str) -> float:
    """Read `Retry-After`, seconds or a date (RFC 9110, 10.2.3), as seconds from now: an hour at most, 0 for none."""
    if retry_after.isdecimal():
        return min(float(retry_after), _AN_HOUR)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - datetime.now(UTC)).total_seconds(), 0.0), _AN_HOUR)


def unanswered(
    error: Exception, platform: str, where: str, *, why: Literal["late", "certificate", "broken"], repeat: bool
) -> PlatformError:
    """Tell a call that never left from one that may have arrived; `repeat`: it ends the same made once or twice."""
    cure = "check the network, then run the same command again"
    if why == "certificate":
        return PlatformError("the certificate is not trusted", where=where, cure="check the proxy and the clock")
    reason: Any = getattr(error.args[0], "reason", None) if error.args else None
    if {type(error).__name__, type(reason).__name__} & _NOT_SENT:
        return RetryableError(f"{platform} cannot be reached", where=where, cure=cure)
    kind = RetryableError if repeat else UncertainError
    return kind("no answer in time" if why == "late" else "the connection broke", where=where, cure=cure)


def _may_be_repeated(error: BaseException) -> bool:
    return isinstance(error, RetryableError) and not isinstance(error, UncertainError) and error.after <= LONGEST_WAIT
