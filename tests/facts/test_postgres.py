"""`facts build --to postgresql:…`, against a PostgreSQL that CONTEXTMAIL_TEST_POSTGRES names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest

from contextmail.errors import ConfigurationError
from contextmail.facts import export
from contextmail.model.fact import Catalogue

psycopg = pytest.importorskip("psycopg")

ORDERS = """customer,order,product,amount,at
1,1,A,5,2024-01-01
1,2,B,7,2024-02-01
2,3,A,5,2024-03-01
"""
CUSTOMERS = 'customer,name,tier,score\n1,Ann Lee,gold,1.5\n2,Bo "Bö" Lee,,\n'


@pytest.fixture(scope="module")
def url() -> str:
    named = os.environ.get("CONTEXTMAIL_TEST_POSTGRES")
    if not named:
        pytest.skip("CONTEXTMAIL_TEST_POSTGRES names no PostgreSQL")
    return named


@pytest.fixture
def table(url: str) -> Iterator[str]:
    """Name a table that no other test has, and remove it afterwards."""
    name = f"facts_{uuid4().hex[:12]}"
    yield name
    with psycopg.connect(url) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {name}, {name}_catalogue")


def rows(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()


def test_every_fact_arrives_with_its_type(build, url, table):
    folder = build(orders=ORDERS, customers=CUSTOMERS)

    assert export(folder, url, table=table) == 2
    names = list(folder.catalogue.facts)
    columns = ", ".join(f'"{name}"' for name in names)
    for customer in ("1", "2"):
        (found,) = rows(url, f"SELECT {columns} FROM {table} WHERE customer = %s", customer)
        read = {n: tuple(v) if isinstance(v, list) else v for n, v in zip(names, found, strict=True)}
        assert read == {name: value for name, value in folder.row(customer).items() if name in names}
    (one,) = rows(
        url, f"SELECT spend, first_order, owned_products, score, is_customer, facts_as_of FROM {table} LIMIT 1"
    )
    assert one == (1200, date(2024, 1, 1), ["A", "B"], 1.5, True, datetime(2024, 6, 1))


def test_the_catalogue_lies_beside_the_facts(build, url, table):
    folder = build(orders=ORDERS)
    export(folder, url, table=table)

    ((text,),) = rows(url, f"SELECT catalogue::text FROM {table}_catalogue")
    assert Catalogue.model_validate_json(text) == folder.catalogue


def test_a_second_build_replaces_the_first_and_a_reader_in_between_sees_the_old_one(build, url, table):
    export(build(orders=ORDERS), url, table=table)
    with psycopg.connect(url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert reader.execute("SELECT 1").fetchone() == (1,)
        export(build(orders=ORDERS + "3,4,A,5,2024-04-01\n"), url, table=table)
    assert rows(url, f"SELECT count(*) FROM {table}") == [(3,)]


def test_a_customer_is_found_by_the_index(build, url, table):
    export(build(orders=ORDERS), url, table=table)

    with psycopg.connect(url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(f"EXPLAIN SELECT orders FROM {table} WHERE customer = '1'").fetchall()
    assert "Index Scan" in plan[0][0]


def test_text_that_postgresql_cannot_hold_is_written_without_it(build, url, table):
    folder = build(customers="customer,motto\n1,a\x00b\n")
    export(folder, url, table=table)

    assert rows(url, f"SELECT motto FROM {table}") == [("ab",)]


def test_a_failure_leaves_the_old_facts(build, url, table):
    folder = build(orders=ORDERS)
    export(folder, url, table=table)
    (folder.path / "facts.parquet").write_bytes(b"broken")

    with pytest.raises(ConfigurationError):
        export(folder, url, table=table)
    assert rows(url, f"SELECT count(*) FROM {table}") == [(2,)]


def test_a_database_that_is_not_there_is_an_error_without_the_password(build):
    with pytest.raises(ConfigurationError, match="PostgreSQL says") as caught:
        export(build(orders=ORDERS), "postgresql://user:hunter2@127.0.0.1:1/none?connect_timeout=2")
    assert "hunter2" not in str(caught.value)
