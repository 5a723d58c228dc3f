"""Start the ASGI adapter under uvicorn, in a process of its own, and post to it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet

from contextmail.sandbox.mailchimp.deliveries import signature
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore

ADAPTER = Path(__file__).parents[2] / "adapters" / "asgi"
LIST, TOKEN, SECRET = "a6b5da1054", "t" * 32, "mailchimp-signs-with-this"
PATH = f"/hooks/mailchimp/{LIST}/{TOKEN}"
KEYS = {
    "CONTEXTMAIL_LOOKUP_KEY": "a lookup key of more than thirty-two characters",
    "CONTEXTMAIL_SEAL_KEYS": Fernet.generate_key().decode(),
}


def open_store(folder: Path) -> SqliteConsentStore:
    """Open the store that the receiver of this folder has."""
    sealer = Sealer(KEYS["CONTEXTMAIL_LOOKUP_KEY"], [KEYS["CONTEXTMAIL_SEAL_KEYS"]])
    return SqliteConsentStore(folder / ".contextmail" / "consent.db", sealer)


def free_port() -> int:
    """Find a port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    """Start the receiver of a folder as the adapter's README says."""
    command = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(ADAPTER), "--ws", "none"]
    return subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=folder,
        env=os.environ | KEYS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Serve a folder with one account on loopback; gives port and process, and stops it."""
    store = open_store(folder)
    store.set_secret("mailchimp-path", LIST, TOKEN)
    store.set_secret("mailchimp", LIST, SECRET)
    store.close()
    port = free_port()
    with start(folder, port) as process:
        try:
            until(lambda: answers(port))
            yield port, process
        finally:
            process.terminate()


def answers(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so; a minute at most."""
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def signed(body: bytes, at: int) -> dict[str, str]:
    """Give the headers with which Mailchimp sends a body."""
    return {"Content-Type": "application/x-www-form-urlencoded", "X-Mailchimp-Signature": signature(SECRET, body, at)}


def ask(
    port: int, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Make one call and give status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
