"""What `opting_out.py` plays on: a shop's folder, its account at Mailchimp, its table and its own service, on loopback."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import hearing
from showing import command, output, show

from contextmail.sandbox.mailchimp import Sandbox
from contextmail.sandbox.mailchimp.state import key_of

ADAPTER = Path(__file__).parent.parent / "adapters" / "asgi"
PEOPLE = {
    name: f"{name.lower()}@example.com" for name in ("Ada", "Bea", "Cleo", "Dora", "Emil", "Finn", "Greta", "Hugo")
}
SETTINGS = """\
brand = "Lantern & Lace"
platform = "mailchimp"

[tables.customers]
path = "shop.db::customers"
customer = "id"
first_name = "name"
email = "email"

[consent.systems."mailchimp:{audience}"]
kind = "mailchimp"
audience = "{audience}"

[consent.systems."sql:customers"]        # the source: the shop's own table
kind = "sql"
url = "sqlite:///shop.db"
table = "customers"
endpoint = "email"
permitted = "newsletter"
changed_at = "changed_at"

[consent.systems."webhook:crm"]          # a service of the shop's own
kind = "webhook"
url = "http://127.0.0.1:{port}/consent"
"""
LETTER = """\
---
subject: Candles for the long evenings
purpose: marketing
sender: Lantern & Lace
---
<p>Dear *|FNAME|*,</p>
<p>Six new lights. Thank you for your continued loyalty!</p>
<p>You get this because you asked for it. <a href="*|UNSUB|*">Unsubscribe</a></p>
"""


class Office:
    """A shop whose eight people are subscribed everywhere, and got a newsletter last week."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder, self.sandbox = folder, sandbox
        self.audience = sandbox.state.add_list("Evening lights")
        self.on = f"mailchimp:{self.audience.id}"
        self.hearing_at, self.receiving_at = free_port(), free_port()
        with closing(sqlite3.connect(folder / "shop.db")) as table, table:
            table.execute(
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name, email, newsletter BOOLEAN, changed_at)"
            )
            rows = "INSERT INTO customers (name, email, newsletter, changed_at) VALUES (?, ?, 1, '2025-05-01 00:00:00')"
            table.executemany(rows, PEOPLE.items())
        for name, email in PEOPLE.items():
            sandbox.state.add_member(self.audience, email, values={"FNAME": name})
        self.newsletter = sandbox.state.add_campaign(self.audience, html=LETTER, title="Last week's newsletter")
        sandbox.state.send(self.newsletter.id)
        settings = SETTINGS.format(audience=self.audience.id, port=self.hearing_at)
        (folder / "contextmail.toml").write_text(settings)
        (folder / "candles.html").write_text(LETTER)

    @property
    def env(self) -> dict[str, str]:
        """Give the environment of the shop's commands: the account's address and key, and nobody else's settings."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("CONTEXTMAIL_")}
        return others | {"CONTEXTMAIL_MAILCHIMP_URL": self.sandbox.url, "CONTEXTMAIL_MAILCHIMP_KEY": "sandbox-us1"}

    @property
    def receiver_url(self) -> str:
        """Give where the receiver is reached."""
        return f"http://127.0.0.1:{self.receiving_at}"

    def run(self, *words: str, may_end_with: tuple[int, ...] = (0,)) -> None:
        """Run a command, shown as typed."""
        show(*words, folder=self.folder, may_end_with=may_end_with, env=self.env)

    def output(self, *words: str) -> str:
        """Run a command, shown as typed; give what it prints instead of printing it."""
        return output(*words, folder=self.folder, env=self.env)

    # ------------------------------------------------------------------------------------------ what runs beside it

    @contextmanager
    def service(self, secret: str) -> Iterator[hearing.Server]:
        """Run the shop's own service."""
        print(f"$ CRM_SECRET={secret[:9]}... python examples/hearing.py {self.hearing_at} &\n", flush=True)
        with hearing.Server(secret, self.hearing_at) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            yield server
            server.shutdown()

    @contextmanager
    def receiver(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the webhook receiver, as its README says."""
        words = ["--app-dir", str(ADAPTER), "app:app", "--ws", "none", "--log-level", "warning"]
        print(f"$ uvicorn --app-dir adapters/asgi app:app --port {self.receiving_at} --ws none &\n", flush=True)
        with self._beside(sys.executable, "-m", "uvicorn", *words, "--port", str(self.receiving_at)) as process:
            until(lambda: answers(self.receiving_at))
            yield process

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the worker."""
        print("$ contextmail work &\n", flush=True)
        with self._beside(*command("work")) as process:
            yield process

    @contextmanager
    def _beside(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        with subprocess.Popen(words, cwd=self.folder, env=self.env) as process:
            try:
                yield process
            finally:
                process.kill()

    # --------------------------------------------------------------------------------------------- what people do

    def leave(self, email: str) -> None:
        """Press Unsubscribe in the sandbox's outbox, as that person does; every webhook is told before this returns."""
        page = f"{self.sandbox.address}/outbox/{self.newsletter.id}?person={key_of(email)}"
        print(f"POST {page}\n     choice=manual", flush=True)
        with urllib.request.urlopen(page, urlencode({"choice": "manual"}).encode(), timeout=10):
            self.sandbox.courier.wait()

    def person(self, email: str) -> None:
        """Show what the systems hold of somebody."""
        with closing(sqlite3.connect(self.folder / "shop.db")) as table:
            wanted, at = table.execute(
                "SELECT newsletter, changed_at FROM customers WHERE email = ?", [email]
            ).fetchone()
        with self.sandbox.state.lock:
            contact = self.audience.members[key_of(email)].status
            waits = any(key_of(email) in one.keys for one in self.audience.segments.values())
        print(f"\n{email}")
        print(f"   in the shop's table      newsletter = {wanted}, changed_at = {at}")
        print(f"   at Mailchimp             {contact}")
        print(f"   campaign that waits      {'would be sent to them' if waits else 'is not for them'}", flush=True)


def free_port() -> int:
    """Find a port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def until(reached: Callable[[], Any]) -> None:
    """Wait until something is so, a minute at most."""
    deadline = time.monotonic() + 60
    while not reached():
        if time.monotonic() > deadline:
            sys.exit("the demo waits for something that does not come")
        time.sleep(0.02)
