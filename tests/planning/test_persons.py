"""A contact of an audience is found under any address of the person who it is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts import FactsFolder, build
from contextmail.model.tables import TableMapping
from contextmail.planning.audience import People


def test_each_address_of_a_person_leads_to_their_facts(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("customer,email\n1,ada@example.com\n")
    (tmp_path / "crm.csv").write_text("customer,email,other_emails\n7,ada@example.org,ada@example.com\n")
    own, crm = (
        {"customers": TableMapping(path=f"{name}.csv", columns={"customer": "customer"})} for name in ("own", "crm")
    )
    build(own, tmp_path / "facts", as_of=datetime(2024, 6, 1), systems={"crm": crm}, folder=tmp_path)
    with DuckDBEngine() as engine:
        engine.rows(
            "CREATE TEMP TABLE members AS SELECT * FROM (VALUES ('a', 'Ada@example.com', 'subscribed'),"
            " ('b', 'ada@example.org', 'subscribed'), ('c', 'bo@example.com', 'subscribed')) v(key, email, status)"
        )
        people = People(engine, FactsFolder.open(tmp_path / "facts"))
        assert people.choose() == 3
        assert engine.rows("SELECT key, known FROM owners ORDER BY key") == [("a", "1"), ("b", "1"), ("c", None)]
