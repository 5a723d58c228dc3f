"""Customers of several systems are one person where an identifier says so, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from contextmail import facts
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.facts import FactsFolder
from contextmail.facts.explaining import explain, list_conflicts
from contextmail.model.identity import Identity
from contextmail.model.ledger import Known
from contextmail.model.tables import TableMapping

AS_OF = datetime(2024, 6, 1)
Systems = Mapping[str, Mapping[str, Any]]


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., FactsFolder]:
    """Build facts of CSV texts by system and table: `build({"own": {"customers": "customer,email\\n…"}})`."""

    def run(systems: Systems, identity: Identity | None = None, **options: Any) -> FactsFolder:
        mapped: dict[str, dict[str, TableMapping]] = {}
        for system, tables in systems.items():
            for name, table in tables.items():
                text, settings = table if isinstance(table, tuple) else (table, {})
                (tmp_path / f"{system}-{name}.csv").write_text(text, encoding="utf-8")
                header = text.split("\n", 1)[0].split(",")
                mapping = TableMapping(path=f"{system}-{name}.csv", columns={c: c for c in header}, **settings)
                mapped.setdefault(system, {})[name] = mapping
        own = mapped.pop("own", {})
        facts.build(own, tmp_path / "facts", as_of=AS_OF, systems=mapped, identity=identity, folder=tmp_path, **options)
        return FactsFolder.open(tmp_path / "facts")

    return run


def customers(folder: FactsFolder) -> list[str]:
    return [str(row[0]) for row in rows(folder, "facts", "customer")]


def rows(folder: FactsFolder, table: str, columns: str) -> list[tuple[Any, ...]]:
    with DuckDBEngine() as engine:
        return engine.rows(f"SELECT {columns} FROM read_parquet('{folder.table(table)}') ORDER BY ALL")


def test_the_same_address_is_one_person_however_it_is_written(build):
    own = "customer,email\n1,Ada@Example.com\n2,bo@exämple.com\n3,cy.d+x@example.com\n"
    crm = "customer,email,plan\n7, ada@example.com,pro\n8,BO@xn--exmple-cua.com,free\n9,cyd@example.com,free\n"
    folder = build({"own": {"customers": own}, "crm": {"customers": crm}})

    assert customers(folder) == ["1", "2", "3", "crm:9"]
    assert [folder.row(c)["plan"] for c in customers(folder)] == ["pro", "free", None, "free"]


def test_what_persons_did_in_any_system_counts_for_them_once(build):
    own = "customer,email\n1,ada@example.com\n"
    crm = "customer,email\n7,ada@example.com\n"
    shop = "customer,order,at,amount\n1,A1,2024-05-01,10\n1,A2,2024-05-02,20\n"
    deals = "customer,order,at,amount\n7,A1,2024-05-01,10\n7,B9,2024-05-09,5\n8,B10,2024-05-09,7\n"
    touches = "customer,at\n7,2024-05-30\n"
    folder = build(
        {"own": {"customers": own, "orders": shop}, "crm": {"customers": crm, "orders": deals, "touches": touches}}
    )

    assert customers(folder) == ["1", "crm:8"]
    row = folder.row("1")
    assert (row["orders"], row["spend"], row["touches_7d"]) == (3, 3500, 1)
    assert "orders: 1 orders are in two systems under one id, and count once" in folder.catalogue.notes


def test_orders_that_only_look_the_same_are_listed_and_the_settings_say_whose_count(build):
    customers_ = "customer,email\n1,ada@example.com\n"
    shop = "customer,order,at,amount\n1,A1,2024-05-01,10\n"
    deals = "customer,order,at,amount\n1,D7,2024-05-01,10\n"
    systems = {"own": {"customers": customers_, "orders": shop}, "crm": {"customers": customers_, "orders": deals}}

    folder = build(systems)
    assert folder.row("1")["orders"] == 2
    assert rows(folder, "conflicts", "kind, id, system") == [("order", "A1", "own"), ("order", "D7", "crm")]

    folder = build(systems, Identity(owner={"orders": "own"}))
    assert folder.row("1")["orders"] == 1
    assert rows(folder, "conflicts", "kind") == []


def test_amounts_of_systems_in_pence_and_in_pounds_are_added_up(build):
    own = "customer,order,at,amount\n1,A,2024-05-01,10.50\n"
    stripe = ("customer,order,at,amount\n1,B,2024-05-02,1050\n", {"amounts": "minor", "currency": "GBP"})
    who = "customer,email\n1,ada@example.com\n"
    folder = build(
        {"own": {"customers": who, "orders": own}, "stripe": {"customers": who, "orders": stripe}}, currency="GBP"
    )

    assert folder.row("1")["spend"] == 2100


def test_a_number_or_the_address_of_a_desk_makes_nobody_one_person(build):
    own = "customer,email,phone\n1,info@example.com,+441632960961\n2,,+44 1632 960962\n"
    crm = "customer,email,phone\n7,info@example.com,00441632960961\n8,,+44 (0)1632 960962\n"
    folder = build({"own": {"customers": own}, "crm": {"customers": crm}})

    assert customers(folder) == ["1", "2", "crm:7", "crm:8"]


def test_an_address_of_two_customers_of_one_system_ties_nobody_and_is_listed(build):
    own = "customer,email\n1,family@example.com\n2,family@example.com\n3,cy@example.com\n"
    crm = "customer,email\n7,family@example.com\n8,cy@example.com\n"
    folder = build({"own": {"customers": own}, "crm": {"customers": crm}})

    assert customers(folder) == ["1", "2", "3", "crm:7"]
    found = rows(folder, "conflicts", "endpoint, system, record")
    assert found == [
        ("family@example.com", "crm", "7"),
        ("family@example.com", "own", "1"),
        ("family@example.com", "own", "2"),
    ]
    assert any(
        "1 identifiers contradict" in note and "3 customers stay apart" in note for note in folder.catalogue.notes
    )


def test_guests_with_a_customer_for_each_order_are_one_where_the_settings_say_so(build):
    own = "customer,email\n1,ada@example.com\n2,ada@example.com\n"
    orders = "customer,order,at\n1,A,2024-05-01\n2,B,2024-05-02\n"
    folder = build({"own": {"customers": own, "orders": orders}}, Identity(several=("own",)))

    assert [folder.row(c)["orders"] for c in customers(folder)] == [2]


def test_ids_tie_before_addresses_do(build):
    own = "customer,email,card\n1,ada@example.com,C1\n2,bo@example.com,C2\n"
    crm = "customer,email,card\n7,ada.b@example.com,C1\n8,ada@example.com,\n"
    folder = build({"own": {"customers": own}, "crm": {"customers": crm}}, Identity(ids=("card",)))

    assert customers(folder) == ["1", "2", "crm:8"]
    assert {row[0] for row in rows(folder, "conflicts", "endpoint")} == {"ada@example.com"}


def test_a_chain_that_ends_at_another_customer_of_the_same_system_ties_nothing(build):
    own = "customer,email\n1,ada@example.com\n2,bo@example.com\n"
    crm = "customer,email,other_emails\n7,x@example.com,ada@example.com\n"
    till = "customer,email,other_emails\n5,x@example.com,bo@example.com\n"
    folder = build({"own": {"customers": own}, "crm": {"customers": crm}, "till": {"customers": till}})

    assert customers(folder) == ["1", "2", "crm:7", "till:5"]
    listed = {row[0] for row in rows(folder, "conflicts", "endpoint")}
    assert listed == {"ada@example.com", "bo@example.com", "x@example.com"}


def test_an_id_that_is_named_as_a_system_is_its_customer(build):
    own = "customer,crm\n1,7\n2,\n"
    crm = "customer,email\n7,ada@example.com\n8,bo@example.com\n"
    folder = build({"own": {"customers": own}, "crm": {"customers": crm}}, Identity(ids=("crm",)))

    assert customers(folder) == ["1", "2", "crm:8"]
    assert folder.row("1")["email"] == "ada@example.com"


def test_a_table_of_ids_ties_systems_that_share_no_address(build, tmp_path):
    (tmp_path / "ids.csv").write_text("Shop,Till\n1,T7\n2,T8\n2,T9\n")
    links = TableMapping(path="ids.csv", columns={"own": "Shop", "till": "Till"})
    own = "customer,email\n1,ada@example.com\n2,bo@example.com\n"
    till = "customer,order,at\nT7,A,2024-05-01\nT8,B,2024-05-01\nT9,C,2024-05-01\n"
    folder = build({"own": {"customers": own}, "till": {"orders": till}}, Identity(links=links))

    assert customers(folder) == ["1", "2", "till:T8", "till:T9"]
    assert folder.row("1")["orders"] == 1


def test_contacts_that_their_system_merged_are_one_through_every_chain(build):
    crm = "customer,email,merged_ids\n30,ada@example.com,10;20\n20,ada.b@example.com,10\n40,bo@example.com,\n"
    deals = "customer,order,at\n10,A,2024-05-01\n20,B,2024-05-02\n30,C,2024-05-03\n"
    folder = build({"crm": {"customers": crm, "orders": deals}})

    assert customers(folder) == ["crm:30", "crm:40"]
    assert folder.row("crm:30")["orders"] == 3


def test_a_contact_that_was_merged_into_two_is_listed_and_is_neither(build):
    crm = "customer,email,merged_ids\n30,ada@example.com,10\n40,bo@example.com,10\n"
    deals = "customer,order,at\n10,A,2024-05-01\n"
    folder = build({"crm": {"customers": crm, "orders": deals}})

    assert customers(folder) == ["crm:10", "crm:30", "crm:40"]
    assert [row[0] for row in rows(folder, "conflicts", "record")] == ["30", "40"]


def test_who_is_denied_at_one_address_is_denied_at_all_and_a_grant_stays_where_it_was_given(build):
    own = "customer,email\n1,ada@example.com\n2,bo@example.com\n3,cy@example.com\n"
    crm = (
        "customer,email,other_emails\n7,ada@example.org,ada@example.com\n"
        "8,bo@example.org,bo@example.com\n9,cy@example.org,cy@example.com\n"
    )
    consents = "customer,channel,purpose,status,at\n{}"
    granted = "".join(f"{c},email,marketing,granted,2024-01-01\n" for c in (1, 2, 3))
    denied = "7,email,marketing,denied,2020-01-01\n9,email,marketing,granted,2020-01-01\n"
    folder = build(
        {
            "own": {"customers": own, "consents": consents.format(granted)},
            "crm": {"customers": crm, "consents": consents.format(denied)},
        }
    )

    assert customers(folder) == ["1", "2", "3"]
    assert [folder.row(c)["consent_email_marketing"] for c in "123"] == ["denied", "unknown", "granted"]


def test_the_ledger_is_asked_of_every_address_of_a_person(build):
    own = "customer,email\n1,ada@example.com\n"
    crm = "customer,email,other_emails\n7,ada@exämple.org,ada@example.com\n"
    denied = Known("ada@xn--exmple-cua.org", "email", "marketing", "denied", datetime(2020, 1, 1), "", "", 0, 0)
    folder = build({"own": {"customers": own}, "crm": {"customers": crm}}, ledger=[denied])

    assert folder.row("1")["consent_email_marketing"] == "denied"


def test_whose_values_count_where_systems_differ_is_set_and_no_matter_of_order(build):
    own, crm = "customer,email,plan\n1,ada@example.com,free\n", "customer,email,plan,seats\n7,ada@example.com,pro,3\n"
    systems = {"own": {"customers": own}, "crm": {"customers": crm}}

    assert [build(systems).row("1")[name] for name in ("plan", "seats")] == ["free", 3]
    assert build(dict(reversed(systems.items()))).row("1")["plan"] == "free"
    assert build(systems, Identity(prefer=("crm",))).row("1")["plan"] == "pro"


def test_names_that_are_no_system_and_no_column_are_refused_with_a_cure(build):
    systems = {"own": {"customers": "customer,email\n1,\n"}, "crm": {"customers": "customer,email\n7,\n"}}
    for wrong in (Identity(prefer=("crn",)), Identity(ids=("emial",)), Identity(owner={"orders": "cmr"})):
        with pytest.raises(ConfigurationError, match=r"(?s)\[identity\].*did you mean"):
            build(systems, wrong)


def test_what_ties_a_person_together_is_explained(build, tmp_path):
    (tmp_path / "ids.csv").write_text("Shop,Till\n1,T7\n")
    links = TableMapping(path="ids.csv", columns={"own": "Shop", "till": "Till"})
    own = "customer,email,phone,card\n1,ada@example.com,+441632960961,C1\n2,family@example.com,,\n3,family@example.com,,\n"
    crm = "customer,email,phone,card,merged_ids\n7,Ada@example.com,+441632960961,C1,5\n8,family@example.com,,,\n"
    folder = build(
        {"own": {"customers": own}, "crm": {"customers": crm}, "till": {"customers": "customer\nT7\n"}},
        Identity(ids=("card",), links=links),
    )

    person = explain(folder, "1")
    assert person.customers == ("crm 5", "crm 7", "own 1", "till T7")
    assert {(tie.kind, tie.value): tie.customers for tie in person.ties} == {
        ("card", "C1"): ("crm 7", "own 1"),
        ("email", "ada@example.com"): ("crm 7", "own 1"),
        ("links", "row 1"): ("own 1", "till T7"),
        ("merged", "5"): ("crm 7", "crm 5"),
    }
    assert explain(folder, "crm:8").ties == ()
    assert explain(folder, "nobody") is None
    assert list_conflicts(folder, tmp_path / "conflicts.csv") == 1
    assert len((tmp_path / "conflicts.csv").read_text().splitlines()) == 4
