"""Show one person's unsubscription reaching every system, though receiver and worker are killed on the way.

    python examples/opting_out.py out/opting_out

Mailchimp is the sandbox, the source is a SQLite table, and the company's own service is that of `hearing.py`: `office.py`
sets them up on loopback, in a folder that is not there yet. `make demo` shows it, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import hearing
from office import PEOPLE, Office, until
from showing import say
from standardwebhooks import Webhook

from contextmail import wiring
from contextmail.config import load
from contextmail.sandbox.mailchimp import Sandbox
from contextmail.syncing import Worker, utc_now

ADA, BEA, NUMBER = PEOPLE["Ada"], PEOPLE["Bea"], "+44 1632 960961"


def on_consent(folder: Path, first: int = 1) -> None:
    """Tell the story in a new folder; its steps are numbered from `first`."""
    # What Mailchimp tries again for 75 minutes is lost at once here.
    with Sandbox(webhook_retries=()) as sandbox:
        tell(Office(sandbox, folder), count(first))


def tell(office: Office, step: Iterator[int]) -> None:
    """Go from settings and keys to the one thing that only a person can do."""
    say(f"{next(step)}. A shop keeps consent in three places. A campaign of its waits to be sent, to Ada too.")
    print("$ cat contextmail.toml\n" + (office.folder / "contextmail.toml").read_text())
    office.run("init")
    office.run("facts", "build")
    office.output("plan", "candles.html", "--on", office.on, "-o", "plans/candles")
    office.run("apply", "plans/candles")
    say(f"{next(step)}. Secrets are made, and shown once; then everything is read for the first time.")
    crm, texts = (office.output("webhooks", "secret", name).split()[-1] for name in ("webhook:crm", "standard:texts"))
    with office.service(crm) as service:
        with office.receiver() as receiver:
            office.run("webhooks", "add", "--on", office.on, "--url", office.receiver_url)
            office.run("work", "--once")
            office.person(ADA)
            say(f"{next(step)}. Ada unsubscribes. The receiver is killed as soon as it has answered Mailchimp.")
            leave_and_kill(office, receiver)
        say(f"{next(step)}. The worker is killed while it tells the shop's own service.")
        kill_while_telling(office, service)
        say(f"{next(step)}. What the dead worker had claimed is free after a minute: here the clock is set ahead.")
        work_later(office, minutes=6)
        office.run("status")
        office.run("consent", "show", ADA)
        office.person(ADA)
        say(f"{next(step)}. Bea unsubscribes while no receiver runs. The sweep finds it.")
        office.leave(BEA)
        print(f"The receiver answered {office.sandbox.courier.delivered[-1].status or 'nothing'}.\n", flush=True)
        office.run("reconcile", may_end_with=(0, 1))
        office.person(BEA)
        say(f"{next(step)}. Somebody answers a text message with STOP. Mailchimp cannot be told, so a person is.")
        with office.receiver():
            stop(office, texts)
        office.run("work", "--once", may_end_with=(1,))
        office.run("consent", "why-not", "sms", NUMBER, may_end_with=(1,))
        office.run("status", may_end_with=(1,))


def leave_and_kill(office: Office, receiver: subprocess.Popen[bytes]) -> None:
    """Let Ada leave, and kill the receiver with the event in its hands."""
    office.leave(ADA)
    receiver.kill()
    receiver.wait()
    print(f"The receiver answered {office.sandbox.courier.delivered[-1].status}, and got kill -9.\n", flush=True)
    office.run("status")


def kill_while_telling(office: Office, service: hearing.Server) -> None:
    """Kill the worker before it hears the service's answer."""
    with office.worker() as worker:
        service.before_answering = worker.kill
        worker.wait(timeout=60)
    service.before_answering = lambda: None
    print("The worker got kill -9 before it had the answer.\n", flush=True)
    office.run("status")


def work_later(office: Office, minutes: int) -> None:
    """Work until nothing is left to do, so many minutes from now."""
    print(f"(a new worker, {minutes} minutes later)\n", flush=True)
    os.environ.update(office.env)
    settings = load(office.folder, store=office.folder / ".contextmail")
    with wiring.sync(settings) as sync:
        worker = Worker(
            replace(sync, clock=lambda: utc_now() + timedelta(minutes=minutes)), wiring.webhook_sources(settings)
        )
        until(lambda: worker.run_once().idle)
    print(flush=True)


def stop(office: Office, secret: str) -> None:
    """Tell of a STOP as the shop's gateway for text messages does: by Standard Webhooks."""
    now = datetime.now(UTC)
    said = {"endpoint": NUMBER, "channel": "sms", "choice": "denied", "actor": "person", "method": "stop-reply"}
    body = json.dumps({"type": "consent.changed", "timestamp": now.isoformat(), "data": said})
    signed = {
        "webhook-id": "msg_text_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_text_1", now, body),
    }
    request = urllib.request.Request(f"{office.receiver_url}/hooks/standard/texts", body.encode(), signed)
    with urllib.request.urlopen(request, timeout=10) as answer:
        print(f"POST {request.full_url}: {answer.status}\n", flush=True)


if __name__ == "__main__":
    on_consent(Path(sys.argv[1]))
