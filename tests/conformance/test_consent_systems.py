"""What every system that keeps consent must do.

A system joins by one line in SYSTEMS: a context manager that gives a `Stand`, which is a system over something real
that is there for one test, and the ways to look at that without going through the system.
"""

import json
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from contextmail.connectors.consents import ConsentSystem, new_secret
from contextmail.connectors.hubspot.consent import HubspotConsents
from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.connectors.hubspot.transport import Transport
from contextmail.connectors.mailchimp import connect
from contextmail.connectors.mailchimp.consent import MailchimpConsents
from contextmail.connectors.sql.consent import SqlConsents
from contextmail.connectors.webhook import WebhookConsents
from contextmail.errors import PlatformError, RetryableError
from contextmail.model.consent import Act, Actor, Scope
from contextmail.model.consent_options import HubspotSystem, SqlSystem
from contextmail.model.event import Push
from contextmail.model.hubspot import HubspotOptions
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox import hubspot
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.http import LoopbackServer, Reply
from contextmail.sandbox.mailchimp import Sandbox

START = datetime(2026, 1, 1, tzinfo=UTC)
MARKETING = Scope("email", "marketing")
ANN, BOB, EVE, STRANGER = (f"{name}@example.com" for name in ("ann", "bob", "eve", "stranger"))
PEOPLE = {ANN: "granted", BOB: "denied", EVE: "granted"}
"""Whom each system holds at the beginning."""


@dataclass
class Stand:
    """A system over something that holds PEOPLE, and holds more time between calls than its clock can miss."""

    system: ConsentSystem
    holds: Callable[[], dict[str, str]]
    """Address -> granted, denied or pending, as the thing itself has it."""
    leave: Callable[[str], None]
    """Let somebody leave without the system, a day later."""
    fail: Callable[[], None]
    """From now on nothing answers."""
    refuse: Callable[[], None]
    """From now on every change is refused."""
    without_grants: ConsentSystem | None = None
    """The same, where nobody has said that grants may be written; None: it cannot be read, and takes what it is told."""


