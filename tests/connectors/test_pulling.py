"""Pulling into a folder: everything, what changed, and what is left after an interruption."""

import json
import stat
from datetime import datetime, timedelta

import pytest

from contextmail.connectors.pulling import Cursor, pull
from contextmail.connectors.tables import tables
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError, RetryableError
from contextmail.facts.building import build
from contextmail.facts.folder import FactsFolder
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.mailchimp import seeding
from contextmail.sandbox.mailchimp.state import key_of
from contextmail.sandbox.people import invent

STREAMS = ("customers", "orders", "products", "touches", "consents")


@pytest.fixture
def shop(sandbox, audience):
    """Give the audience with orders, and two campaigns that were sent, one of which lost a reader."""
    people = list(invent(40, 1))
    for person in people:
        sandbox.state.add_member(audience, person.email, "subscribed", {"FNAME": person.first_name})
    seeding.open_store(sandbox.state, audience, people)
    for name in ("First", "Second"):
        campaign = sandbox.state.add_campaign(audience, html="<p>Hello</p>", subject_line=name, title=name)
        sandbox.state.send(campaign.id)
    sandbox.state.unsubscribe(audience.id, people[0].email, campaign_id=campaign.id)
    return people


def rows(folder, stream):
    files = sorted((folder / stream).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_pull_brings_every_stream_and_counts_it(target, shop, tmp_path):
    counts = pull(target, tmp_path / "pulled")
    assert counts == {stream: len(rows(tmp_path / "pulled", stream)) for stream in STREAMS}
    assert counts["customers"] == 50
    assert counts["touches"] == 84
    assert counts["consents"] == 1
    assert stat.S_IMODE((tmp_path / "pulled").stat().st_mode) == 0o700


def test_contacts_are_read_once_for_themselves_and_for_their_consent(target, sandbox, shop, tmp_path):
    sandbox.calls.reset()
    pull(target, tmp_path, streams=["customers", "consents"])
    assert sandbox.calls["GET /lists/{list_id}/members"] == 1
    assert len(rows(tmp_path, "statuses")) == 50


def test_progress_tells_each_stream_and_its_rows(target, shop, tmp_path):
    told = []
    pull(target, tmp_path, progress=lambda stream, count: told.append((stream, count)))
    assert dict(told) == pull(target, tmp_path / "again")
    assert list(dict(told)) == list(STREAMS)


@pytest.mark.parametrize("stream", ["members", "orders", "products", "sent-to", "unsubscribed"])
@pytest.mark.parametrize("skip", [0, 1])
def test_an_interrupted_pull_goes_on_and_ends_as_one_that_was_not(target_of, sandbox, shop, tmp_path, stream, skip):
    pull(target_of(), tmp_path / "whole")
    target = target_of(attempts=1)
    sandbox.faults.add(Fault(Kind.DROP, f"GET *{stream}", skip=skip))
    try:
        pull(target, tmp_path / "pulled")
    except RetryableError:
        done = Cursor.load(tmp_path / "pulled").pulls[-1].rows
        sandbox.calls.reset()
        pull(target, tmp_path / "pulled", since=datetime(2099, 1, 1))
        assert ("customers" not in done) == bool(sandbox.calls["GET /lists/{list_id}/members"])
    for one in STREAMS:
        assert rows(tmp_path / "pulled", one) == rows(tmp_path / "whole", one)
    assert len(Cursor.load(tmp_path / "pulled").pulls) == 1
    assert not list((tmp_path / "pulled").rglob("*.part"))


def test_a_campaign_whose_touches_are_whole_is_not_asked_for_again(target_of, sandbox, audience, shop, tmp_path):
    target = target_of(attempts=1)
    sandbox.state.send(sandbox.state.add_campaign(audience, html="<p>Hello</p>", subject_line="Third").id)
    sandbox.faults.add(Fault(Kind.DROP, "GET */sent-to", skip=2))
    with pytest.raises(RetryableError):
        pull(target, tmp_path, streams=["touches"])
    assert len(rows(tmp_path, "touches")) == 42
    sandbox.calls.reset()
    assert pull(target, tmp_path, streams=["touches"]) == {"touches": 125}
    assert sandbox.calls["GET /reports/{campaign_id}/sent-to"] == 2


def test_a_folder_of_another_source_is_refused(target, sandbox, target_of, tmp_path):
    pull(target, tmp_path)
    other = target_of(audience=sandbox.state.add_list("Another").id)
    with pytest.raises(ConfigurationError, match="another folder"):
        pull(other, tmp_path)


def test_a_broken_cursor_is_told(target, tmp_path):
    (tmp_path / "cursor.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"cursor\.json"):
        pull(target, tmp_path)


def built(folder, as_of):
    with DuckDBEngine() as engine:
        mapped = tables(engine, folder)
    build(mapped, folder / "facts", as_of=as_of, folder=folder)
    return FactsFolder.open(folder / "facts")


def test_a_pulled_folder_is_mapped_to_facts_without_a_line_by_hand(target, sandbox, shop, tmp_path):
    pull(target, tmp_path)
    as_of = sandbox.state.now().replace(tzinfo=None) + timedelta(days=1)
    facts = built(tmp_path, as_of)
    lines = list(target.orders())
    buyer = lines[0].customer
    row = facts.row(buyer)
    assert row["orders"] == len({one.order for one in lines if one.customer == buyer})
    assert row["first_name"] == next(one.first_name for one in shop if key_of(one.email) == buyer)
    assert row["touches_7d_email"] == 2 if "touches_7d_email" in row else row["touches_7d"] == 2
    assert facts.row(key_of(shop[0].email))["consent_email_marketing"] == "denied"
    assert facts.row(key_of(shop[1].email))["consent_email_marketing"] == "granted"
    assert facts.row(key_of("ann.pending@example.com"))["consent_email_marketing"] == "pending"


def test_what_changed_since_takes_the_place_of_what_was(target, sandbox, audience, shop, tmp_path):
    field = sandbox.state.add_field(audience, "POINTS", "Points", type="number")
    sandbox.state.add_field(audience, "CMABCDEFGH", "contextmail CMABCDEFGH")
    pull(target, tmp_path)
    member = audience.members[key_of(shop[1].email)]
    member.values = {**member.values, field.id: 7}
    gone = audience.members[key_of(shop[2].email)]
    gone.status = "archived"
    for one in (member, gone):
        one.changed_at = sandbox.state.now()
    audience.members.changed()
    since = Cursor.load(tmp_path).since()
    assert since < Cursor.load(tmp_path).pulls[-1].started_at
    pull(target, tmp_path, since=since)
    facts = built(tmp_path, sandbox.state.now().replace(tzinfo=None) + timedelta(days=1))
    assert facts.row(member.key)["points"] == 7
    assert facts.row(member.key)["touches_7d"] == 2
    assert (facts.row(gone.key) or {}).get("email") is None
    assert not [name for name in facts.catalogue.facts if name.startswith("cm")]


def test_a_whole_pull_drops_what_it_replaces(target, sandbox, audience, shop, tmp_path):
    pull(target, tmp_path)
    audience.members.remove(key_of(shop[1].email))
    sandbox.state.campaigns.clear()
    pull(target, tmp_path)
    assert key_of(shop[1].email) not in {row["customer"] for row in rows(tmp_path, "customers")}
    assert rows(tmp_path, "touches") == []


def test_tables_of_a_folder_without_contacts_say_so(tmp_path):
    with DuckDBEngine() as engine, pytest.raises(ConfigurationError, match="no contacts"):
        tables(engine, tmp_path)
