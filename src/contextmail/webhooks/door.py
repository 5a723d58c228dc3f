"""Let requests that come at the same time in together: nearly all of a commit is waiting for the disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from contextmail.webhooks.http import Request, Response
from contextmail.webhooks.receiver import Receiver

_LATER = Response(503, b"try again later\n")
_log = logging.getLogger(__name__)


class Door:
    """Ask the receiver in a thread, for all who have come while the last ones were served."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self._waiting: list[tuple[Request, asyncio.Future[Response]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, request: Request) -> Response:
        """Give the receiver's answer; 503 where it gives none, and the sender tries again."""
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answered))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answered

    async def _serve(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._answer(group)
        finally:
            # Whatever ends this, the next who comes begins anew, and takes along who waits.
            self._serving = None

    async def _answer(self, group: Sequence[tuple[Request, asyncio.Future[Response]]]) -> None:
        answers = [_LATER] * len(group)
        try:
            answers = await asyncio.to_thread(self.receiver.handle_all, [request for request, _ in group])
        except Exception as error:  # noqa: BLE001  # nobody may be left waiting; each sender keeps its event
            _log.error("nobody of %d was answered: %s", len(group), type(error).__name__)
        finally:
            for (_, answered), answer in zip(group, answers, strict=True):
                # Whoever has hung up by now asks again.
                if not answered.done():
                    answered.set_result(answer)