@contextmanager
def on_mailchimp(_: Path) -> Iterator[Stand]:
    now = [START]
    words = {"subscribed": "granted", "unsubscribed": "denied", "pending": "pending"}
    with Sandbox(clock=lambda: now[0]) as sandbox:
        state = sandbox.state
        audience = state.add_list("Lantern & Lace")
        for email, held in PEOPLE.items():
            state.add_member(audience, email, "subscribed" if held == "granted" else "unsubscribed")
        source = connect(
            MailchimpOptions(audience=audience.id, wait=0.0, timeout=0.5, attempts=2),
            {"CONTEXTMAIL_MAILCHIMP_KEY": "0123456789abcdef-us6", "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address},
        )

        def leave(email: str) -> None:
            now[0] += timedelta(days=1)
            state.unsubscribe(audience.id, email)

        yield Stand(
            MailchimpConsents(source),
            holds=lambda: {one.email: words[one.status] for one in audience.members},
            leave=leave,
            fail=lambda: sandbox.faults.add(Fault(Kind.DROP, times=None)),
            refuse=lambda: sandbox.faults.add(Fault(Kind.ERROR, status=405, on="P* *", times=None)),
            without_grants=MailchimpConsents(source, grants="never"),
        )
        source.close()


@contextmanager
def on_hubspot(_: Path) -> Iterator[Stand]:
    now = [START]
    with hubspot.Sandbox(clock=lambda: now[0]) as sandbox:
        state = sandbox.state
        newsletter = state.add_definition("Newsletter").id
        for email, held in PEOPLE.items():
            state.add_contact(email)
            if held == "denied":
                state.unsubscribe(email, newsletter)
        credentials = Credentials(sandbox.token, sandbox.url)
        transport = Transport(credentials, HubspotOptions(wait=0.0, timeout=0.5, attempts=2))
        own = HubspotSystem(kind="hubspot", portal=62515, scope="channel", subscriptions=(newsletter,))

        def leave(email: str) -> None:
            now[0] += timedelta(days=1)
            state.unsubscribe(email)

        def holds() -> dict[str, str]:
            there = [email for email in (*PEOPLE, STRANGER) if state.find_by("contacts", "email", email)]
            return {one: "denied" if state.preferences.left(one, newsletter) else "granted" for one in there}

        yield Stand(
            HubspotConsents(transport, own.model_copy(update={"grants": "resubscribe"})),
            holds=holds,
            leave=leave,
            fail=lambda: sandbox.faults.add(Fault(Kind.DROP, times=None)),
            refuse=lambda: [
                sandbox.faults.add(Fault(Kind.ERROR, status=405, on=f"POST *{what}*", times=None))
                for what in ("/statuses", "/gdpr-delete")
            ],
            without_grants=HubspotConsents(transport, own),
        )
        transport.close()


@contextmanager
def a_table(at: sa.URL, refusing: str, fail: Callable[[], None]) -> Iterator[Stand]:
    """Make a table in which a boolean says who may be written to; `refusing` is SQL that lets no row be changed."""
    now, url = [START.replace(tzinfo=None)], at.render_as_string(hide_password=False)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    table = sa.Table(
        "customers",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(200)),
        sa.Column("newsletter", sa.Boolean),
        sa.Column("changed_at", sa.DateTime),
    )
    table.create(engine)
    rows = [{"email": email, "newsletter": held == "granted", "changed_at": now[0]} for email, held in PEOPLE.items()]
    with engine.begin() as connection:
        connection.execute(sa.insert(table), rows)
    options = SqlSystem(
        kind="sql",
        url=url,
        table="customers",
        endpoint="email",
        permitted="newsletter",
        changed_at="changed_at",
        grants=True,
    )
    system = SqlConsents("sql:customers", url, options, clock=lambda: now[0])
    ungranting = SqlConsents("sql:customers", url, options.model_copy(update={"grants": False}))

    def holds() -> dict[str, str]:
        with engine.connect() as connection:
            return {
                email: "granted" if allowed else "denied"
                for email, allowed in connection.execute(sa.select(table.c.email, table.c.newsletter))
                if email
            }

    def leave(email: str) -> None:
        now[0] += timedelta(days=1)
        with engine.begin() as connection:
            change = sa.update(table).where(table.c.email == email)
            connection.execute(change.values(newsletter=False, changed_at=now[0]))

    def refuse() -> None:
        with engine.begin() as connection:
            connection.execute(sa.text(refusing.format(table="customers")))

    yield Stand(system, holds, leave, fail, refuse, ungranting)
    for one in (system, ungranting):
        one.close()
    engine.dispose()


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Stand]:
    file = folder / "shop.db"

    def fail() -> None:
        stand.system.close()
        file.rename(folder / "gone.db")
        file.mkdir()

    refusing = "CREATE TRIGGER no BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
    with a_table(sa.URL.create("sqlite", database=str(file)), refusing, fail) as stand:
        yield stand


@contextmanager
def on_postgres(_: Path) -> Iterator[Stand]:
    url = os.environ.get("CONTEXTMAIL_TEST_POSTGRES")
    if not url:
        pytest.skip("CONTEXTMAIL_TEST_POSTGRES names no PostgreSQL")
    role = f"consent_{uuid4().hex[:8]}"
    server = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    refusing = """CREATE FUNCTION no() RETURNS trigger AS 'BEGIN RAISE check_violation; END' LANGUAGE plpgsql;
        CREATE TRIGGER no BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION no()"""
    with server.connect() as connection:

        def run(statement: str) -> None:
            connection.execute(sa.text(statement))

        def fail() -> None:
            run(f"ALTER ROLE {role} NOLOGIN")
            run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'")

        # A schema of the role's own name is where its tables are made and looked for.
        run(f"CREATE ROLE {role} LOGIN PASSWORD 'only here'; CREATE SCHEMA AUTHORIZATION {role}")
        try:
            with a_table(sa.make_url(url).set(username=role, password="only here"), refusing, fail) as stand:
                yield stand
        finally:
            run(f"DROP SCHEMA {role} CASCADE; DROP ROLE {role}")
    server.dispose()


