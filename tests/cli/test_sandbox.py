"""contextmail sandbox: each platform says what to export, and answers until Ctrl-C."""

import os
import re
import signal
import subprocess
import sys

import pytest
import requests


@pytest.mark.parametrize(("platform", "path"), [("mailchimp", "/lists"), ("hubspot", "/crm/v3/objects/contacts")])
def test_a_platform_is_served_and_says_how_to_reach_it(platform, path):
    command = [sys.executable, "-m", "contextmail", "sandbox", "--platform", platform, "--port", "0", "--people", "3"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        said = []
        for line in running.stdout:
            said.append(line)
            if match := re.search(r"export CONTEXTMAIL_\w+_URL=(\S+) CONTEXTMAIL_\w+=(\S+)", line):
                break
        url, key = match.groups()
        answer = requests.get(url + path, headers={"Authorization": f"Bearer {key}"}, timeout=10)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=20)
    assert answer.ok and running.returncode == 0
    assert said[0].startswith(f"{platform}:")
