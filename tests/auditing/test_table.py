"""A table is audited like an audience, and mended in a copy beside it."""

import sqlite3
from pathlib import Path

import pytest

from contextmail.auditing import audit
from contextmail.auditing.table import open_table
from contextmail.config import Settings
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.model.tables import TableMapping

TEXT = """\
id;E-Mail;First Name;Last Name;note
7;ada@example.com;ADA;LOVELACE;"one; two"
8;ADA@example.com;Ada;Lovelace;
9;not an address;undefined;Hill;"line
break"
10;bob@example.com;Bob & Eve;Hill;x
"""


def test_a_copy_holds_the_mended_names_and_everything_else_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(TEXT)
    with open_table(str(path), Settings()) as table:
        done = audit(table, out=tmp_path / "lists", plan=tmp_path / "mended")
    assert path.read_text() == TEXT
    assert done.copy and done.copy.read_text() == TEXT.replace("ADA;LOVELACE", "Ada;Lovelace").replace("undefined", "")
    found = {one.name: (one.found, one.examples) for one in done.checks}
    assert found["dirty-name"] == (3, ("2", "4", "6")) and found["invalid-address"] == (1, ("4",))
    assert found["duplicate-address"] == (2, ("2", "3"))


def test_tables_of_the_settings_and_of_databases_are_read_too(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE people (email TEXT, fname TEXT)")
        database.execute("INSERT INTO people VALUES ('ada@example.com', 'ADA')")
    with DuckDBEngine() as engine:
        engine.rows(
            f"COPY (SELECT 'bob@example.com' AS address, 'BOB' AS fname) TO '{tmp_path / 'p.parquet'}' (FORMAT parquet)"
        )
    mapping = TableMapping(path=str(tmp_path / "p.parquet"), columns={"email": "address"})
    for called, settings, name in [
        (f"{tmp_path / 'shop.db'}::people", Settings(), "Ada"),
        ("customers", Settings(tables={"customers": mapping}), "Bob"),
    ]:
        with open_table(called, settings) as table:
            done = audit(table, plan=tmp_path / name)
        assert done.copy and done.copy.read_text().splitlines()[1].endswith(f",{name}")


def test_what_is_no_table_or_has_no_addresses_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such audience, table or file"), open_table("nowhere", Settings()):
        pass
    (tmp_path / "x.csv").write_text("id,name\n1,Ada\n")
    with (
        pytest.raises(ConfigurationError, match="no column holds e-mail"),
        open_table(str(tmp_path / "x.csv"), Settings()),
    ):
        pass


def test_a_file_in_another_encoding_is_refused_before_its_copy_loses_letters(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("email;Vorname\nada@example.com;JÖRG\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not written as utf-8"), open_table(str(path), Settings()) as table:
        audit(table, plan=tmp_path / "mended")
    assert not (tmp_path / "mended").exists()


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "people.csv").touch()
    with (
        pytest.raises(ConfigurationError, match=r"people.csv is empty"),
        open_table(str(tmp_path / "people.csv"), Settings()),
    ):
        pass
