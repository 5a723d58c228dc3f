"""HubSpot kept in step with the ledger: its events signed and received, its contacts read back, others told.

The failure modes of consent (F1 to F17) that can occur at HubSpot are named; F4 cannot, since nothing but the ledger's own
withdrawals is written; F9, F10 and F12 are of one's own pages and mailings; F14 is a read-back in `test_consent.py`.
"""

import json
import sqlite3
from contextlib import closing
from datetime import UTC

import pytest
from syncing.world import ADA, BO, MARKETING, Clock, World

from contextmail.connectors.hubspot.consent import HubspotConsents
from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.connectors.hubspot.transport import Transport
from contextmail.connectors.sql.consent import SqlConsents
from contextmail.model.consent import Act, Actor, Scope, Verdict
from contextmail.model.consent_options import HubspotSystem, SqlSystem
from contextmail.model.event import Notice
from contextmail.model.hubspot import HubspotOptions
from contextmail.sandbox.hubspot import Fault, Kind, Readings, Sandbox
from contextmail.sandbox.hubspot.deliveries import signature
from contextmail.syncing import Report, apply_notices
from contextmail.webhooks import sources
from contextmail.webhooks.http import Request
from contextmail.webhooks.receiver import Receiver

PORTAL, SECRET, PUBLIC = 62515, "a client secret of the tests", "https://hooks.example.com"
NEW = "ada.new@example.com"


class Office:
    """A portal, a table, a receiver of the portal's webhooks, and a world's clock, store and worker over them."""

    def __init__(self, world, sandbox, types, file, remembered):
        self.world, self.sandbox, self.state = world, sandbox, sandbox.state
        self.news, self.sale = types
        self.file, self.remembered, self.wire = file, remembered, []
        world.store.set_secret("hubspot", str(PORTAL), SECRET)
        self.receiver = Receiver(world.store, sources(world.sealer, public_url=PUBLIC), clock=world.clock)
        sandbox.state.listeners.append(lambda event: self.wire.append(told(event)))

    def post(self, *events):
        """Post events as HubSpot does."""
        body, at = json.dumps(events).encode(), int(self.world.clock().replace(tzinfo=UTC).timestamp() * 1000)
        path = f"/hooks/hubspot/{PORTAL}"
        signed = signature("v3", SECRET, body, url=PUBLIC + path, timestamp=at)
        headers = {"x-hubspot-signature-v3": signed, "x-hubspot-request-timestamp": str(at)}
        assert self.receiver.handle(Request("POST", path, headers, body)).status == 200

    def deliver(self):
        """Let all that is on its way arrive, in one array, and be worked on."""
        if self.wire:
            self.post(*self.wire)
        self.wire.clear()
        self.world.work()

    def contact(self, email):
        return self.state.find_by("contacts", "email", email)

    def left(self, email):
        return [of for of in (self.news, self.sale) if self.state.preferences.left(email, of)]

    def table(self):
        with closing(sqlite3.connect(self.file)) as shop:
            return dict(shop.execute("SELECT email, ok FROM customers"))


def told(event):
    told = {"eventId": 1, "subscriptionId": 7, "portalId": PORTAL, "subscriptionType": event.type, "attemptNumber": 0}
    return {**told, "objectId": int(event.object_id), "occurredAt": int(event.at.timestamp() * 1000), **event.more}


