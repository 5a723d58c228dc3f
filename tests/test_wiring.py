"""Settings to live systems of consent: each kind, by name, with what only the environment and the store hold."""

import sqlite3
from contextlib import closing

import pytest

from contextmail import wiring
from contextmail.config import load
from contextmail.connectors.consents import ConsentSystem, new_secret
from contextmail.connectors.mailchimp.consent import MailchimpConsents
from contextmail.connectors.mailchimp.webhooks import Webhooks
from contextmail.connectors.sql.consent import SqlConsents
from contextmail.connectors.webhook import WebhookConsents
from contextmail.errors import AuthenticationError, ConfigurationError
from contextmail.model.consent import Act, Scope
from contextmail.model.event import Push
from contextmail.sandbox.http import LoopbackServer, Reply
from contextmail.sandbox.mailchimp import Sandbox
from contextmail.store.sealing import new_keys

MAILCHIMP = '[consent.systems."mailchimp:{audience}"]\nkind = "mailchimp"\naudience = "{audience}"\n'
SQL = """[consent.systems."sql:customers"]
kind = "sql"
url = "env:SHOP_URL"
table = "customers"
endpoint = "email"
permitted = "ok"
"""
WEBHOOK = '[consent.systems."webhook:crm"]\nkind = "webhook"\nurl = "{url}"\n'


@pytest.fixture
def store(tmp_path, monkeypatch):
    for name, value in new_keys().items():
        monkeypatch.setenv(name, value)
    opened = wiring.consent_store(load(store=tmp_path / "own"))
    yield opened
    opened.close()


@pytest.fixture
def account(monkeypatch):
    with Sandbox() as sandbox:
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_URL", sandbox.url)
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_KEY", "secret-of-ours-us1")
        yield sandbox


@pytest.fixture
def settings_of(tmp_path):
    def settings(text):
        file = tmp_path / "contextmail.toml"
        file.write_text(text)
        return load(file)

    return settings


@pytest.fixture
def systems_of(settings_of, store):
    made: list[ConsentSystem] = []

    def systems(text):
        opened = wiring.consent_systems(settings_of(text), store)
        made.extend(opened.values())
        return opened

    yield systems
    for one in made:
        one.close()


def test_each_kind_of_system_is_opened_under_its_name(systems_of, account, monkeypatch):
    monkeypatch.setenv("SHOP_URL", "sqlite:///shop.db")
    audience = account.state.add_list("Lantern & Lace").id
    text = MAILCHIMP.format(audience=audience) + SQL + WEBHOOK.format(url="https://crm.example.com/consent")
    opened = systems_of(text)
    kinds = {f"mailchimp:{audience}": MailchimpConsents, "sql:customers": SqlConsents, "webhook:crm": WebhookConsents}
    assert {name: type(one) for name, one in opened.items()} == kinds
    assert [one.name for one in opened.values()] == list(opened)


def test_a_service_is_told_with_the_secret_of_the_store(systems_of, store):
    came = []
    server = LoopbackServer(lambda request: came.append(request) or Reply(200))
    server.start()
    system = systems_of(WEBHOOK.format(url=f"http://127.0.0.1:{server.port}"))["webhook:crm"]
    store.set_secret("webhook", "crm", new_secret())
    told = Push(1, "webhook:crm", "s", "ann@example.com", Act.DENY, Scope("email"), "", 1, "c", "pushing", 1, "")
    assert system.push(told).outcome == "done"
    server.stop()
    assert came[0].headers["webhook-signature"].startswith("v1,")


def test_a_database_whose_url_is_not_in_the_environment_is_named(systems_of, monkeypatch):
    monkeypatch.delenv("SHOP_URL", raising=False)
    with pytest.raises(ConfigurationError, match="SHOP_URL is not set"):
        systems_of(SQL)


def test_an_audience_without_a_key_is_refused(systems_of, monkeypatch):
    for name in ("CONTEXTMAIL_MAILCHIMP_KEY", "MAILCHIMP_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AuthenticationError):
        systems_of(MAILCHIMP.format(audience="1a2b3c4d5e"))


def test_a_databases_file_lies_beside_the_settings_wherever_one_works(systems_of, tmp_path, monkeypatch):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE customers (email TEXT, ok INTEGER)")
        shop.execute("INSERT INTO customers VALUES ('ann@example.com', 0)")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for url in ("sqlite:///shop.db", f"sqlite:///{tmp_path / 'shop.db'}"):
        (system,) = systems_of(SQL.replace("env:SHOP_URL", url)).values()
        assert [one.act for one in system.read("ann@example.com")] == [Act.DENY]


def test_an_audience_under_another_name_is_refused_since_its_events_would_not_be_known_for_its_own(systems_of, account):
    with pytest.raises(ConfigurationError, match="the name is not its audience's"):
        systems_of(MAILCHIMP.format(audience="1a2b3c4d5e").replace("mailchimp:1a", "mailchimp:2b"))


def test_a_webhook_that_is_gone_is_missed_by_all_of_the_settings(settings_of, store, account):
    audience = account.state.add_list("Lantern & Lace")
    settings = settings_of(MAILCHIMP.format(audience=audience.id))
    server = LoopbackServer(lambda _: Reply(200))
    server.start()
    with wiring.webhooks(settings, store, f"mailchimp:{audience.id}") as ours:
        assert isinstance(ours, Webhooks)
        ours.add(f"http://127.0.0.1:{server.port}")
    server.stop()
    assert wiring.missing_webhooks(settings, store) == {}
    audience.webhooks.clear()
    ((name, what),) = wiring.missing_webhooks(settings, store).items()
    assert name == f"mailchimp:{audience.id}" and "its webhook is gone" in what
