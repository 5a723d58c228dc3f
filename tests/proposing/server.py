"""A model's endpoint on loopback that says what a test has it say, and misbehaves as it is told."""

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Call", dict[str, Any]], None]


class Call(BaseHTTPRequestHandler):
    """One request, and what a behaviour can do with it."""

    server: "Endpoint"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body.decode())
        self.server.headers.append(dict(self.headers))
        try:
            self.server.behaviour(self, json.loads(body))
        except (BrokenPipeError, ConnectionResetError):
            self.server.broken += 1  # the client gave up, as it should

    def send(self, data: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def say(self, content: object) -> None:
        """Answer as a model does, whose message has this content."""
        self.send(json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode())

    def propose(self, text: str) -> None:
        """Answer as it was asked to."""
        self.say(json.dumps({"text": text}))

    def log_message(self, *args: object) -> None:
        """Be quiet."""


class Endpoint(ThreadingHTTPServer):
    """A server of a model; `behaviour` answers, `bodies` and `headers` are what it got."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.behaviour: Behaviour = lambda call, asked: call.propose(text_of(asked))
        self.bodies: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.broken = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def proposes(self, by_text: dict[str, str]) -> None:
        """Propose these texts, and for any other the text itself."""
        self.behaviour = lambda call, asked: call.propose(by_text.get(text_of(asked), text_of(asked)))


def text_of(asked: dict[str, Any]) -> str:
    """Read the phrasebook's text out of a request."""
    return json.loads(asked["messages"][-1]["content"])["text"]


def trickle(call: Call, asked: dict[str, Any]) -> None:
    """Send a byte every now and then, for ever."""
    call.send_response(200)
    call.send_header("Content-Length", "100000")
    call.end_headers()
    while True:
        call.wfile.write(b" ")
        call.wfile.flush()
        time.sleep(0.05)
