"""The worker with the connectors themselves: a Mailchimp sandbox, a table, and its webhooks as they are sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import pytest
from syncing.world import ADA, BO, MARKETING, Clock, World

from contextmail.connectors.mailchimp import connect
from contextmail.connectors.mailchimp.consent import MailchimpConsents
from contextmail.connectors.sql.consent import SqlConsents
from contextmail.model.consent import Act, Actor, Assurance, Verdict
from contextmail.model.consent_options import SqlSystem
from contextmail.model.event import Notice
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.mailchimp import Sandbox
from contextmail.sandbox.mailchimp.deliveries import form
from contextmail.sandbox.mailchimp.membership import Writer
from contextmail.sandbox.mailchimp.model import Webhook
from contextmail.sandbox.mailchimp.state import key_of
from contextmail.syncing import Report, apply_notices


@dataclass
class Office:
    """A sandbox's audience, a table, and a world's clock, store and worker over both."""

    world: World
    sandbox: Sandbox
    audience: str
    file: Path

    def status(self, email: str) -> str:
        return next(m.status for m in self.sandbox.state.lists[self.audience].members if m.email == email)

    def table(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.file)) as shop:
            return dict(shop.execute("SELECT email, ok FROM customers"))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as shop, shop:
        shop.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, ok INTEGER, changed TEXT)")
        shop.executemany("INSERT INTO customers (email, ok, changed) VALUES (?, 1, '2026-05-01')", [[ADA], [BO]])
    clock = Clock()
    with Sandbox(clock=lambda: clock().replace(tzinfo=UTC)) as sandbox:
        audience = sandbox.state.add_list("Bramble")
        for email in (ADA, BO):
            sandbox.state.add_member(audience, email, "subscribed")
        source = connect(
            MailchimpOptions(audience=audience.id, wait=0.0, timeout=5.0, attempts=2),
            {"CONTEXTMAIL_MAILCHIMP_KEY": "0123456789abcdef-us6", "CONTEXTMAIL_MAILCHIMP_URL": sandbox.address},
        )
        url = f"sqlite:///{file}"
        mapped = SqlSystem(
            kind="sql",
            url=url,
            table="customers",
            endpoint="email",
            permitted="ok",
            yes=1,
            no=0,
            changed_at="changed",
            grants=True,
        )
        systems = (MailchimpConsents(source), SqlConsents("sql:customers", url, mapped, clock=clock))
        world = World(tmp_path, *[lambda _, made=made: made for made in systems], clock=clock)

        def arrives(event):
            world.store.receive("mailchimp", audience.id, form(event).hex(), Assurance.UNSIGNED, form(event), clock())

        # The platform tells only of audiences that have a webhook; what this one would send is taken as it is made.
        audience.webhooks["w1"] = Webhook("w1", "http://127.0.0.1:9", {}, {})
        sandbox.state.listeners.append(arrives)
        world.sweep()
        clock.tick(days=1)
        yield Office(world, sandbox, audience.id, file)
        for system in systems:
            system.close()
        world.close()


def test_leaving_the_audience_reaches_the_table_and_nobody_else(office):
    office.sandbox.state.unsubscribe(office.audience, ADA)
    office.world.work()
    assert office.table() == {ADA: 0, BO: 1}
    assert office.world.may(ADA).verdict is Verdict.DENY


def test_one_click_reaches_the_audience_and_its_echo_is_no_news(office):
    office.world.one_click(ADA)
    office.world.work()
    assert (office.status(ADA), office.table()[ADA]) == ("unsubscribed", 0)
    assert office.world.store.inbox("done", source="mailchimp")
    assert [change.source for change in office.world.changes(ADA, Act.DENY)] == ["one-click"]
    pushes = len(office.world.store.pushes())
    office.world.clock.tick(days=1)
    office.world.sweep(full=True)
    assert len(office.world.store.pushes()) == pushes


def test_who_signs_up_anew_at_a_form_is_written_to_again(office):
    office.world.one_click(ADA)
    office.world.work()
    office.world.clock.tick(days=1)
    office.sandbox.state.subscribe(office.audience, ADA)
    office.world.work()
    assert office.world.may(ADA).verdict is Verdict.ALLOW
    assert (office.status(ADA), office.table()[ADA]) == ("subscribed", 1)


def test_a_row_that_says_no_reaches_the_audience_by_the_sweep(office):
    with closing(sqlite3.connect(office.file)) as shop, shop:
        shop.execute("UPDATE customers SET ok = 0, changed = ? WHERE email = ?", [office.world.clock().isoformat(), BO])
    office.world.clock.tick(minutes=15)
    office.world.sweep()
    assert (office.status(ADA), office.status(BO)) == ("subscribed", "unsubscribed")


def test_nothing_is_told_while_the_sandbox_is_in_step(office):
    for _ in range(3):
        office.world.clock.tick(minutes=15)
        office.world.sweep(full=True)
    assert not office.world.store.pushes()


def grant_elsewhere(office, email=ADA):
    """Let somebody agree anew at a system that is not asked back."""
    world, now = office.world, office.world.clock()
    proof = {"actor": Actor.PERSON, "strength": "explicit", "evidence": "form 7"}
    with world.store.transaction():
        apply_notices(
            world.sync, [Notice(email, Act.GRANT, MARKETING, "standard:crm", now, **proof)], Report(), received_at=now
        )


def write_a_field(office, email=ADA):
    with office.sandbox.state.lock:
        audience = office.sandbox.state.lists[office.audience]
        Writer(office.sandbox.state, audience).change(
            audience.members[key_of(email)], {"merge_fields": {"FNAME": f"{office.world.clock()}"}}
        )


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("before", [{"days": 2}, {"minutes": 5}])
def test_a_field_that_is_written_does_not_date_an_old_refusal_anew(office, full, before):
    world, audience = office.world, office.sandbox.state.lists[office.audience]
    # Nobody asks them there, so it goes on saying that they are unsubscribed.
    world.sync.systems[office_name(office)]._grants = "never"
    office.sandbox.state.unsubscribe(office.audience, ADA)
    world.work()
    world.clock.tick(**before)
    world.sweep()
    world.clock.tick(minutes=1)
    grant_elsewhere(office)
    world.clock.tick(minutes=1)
    write_a_field(office)
    world.clock.tick(minutes=1)
    world.work()
    for _ in range(3):
        world.sweep(full=full)
        world.clock.tick(minutes=15)
    assert audience.members[key_of(ADA)].status == "unsubscribed"
    assert world.may(ADA).verdict is Verdict.ALLOW


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("field_first", [True, False])
def test_a_second_refusal_that_no_webhook_tells_is_found_by_the_next_sweep(office, full, field_first):
    world, state = office.world, office.sandbox.state
    state.unsubscribe(office.audience, ADA)
    world.work()
    world.clock.tick(days=1)
    if field_first:
        write_a_field(office)
    world.sweep()
    world.clock.tick(days=1)
    grant_elsewhere(office)
    world.clock.tick(minutes=1)
    state.listeners.clear()
    state.subscribe(office.audience, ADA)
    world.clock.tick(minutes=1)
    state.unsubscribe(office.audience, ADA)
    world.clock.tick(minutes=1)
    world.sweep(full=full)
    assert world.may(ADA).verdict is Verdict.DENY


def test_a_second_refusal_is_found_before_a_grant_is_written_over_it(office):
    world, state = office.world, office.sandbox.state
    state.unsubscribe(office.audience, ADA)
    world.work()
    world.clock.tick(days=1)
    grant_elsewhere(office)
    world.clock.tick(minutes=1)
    state.listeners.clear()
    state.subscribe(office.audience, ADA)
    world.clock.tick(minutes=1)
    state.unsubscribe(office.audience, ADA)
    world.work()
    assert (office.status(ADA), world.may(ADA).verdict) == ("unsubscribed", Verdict.DENY)


def office_name(office: Office) -> str:
    return f"mailchimp:{office.audience}"
