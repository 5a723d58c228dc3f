"""What each check finds in an audience, and that counts and examples name nobody."""

import csv
import json
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conformance.memory_target import MemoryTarget

from contextmail.auditing import Audit, Checked, audit
from contextmail.auditing import checks as registry
from contextmail.config import Settings
from contextmail.connectors.base import AudienceField, Consent
from contextmail.connectors.mailchimp import connect
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.facts.folder import CATALOGUE, FACTS, FactsFolder
from contextmail.model.consent import Act, Actor, Change, Scope
from contextmail.model.fact import Catalogue, FactSpec, FactType
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.sandbox.mailchimp import Sandbox
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore
from contextmail.syncing.hearing import Hearing

TODAY = datetime(2024, 6, 1)


@pytest.fixture
def target() -> MemoryTarget:
    made = MemoryTarget()
    for tag in ("FNAME", "LNAME", "ADDRESS"):
        made.columns[tag] = AudienceField(tag, tag, tag)
    return made


def checked(done: Audit, name: str) -> Checked:
    return next(one for one in done.checks if one.name == name)


def test_the_registry_has_every_check_of_the_folder() -> None:
    folder = Path(registry.__file__).parent
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py") if '"""The check ' in path.read_text("utf-8")}
    assert set(registry.CHECKS) == files
    assert all(check.name == name for name, check in registry.CHECKS.items())
    assert all(len(path.read_text("utf-8").splitlines()) < 140 for path in folder.glob("*.py"))


def test_dirty_names_are_counted_by_what_is_wrong_and_told_by_key_alone(target: MemoryTarget) -> None:
    key = target.add("ada@example.com", FNAME="ADA LOVELACE")
    target.add("bob@example.com", FNAME="Bob & Eve", LNAME="Hill")
    target.add("eve@example.com", FNAME="Eve", LNAME="Hill")
    found = checked(audit(target), "dirty-name")
    assert (found.found, found.mended) == (2, 1) and found.whats == {"first and last name": 1, "several people": 1}
    assert key in found.examples and "ada" not in " ".join(found.examples).lower()


def test_an_address_in_a_name_field_is_emptied_only_where_it_is_the_contacts_own(target: MemoryTarget) -> None:
    target.add("ada@example.com", FNAME="ADA@example.com")
    target.add("bob@example.com", FNAME="other@example.com")
    assert (checked(audit(target), "dirty-name").found, checked(audit(target), "dirty-name").mended) == (2, 1)


def test_addresses_that_are_none_and_addresses_that_are_there_twice(target: MemoryTarget) -> None:
    for number, address in enumerate(
        ["ada@exämple.com", "ADA@xn--exmple-cua.com", "a..b@example.com", "b@example.com"]
    ):
        made = target.add(address)
        target.people[str(number)] = replace(target.people.pop(made), key=str(number))
    done = audit(target)
    assert checked(done, "duplicate-address").examples == ("0", "1")
    assert checked(done, "duplicate-address").whats == {"the same address, its domain written differently": 2}
    assert checked(done, "invalid-address").examples == ("2",)


def test_one_name_with_one_number_or_mailbox_is_a_hint(target: MemoryTarget) -> None:
    for email, first, phone in [
        ("ada.l@example.com", "Ada", ""), ("ada.l+news@example.com", "Ada", ""), ("adal@example.com", "Zoë", ""),
        ("x@example.com", "Bob", "+441632960961"), ("y@example.com", "Bob", "+44 1632 960961"), ("z@example.com", "Eve", "+441632960961"),
    ]:  # fmt: skip
        key = target.add(email, FNAME=first)
        target.people[key] = replace(target.people[key], phone=phone)
    found = checked(audit(target), "same-person")
    assert found.whats == {"one name and mailbox": 2, "one name and number": 2} and found.mended == 0


def test_a_field_that_nobody_fills_is_named(target: MemoryTarget) -> None:
    target.add("ada@example.com", FNAME="Ada", LNAME=" ")
    found = checked(audit(target), "empty-field")
    assert found.examples == ("ADDRESS", "LNAME") and found.whats == {"nobody has it": 2}


def test_a_grant_without_date_and_source_is_found(target: MemoryTarget) -> None:
    for email, at, source in [
        ("a@example.com", None, "Import"), ("b@example.com", None, "subscribed"), ("c@example.com", TODAY, "Import"),
        ("d@example.com", None, "Web Signup Form"),
    ]:  # fmt: skip
        key = target.add(email)
        consent = Consent(key, email, "email", "granted", at, source)
        target.people[key] = replace(target.people[key], consents=(consent,))
    found = checked(audit(target), "no-consent-source")
    assert found.whats == {"added by Import": 1, "neither when nor how": 1}


# ------------------------------------------------------------------------------------------- with facts and a ledger


