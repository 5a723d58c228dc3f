"""The webhook receiver as an ASGI app: `uvicorn app:app`, in the folder of contextmail.toml.

Plain ASGI (https://asgi.readthedocs.io): a framework would add a tenth to the time to the first answer, and do nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import closing
from typing import Any

from contextmail import errors, wiring
from contextmail.webhooks import http
from contextmail.webhooks.door import Door

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Answer a request, or open the receiver and close it in the end."""
    await (live if scope["type"] == "lifespan" else answer)(scope, receive, send)


async def live(scope: Message, receive: Receive, send: Send) -> None:
    """Open the receiver before the first request, so that a wrong setting stops the start."""
    await receive()
    # A path holds a secret, and a server's log of accesses would keep it.
    logging.getLogger("uvicorn.access").disabled = True
    try:
        receiver = wiring.receiver()
    except errors.ContextmailError as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    with closing(receiver):
        scope["state"]["door"] = Door(receiver)
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def answer(scope: Message, receive: Receive, send: Send) -> None:
    """Hand a request to the receiver, and its answer back."""
    door: Door = scope["state"]["door"]
    body, more = bytearray(), True
    # The receiver refuses a longer body: no need to read all of it.
    while more and len(body) <= door.receiver.body_limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    request = http.Request(
        method=scope["method"],
        path=scope["path"].removeprefix(scope.get("root_path", "")),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=bytes(body),
        query=scope["query_string"].decode("latin-1"),
    )
    given = await door.ask(request)
    headers = [(b"content-type", given.content_type.encode()), (b"content-length", b"%d" % len(given.body))]
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": given.body})
