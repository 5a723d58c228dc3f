"""Pulled folders and tables of one's own become persons, and the commands say why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SETTINGS = """
as_of = 2024-06-01
pulled = "pulled"
[tables.customers]
path = "customers.csv"
[systems.till.customers]
path = "till.csv"
customer = "card"
email = "mail"
"""
CONTACTS = {
    "hubspot-contacts": [("30", "ada@example.com", {"firstname": "Ada", "hs_additional_emails": "ada@example.org"})],
    "mailchimp-1a2b": [("m1", "ADA@example.org", {"FNAME": ""}), ("m2", "bo@example.com", {"FNAME": "Bo"})],
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("contextmail.toml").write_text(SETTINGS)
    Path("customers.csv").write_text("customer,email\n1,ada@example.com\n2,cy@example.com\n3,cy@example.com\n")
    Path("till.csv").write_text("card,mail\nT1,cy@example.com\nT2,bo@example.com\n")
    for folder, people in CONTACTS.items():
        place = Path("pulled", folder)
        (place / "customers").mkdir(parents=True)
        (place / "statuses").mkdir()
        tags = dict.fromkeys(tag for _, _, fields in people for tag in fields)
        (place / "fields.json").write_text(json.dumps([{"id": tag, "tag": tag, "name": tag} for tag in tags]))
        (place / "cursor.json").write_text(json.dumps({"source": folder.replace("-", ":")}))
        rows = (
            {"customer": key, "email": email, "status": "subscribed", "fields": fields} for key, email, fields in people
        )
        (place / "customers" / "1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (place / "statuses" / "1.jsonl").write_text("")
    return tmp_path


def test_systems_that_were_pulled_and_systems_of_tables_are_one_person_by_address(run, shop: Path) -> None:
    built = run("facts", "build")
    assert built.code == 0 and "of 5 customers" in built.out
    assert "1 identifiers contradict each other, and 3 customers stay apart" in " ".join(built.err.split())
    ran = run("facts", "persons", "1")
    assert ran.code == 0 and "1  is hubspot_contacts 30, mailchimp_1a2b m1, own 1" in ran.out
    assert "email ada@example.org  hubspot_contacts 30, mailchimp_1a2b m1" in ran.out
    assert "first_name" in run("facts", "show", "1").out
    told = json.loads(run("facts", "persons", "mailchimp_1a2b:m2", "--format", "json").out)
    assert told["customers"] == ["mailchimp_1a2b m2", "till T2"]


def test_conflicts_are_written_as_a_list_to_work_through(run, shop: Path) -> None:
    run("facts", "build")
    ran = run("facts", "persons", "--conflicts", "conflicts.csv")
    assert ran.code == 0 and "1 conflict" in ran.out
    lines = Path("conflicts.csv").read_text().splitlines()
    assert len(lines) == 4 and all("cy@example.com" in line for line in lines[1:])


def test_of_nobody_and_of_one_system_there_is_nothing_to_explain(run, shop: Path) -> None:
    run("facts", "build")
    assert "no such customer" in run("facts", "persons", "99").err
    assert "nobody is named" in run("facts", "persons").err
    Path("contextmail.toml").write_text(SETTINGS.partition("[systems")[0].replace('pulled = "pulled"', ""))
    run("facts", "build")
    ran = run("facts", "persons", "1")
    assert ran.code == 2 and "of one system" in ran.err


def test_a_customer_within_a_person_is_found_by_the_name_of_their_system(run, shop: Path) -> None:
    run("facts", "build")
    ran = run("facts", "persons", "hubspot_contacts:30")
    assert ran.code == 0 and ran.out.startswith("1  is hubspot_contacts 30")


def test_a_fact_names_a_column_of_the_system_that_is_believed(run, shop: Path) -> None:
    run("facts", "build")
    assert "customers (email)" in run("facts", "show", "1").out
