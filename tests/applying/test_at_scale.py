"""Two hundred thousand contacts: planned, applied and undone over HTTP, the platform in one process, each verb in another."""

import csv
import json
import os
import random
import subprocess
import sys
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from conformance.shop import MESSAGE, SETTINGS

from contextmail import build_facts, load_settings
from contextmail.sandbox.people import invent

PEOPLE = 200_000
MEGABYTES = 768
"""The engine may use 512; the rest is Python with a page of contacts for each connection, and as many in waiting."""
LATENCY, CONNECTIONS = 0.3, 10
KNOWN = 20
"""Calls beside those that the audience's and the segment's sizes ask for."""

SERVE = """
import sys
from datetime import UTC, datetime, timedelta
from contextmail.sandbox.faults import Faults
from contextmail.sandbox.mailchimp import Sandbox, seeding

earlier = timedelta(days=1)
with Sandbox(faults=Faults(latency=0.3), clock=lambda: datetime.now(UTC) - earlier) as sandbox:
    audience = seeding.invented_shop(sandbox.state, int(sys.argv[1]))
    earlier = timedelta()
    print(sandbox.url, f"mailchimp:{audience.id}", flush=True)
    for _asked in sys.stdin:
        many = [count for count in sandbox.calls.counts.values() if count >= 100]
        print(sandbox.calls.stretch(least=100), sandbox.calls.total - sum(many), sandbox.calls.peak, flush=True)
        sandbox.calls.reset()
"""
DO = """
import json, resource, sys
from pathlib import Path
from contextmail import FactsFolder, apply, load_settings, open_runs, open_target, plan, undo

verb, on, shop = sys.argv[1], sys.argv[2], Path(sys.argv[3])
settings = load_settings(shop, as_of="2024-06-01")
with open_target(settings, on) as target, open_runs(settings) as runs:
    if verb == "plan":
        facts = FactsFolder.open(settings.facts)
        made = plan(shop / "message.json", target, facts, settings, out=shop / "plan")
        told = {"calls": made.calls.model_dump(), "changed": made.people_changed, "segment": made.segment_people,
                "fields": len(made.fields), "recipients": made.recipients}
    elif verb == "apply":
        done = apply(shop / "plan", target, runs, settings)
        told = {"written": done.people_written, "segment": done.segment_people, "skipped": done.skipped}
    else:
        undone = undo(runs.all()[0].run, target, runs)
        told = {"deleted": len(undone.fields_deleted), "left": undone.left}
    tally = target.transport.tally
    told |= {"reads": tally.reads, "writes": tally.writes, "seconds": tally.busy}
told["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps(told))
"""


def make_facts(folder: Path) -> None:
    """Make the facts of the people whom the sandbox invents."""
    folder.mkdir()
    (folder / "contextmail.toml").write_text(SETTINGS.partition("[tables.consents]")[0])
    (folder / "message.json").write_text(json.dumps(MESSAGE))
    chance = random.Random(1)
    with (folder / "customers.csv").open("w") as customers, (folder / "orders.csv").open("w") as orders:
        people, bought = csv.writer(customers), csv.writer(orders)
        people.writerow(("id", "name", "email"))
        bought.writerow(("order", "customer", "product", "title", "quantity", "price", "at"))
        for person in invent(PEOPLE):
            people.writerow((person.id, person.first_name, person.email))
            for number in range(chance.choice((0, 1, 1, 4))):
                price, day = chance.randrange(5, 500), f"202{chance.randrange(1, 4)}-0{chance.randrange(1, 9)}-11"
                bought.writerow((f"{person.id}-{number}", person.id, "P1", "Brass Lantern", 1, price, day))
    build_facts(load_settings(folder, as_of="2024-06-01"))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Plan, apply and undo once, and give what each told and took."""
    shop = tmp_path_factory.mktemp("scale") / "shop"
    make_facts(shop)
    words = [sys.executable, "-c", SERVE, str(PEOPLE)]
    told = {}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as platform:
        assert platform.stdin and platform.stdout
        url, on = platform.stdout.readline().split()
        environment = {**os.environ, "CONTEXTMAIL_MAILCHIMP_URL": url, "CONTEXTMAIL_MAILCHIMP_KEY": "k-us1"}
        for verb in ("plan", "apply", "undo"):
            load = os.getloadavg()[0]
            done = subprocess.run(
                [sys.executable, "-c", DO, verb, on, str(shop)],
                env=environment, stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
            platform.stdin.write("\n")
            platform.stdin.flush()
            stretch, beside, peak = map(float, platform.stdout.readline().split())
            told[verb] = json.loads(done.stdout) | {"peak": peak, "load": load}
            told[verb]["busy"] = (told[verb]["seconds"] - beside * LATENCY) / (CONNECTIONS * stretch)
            sys.stdout.write(f"{verb} {told[verb]}\n")
        platform.stdin.close()
    return told


@pytest.mark.slow
def test_the_calls_are_as_few_as_pages_and_batches_allow(measured: dict[str, dict[str, Any]]) -> None:
    planned, applied, undone = measured["plan"], measured["apply"], measured["undo"]
    assert planned["changed"] == planned["segment"] == applied["written"] == applied["segment"] > 0.8 * PEOPLE
    batches = ceil(planned["changed"] / 500) + ceil(planned["segment"] / 500)
    assert planned["writes"] == 0 and planned["reads"] <= ceil(PEOPLE / 1000) + KNOWN
    assert applied["writes"] == planned["calls"]["writes"] == batches + planned["fields"] + 3
    assert applied["reads"] <= planned["calls"]["reads"] <= KNOWN
    assert undone["deleted"] == planned["fields"] and undone["left"] == []
    assert undone["writes"] == planned["fields"] + 2
    assert undone["reads"] <= ceil(PEOPLE / 1000) + ceil(planned["segment"] / 1000) + KNOWN


@pytest.mark.slow
def test_the_memory_is_bounded_and_the_connections_are_ten(measured: dict[str, dict[str, Any]]) -> None:
    assert max(told["megabytes"] for told in measured.values()) <= MEGABYTES
    assert max(told["peak"] for told in measured.values()) <= 10


@pytest.mark.slow
def test_the_connections_are_busy(measured: dict[str, dict[str, Any]]) -> None:
    """While pages and batches are asked for; what must go one after the other, a draft's calls, is beside them.

    A connection is busy from the moment at which a call is sent until its answer is read.
    """
    busy = {verb: told["busy"] for verb, told in measured.items()}
    load = max(told["load"] for told in measured.values())
    if load > (os.cpu_count() or 1):
        pytest.skip(f"the machine is busy with something else (load {load:.1f}): {busy}")
    assert min(busy.values()) >= 0.85, busy
