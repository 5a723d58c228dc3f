"""Let requests that come at the same time in together: nearly all of a commit is waiting for the disk."""

from __future__ import annotations

import asyncio

from contextmail.webhooks.http import Request, Response
from contextmail.webhooks.receiver import Receiver


class Door:
    """Ask the receiver in a thread, for all who have come while the last ones were served."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self._waiting: list[tuple[Request, asyncio.Future[Response]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, request: Request) -> Response:
        """Give the receiver's answer."""
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answered))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answered

    async def _serve(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            answers = await asyncio.to_thread(self.receiver.handle_all, [request for request, _ in group])
            for (_, answered), answer in zip(group, answers, strict=True):
                # Whoever has hung up by now asks again.
                if not answered.done():
                    answered.set_result(answer)
        self._serving = None
