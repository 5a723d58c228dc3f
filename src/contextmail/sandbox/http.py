"""The server under every sandbox: HTTP/1.1 on loopback, kept alive, one thread a connection, from the standard library.

A fake must be able to misbehave below HTTP (hang up, hold an answer back); a web framework hides just that.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What came in: `path` still quoted, header names in lower case, of equal query names the last; `pairs` has all."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    pairs: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out; an empty body has no content type."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Reply | None]
"""Answers a request; None hangs up without a word."""


class LoopbackServer(ThreadingHTTPServer):
    """Serve `answer` on 127.0.0.1; `port` 0 takes a free one. Closing it ends open connections too."""

    daemon_threads = True
    # A pool that opens its connections at once must not be turned away by the backlog of 5.
    request_queue_size = 128

    def __init__(self, answer: Answer, port: int = 0) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        """Give the port that is listened on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end every connection."""
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                hang_up(connection)
        self.server_close()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection and remember it."""
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection and close it."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that went away; a fault of ours is told as everywhere."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def hang_up(connection: socket.socket) -> None:
    """End a connection both ways."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackServer
    # Head and body leave in one segment: apart, delayed acknowledgements would cost 40 ms a call.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        request = Request(
            self.command,
            parts.path,
            dict(pairs),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            pairs,
        )
        reply = self.server.answer(request)
        if reply is None:
            self.close_connection = True
            hang_up(self.connection)
            return
        self.send_response(reply.status)
        if reply.body:
            self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a request line may hold an address."""