@contextmanager
def on_a_service(_: Path) -> Iterator[Stand]:
    """A company's service: it checks the signature, and knows a message by its id."""
    held, known, answers = dict(PEOPLE), set[str](), [200]
    secret = new_secret()

    def answer(request):
        if answers[0] == 0:
            return None
        event = Webhook(secret).verify(request.body, dict(request.headers))
        if answers[0] == 200 and request.headers["webhook-id"] not in known:
            known.add(request.headers["webhook-id"])
            told(event["type"], event["data"])
        return Reply(answers[0])

    def told(kind, data):
        if data["endpoint"] not in held:
            return
        if kind == "contact.erased":
            del held[data["endpoint"]]
        elif not data["list"] and not data["topic"]:
            held[data["endpoint"]] = data.get("choice", "denied")

    server = LoopbackServer(answer)
    server.start()
    system = WebhookConsents("webhook:crm", f"http://127.0.0.1:{server.port}/consent", lambda: [secret])
    yield Stand(
        system,
        holds=lambda: dict(held),
        leave=lambda _: None,
        fail=lambda: answers.__setitem__(0, 0),
        refuse=lambda: answers.__setitem__(0, 410),
    )
    system.close()
    server.stop()


READABLE: list[Callable[[Path], AbstractContextManager[Stand]]] = [on_mailchimp, on_hubspot, on_sqlite, on_postgres]
SYSTEMS = [*READABLE, on_a_service]


@pytest.fixture(params=SYSTEMS, ids=lambda system: system.__name__)
def stand(request, tmp_path):
    with request.param(tmp_path) as made:
        yield made


@pytest.fixture(params=READABLE, ids=lambda system: system.__name__)
def readable(request, tmp_path):
    with request.param(tmp_path) as made:
        yield made


def push(endpoint, act=Act.DENY, scope=MARKETING, value="", change="c1", tries=1):
    return Push(1, "a system", "a subject", endpoint, act, scope, value, 1, change, "pushing", tries, "")


def acts(notices):
    return [notice.act for notice in notices]


# ---------------------------------------------------------------------------------------------------- telling


def test_a_withdrawal_is_carried_out_and_concerns_nobody_else(stand):
    assert stand.system.push(push(ANN)).outcome == "done"
    assert stand.holds() == {**PEOPLE, ANN: "denied"}


@pytest.mark.parametrize(
    ("act", "value"), [(Act.DENY, ""), (Act.SUPPRESS, "complaint"), (Act.GRANT, ""), (Act.ERASE, "")]
)
def test_a_push_that_is_made_again_changes_nothing(stand, act, value):
    scope = Scope() if act is Act.ERASE else MARKETING
    first = stand.system.push(push(BOB if act is Act.GRANT else ANN, act, scope, value))
    held = stand.holds()
    again = stand.system.push(push(BOB if act is Act.GRANT else ANN, act, scope, value))
    assert first.outcome == "done" and again.outcome in ("done", "absent")
    assert stand.holds() == held != PEOPLE


@pytest.mark.parametrize("act", [Act.DENY, Act.SUPPRESS, Act.GRANT, Act.ERASE])
def test_no_push_ever_makes_a_contact(stand, act):
    pushed = stand.system.push(push(STRANGER, act, Scope() if act is Act.ERASE else MARKETING, "complaint"))
    assert stand.holds() == PEOPLE
    # A service that cannot be read says only that it was told.
    assert pushed.outcome == ("absent" if stand.system.readable else "done")


def test_a_suppression_stops_what_is_sent(stand):
    assert stand.system.push(push(ANN, Act.SUPPRESS, Scope("email"), "complaint")).outcome == "done"
    assert stand.holds()[ANN] == "denied"


def test_a_withdrawal_from_everything_reaches_it(stand):
    assert stand.system.push(push(ANN, scope=Scope())).outcome == "done"
    assert stand.holds()[ANN] == "denied"


def test_a_grant_never_raises_without_the_option(readable):
    pushed = readable.without_grants.push(push(BOB, Act.GRANT))
    assert pushed.outcome == "blocked" and "grants" in pushed.reason
    assert readable.holds() == PEOPLE


def test_a_grant_raises_with_the_option_or_asks_the_person_once_more(stand):
    assert stand.system.push(push(BOB, Act.GRANT)).outcome == "done"
    assert stand.holds()[BOB] in ("granted", "pending")


