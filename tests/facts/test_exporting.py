"""Facts and decisions in a table: of SQLite, and of a PostgreSQL that CONTEXTMAIL_TEST_POSTGRES names."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from contextmail.connectors.sql.engine import open_database
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.exporting import export_decisions, export_facts
from contextmail.model.fact import Catalogue, FactType

ORDERS = """customer,order,product,amount,at
1,1,A,5,2024-01-01
1,2,B,7,2024-02-01
2,3,A,5,2024-03-01
"""
CUSTOMERS = 'customer,name,tier,score\n1,Ann Lee,gold,1.5\n2,Bo "Bö" Lee,,\n'
DECIDED = datetime(2024, 6, 1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    named = os.environ.get("CONTEXTMAIL_TEST_POSTGRES")
    if not named:
        pytest.skip("CONTEXTMAIL_TEST_POSTGRES names no PostgreSQL")
    return named


@pytest.fixture
def table(url: str) -> Iterator[str]:
    """Name a table that no other test has, and remove it afterwards."""
    name = f"facts_{uuid4().hex[:12]}"
    yield name
    rows(url, f"DROP TABLE IF EXISTS {name}")
    rows(url, f"DROP TABLE IF EXISTS {name}_catalogue")


@pytest.fixture
def decisions(tmp_path: Path) -> Path:
    with DuckDBEngine() as engine:
        engine.rows(
            "COPY (SELECT * FROM (VALUES ('1', 'send', '', NULL::TIMESTAMP, NULL::VARCHAR, 0::UTINYINT, 2::UTINYINT),"
            " ('2', 'hold', 'too-often', TIMESTAMP '2024-06-03', NULL, 1, 0)) AS d(customer, outcome, reason, until,"
            f" \"to\", edit_0, edit_1)) TO '{tmp_path / 'decisions.parquet'}' (FORMAT parquet)"
        )
    return tmp_path / "decisions.parquet"


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    database = open_database(url, "test")
    with database.begin() as connection:
        found = connection.execute(sa.text(query))
        told = [tuple(row) for row in found] if found.returns_rows else []
    database.dispose()
    return told


def written(value: Any) -> Any:
    """Give a fact as a database without dates, booleans and lists holds it."""
    if isinstance(value, tuple):
        return json.dumps(list(value))
    return f"{value}.000000" if isinstance(value, datetime) else str(value) if hasattr(value, "isoformat") else value


def test_every_fact_arrives_with_its_type(build, url, table):
    folder = build(orders=ORDERS, customers=CUSTOMERS)

    assert export_facts(folder, url, table) == 2
    specs = folder.catalogue.facts
    columns = ", ".join(f'"{name}"' for name in specs)
    for customer in ("1", "2"):
        (found,) = rows(url, f"SELECT {columns}, facts_as_of FROM {table} WHERE customer = '{customer}'")
        known = folder.row(customer)
        expected = [known[name] for name in (*specs, "facts_as_of")]
        if url.startswith("sqlite"):
            expected = [written(value) for value in expected]
        else:
            assert {type(v) for v, s in zip(found, specs.values(), strict=False) if s.type is FactType.BOOL} == {bool}
        assert [tuple(v) if isinstance(v, list) else v for v in found] == expected


def test_the_catalogue_lies_beside_the_facts(build, url, table):
    folder = build(orders=ORDERS)
    export_facts(folder, url, table)

    ((text,),) = rows(url, f"SELECT catalogue FROM {table}_catalogue")
    assert Catalogue.model_validate_json(text) == folder.catalogue


def test_a_second_build_replaces_the_first_whatever_facts_it_has(build, url, table):
    export_facts(build(orders=ORDERS), url, table)
    export_facts(build(orders=ORDERS + "3,4,A,5,2024-04-01\n", customers=CUSTOMERS), url, table)
    assert rows(url, f"SELECT count(*), count(tier) FROM {table}") == [(3, 1)]


def test_a_reader_in_between_sees_the_old_facts(build, url, table):
    if url.startswith("sqlite"):
        pytest.skip("SQLite lets nobody read while it replaces a table")
    export_facts(build(orders=ORDERS), url, table)
    database = open_database(url, "test")
    with database.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
        assert reader.execute(sa.text("SELECT 1")).scalar() == 1
        export_facts(build(orders=ORDERS + "3,4,A,5,2024-04-01\n"), url, table)
    database.dispose()
    assert rows(url, f"SELECT count(*) FROM {table}") == [(3,)]


def test_a_customer_is_found_by_the_index(build, url, table):
    export_facts(build(orders=ORDERS), url, table)

    if url.startswith("sqlite"):
        plan = rows(url, f"EXPLAIN QUERY PLAN SELECT orders FROM {table} WHERE customer = '1'")
        assert plan[0][3].startswith("SEARCH")
    else:
        ((index,),) = rows(url, f"SELECT indexdef FROM pg_indexes WHERE tablename = '{table}'")
        assert "UNIQUE INDEX" in index and index.endswith("(customer)")


def test_text_that_a_database_cannot_hold_is_written_without_it(build, url, table):
    export_facts(build(customers="customer,motto\n1,a\x00b\n"), url, table)
    assert rows(url, f"SELECT motto FROM {table}") == [("ab",)]


def test_a_failure_leaves_the_old_facts(build, url, table):
    folder = build(orders=ORDERS)
    export_facts(folder, url, table)
    (folder.path / "facts.parquet").write_bytes(b"broken")

    with pytest.raises(ConfigurationError):
        export_facts(folder, url, table)
    assert rows(url, f"SELECT count(*) FROM {table}") == [(2,)]


def test_a_table_of_somebody_else_is_never_replaced(build, url, table, decisions):
    rows(url, f"CREATE TABLE {table} (customer INTEGER)")
    rows(url, f"INSERT INTO {table} VALUES (7)")
    with pytest.raises(ConfigurationError, match="contextmail did not make it"):
        export_facts(build(orders=ORDERS), url, table)
    for mode in ("create", "replace", "append"):
        with pytest.raises(ConfigurationError, match="contextmail did not make it"):
            export_decisions(decisions, "spring", DECIDED, url, table, mode=mode)
    assert rows(url, f"SELECT * FROM {table}") == [(7,)]


def test_decisions_are_rows_of_message_clock_and_customer(url, table, decisions):
    assert export_decisions(decisions, "spring", DECIDED, url, table) == 2
    found = rows(url, f'SELECT message, customer, outcome, reason, "to", variants FROM {table} ORDER BY customer')
    assert found == [("spring", "1", "send", "", None, "0,2"), ("spring", "2", "hold", "too-often", None, "1,0")]
    assert [str(v)[:10] for v in rows(url, f"SELECT decided_as_of, until FROM {table} WHERE customer = '2'")[0]] == [
        "2024-06-01",
        "2024-06-03",
    ]


def test_decisions_that_are_there_are_replaced_or_added_to_only_when_asked(url, table, decisions):
    export_decisions(decisions, "spring", DECIDED, url, table)
    with pytest.raises(ConfigurationError, match="--replace its rows, or --append"):
        export_decisions(decisions, "summer", DECIDED, url, table)
    export_decisions(decisions, "summer", DECIDED, url, table, mode="append")
    assert rows(url, f"SELECT message, count(*) FROM {table} GROUP BY message ORDER BY message") == [
        ("spring", 2),
        ("summer", 2),
    ]
    with pytest.raises(ConfigurationError, match="IntegrityError|UniqueViolation") as caught:
        export_decisions(decisions, "summer", DECIDED, url, table, mode="append")
    assert "summer" not in str(caught.value)
    export_decisions(decisions, "autumn", DECIDED, url, table, mode="replace")
    assert rows(url, f"SELECT DISTINCT message FROM {table}") == [("autumn",)]


def test_a_database_that_is_not_there_is_an_error_without_the_password(build):
    folder = build(orders=ORDERS)
    with pytest.raises(ConfigurationError, match="postgresql answers") as caught:
        export_facts(folder, "postgresql://user:hunter2@127.0.0.1:1/none", "facts")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="no driver is installed for 'nosuch'") as caught:
        export_facts(folder, "nosuch://user:hunter2@host/db", "facts")
    assert "hunter2" not in str(caught.value)