@pytest.fixture(params=[False, True], ids=["no events of opt-outs", "events of opt-outs"])
def office(request, tmp_path):
    file, clock, remembered = tmp_path / "shop.db", Clock(), {}
    with closing(sqlite3.connect(file)) as shop, shop:
        shop.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, ok INTEGER, changed TEXT)")
        shop.executemany("INSERT INTO customers (email, ok, changed) VALUES (?, 1, '2026-05-01')", [[ADA], [BO], [NEW]])
    readings = Readings(optout_events=request.param)
    with Sandbox(clock=lambda: clock().replace(tzinfo=UTC), readings=readings) as sandbox:
        types = [sandbox.state.add_definition(name).id for name in ("News", "Sale")]
        for email in (ADA, BO):
            sandbox.state.add_contact(email)
        transport = Transport(
            Credentials(sandbox.token, sandbox.url), HubspotOptions(wait=0.0, timeout=5.0, attempts=2)
        )
        own = HubspotSystem(kind="hubspot", portal=PORTAL)
        url = f"sqlite:///{file}"
        mapped = SqlSystem(kind="sql", url=url, table="customers", endpoint="email", permitted="ok", yes=1, no=0,
                           changed_at="changed", grants=True)  # fmt: skip
        systems = (
            HubspotConsents(transport, own, remembered=lambda id_: remembered.get(id_, "")),
            SqlConsents("sql:customers", url, mapped, clock=clock),
        )
        world = World(tmp_path, *[lambda _, made=made: made for made in systems], clock=clock)
        opened = Office(world, sandbox, types, file, remembered)
        world.sweep()
        clock.tick(days=1)
        yield opened
        for system in systems:
            system.close()
        world.close()


def test_f5_f6_f13_leaving_everything_at_hubspot_reaches_the_table_by_event_or_by_the_next_sweep(office):
    office.state.unsubscribe(ADA)
    office.deliver()
    assert (office.table()[ADA] == 0) is office.sandbox.state.readings.optout_events
    office.world.clock.tick(minutes=15)
    office.world.sweep()
    assert office.table() == {ADA: 0, BO: 1, NEW: 1}
    assert office.world.may(ADA).verdict is Verdict.DENY


def test_leaving_one_type_at_hubspot_is_of_that_type_alone(office):
    office.state.unsubscribe(ADA, office.sale)
    office.deliver()
    office.world.clock.tick(minutes=15)
    office.world.sweep()
    assert office.table()[ADA] == 1 and office.left(ADA) == [office.sale]
    assert office.world.may(ADA, Scope("email", "marketing", str(office.sale))).verdict is Verdict.DENY


def test_f1_what_is_told_to_hubspot_comes_back_as_no_news(office):
    office.world.one_click(ADA)
    office.world.work()
    assert office.state.preferences.opted_out(ADA) is not None
    pushes = len(office.world.store.pushes())
    for full in (False, True, False):
        office.deliver()
        office.world.clock.tick(minutes=15)
        office.world.sweep(full=full)
    assert len(office.world.store.pushes()) == pushes
    assert {change.source for change in office.world.changes(ADA, Act.DENY)} == {"one-click"}


@pytest.mark.parametrize("lost", [False, True])
def test_f2_f3_f17_a_contact_that_is_made_anew_does_not_bring_back_whoever_left(office, lost):
    office.world.one_click(NEW)
    office.world.work()
    office.world.clock.tick(hours=1)
    office.state.add_contact(NEW)
    if lost:
        office.wire.clear()
        office.world.sweep()
    office.deliver()
    assert office.left(NEW) == [office.news, office.sale]


def test_a_colleague_who_subscribes_whoever_left_is_set_right(office):
    office.world.one_click(ADA)
    office.world.work()
    office.world.clock.tick(hours=1)
    office.state.preferences.lift_all(ADA)
    office.state.choose(ADA, office.news, "SUBSCRIBED", source="SOURCE_HUBSPOT_CUSTOMER")
    office.world.sweep(full=True)
    assert office.left(ADA) == [office.news, office.sale]
    assert office.world.may(ADA).verdict is Verdict.DENY


def test_who_subscribes_to_a_type_again_at_hubspots_page_gets_that_type(office):
    office.state.unsubscribe(ADA)
    office.world.clock.tick(minutes=15)
    office.world.sweep()
    office.world.clock.tick(days=1)
    office.state.subscribe(ADA, office.news)
    office.world.clock.tick(minutes=15)
    for full in (False, True, False):
        office.world.sweep(full=full)
        office.world.clock.tick(minutes=15)
    scope = Scope("email", "marketing", str(office.news))
    assert office.world.may(ADA, scope).verdict is Verdict.ALLOW
    assert office.world.may(ADA).verdict is Verdict.DENY
    assert office.left(ADA) == [office.sale]


