"""The webhook receiver: how soon it answers after its start, and what it takes in without losing any.

python benchmarks/receiver.py [--seconds 60]

Signed events of Mailchimp over HTTP on loopback, uvicorn before SQLite with synchronous=FULL. The time of an answer
counts from the moment at which the event was due to be sent, so that waiting behind a slow one is not left out.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import parse_qs, urlencode

from measuring import row

from contextmail.store.sealing import Sealer, new_keys
from contextmail.store.sqlite_consent import SqliteConsentStore

HERE = Path(__file__).resolve().parent
APPS = {"contextmail": ("app:app", HERE.parent / "adapters" / "asgi"), "FastAPI": ("fastapi_receiver:app", HERE)}
AUDIENCE, TOKEN, SECRET = "a6b5da1054", "t" * 32, "mailchimp-signs-with-this"
SENDERS, RATE, TWICE = 8, 500, 50
"""Every fiftieth event is sent twice."""


@contextmanager
def served(name: str, folder: Path, keys: dict[str, str]) -> Iterator[int]:
    """Start a receiver; gives its port, on which nobody may listen yet."""
    app, home = APPS[name]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", app, "--app-dir", str(home), "--port", str(port)]
    command += ["--no-access-log", "--ws", "none", "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=folder, env=os.environ | keys)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def connected(port: int) -> socket.socket:
    """Connect as soon as somebody listens."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            time.sleep(0.001)


def event(who: str) -> bytes:
    """Write an unsubscribe of somebody, as long as Mailchimp's own."""
    data = {
        "action": "unsub",
        "reason": "manual",
        "id": "8a25ff1d98",
        "email": f"{who}@example.com",
        "list_id": AUDIENCE,
    }
    data |= {"email_type": "html", "ip_opt": "192.0.2.1", "web_id": "758348498", "campaign_id": "cb398d21d2"}
    data |= {f"merges][{tag}": "" for tag in ("EMAIL", "FNAME", "LNAME", "ADDRESS", "PHONE", "BIRTHDAY")}
    fields = {"type": "unsubscribe", "fired_at": "2026-05-31 08:59:30"}
    return urlencode(fields | {f"data[{name}]": value for name, value in data.items()}).encode()


def signed(body: bytes) -> bytes:
    """Write the whole request of an event."""
    at = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    head = (
        f"POST /hooks/mailchimp/{AUDIENCE}/{TOKEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nX-Mailchimp-Signature: t={at},v1={signature}\r\n\r\n"
    )
    return head.encode() + body


def post(connection: socket.socket, request: bytes) -> bool:
    """Post an event; tells whether it was acknowledged."""
    connection.sendall(request)
    with connection.makefile("rb") as answer:
        status = answer.readline()
        lengths = [
            int(line.split(b":")[1])
            for line in iter(answer.readline, b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        answer.read(*lengths)
    return status.startswith(b"HTTP/1.1 200 ")


def send(number: int, port: int, seconds: float) -> None:
    """Be one sender: print the milliseconds of each answer and who was not acknowledged.

    Its requests are ready before it starts: sender and receiver share the machine.
    """
    period = SENDERS / RATE
    events = range(int(seconds / period))
    people = [f"{number}-{index // TWICE * TWICE if index % TWICE == 1 else index}" for index in events]
    requests = [signed(event(who)) for who in people]
    connection = connected(port)
    start = time.perf_counter() + 1 + number * period / SENDERS
    took, refused = [], []
    for index in events:
        due = start + index * period
        if (early := due - time.perf_counter()) > 0:
            time.sleep(early)
            due = time.perf_counter()
        if not post(connection, requests[index]):
            refused.append(people[index])
            connection = connected(port)
        took.append((time.perf_counter() - due) * 1e3)
    print(json.dumps({"took": took, "refused": refused}))


def load(folder: Path, keys: dict[str, str], store: SqliteConsentStore, seconds: float) -> None:
    """Send from eight processes, then compare what was acknowledged with the inbox."""
    with served("contextmail", folder, keys) as port:
        command = [sys.executable, __file__, "--port", str(port), "--seconds", str(seconds)]
        senders = [
            subprocess.Popen([*command, "--sender", str(number)], stdout=subprocess.PIPE, text=True)
            for number in range(SENDERS)
        ]
        told = [json.loads(sender.communicate()[0]) for sender in senders]
        busy = os.getloadavg()[0]
    took = sorted(ms for sender in told for ms in sender["took"])
    per_sender = int(seconds * RATE / SENDERS)
    sent = {f"{n}-{i}@example.com" for n in range(SENDERS) for i in range(per_sender) if i % TWICE != 1}
    acknowledged = sent - {f"{who}@example.com" for sender in told for who in sender["refused"]}
    kept = [parse_qs(one.body.decode())["data[email]"][0] for one in store.inbox(limit=10**7)]
    cuts = quantiles(took, n=100)
    detail = f"{len(took):,} events in {seconds:g} s from {SENDERS} senders; load average {busy:.1f} on {os.cpu_count()} cores"
    row("receiver: an answer, p50, ms", median(took), 5, detail)
    row("receiver: an answer, p99, ms", cuts[98], 50, "the same")
    row("receiver: the slowest answer, ms", took[-1], 1000, "the same")
    twice = len(kept) - len(set(kept))
    detail = f"{len(acknowledged):,} acknowledged, {len(sent - acknowledged):,} refused, {twice} kept twice"
    row("receiver: acknowledged events that are not in the inbox", len(acknowledged - set(kept)), 0, detail)


def first_answer(name: str, folder: Path, keys: dict[str, str], turn: int) -> float:
    """Give the seconds from the start of a process to its first acknowledged event."""
    began = time.perf_counter()
    with served(name, folder, keys) as port:
        if not post(connected(port), signed(event(f"cold-{name}-{turn}"))):
            raise SystemExit(f"{name} does not take the event")
        return time.perf_counter() - began


def cold_start(folder: Path, keys: dict[str, str], runs: int) -> None:
    """Start both in turn."""
    took: dict[str, list[float]] = {name: [] for name in APPS}
    for turn in range(-1, runs):
        for name in APPS:
            seconds = first_answer(name, folder, keys, turn)
            # The first turn fills the disk's cache.
            if turn >= 0:
                took[name].append(seconds)
    ours, theirs = (median(took[name]) for name in APPS)
    detail = f"{ours * 1e3:.0f} ms beside {theirs * 1e3:.0f} ms from the start of the process, median of {runs}"
    row("receiver: start to first answer, times FastAPI's", ours / theirs, 0.5, detail)


def main() -> None:
    """Measure, and print a row for each promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--sender", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sender is not None:
        send(given.sender, given.port, given.seconds)
        return
    with tempfile.TemporaryDirectory() as name:
        folder, keys = Path(name), new_keys()
        sealer = Sealer(keys["CONTEXTMAIL_LOOKUP_KEY"], [keys["CONTEXTMAIL_SEAL_KEYS"]])
        store = SqliteConsentStore(folder / ".contextmail" / "consent.db", sealer)
        store.set_secret("mailchimp-path", AUDIENCE, TOKEN)
        store.set_secret("mailchimp", AUDIENCE, SECRET)
        cold_start(folder, keys, given.runs)
        load(folder, keys, store, given.seconds)
        store.close()


if __name__ == "__main__":
    main()
