"""Decide in a service of one's own: a compiled campaign is loaded once, then answers for one customer at a time.

    contextmail compile examples/gift_shop/winter.html -o winter.json
    python examples/service.py winter.json 8080
    curl -d '{"orders": 1, "first_name": "Ada", "consent_email_marketing": "granted"}' http://127.0.0.1:8080/

The body is what you know of the customer, by the facts' names; a fact that is absent is unknown. Loading and deciding
need the standard library and pydantic alone: no engine, no rules, no network.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from contextmail import Campaign, RecordRejected


def answer(campaign: Campaign, facts: dict[str, Any]) -> dict[str, Any]:
    """Give what becomes of the campaign for one customer, and why."""
    one = campaign.decide(facts)
    return {
        "outcome": one.outcome,
        "reason": one.reason,
        "until": one.decision.until,
        "parts": one.parts if one.outcome == "send" else {},
        "untrue": sorted({evidence.rule for evidence in one.evidence() if evidence.verdict is not True}),
    }


class Service(BaseHTTPRequestHandler):
    """Answer POST with a JSON object of facts."""

    def __init__(self, campaign: Campaign, *rest: Any) -> None:
        self.campaign = campaign
        super().__init__(*rest)

    def do_POST(self) -> None:
        """Decide for one customer; 400 for what is no row of facts."""
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self.reply(200, answer(self.campaign, dict(json.loads(sent))))
        except (ValueError, TypeError, RecordRejected) as error:
            self.reply(400, {"error": str(error)})

    def reply(self, status: int, document: dict[str, Any]) -> None:
        """Send a document as JSON."""
        body = json.dumps(document, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    loaded = Campaign.load(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), partial(Service, loaded))
    print(f"deciding at http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
