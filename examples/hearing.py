"""Hear of consent in a service of one's own: each message is verified, and counts once however often it comes.

    contextmail webhooks secret webhook:crm                    # shown once
    CRM_SECRET=whsec_... python examples/hearing.py 8031       # the url of [consent.systems."webhook:crm"]

contextmail tells it by Standard Webhooks, https://www.standardwebhooks.com; to verify them takes that library alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


class Server(ThreadingHTTPServer):
    """The service; `heard` keeps the ids of the messages that counted."""

    def __init__(self, secret: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), Answers)
        self.webhook, self.heard = Webhook(secret), set[str]()
        self.before_answering: Callable[[], None] = lambda: None

    def hear(self, known: str, event: dict[str, Any]) -> None:
        """Take a verified message; of whom it tells is nobody's business here."""
        data = event["data"]
        where = "/".join(data[part] for part in ("channel", "purpose", "list", "topic") if data.get(part))
        what = " ".join(filter(None, (where, data.get("choice") or data.get("kind")))) or "everything"
        done = "heard before, nothing is done" if known in self.heard else "kept"
        print(f"   the shop's service hears {event['type']} {known[:12]}…  {what}: {done}", flush=True)
        self.heard.add(known)


class Answers(BaseHTTPRequestHandler):
    """Answer 204 to a message that is verified, 401 to any other."""

    server: Server

    def do_POST(self) -> None:
        """Take one message."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            event = self.server.webhook.verify(body, headers)
        except Exception:  # noqa: BLE001  # the library raises more than its own error for what is odd
            self.send_response(401)
        else:
            self.server.hear(headers["webhook-id"], event)
            self.server.before_answering()
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep no log of requests."""


if __name__ == "__main__":
    server = Server(os.environ["CRM_SECRET"], int(sys.argv[1]))
    print(f"hearing at http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
