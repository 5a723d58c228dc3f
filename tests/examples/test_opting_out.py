"""The story of an unsubscribe that survives two kills, as `make demo` ends with it."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from standardwebhooks import Webhook

from contextmail.connectors.consents import new_secret

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_an_unsubscribe_reaches_every_system_though_receiver_and_worker_are_killed(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    words = [sys.executable, EXAMPLES / "opting_out.py", shop]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = re.split(r"\n== \d\. ", done.stdout)[1:]
    _, start, receiver, worker, later, lost, text = parts
    assert "subscribed" in start and "would be sent to them" in start
    assert "answered 200, and got kill -9" in receiver and "1 new" in receiver
    assert "denied: kept" in worker and "0 new" in worker and "every withdrawal was told" not in worker
    assert "heard before, nothing is done" in later and "every withdrawal was told everywhere" in later
    assert "The receiver answered nothing." in lost and "1 change recorded" in lost
    for told in (later, lost):
        assert all(held in told for held in ("newsletter = 0", "at Mailchimp             unsubscribed"))
        assert "is not for them" in told
    assert "no: withdrawn for sms" in text and "deny for sms: Mailchimp's API takes no SMS opt-out" in text
    with closing(sqlite3.connect(shop / "shop.db")) as table:
        left = table.execute("SELECT name FROM customers WHERE newsletter = 0 ORDER BY name").fetchall()
    assert left == [("Ada",), ("Bea",)]
    heard = [line for line in done.stdout.splitlines() if "service hears" in line]
    assert len(heard) == 4 and not any("@" in line or "1632" in line for line in heard)
    assert "1632" not in done.stderr and "@" not in done.stderr


def test_the_shops_service_takes_what_is_signed_once_and_nothing_else() -> None:
    secret = new_secret()
    words = [sys.executable, EXAMPLES / "hearing.py", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={"CRM_SECRET": secret}) as process:
        url = process.stdout.readline().split()[-1]
        body = '{"type": "contact.erased", "data": {"endpoint": "ada@example.com"}}'
        signed = _signed(secret, body)
        answers = [requests.post(url, data=body, headers=signed, timeout=10).status_code for _ in range(2)]
        assert answers == [204, 204]
        for headers in ({}, _signed(new_secret(), body), {**signed, "webhook-signature": "v1,\u00e4"}):
            encoded = {name: value.encode("latin-1") for name, value in headers.items()}
            assert requests.post(url, data=body, headers=encoded, timeout=10).status_code == 401
        process.terminate()
        told = process.stdout.read().splitlines()
    assert [line.rpartition(": ")[2] for line in told] == ["kept", "heard before, nothing is done"]
    assert "ada@" not in "".join(told)


def _signed(secret: str, body: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
    }
