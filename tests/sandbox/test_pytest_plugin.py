"""The fixture that ships with the package, in a test of somebody else."""

import os
import subprocess
import sys
import threading

import requests

from contextmail.sandbox.mailchimp import serve

THEIR_TEST = """
import requests

def test_theirs(mailchimp_sandbox):
    audience = mailchimp_sandbox.state.add_list("Shop")
    answer = requests.get(f"{mailchimp_sandbox.url}/lists/{audience.id}", auth=("user", "key"), timeout=5)
    assert answer.json()["name"] == "Shop"
    assert mailchimp_sandbox.calls.total == 1

def test_theirs_at_hubspot(hubspot_sandbox):
    hubspot_sandbox.state.add_contact("ada@example.com")
    path, headers = "/crm/objects/2026-09/contacts", {"Authorization": f"Bearer {hubspot_sandbox.token}"}
    answer = requests.get(hubspot_sandbox.url + path, headers=headers, timeout=5)
    assert answer.json()["results"][0]["properties"]["email"] == "ada@example.com"
"""


def test_the_fixture_gives_an_account_on_loopback(tmp_path):
    (tmp_path / "test_theirs.py").write_text(THEIR_TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "contextmail.sandbox.pytest_plugin", str(tmp_path)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert "2 passed" in run.stdout, run.stdout + run.stderr


def test_the_plugin_loads_no_sandbox_before_it_is_asked_for():
    loaded = "any(f'contextmail.sandbox.{name}' in sys.modules for name in ('mailchimp', 'hubspot'))"
    code = f"import sys, contextmail.sandbox.pytest_plugin; sys.exit({loaded})"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_an_account_is_served_until_it_is_told_to_stop():
    until, started, seen = threading.Event(), threading.Event(), []

    def ready(sandbox):
        seen.append(requests.get(f"{sandbox.url}/lists", auth=("user", "key"), timeout=5).json())
        started.set()

    thread = threading.Thread(target=serve, kwargs={"port": 0, "people": 20, "ready": ready, "until": until})
    thread.start()
    assert started.wait(10)
    until.set()
    thread.join(10)
    assert not thread.is_alive()
    assert seen[0]["total_items"] == 1
