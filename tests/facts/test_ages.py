"""How old a fact may be: the defaults, what the settings say, and that a verdict over an older one is unknown."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from contextmail.config import load
from contextmail.deciding import truth
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.model.tables import FactDefinition

AS_OF = datetime(2024, 6, 1)
ORDERS = "customer,order,product,amount,at\n1,1,A,5,2024-01-01\n1,2,B,7,2024-02-01\n"
CUSTOMERS = "customer,name,kids\n1,Ann Lee,2\n"
TOUCHES = "customer,at\n1,2024-05-31\n"


def ages(folder) -> dict[str, int | None]:
    return {name: spec.max_age_days for name, spec in folder.catalogue.facts.items()}


def test_each_kind_of_fact_has_an_age_of_its_own(build):
    found = ages(build(orders=ORDERS, customers=CUSTOMERS, touches=TOUCHES, options={"names": ["touches_400d"]}))

    month = ("orders", "spend", "last_order", "owned_products", "is_customer", "renewal_at", "touches_400d")
    assert {found[name] for name in month} == {30}
    assert (found["touches_7d"], found["kids"]) == (7, 365)
    lasting = ("first_order", "first_product", "first_name", "email", "room_at", "consent_email_marketing")
    assert {found[name] for name in lasting} == {None}


def test_an_own_fact_is_as_old_as_what_it_is_made_of(build):
    definitions = [
        FactDefinition(name="parents", sql="kids > 0"),
        FactDefinition(name="busy", sql="kids > 0 AND touches_7d > 0 AND first_order IS NOT NULL"),
        FactDefinition(name="named", sql="first_name IS NOT NULL"),
        FactDefinition(name="lines_", sql="SELECT customer, count(*) FROM lines GROUP BY customer"),
        FactDefinition(name="said", sql="spend > 3", max_age=9),
    ]
    found = ages(build(orders=ORDERS, customers=CUSTOMERS, touches=TOUCHES, options={"facts": definitions}))

    assert [found[definition.name] for definition in definitions] == [365, 7, None, 30, 9]


def test_the_settings_say_otherwise_of_any_fact(build, tmp_path):
    (tmp_path / "contextmail.toml").write_text('[max_age]\nspend = 90\norders = "never"\nkids = 3\nfirst_order = 1\n')
    settings = load(tmp_path)
    found = ages(build(orders=ORDERS, customers=CUSTOMERS, options={"max_age": settings.max_age}))

    assert [found[name] for name in ("spend", "orders", "kids", "first_order")] == [90, None, 3, 1]


def test_an_age_of_a_fact_that_is_not_there_is_an_error(build):
    with pytest.raises(ConfigurationError, match=r"\[max_age\]: no fact 'spent'\n  cure: did you mean 'spend'"):
        build(orders=ORDERS, options={"max_age": {"spent": 3}})


def test_a_table_that_was_old_at_the_build_already_leaves_its_facts_unknown(build):
    for days, known in ((30, True), (31, False)):
        orders = (ORDERS, {"as_of": AS_OF - timedelta(days=days)})
        row = build(orders=orders, customers=CUSTOMERS).row("1")
        assert (row["orders"] is not None, row["is_customer"] is not None) == (known, known)
        assert (row["first_name"], str(row["first_order"])) == ("Ann", "2024-01-01")


def test_a_verdict_over_a_fact_past_its_age_is_unknown(build):
    folder = build(orders=ORDERS, customers=CUSTOMERS, touches=TOUCHES)
    claims = [("orders >= 2", ""), ("touches_7d = 1", ""), ("kids = 2", ""), ("first_order < DATE '2024-02-01'", "")]

    def unknown(days: int) -> list[bool]:
        with DuckDBEngine(threads=1) as engine:
            clock = AS_OF + timedelta(days=days)
            found = truth(claims, folder, folder.catalogue.types, as_of=clock, engine=engine)
        assert all(verdict.true + verdict.unknown == 1 for verdict in found)
        return [bool(verdict.unknown) for verdict in found]

    assert unknown(7) == [False, False, False, False]
    assert unknown(8) == [False, True, False, False]
    assert unknown(31) == [True, True, False, False]
    assert unknown(366) == [True, True, True, False]


def test_a_row_says_when_it_was_built_so_that_its_age_is_known(build):
    assert build(orders=ORDERS).row("1")["facts_as_of"] == AS_OF
