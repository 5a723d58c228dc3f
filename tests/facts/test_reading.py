from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from contextmail import facts
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError, PredicateError
from contextmail.facts import FactsFolder
from contextmail.model.fact import FactType
from contextmail.model.tables import TableMapping

COLUMNS = {"customer": "who", "order": "no", "amount": "paid", "at": "day"}
ROWS = [("1", "A1", "5.50", "2024-01-01"), ("1", "A2", "4.50", "2024-01-02"), ("2", "CA1", "1", "2024-01-03")]
TEXT = "who,no,paid,day\n" + "".join(",".join(row) + "\n" for row in ROWS)
AS_OF = datetime(2024, 6, 1)


def spends(folder: Path, mapping: TableMapping) -> list[int]:
    facts.build({"orders": mapping}, folder / "facts", as_of=AS_OF, folder=folder)
    built = FactsFolder.open(folder / "facts")
    return [built.row(customer)["spend"] for customer in ("1", "2")]


def test_every_kind_of_file_gives_the_same_facts(tmp_path: Path):
    (tmp_path / "o.csv").write_text(TEXT)
    (tmp_path / "o.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "semicolon.csv").write_bytes(TEXT.replace(",", ";").replace("\n", "\r\n").encode("utf-8-sig"))
    with DuckDBEngine() as engine:
        engine.rows(f"COPY (FROM '{tmp_path}/o.csv') TO '{tmp_path}/o.parquet'")
        engine.rows(f"ATTACH '{tmp_path}/o.duckdb' AS d")
        engine.rows(f"CREATE TABLE d.o AS FROM '{tmp_path}/o.csv'")
        engine.rows("DETACH d")
    with sqlite3.connect(tmp_path / "o.db") as database:
        database.execute("CREATE TABLE o (who INTEGER, no TEXT, paid REAL, day TEXT)")
        database.executemany("INSERT INTO o VALUES (?, ?, ?, ?)", ROWS)
    database.close()

    for path in ("o.csv", "o.csv.gz", "semicolon.csv", "o.parquet", "o.duckdb::o", "o.db::o"):
        assert spends(tmp_path, TableMapping(path=path, columns=COLUMNS)) == [1000, 100], path
    select = 'SELECT who AS customer, no AS "order", paid AS amount, day AS "at" FROM \'o.csv\''
    assert spends(tmp_path, TableMapping(sql=select)) == [1000, 100]


def test_broken_rows_are_skipped_and_reported_with_their_lines_in_the_file(build):
    text = (
        "customer,order,amount,at,note\n"
        '1,1,5,2024-01-01,"two\nlines"\n'
        "1,2,five,2024-01-02,x\n"
        "1,3,5,yesterday,x\n"
        "1,4,5\n"
        "1,5,5,2024-01-05,x\n"
    )
    columns = {name: name for name in ("customer", "order", "amount", "at")}
    folder = build(orders=(text, {"columns": columns}))

    assert folder.row("1")["orders"] == 2
    note = folder.catalogue.notes[0]
    assert note.startswith("orders: 3 of 5 rows are broken and were skipped: ")
    assert "orders.csv:4: amount is empty or not an amount" in note
    assert "orders.csv:5: at is empty or not a date or time" in note
    assert "orders.csv:6: too few values" in note
    assert "five" not in note


def test_more_broken_rows_than_the_limit_are_an_error_that_shows_the_first(build):
    text = "customer,order,amount,at\n" + "1,1,5,31/12/2023\n" * 4

    with pytest.raises(
        ConfigurationError, match=r"4 of 4 rows are broken, more than 3:\n  orders.csv:2: at is"
    ) as caught:
        build(orders=text, options={"bad_row_limit": 3})
    assert "`dates` says how dates are written" in str(caught.value)


def test_dates_of_another_order_are_read_by_a_format_and_zones_become_utc(build):
    text = "customer,order,amount,at\n1,1,5,31/12/2023 23:30\n"
    assert build(orders=(text, {"dates": "%d/%m/%Y %H:%M"})).row("1")["first_order"] == date(2023, 12, 31)

    text = "customer,order,amount,at\n1,1,5,2023-12-31T23:30:00-05:00\n"
    assert build(orders=text).row("1")["first_order"] == date(2024, 1, 1)


def test_conditions_see_typed_columns_and_starts_with_sees_text(build):
    text = "customer,order,quantity,amount,at\n1,1001,2,5,2024-01-01\n1,9001,2,5,2024-01-02\n1,1002,0,5,2024-01-03\n"
    mapped = {"is_return": "starts_with(order, '9')", "where": "quantity > 0"}

    assert build(orders=(text, mapped)).row("1")["spend"] == 0


def test_a_mistake_in_a_mapping_names_its_place_and_the_way_out(build):
    text = "customer,order,amount,at\n1,1,5,2024-01-01\n"

    with pytest.raises(
        ConfigurationError, match=r"\[tables.orders\] amount: no such column: amuont\n  cure: did you mean"
    ):
        build(orders=(text, {"columns": {"customer": "customer", "at": "at", "amount": "amuont"}}))
    with pytest.raises(ConfigurationError, match=r"unknown role 'custmer'"):
        build(orders=(text, {"columns": {"custmer": "customer", "at": "at"}}))
    with pytest.raises(ConfigurationError, match=r"no column is mapped as 'at'"):
        build(orders=(text, {"columns": {"customer": "customer"}}))
    with pytest.raises(PredicateError, match=r"\[tables.orders\] where"):
        build(orders=(text, {"where": "amont > 3"}))
    with pytest.raises(ConfigurationError, match=r"no such file"):
        build(orders=TableMapping(path="none.csv", columns={"customer": "customer", "at": "at"}))


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Make a folder of files that are not what their names say, and of databases with a table `orders`."""
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "text.duckdb").write_text("no database")
    (tmp_path / "plain.csv.gz").write_text(TEXT)
    (tmp_path / "o.csv").write_text(TEXT)
    with sqlite3.connect(tmp_path / "o.db") as database:
        database.execute("CREATE TABLE orders (who INTEGER)")
    database.close()
    (tmp_path / "cut.db").write_bytes(b"SQLite format 3\0" + b"x" * 200)
    with DuckDBEngine() as engine:
        engine.rows(f"ATTACH '{tmp_path}/o.duckdb' AS d")
        engine.rows("CREATE TABLE d.orders AS SELECT 1 AS who")
        engine.rows("DETACH d")
    return tmp_path


@pytest.mark.parametrize(
    ("mapping", "what", "cure"),
    [
        ({"path": "o.duckdb::ordrs"}, "path: o.duckdb has no table 'ordrs'", "did you mean 'orders'"),
        ({"path": "o.duckdb::nope"}, "path: o.duckdb has no table 'nope'", "its tables are orders"),
        ({"path": "o.db::nope"}, "path: o.db has no table 'nope'", "its tables are orders"),
        ({"path": "cut.db::orders"}, "path: cut.db cannot be read as SQLite", "check that the file is whole"),
        ({"path": "text.duckdb::orders"}, "path: text.duckdb is no DuckDB or SQLite database", "without `::`"),
        ({"path": "o.csv::orders"}, "path: o.csv is no DuckDB or SQLite database", "without `::`"),
        ({"path": "broken.parquet"}, "path: broken.parquet cannot be read as Parquet", "check that the file is whole"),
        ({"path": "none*.parquet"}, r"path: none\*.parquet cannot be read as Parquet", "check"),
        ({"path": "plain.csv.gz"}, "path: plain.csv.gz cannot be read", "check that the file is whole"),
        ({"path": "o.csv", "encoding": "utf-9"}, "encoding: unknown encoding 'utf-9'", "utf-8, utf-16 or latin-1"),
        (
            {"sql": "SELECT who, pad FROM 'o.csv'"},
            'sql: the SELECT does not run: .*"pad" not found.*"paid"',
            "files are",
        ),
        ({"sql": "SELECT who FROM 'p.csv'"}, "sql: the SELECT does not run: .*p.csv", "relative to the settings"),
        ({"sql": "SELEC who FROM 'o.csv'"}, "sql: the SELECT does not run: .*SELEC", "files are"),
    ],
)
def test_a_file_that_is_not_what_it_seems_is_said_with_its_place_and_a_way_out(odd, mapping, what, cure):
    columns = {} if "sql" in mapping else COLUMNS
    with pytest.raises(ConfigurationError, match=rf"\[tables.orders\] {what}") as caught:
        spends(odd, TableMapping(columns=columns, **mapping))
    assert cure in caught.value.cure
    assert "CREATE TEMP" not in str(caught.value)


def test_latin_1_is_read_when_it_is_said(tmp_path: Path):
    (tmp_path / "c.csv").write_bytes("customer,city\n1,Zürich\n".encode("latin-1"))
    facts.build(
        {"customers": TableMapping(path="c.csv", columns={"customer": "customer"}, encoding="latin-1")},
        tmp_path / "facts",
        as_of=AS_OF,
        folder=tmp_path,
    )

    assert FactsFolder.open(tmp_path / "facts").row("1")["city"] == "Zürich"


def test_seconds_since_1970_are_a_moment_in_utc(build):
    text = "customer,order,amount,at\n1,1,5,1704067199\n1,2,5,1717200000.0\n2,3,5,soon\n2,4,5,99999999999999999999\n2,5,5,\n"
    folder = build(orders=(text, {"dates": "epoch"}))
    assert (folder.row("1")["first_order"], folder.row("1")["orders"]) == (date(2023, 12, 31), 2)
    assert folder.row("2") is None and "3 of 5 rows are broken" in folder.catalogue.notes[0]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "a path, sql or a url"),
        ({"path": "a.csv", "url": "sqlite:///a.db", "table": "a"}, "give one of them"),
        ({"url": "sqlite:///a.db"}, "either a table or a query"),
        ({"url": "sqlite:///a.db", "table": "a", "query": "SELECT 1"}, "either a table or a query"),
        ({"path": "a.csv", "table": "a"}, "give its url"),
    ],
)
def test_a_table_lies_in_one_place(mapping, said):
    with pytest.raises(ValidationError, match=said):
        TableMapping(**mapping)


def test_a_table_of_another_database_has_to_be_fetched(build):
    with pytest.raises(ConfigurationError, match="nobody has fetched this table"):
        build(orders=TableMapping(url="postgresql://host/shop", table="orders", columns={"customer": "c", "at": "a"}))


def test_a_query_of_sqlite_names_the_roles_itself(build, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.executescript("CREATE TABLE o (c, a); INSERT INTO o VALUES (1, '2024-01-01'), (1, NULL)")
    query = "SELECT c AS customer, a AS at FROM o"
    folder = build(orders=TableMapping(url="sqlite:///shop.db", query=query))
    assert folder.row("1")["first_order"] == date(2024, 1, 1)
    assert "a query of shop.db: 1 rows: at is empty" in folder.catalogue.notes[0]
    with pytest.raises(ConfigurationError, match=r"no such table: p(?s:.)*correct the query"):
        build(orders=TableMapping(url="sqlite:///shop.db", query="SELECT * FROM p"))
    with pytest.raises(ConfigurationError, match="name each column of the query once"):
        build(orders=TableMapping(url="sqlite:///shop.db", query="SELECT c, c FROM o"))


def test_further_columns_of_customers_are_facts_of_their_type(build):
    text = (
        "customer,kids,score,vip,Member since,zip,phone\n"
        "1,2.0,1.5,true,2020-01-31,01234,+44 20 7946 0958\n2,,2,FALSE,2021-01-31,99999,\n"
    )
    folder = build(customers=(text, {"columns": {"customer": "customer"}}))
    row, types = folder.row("1"), folder.catalogue.types

    assert (row["kids"], row["score"], row["vip"], row["Member_since"]) == (2, 1.5, True, date(2020, 1, 31))
    assert (row["zip"], row["phone"]) == ("01234", "+44 20 7946 0958")
    assert [types[name] for name in ("kids", "score", "vip", "Member_since", "zip")] == [
        FactType.INT, FactType.FLOAT, FactType.BOOL, FactType.DATE, FactType.TEXT,
    ]  # fmt: skip


def test_nan_and_infinity_become_unknown(tmp_path: Path):
    with DuckDBEngine() as engine:
        rows = "(1, 'NaN'::DOUBLE), (2, 'inf'::DOUBLE), (3, 0.5)"
        engine.rows(f"COPY (FROM (VALUES {rows}) t(customer, score)) TO '{tmp_path}/c.parquet' (FORMAT parquet)")
    facts.build(
        {"customers": TableMapping(path="c.parquet", columns={"customer": "customer"})},
        tmp_path / "facts",
        as_of=AS_OF,
        folder=tmp_path,
    )

    built = FactsFolder.open(tmp_path / "facts")
    assert [built.row(customer)["score"] for customer in "123"] == [None, None, 0.5]