def facts(folder: Path, *rows: tuple[str, float, int, str]) -> FactsFolder:
    """Make facts of customers: address, spend rank, orders, consent."""
    folder.mkdir()
    listed = ", ".join(
        f"('{email}', '{email}', {rank}, {orders}, '{consent}')" for email, rank, orders, consent in rows
    )
    with DuckDBEngine() as engine:
        engine.rows(
            f"COPY (SELECT * FROM (VALUES {listed}) t(customer, email, spend_rank, orders, consent_email_marketing))"
            f" TO '{folder / FACTS}' (FORMAT parquet)"
        )
    types = {
        "email": FactType.TEXT, "spend_rank": FactType.FLOAT, "orders": FactType.INT,
        "consent_email_marketing": FactType.TEXT,
    }  # fmt: skip
    specs = {name: FactSpec(name=name, type=type_, source="test") for name, type_ in types.items()}
    catalogue = Catalogue(as_of=TODAY, customers=len(rows), facts=specs)
    (folder / CATALOGUE).write_text(catalogue.model_dump_json())
    return FactsFolder.open(folder)


@pytest.fixture
def settings() -> Settings:
    return Settings(as_of=TODAY)


def tag(target: MemoryTarget, email: str, *tags: str) -> str:
    key = target.add(email)
    target.people[key] = replace(target.people[key], tags=tags)
    return key


def test_a_label_that_the_facts_belie_is_found(target: MemoryTarget, settings: Settings, tmp_path: Path) -> None:
    tag(target, "best@example.com", "VIP", "Spring sale")
    once = tag(target, "once@example.com", "VIP - UK", "Newsletter")
    stranger = tag(target, "stranger@example.com", "Top customers")
    known = facts(tmp_path / "f", ("best@example.com", 0.95, 9, "granted"), ("once@example.com", 0.2, 1, "granted"))
    found = checked(audit(target, settings, facts=known), "untrue-label")
    assert set(found.examples) == {once, stranger} and found.whats == {"bought less": 1, "nothing proves it": 1}


def test_the_name_of_a_saved_segment_is_a_label_too(settings: Settings, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        audience = sandbox.state.add_list("Lantern & Lace")
        member = sandbox.state.add_member(audience, "once@example.com", "subscribed")
        environment = {"CONTEXTMAIL_MAILCHIMP_URL": sandbox.url, "CONTEXTMAIL_MAILCHIMP_KEY": "k-us1"}
        known = facts(tmp_path / "f", ("once@example.com", 0.2, 1, "granted"))
        with connect(MailchimpOptions(audience=audience.id), environment) as target:
            target.create_segment("Loyal customers", ["once@example.com"])
            assert checked(audit(target, settings, facts=known), "untrue-label").examples == (member.key,)


def test_opt_outs_that_differ_are_found_between_platform_facts_and_ledger(
    target: MemoryTarget, settings: Settings, tmp_path: Path
) -> None:
    target.add("in-facts@example.com")
    target.add("in-ledger@example.com")
    target.add("here@example.com", "unsubscribed")
    target.add("same@example.com")
    known = facts(
        tmp_path / "f",
        ("in-facts@example.com", 0.1, 1, "denied"), ("in-ledger@example.com", 0.1, 1, "granted"),
        ("here@example.com", 0.1, 1, "granted"), ("same@example.com", 0.1, 1, "granted"),
    )  # fmt: skip
    sealer = Sealer("l" * 32, ["c2VhbHNlYWxzZWFsc2VhbHNlYWxzZWFsc2VhbHNlYWw="])
    with closing(SqliteConsentStore(tmp_path / "consent.db", sealer)) as store:
        subject = store.subject("in-ledger@example.com")
        change = Change(
            id="1", subject=subject, act=Act.DENY, scope=Scope("email", "marketing"), received_at=TODAY, actor=Actor.PERSON
        )  # fmt: skip
        store.append([change], ["in-ledger@example.com"])
        found = checked(audit(target, settings, facts=known, ledger=Hearing(store, {})), "differing-opt-out")
    assert found.whats == {
        "left here, granted in the facts": 1,
        "subscribed here, left in the facts": 1,
        "subscribed here, left in the ledger": 1,
    }


def test_what_nobody_can_look_for_says_why(target: MemoryTarget) -> None:
    target.add("ada@example.com")
    done = audit(target)
    assert "no facts" in checked(done, "untrue-label").unlooked
    assert "ledger" in checked(done, "differing-opt-out").unlooked


# -------------------------------------------------------------------------------------------------------- the lists


def test_the_lists_hold_who_is_concerned_for_their_owner_alone(target: MemoryTarget, tmp_path: Path) -> None:
    target.add("ada@example.com", FNAME="ADA")
    target.add("bob@example.com", FNAME="=HYPERLINK(1)")
    out = tmp_path / "to-do"
    audit(target, out=out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    with (out / "dirty-name.csv").open(newline="") as file:
        rows = {row["email"]: row for row in csv.DictReader(file)}
    assert (rows["ada@example.com"]["value"], rows["ada@example.com"]["mended"]) == ("ADA", "Ada")
    assert rows["bob@example.com"]["value"] == "'=HYPERLINK(1)"
    with pytest.raises(ConfigurationError, match="something here already"):
        audit(target, out=out)


def test_a_plan_holds_no_address_beside_its_parquet(target: MemoryTarget, tmp_path: Path) -> None:
    target.add("ada@example.com", FNAME="ADA")
    audit(target, plan=tmp_path / "plan")
    text = (tmp_path / "plan" / "plan.json").read_text()
    assert "@" not in text and "ADA" not in text and json.loads(text)["people_changed"] == 1
    assert datetime.fromisoformat(json.loads(text)["valid_until"]) > datetime.now(UTC).replace(tzinfo=None)