def test_a_yes_elsewhere_is_a_task_only_of_those_who_had_left_hubspot(office):
    world = office.world
    world.one_click(BO)
    world.work()
    world.clock.tick(days=1)
    proof = {"actor": Actor.PERSON, "strength": "explicit", "evidence": "form 7"}
    grants = [Notice(email, Act.GRANT, MARKETING, "standard:crm", world.clock(), **proof) for email in (ADA, BO)]
    with world.store.transaction():
        apply_notices(world.sync, grants, Report(), received_at=world.clock())
    world.work()
    (task,) = world.store.tasks()
    assert (task.target, task.subject) == ("hubspot", world.subject(BO))
    assert (office.left(ADA), office.left(BO)) == ([], [office.news, office.sale])
    assert office.table()[BO] == 1


def test_f7_f8_an_event_that_is_not_understood_holds_up_no_other_in_whatever_order_they_come(office):
    office.state.unsubscribe(ADA)
    event = {"eventId": 1, "portalId": PORTAL, "subscriptionType": "contact.propertyChange", "propertyName": "email"}
    ada, bo = ({**event, "objectId": int(office.contact(email).id)} for email in (ADA, BO))
    office.post({"portalId": PORTAL, "subscriptionType": "contact.creation", "objectId": "no id"}, bo, ada, ada)
    office.world.work()
    assert office.table() == {ADA: 0, BO: 1, NEW: 1}
    (bad,) = office.world.store.inbox("quarantined")
    assert bad.source == "hubspot"


@pytest.mark.parametrize("lost", [False, True])
def test_a_merge_makes_what_restricts_one_address_restrict_both_and_then_rests(office, lost):
    office.world.one_click(BO)
    office.world.work()
    office.world.clock.tick(hours=1)
    office.state.merge("contacts", office.contact(ADA), office.contact(BO))
    if lost:
        office.wire.clear()
        office.world.sweep()
    office.deliver()
    assert office.world.may(ADA).verdict is Verdict.DENY
    assert office.left(ADA) == office.left(BO) == [office.news, office.sale]
    assert office.table() == {ADA: 0, BO: 0, NEW: 1}
    pushes = len(office.world.store.pushes())
    for full in (False, True, True):
        office.world.clock.tick(minutes=15)
        office.world.sweep(full=full)
    assert len(office.world.store.pushes()) == pushes


def test_f11_a_sweep_that_fails_is_made_again_from_the_same_time(office):
    office.state.unsubscribe(ADA)
    office.wire.clear()
    office.world.clock.tick(minutes=15)
    office.sandbox.faults.add(Fault(Kind.DROP, on="GET /email/*", times=2))
    assert "hubspot" in office.world.sweep().failed
    office.world.clock.tick(days=2)
    office.world.sweep()
    assert office.table()[ADA] == 0


def test_f15_a_bounce_is_no_choice(office):
    office.state.bounce(ADA)
    office.world.sweep(full=True)
    assert not office.world.changes(ADA, Act.DENY) and office.world.changes(ADA, Act.SUPPRESS)
    assert office.world.may(ADA).verdict is Verdict.DENY


def test_a_deletion_for_good_at_hubspot_is_carried_out_everywhere(office):
    id_ = office.contact(ADA).id
    office.remembered[id_] = ADA
    office.state.remove("contacts", office.contact(ADA))
    office.wire.append({"portalId": PORTAL, "subscriptionType": "contact.privacyDeletion", "objectId": int(id_)})
    office.deliver()
    office.world.clock.tick(hours=1)
    office.world.work()
    assert ADA not in office.table() and office.table()[BO] == 1
    assert office.world.store.changes(office.world.subject(ADA))[-1].act is Act.ERASE


def test_a_deletion_for_good_of_whom_nobody_knows_waits_for_a_person(office):
    office.post({"portalId": PORTAL, "subscriptionType": "contact.privacyDeletion", "objectId": 424242})
    office.world.work()
    assert len(office.world.store.inbox("quarantined")) == 1