def test_an_erasure_takes_the_contact_away(stand):
    stand.system.push(push(ANN, Act.SUPPRESS, Scope(), "admin_block"))
    assert stand.system.push(push(ANN, Act.ERASE, Scope())).outcome == "done"
    assert ANN not in stand.holds()


def test_what_concerns_another_list_changes_nothing(stand):
    stand.system.push(push(ANN, scope=replace(MARKETING, list="another")))
    assert stand.holds() == PEOPLE


def test_a_topic_is_left_to_a_person_where_there_is_one_choice_for_all(readable):
    pushed = readable.system.push(push(ANN, scope=replace(MARKETING, topic="sale")))
    assert pushed.outcome == "blocked" and pushed.reason
    assert readable.holds() == PEOPLE


def test_what_concerns_a_telephone_does_not_stop_e_mail(readable):
    assert readable.system.push(push("+441632960961", scope=Scope("sms", "marketing"))).outcome in ("absent", "blocked")
    assert readable.holds() == PEOPLE


# ---------------------------------------------------------------------------------------------------- reading


def test_what_is_read_agrees_with_what_was_pushed(readable):
    assert acts(readable.system.read(ANN)) == [Act.GRANT]
    readable.system.push(push(ANN))
    assert acts(readable.system.read(ANN)) == [Act.DENY]
    readable.system.push(push(ANN, Act.ERASE, Scope()))
    assert readable.system.read(ANN) == []


def test_who_is_not_there_reads_as_nothing(readable):
    assert readable.system.read(STRANGER) == []


def test_what_a_program_subscribed_is_no_grant_of_a_person(readable):
    (held,) = readable.system.read(ANN)
    assert held.act is Act.GRANT and held.actor is Actor.SYSTEM
    assert {one.actor for one in readable.system.sweep(since=None) if one.act is Act.GRANT} == {Actor.SYSTEM}


def test_a_notice_names_its_system_its_scope_and_the_systems_own_time(readable):
    (held,) = readable.system.read(BOB)
    assert (held.endpoint, held.source, held.scope) == (BOB, readable.system.name, MARKETING)
    assert held.at == START.replace(tzinfo=None)


def test_a_sweep_of_everything_tells_of_everybody(readable):
    swept = {one.endpoint: one.act for one in readable.system.sweep(since=None)}
    assert swept == {ANN: Act.GRANT, BOB: Act.DENY, EVE: Act.GRANT}


def test_a_sweep_finds_what_changed_since(readable):
    readable.leave(EVE)
    later = START.replace(tzinfo=None) + timedelta(hours=12)
    swept = [(one.endpoint, one.act) for one in readable.system.sweep(since=later)]
    assert (EVE, Act.DENY) in swept
    held = next(one for one in readable.system.sweep(since=later) if one.endpoint == EVE)
    assert held.at == START.replace(tzinfo=None) + timedelta(days=1)


# ---------------------------------------------------------------------------------------------------- failing


def test_a_system_that_is_away_is_worth_another_try(stand):
    stand.fail()
    with pytest.raises(RetryableError):
        stand.system.push(push(ANN))
    if stand.system.readable:
        with pytest.raises(RetryableError):
            stand.system.read(ANN)
        with pytest.raises(RetryableError):
            list(stand.system.sweep(since=None))


def test_a_refusal_is_told_apart_from_an_absence(stand):
    stand.refuse()
    try:
        assert stand.system.push(push(ANN)).outcome == "blocked"
    except PlatformError as error:
        assert not isinstance(error, RetryableError)  # noqa: PT017
    assert stand.holds() == PEOPLE


@pytest.mark.parametrize("trouble", ["fail", "refuse"])
def test_no_address_is_in_an_error_or_a_log(stand, trouble, caplog):
    caplog.set_level(logging.DEBUG)
    stand.system.push(push(ANN))
    stand.system.read(BOB)
    getattr(stand, trouble)()
    system, told = stand.system, []
    for work in (lambda: system.push(push(EVE)), lambda: system.read(EVE), lambda: list(system.sweep(since=None))):
        try:
            told.append(getattr(work(), "reason", ""))
        except PlatformError as error:
            told += traceback.format_exception(error)
    logged = [json.dumps(vars(record), default=repr) for record in caplog.records]
    assert told and not [text for text in [*told, *logged, caplog.text] if "@example.com" in text]
