"""Two hundred thousand contacts: calls counted, connections busy, memory bounded, in a process of its own."""

import json
import subprocess
import sys
import threading

import pytest

from contextmail.sandbox.faults import Faults
from contextmail.sandbox.mailchimp import Sandbox, seeding
from contextmail.sandbox.people import invent

PEOPLE, WRITTEN = 200_000, 50_000
READ_AND_WRITE = """
import json, os, resource, sys, time
from itertools import islice
from contextmail.connectors.base import FieldWrite
from contextmail.connectors.mailchimp import connect
from contextmail.model.mailchimp import MailchimpOptions

target = connect(MailchimpOptions(audience=sys.argv[1]), os.environ)
target.fields()
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, told = memory(), {}

def measured(name, work):
    target.transport.tally.busy = 0.0
    began = time.perf_counter()
    count = sum(work())
    told[name] = [count, target.transport.tally.busy / 10 / (time.perf_counter() - began)]

measured("read", lambda: (1 for _ in target.members()))
told["memory"] = memory() - before
writes = (FieldWrite(one.key, one.email, {"FNAME": "X"}, one.status) for one in target.members())
measured("write", lambda: (1 for _ in target.write_fields(islice(writes, int(sys.argv[2])))))
told["memory of writing"] = memory() - before
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def crowd():
    with Sandbox(faults=Faults(latency=0.3)) as sandbox:
        yield sandbox, seeding.fill(sandbox.state, invent(PEOPLE, 1))


@pytest.mark.slow
def test_the_connections_are_busy_and_the_memory_is_bounded(crowd, monkeypatch):
    sandbox, audience = crowd
    monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_KEY", "k-us6")
    monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_URL", sandbox.address)
    sandbox.calls.reset()
    done = subprocess.run(
        [sys.executable, "-c", READ_AND_WRITE, audience.id, str(WRITTEN)], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    there = sum(one.status != "archived" for one in audience.members)
    assert told["read"][0] == there
    assert told["write"][0] == WRITTEN // 500
    assert min(told["read"][1], told["write"][1]) >= 0.85
    assert told["memory"] <= 64
    assert told["memory of writing"] <= 128
    assert PEOPLE // 1000 <= sandbox.calls["GET /lists/{list_id}/members"] <= 2 * PEOPLE // 1000
    assert sandbox.calls["POST /lists/{list_id}"] == WRITTEN // 500
    assert sandbox.calls.peak <= 10


def test_targets_of_one_process_share_the_connections(target_of, sandbox):
    audience = seeding.fill(sandbox.state, invent(9000, 1))
    sandbox.faults.latency = 0.05
    threads = [threading.Thread(target=lambda: list(target_of(audience=audience.id).members())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sandbox.calls.peak <= 10
    assert not [status for _, status in sandbox.calls.statuses if status >= 400]


def test_fewer_connections_are_kept_to(target_of, sandbox):
    audience = seeding.fill(sandbox.state, invent(9000, 1))
    sandbox.faults.latency = 0.02
    list(target_of(audience=audience.id, connections=3).members())
    assert sandbox.calls.peak == 3
