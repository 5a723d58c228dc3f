from __future__ import annotations

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest

from contextmail.errors import ConfigurationError
from contextmail.facts import FactsFolder, build, describe, show
from contextmail.facts.folder import retired
from contextmail.model.tables import TableMapping

ORDERS = """customer,order,product,product_name,amount,at
1,1,A,RED MUG,5,2024-01-01
1,2,B,BLUE BOWL,7,2024-02-01
2,3,A,RED MUG,5,2024-03-01
"""
CUSTOMERS = "customer,name,tier\n1,Ann Lee,gold\n2,Bo Lee,\n"


@pytest.fixture
def folder(build) -> FactsFolder:
    return build(orders=ORDERS, customers=CUSTOMERS)


def test_the_same_tables_give_the_same_bytes(build):
    def digests() -> dict[str, str]:
        path = build(orders=ORDERS, customers=CUSTOMERS).path
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in path.iterdir()}

    first = digests()
    assert {"facts.parquet", "lines.parquet", "catalogue.json"} <= first.keys()
    assert digests() == first


def test_the_folder_holds_addresses_so_only_its_owner_reads_it(folder):
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_build_that_fails_leaves_the_old_facts_and_nothing_else(build, folder, tmp_path):
    with pytest.raises(ConfigurationError):
        build(orders=("customer,order,at\n1,1,never\n", {}), options={"bad_row_limit": 0})

    assert FactsFolder.open(folder.path).row("1")["orders"] == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_old_facts_come_back_after_a_crash_between_two_renames(folder):
    folder.path.rename(retired(folder.path))

    assert FactsFolder.open(folder.path).row("1")["orders"] == 2


def test_a_folder_with_other_things_in_it_is_not_replaced(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work")
    mapping = TableMapping(path="c.csv", columns={"customer": "customer"})

    with pytest.raises(ConfigurationError, match="not a folder of facts"):
        build({"customers": mapping}, tmp_path / "home", as_of=datetime(2024, 1, 1), folder=tmp_path)
    assert (tmp_path / "home" / "thesis.txt").read_text() == "years of work"


def test_a_folder_without_facts_says_how_to_make_some(tmp_path):
    with pytest.raises(ConfigurationError, match="contextmail facts build"):
        FactsFolder.open(tmp_path)


def test_rows_are_read_by_many_threads_and_after_a_close(folder):
    with folder, ThreadPoolExecutor(8) as threads:
        orders = [row["orders"] for row in threads.map(folder.row, "12" * 20)]
    assert orders == [2, 1] * 20
    assert folder.row("1")["orders"] == 2


def test_progress_goes_from_nothing_to_all(build):
    told = []
    build(orders=ORDERS, options={"progress": lambda _, share: told.append(share)})

    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_each_fact_is_shown_with_the_rows_that_it_came_from(folder):
    shown = {fact.spec.name: fact for fact in show(folder, "1", limit=1)}

    assert show(folder, "nobody") is None
    assert shown["orders"].rows[0]["order_id"] == "2"
    assert (shown["orders"].table, shown["orders"].more) == ("lines", 1)
    assert shown["first_order"].rows[0]["happened_at"] == datetime(2024, 1, 1)
    assert shown["last_product"].rows[0]["product_name"] == "BLUE BOWL"
    assert shown["tier"].rows == ({"tier": "gold"},)
    assert shown["first_name"].rows == ({"name": "Ann Lee"},)
    assert shown["renewal_at"].rows == ()


def test_facts_are_described_by_how_they_are_spread(folder):
    described = {fact.spec.name: fact for fact in describe(folder)}

    spend = described["spend"]
    assert (spend.known, spend.low, spend.median, spend.high) == (2, 500, 500, 1200)
    assert (described["tier"].known, described["tier"].most) == (1, (("gold", 1),))
    assert described["owned_products"].most == (("A", 2), ("B", 1))
    assert (described["first_order"].low, described["renewal_at"].known) == (date(2024, 1, 1), 0)
