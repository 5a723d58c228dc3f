"""contextmail webhooks: registered, listed, rotated and removed from the command line; secrets are shown once."""

import re
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from contextmail import wiring
from contextmail.config import load
from contextmail.sandbox.http import LoopbackServer, Reply
from contextmail.sandbox.mailchimp import Sandbox
from contextmail.store.sealing import new_keys


@pytest.fixture
def keys(desk, monkeypatch):
    for name, value in new_keys().items():
        monkeypatch.setenv(name, value)
    return desk


@pytest.fixture
def audience(keys, monkeypatch):
    with Sandbox() as sandbox:
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_URL", sandbox.url)
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_KEY", "secret-of-ours-us1")
        yield sandbox.state.add_list("Lantern & Lace")


@pytest.fixture
def url():
    server = LoopbackServer(lambda _: Reply(200))
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def there(audience):
    return [hook.url for hook in audience.webhooks.values()]


def test_a_webhook_is_added_listed_rotated_and_removed(run, audience, url):
    on = ("--on", f"mailchimp:{audience.id}")
    added = run("webhooks", "add", *on, "--url", url)
    assert added.code == 0 and there(audience)[0] in added.out and "only this once" in added.err
    again = run("webhooks", "add", *on, "--url", url)
    assert again.code == 0 and again.out == "it is there already\n"

    listed = run("webhooks", "list", *on)
    assert listed.code == 0 and "told of everything, signed" in listed.out
    assert there(audience)[0].rpartition("/")[2] not in listed.out + listed.err

    first = there(audience)
    rotated = run("webhooks", "rotate", *on)
    assert rotated.code == 0 and there(audience)[0] in rotated.out and there(audience) != first

    removed = run("webhooks", "remove", *on)
    assert removed.code == 0 and removed.out.startswith("1 webhook removed") and there(audience) == []


def test_the_list_says_which_webhook_is_gone(run, audience, url):
    on = ("--on", f"mailchimp:{audience.id}")
    run("webhooks", "add", *on, "--url", url)
    audience.webhooks.clear()
    listed = run("webhooks", "list", *on)
    assert listed.code == 1 and "its webhook is gone" in listed.err


def test_there_must_be_one_to_rotate(run, audience):
    rotated = run("webhooks", "rotate", "--on", f"mailchimp:{audience.id}")
    assert rotated.code == 2 and "contextmail webhooks add" in rotated.err


def test_a_secret_is_made_for_a_service_and_the_one_before_is_good_for_a_day(run, keys):
    first, second = (run("webhooks", "secret", "webhook:crm") for _ in range(2))
    made = [re.search(r"whsec_\S+", one.out)[0] for one in (first, second)]
    for secret in made:
        Webhook(secret)
    store = wiring.consent_store(load())
    try:
        now = datetime.now(UTC).replace(tzinfo=None)
        assert store.secrets("webhook", "crm", now) == made[::-1]
        assert store.secrets("webhook", "crm", now.replace(year=now.year + 1)) == made[1:]
    finally:
        store.close()


def test_a_secret_of_a_service_that_tells_us_comes_with_the_path_of_its_events(run, keys):
    assert "/hooks/standard/shop" in run("webhooks", "secret", "standard:shop").out


@pytest.mark.parametrize("name", ["crm", "mailchimp:list", "webhook:"])
def test_a_secret_for_anything_else_is_refused_with_the_words_to_use(run, keys, name):
    refused = run("webhooks", "secret", name)
    assert refused.code == 2 and "webhook:NAME, standard:NAME or hubspot:PORTAL" in refused.err


CLIENT_SECRET = "0f1e2d3c-0000-4000-8000-0123456789ab"


def test_hubspots_own_secret_is_kept_and_what_is_to_be_done_by_hand_is_said(run, keys):
    (keys / "contextmail.toml").write_text('[consent]\npublic_url = "https://hooks.example.com/"\n')
    kept = run("webhooks", "secret", "hubspot:62515", stdin=f"{CLIENT_SECRET}\n".encode())
    assert kept.code == 0 and "by hand" in kept.out
    assert "https://hooks.example.com/hooks/hubspot/62515" in kept.out and "contact.merge" in kept.out
    assert CLIENT_SECRET not in kept.out + kept.err
    store = wiring.consent_store(load())
    try:
        assert store.secrets("hubspot", "62515", datetime.now(UTC).replace(tzinfo=None)) == [CLIENT_SECRET]
    finally:
        store.close()


@pytest.mark.parametrize(("settings", "given", "cure"), [
    ("", CLIENT_SECRET, "public_url"),
    ('[consent]\npublic_url = "https://hooks.example.com"\n', "too short", "Client secret"),
])  # fmt: skip
def test_a_hubspot_secret_without_a_public_url_or_too_short_is_not_kept(run, keys, settings, given, cure):
    (keys / "contextmail.toml").write_text(settings)
    refused = run("webhooks", "secret", "hubspot:62515", stdin=f"{given}\n".encode())
    assert refused.code == 2 and cure in refused.err and given not in refused.err


@pytest.mark.parametrize(
    "command", [("add", "--url", "https://hooks.example.com"), ("list",), ("rotate",), ("remove",)]
)
def test_what_hubspot_lets_no_program_do_is_not_pretended(run, keys, command):
    refused = run("webhooks", *command, "--on", "hubspot")
    assert refused.code and "contextmail webhooks secret hubspot:PORTAL" in refused.err
