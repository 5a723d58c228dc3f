"""The receiver loads little: it has to answer soon after its start."""

import subprocess
import sys
from contextlib import closing

import pytest
from cryptography.fernet import Fernet

import contextmail
import contextmail.wiring
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore
from contextmail.webhooks.http import Request

HEAVY = (
    "babel duckdb hubspot jinja2 liquid mailchimp_marketing nameparser psycopg pydantic pyspark requests rich sqlalchemy"
    " sqlglot tenacity typer urllib3 contextmail.applying contextmail.checking contextmail.cli contextmail.config"
    " contextmail.connectors contextmail.engines contextmail.facts contextmail.language contextmail.planning"
    " contextmail.rules contextmail.sandbox contextmail.syncing"
).split()
ANSWER = """
import sys
from contextmail import wiring
from contextmail.webhooks.http import Request
receiver = wiring.receiver()
post = Request("POST", "/hooks/mailchimp/a6b5da1054/" + "t" * 32, {}, b"type=unsubscribe")
assert receiver.handle(post).status == 200
sys.stdout.write(" ".join(sys.modules))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder whose receiver has one account."""
    lookup, seal = "a lookup key of more than thirty-two characters", Fernet.generate_key().decode()
    monkeypatch.setenv("CONTEXTMAIL_LOOKUP_KEY", lookup)
    monkeypatch.setenv("CONTEXTMAIL_SEAL_KEYS", seal)
    (tmp_path / "contextmail.toml").write_text('brand = "Shop"\nstore = "own"\n[consent]\nstore = "ledger.db"\n')
    store = SqliteConsentStore(tmp_path / "own" / "ledger.db", Sealer(lookup, [seal], brand="Shop"))
    store.set_secret("mailchimp-path", "a6b5da1054", "t" * 32)
    store.close()
    return tmp_path


def test_a_receiver_that_answers_has_loaded_no_engine_no_vendor_and_no_pydantic(folder) -> None:
    done = subprocess.run([sys.executable, "-c", ANSWER], cwd=folder, capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "contextmail.webhooks.receiver" in modules
    assert not modules & set(HEAVY)


def test_a_link_of_the_sdk_unsubscribes_at_the_receiver_of_the_same_folder(folder, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    url = contextmail.unsubscribe_url("https://hooks.example.com", "ada@example.com")
    path = url.removeprefix("https://hooks.example.com")
    with closing(contextmail.open_receiver()) as receiver:
        assert receiver.handle(Request("POST", path, body=b"List-Unsubscribe=One-Click")).status == 200
    with closing(contextmail.wiring.consent_store(contextmail.load_settings())) as store:
        (event,) = store.inbox(source="one-click")
        assert b"ada@example.com" in event.body and b"marketing" in event.body


def test_without_keys_there_is_no_receiver_and_no_link(folder, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CONTEXTMAIL_SEAL_KEYS")
    for opening in (
        contextmail.open_receiver,
        lambda: contextmail.unsubscribe_url("https://a.example", "ada@example.com"),
    ):
        with pytest.raises(contextmail.ConfigurationError, match="CONTEXTMAIL_SEAL_KEYS"):
            opening()
