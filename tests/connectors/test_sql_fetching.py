"""Tables and queries of databases: of SQLite, and of a PostgreSQL that CONTEXTMAIL_TEST_POSTGRES names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from contextmail import wiring
from contextmail.config import load
from contextmail.connectors.sql.engine import open_database
from contextmail.connectors.sql.fetching import PAGE, fetched
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.facts import FactsFolder
from contextmail.model.tables import TableMapping


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    return postgres()


def postgres() -> str:
    named = os.environ.get("CONTEXTMAIL_TEST_POSTGRES")
    if not named:
        pytest.skip("CONTEXTMAIL_TEST_POSTGRES names no PostgreSQL")
    return named


@pytest.fixture
def table(url: str) -> Iterator[str]:
    """Name a table that no other test has, and remove it afterwards."""
    name = f"orders_{uuid4().hex[:12]}"
    yield name
    execute(url, f"DROP TABLE IF EXISTS {name}")


def execute(url: str, *statements: str) -> None:
    database = open_database(url, "test")
    with database.begin() as connection:
        for statement in statements:
            connection.execution_options(no_parameters=True).exec_driver_sql(statement)
    database.dispose()


Fetch = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def fetch(url: str, tmp_path: Path) -> Fetch:
    """Fetch a table or query, and give its rows."""

    def rows(progress: Callable[[str, float], None] | None = None, **mapping: str) -> list[tuple[Any, ...]]:
        tables = {"orders": TableMapping(url="env:SHOP_DB", **mapping)}
        with fetched(tables, {"orders": url}, tmp_path / "facts", progress) as files, DuckDBEngine() as engine:
            assert Path(files["orders"].path).parent.stat().st_mode & 0o777 == 0o700
            return engine.rows(f"SELECT * FROM read_parquet('{files['orders'].path}')")

    return rows


def test_a_table_is_fetched_whole_page_by_page(url: str, table: str, fetch: Fetch, tmp_path: Path) -> None:
    execute(url, f"CREATE TABLE {table} (id INTEGER, who TEXT)")
    database = open_database(url, "test")
    with database.begin() as connection:
        many = [{"id": n, "who": f"c{n % 7}"} for n in range(2 * PAGE + 1)]
        connection.execute(sa.text(f"INSERT INTO {table} VALUES (:id, :who)"), many)
    database.dispose()
    told: list[str] = []
    rows = fetch(lambda stage, _: told.append(stage), table=table)
    assert sorted(rows) == [(row["id"], row["who"]) for row in many]
    assert told == [f"orders: {count:,} rows fetched" for count in (PAGE, 2 * PAGE, 2 * PAGE + 1)]
    assert not list(tmp_path.glob(".facts.fetching-*"))


def test_values_keep_what_they_are(url: str, table: str, fetch: Fetch) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite's values have no types of their own")
    execute(
        url,
        f"CREATE TABLE {table} (id bigint, price numeric(12, 4), ok bool, at timestamptz, day date, tags text[], x float8,"
        " huge numeric, big bigint, word text)",
        f"""INSERT INTO {table} VALUES
            (1, 19.9900, true, '2024-01-01 00:00:00+02', '2024-02-29', '{{"a, b",c}}', 'NaN', 1e20, {2**62}, 'x\ny "z"'),
            (NULL, NULL, NULL, NULL, NULL, NULL, 0.5, NULL, NULL, NULL)""",
    )
    assert fetch(table=f"public.{table}") == [
        (1, "19.9900", True, datetime(2023, 12, 31, 22), date(2024, 2, 29), ["a, b", "c"], None, "1" + "0" * 20,
         2**62, 'x\ny "z"'),
        (None, None, None, None, None, None, 0.5, None, None, None),
    ]  # fmt: skip


def test_a_query_is_passed_on_as_it_stands(url: str, table: str, fetch: Fetch) -> None:
    execute(url, f"CREATE TABLE {table} (word TEXT)", f"INSERT INTO {table} VALUES ('a:b'), ('100%'), ('c')")
    query = f"SELECT word AS customer FROM {table} WHERE word LIKE '%:b' OR word = '100%' -- :nothing %s"
    assert sorted(fetch(query=query)) == [("100%",), ("a:b",)]


def test_a_table_without_rows_is_one(url: str, table: str, fetch: Fetch) -> None:
    execute(url, f"CREATE TABLE {table} (id INTEGER)")
    assert fetch(table=table) == []


def test_nothing_is_written(url: str, table: str, fetch: Fetch) -> None:
    execute(url, f"CREATE TABLE {table} (id INTEGER)", f"INSERT INTO {table} VALUES (1)")
    with pytest.raises(ConfigurationError):
        fetch(query=f"DELETE FROM {table} RETURNING id; SELECT 1")
    assert fetch(table=table) == [(1,)]


def test_mistakes_name_the_table_and_the_cure(url: str, table: str, fetch: Fetch) -> None:
    execute(url, f"CREATE TABLE {table} (id INTEGER)")
    with pytest.raises(ConfigurationError, match=rf"\[tables.orders\] table: .*(?s:.)*did you mean '{table}'"):
        fetch(table=table[:-1])
    with pytest.raises(ConfigurationError, match=r"\[tables.orders\] query: .*nosuch(?s:.)*correct the query"):
        fetch(query="SELECT * FROM nosuch")
    with pytest.raises(ConfigurationError, match="two of its columns have one name"):
        fetch(query=f"SELECT id, id FROM {table}")


def test_what_a_database_says_of_values_is_not_repeated(tmp_path: Path) -> None:
    tables = {"orders": TableMapping(url="env:X", query="SELECT 'ann@example.com'::int")}
    with pytest.raises(ConfigurationError) as caught, fetched(tables, {"orders": postgres()}, tmp_path / "facts"):
        pytest.fail("not a number")
    assert "22P02" in str(caught.value) and "ann@example.com" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["postgresql://u:hunter2@127.0.0.1:1/x", "postgresql://u:hunter2@host:1x/x", "nosuch://u:hunter2@h/x"]
)
def test_a_password_is_never_shown(url: str, tmp_path: Path) -> None:
    tables = {"orders": TableMapping(url="env:X", table="orders")}
    with pytest.raises(ConfigurationError) as caught, fetched(tables, {"orders": url}, tmp_path / "facts"):
        pytest.fail("there is no such database")
    assert "[tables.orders]" in str(caught.value) and "hunter2" not in str(caught.value)


SETTINGS = """
as_of = "2024-06-01"
currency = "EUR"

