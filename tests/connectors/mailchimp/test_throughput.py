"""Connections: shared by the whole process, and no more of them than are allowed."""

import threading

from contextmail.sandbox.mailchimp import seeding
from contextmail.sandbox.people import invent


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
