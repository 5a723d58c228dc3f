from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from contextmail.engines.base import literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError


def test_rows_come_back_and_mistakes_are_configuration_errors():
    with DuckDBEngine() as engine:
        assert engine.rows("SELECT 1, 'a'") == [(1, "a")]
        with pytest.raises(ConfigurationError, match="Catalog Error"):
            engine.rows("SELECT * FROM nowhere")


def test_no_extension_is_loaded_by_itself_and_the_clock_is_utc():
    with DuckDBEngine() as engine:
        settings = dict(engine.rows("SELECT name, value FROM duckdb_settings()"))

    assert settings["autoload_known_extensions"] == settings["autoinstall_known_extensions"] == "false"
    assert settings["TimeZone"] == "UTC"


def test_relative_files_are_found_in_the_folder_and_spilled_ones_removed(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x\n1\n")
    with DuckDBEngine(folder=tmp_path / "data", temp=tmp_path) as engine:
        assert engine.rows("SELECT x FROM 'a.csv'") == [(1,)]
        assert len(list(tmp_path.iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_an_engine_that_nobody_closes_leaves_no_folder(tmp_path: Path):
    engine = DuckDBEngine(temp=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    del engine
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_said_without_the_statement_and_at_bearable_length():
    with DuckDBEngine() as engine:
        values = ", ".join(f"'value {i}'" for i in range(999))
        engine.rows(f"CREATE TYPE many AS ENUM ({values})")
        with pytest.raises(ConfigurationError) as caught:
            engine.rows("SELECT 'none'::many")
    assert len(str(caught.value)) < 500
    assert "LINE 1" not in str(caught.value)


def test_names_and_values_are_quoted_whatever_they_hold():
    with DuckDBEngine() as engine:
        name, value = 'odd "name"', "it's; DROP"
        assert engine.rows(f"SELECT {quoted(name)} FROM (SELECT {literal(value)} AS {quoted(name)})") == [(value,)]


def test_the_library_is_loaded_when_an_engine_is_opened_not_before():
    code = "import sys, contextmail.engines.duckdb, contextmail.facts; print('duckdb' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "False"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(x AS INTEGER) FROM (VALUES ('ada@example.com')) t(x)",
        "SELECT CAST('ada@example.com' AS DATE)",
        "SELECT strptime('ada@example.com', '%Y')",
        "SELECT * FROM read_csv('a.csv', columns={'a': 'VARCHAR', 'n': 'INTEGER'}, auto_detect=false, header=true)",
        "SELECT * FROM read_csv('b.csv', columns={'a': 'VARCHAR', 'n': 'VARCHAR'}, auto_detect=false, header=true)",
    ],
)
def test_an_error_never_quotes_a_value(sql: str, tmp_path: Path):
    (tmp_path / "a.csv").write_text("a,n\nada@example.com,x\n")
    (tmp_path / "b.csv").write_text("a,n\nada@example.com,1,2\n")
    with DuckDBEngine(folder=tmp_path) as engine, pytest.raises(ConfigurationError) as caught:
        engine.rows(sql)
    assert "a value does not fit" in str(caught.value) and "ada" not in str(caught.value)


def test_an_error_names_the_line_and_the_column_of_a_value(tmp_path: Path):
    (tmp_path / "a.csv").write_text("a,n\nada@example.com,x\n")
    sql = "SELECT * FROM read_csv('a.csv', columns={'a': 'VARCHAR', 'n': 'INTEGER'}, auto_detect=false, header=true)"
    with DuckDBEngine(folder=tmp_path) as engine, pytest.raises(ConfigurationError, match='Line: 2, column "n"'):
        engine.rows(sql)
