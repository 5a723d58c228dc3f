"""contextmail facts: building them, and showing what is known."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from contextmail.config import load
from contextmail.wiring import facts_asked, facts_folder


def test_facts_are_built_from_the_tables_of_the_settings(run, shop) -> None:
    ran = run("facts", "build", "--facts", "made", "--as-of", "2024-06-02")
    assert ran.out.startswith("made  ")
    assert " facts of 4 customers, as of 2024-06-02, from 4 rows of customers, 5 rows of orders" in ran.out
    assert json.loads(Path("made/catalogue.json").read_text())["customers"] == 4
    assert ran.code == 0


def test_what_was_skipped_is_told_on_standard_error(run, shop) -> None:
    with Path("orders.csv").open("a") as orders:
        orders.write("d1,4,p1,Brass Lantern,one,40.00,2023-01-01\n")
    ran = run("facts", "build")
    assert "note: orders: 1 of 6 rows are broken" in ran.err
    assert ran.code == 0


def test_without_tables_there_is_nothing_to_build(run, desk) -> None:
    ran = run("facts", "build")
    assert ran.code == 2
    assert "[tables.orders]" in ran.err


def test_facts_that_rules_policies_phrases_and_fields_name_are_built(shop) -> None:
    with Path("contextmail.toml").open("a") as file:
        file.write(
            "[rules.too-often]\ncap = 2\ndays = 10\n"
            "[rules.unearned-loyalty-claim]\ntrue_when = 'touches_400d >= 3'\n"
            "[[policy]]\nname = 'no-asks'\nallow_when = 'touches_14d_sms_ask = 0'\n"
            "[phrasebook.say.our-noun]\nvariants = [{ when = 'touches_9d > 0', text = 'you' }, { text = 'you' }]\n"
        )
    asked = facts_asked(load())
    assert {"room_at_2_in_10d", "touches_400d", "touches_14d_sms_ask", "touches_9d", "first_name"} <= asked
    assert "as_of" not in asked


def test_a_row_of_facts_is_what_one_customer_is_known_by(shop) -> None:
    row = facts_folder(load()).row("1")
    assert row is not None
    assert (row["first_name"], row["orders"], row["spend"], row["tier"]) == ("Ada", 3, 18000, "gold")


def test_facts_are_written_to_a_database_too(run, shop) -> None:
    ran = run("facts", "build", "--to", "sqlite:facts.db")
    assert "contextmail_facts  4 rows written to the database" in ran.out
    with closing(sqlite3.connect("facts.db")) as database:
        assert database.execute("SELECT orders FROM contextmail_facts WHERE customer = '1'").fetchone() == (3,)


def test_a_table_of_the_company_is_not_replaced_by_facts(run, shop) -> None:
    with closing(sqlite3.connect("facts.db")) as database:
        database.executescript("CREATE TABLE customers (id); INSERT INTO customers VALUES (7)")
        ran = run("facts", "build", "--to", "sqlite:///facts.db#customers")
        assert ran.code == 2 and "contextmail did not make it" in ran.err
        assert database.execute("SELECT * FROM customers").fetchall() == [(7,)]


def test_showing_a_customer_names_each_fact_with_its_rows_and_what_is_unknown(run, shop) -> None:
    out = run("facts", "show", "1").out
    assert "2024-06-01, orders (customer, order, at)" in next(
        line for line in out.splitlines() if line.startswith("orders ")
    )
    assert "lines: order_id a3, happened_at 2024-05-20 00:00:00, lines 1, amount 4000\n" in out
    assert "and 1 more" in out
    last = out.splitlines()[-1]
    assert last.startswith("unknown: ")
    assert "phone" in last
    assert "last_order" not in last


def test_showing_a_customer_as_json_is_for_programs(run, shop) -> None:
    shown = {fact["name"]: fact for fact in json.loads(run("facts", "show", "2", "--format", "json").out)}
    assert (shown["orders"]["value"], shown["last_order"]["value"]) == (1, "2024-05-01")
    assert shown["owned_products"]["value"] == ["p2"]


def test_a_customer_that_is_not_there_is_an_error_without_their_id(run, shop) -> None:
    ran = run("facts", "show", "ada@example.com")
    assert ran.code == 2
    assert "no such customer" in ran.err
    assert "ada@example.com" not in ran.err


def test_describing_says_of_how_many_a_fact_is_known_and_how_it_is_spread(run, shop) -> None:
    lines = run("facts", "describe").out.splitlines()
    assert lines[0] == "4 customers as of 2024-06-01"
    by_name = {line.split()[0]: line for line in lines[1:] if not line.startswith(" ")}
    assert by_name["orders"].endswith("int: known of 4; 0 to 3, half up to 1")
    assert by_name["tier"].endswith("text: known of 2; gold 2")
    assert by_name["phone"].endswith("unknown of everybody")


def test_describing_names_no_value_that_only_one_customer_has(run, shop) -> None:
    assert "Ada" not in run("facts", "describe").out
    assert "Ada" not in run("facts", "describe", "--format", "json").out


def _sold(lantern_then_blanket: int) -> None:
    """Write orders: so many people bought a lantern and a blanket later, and many bought something else."""
    lines = ["order,customer,product,title,quantity,price,at"]
    for n in range(lantern_then_blanket):
        lines += [f"x{n},x{n},p1,Brass Lantern,1,40.00,2023-01-01", f"y{n},x{n},p2,Wool Blanket,1,60.00,2023-06-01"]
    # a refund is no purchase, and an order of both says nothing of what came next
    lines += ["r1,z,p1,Brass Lantern,1,40.00,2023-01-01", "r2,z,p2,Wool Blanket,1,60.00,2023-06-01"]
    lines += ["r3,z,p2,Wool Blanket,-1,60.00,2023-07-01"]
    lines += ["s1,q,p1,Brass Lantern,1,40.00,2023-01-01", "s1,q,p2,Wool Blanket,1,60.00,2023-01-01"]
    lines += [f"o{n},o{n},p3,Tin Whistle,1,5.00,2023-02-01" for n in range(200)]
    Path("orders.csv").write_text("\n".join(lines) + "\n")


def test_what_people_bought_next_is_counted_without_refunds_and_joint_orders(run, shop) -> None:
    _sold(22)
    run("facts", "build")
    ran = run("facts", "next", "p1", "p3")
    assert "Wool Blanket (22 of 24 buyers, 92%; lift 8.9, surely 7.6)" in ran.out
    assert "nothing that 20 people bought next, with a lift of surely 2" in ran.out
    (found,) = json.loads(run("facts", "next", "p1", "--format", "json").out)["p1"]
    assert (found["product"], found["people"], found["of"]) == ("p2", 22, 24)


def test_fewer_people_than_twenty_are_no_recommendation(run, shop) -> None:
    _sold(19)
    run("facts", "build")
    assert json.loads(run("facts", "next", "p1", "--format", "json").out) == {"p1": []}
    with Path("contextmail.toml").open("a") as file:
        file.write("[rules.owned-offer]\nsupport = 10\nlift = 1.5\n")
    assert len(json.loads(run("facts", "next", "p1", "--format", "json").out)["p1"]) == 1


def test_a_product_that_is_not_there_is_an_error(run, shop) -> None:
    _sold(1)
    run("facts", "build")
    ran = run("facts", "next", "p9")
    assert ran.code == 2
    assert "no product 'p9'" in ran.err


def test_a_check_finds_pitches_in_the_catalogue_and_shows_what_was_bought_next(run, shop) -> None:
    _sold(22)
    run("facts", "build")
    Path("a.html").write_text("<p>Come and see the new Brass Lantern.</p>")
    ran = run("check", "a.html")
    assert "bought next: Wool Blanket (22 of 24 buyers, 92%; lift 8.9, surely 7.6)" in ran.out
    (finding,) = json.loads(run("check", "a.html", "--format", "json").out)["findings"]
    assert [bought["product"] for bought in finding["bought_next"]] == ["p2"]
    assert run("check", "a.html", "--no-facts").code == 0