[tables.orders]
url = "{url}"
{what}
order = "id"
price = "price"
at = "ordered_at"
"""


@pytest.mark.parametrize(
    "what", ['table = "{table}"\ncustomer = "who"', 'query = "SELECT who AS customer, * FROM {table}"']
)
def test_facts_are_built_from_a_database(
    url: str, table: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(
        url,
        f"CREATE TABLE {table} (id INTEGER, who TEXT, price NUMERIC(10, 2), ordered_at TIMESTAMP)",
        f"INSERT INTO {table} VALUES (1, 'ann', 10.25, '2024-01-01 10:00:00'), (2, 'ann', 0.75, '2024-05-01 10:00:00'),"
        " (3, 'bob', NULL, '2024-05-02 10:00:00')",
    )
    monkeypatch.setenv("SHOP_DB", url)
    (tmp_path / "contextmail.toml").write_text(SETTINGS.format(url="env:SHOP_DB", what=what.format(table=table)))
    catalogue = wiring.build_facts(load(tmp_path))
    with FactsFolder.open(tmp_path / "facts") as folder:
        facts = folder.row("ann") or {}
    assert (facts["orders"], facts["spend"], facts["last_order"]) == (2, 1100, date(2024, 5, 1))
    (note,) = catalogue.notes
    name = {"sqlite": "shop.db", "postgresql": table if "table =" in what else "the query"}[url.split(":")[0]]
    assert name in note and "price is empty" in note and str(tmp_path) not in note


def test_a_variable_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_DB", raising=False)
    (tmp_path / "contextmail.toml").write_text(SETTINGS.format(url="env:SHOP_DB", what='table = "o"'))
    with pytest.raises(ConfigurationError, match=r"\[tables.orders\] url: SHOP_DB is not set"):
        wiring.build_facts(load(tmp_path))


def test_a_password_in_the_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "contextmail.toml").write_text(SETTINGS.format(url="mysql://u:hunter2@host/db", what='table = "o"'))
    with pytest.raises(ConfigurationError, match="a password does not belong in this file") as caught:
        load(tmp_path)
    assert "hunter2" not in str(caught.value)


def test_a_password_with_an_at_sign_is_not_told_as_the_host(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds an @") as caught:
        open_database("postgresql://reader:hun@ter2@127.0.0.1:1/app", "url")
    assert "ter2" not in str(caught.value) and "%40" in str(caught.value)


def test_a_driver_that_is_missing_is_named() -> None:
    pytest.importorskip("sqlalchemy.dialects.mysql")
    with pytest.raises(ConfigurationError, match="driver is missing") as caught:
        open_database("mysql+mysqlconnector://reader@127.0.0.1/app", "url")
    assert "pip install mysql" in str(caught.value)
