from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contextmail import facts
from contextmail.facts import FactsFolder
from contextmail.facts.assembling import rank
from contextmail.model.tables import TableMapping

ORDERS = """customer,order,product,product_name,quantity,price,at
17850.0,1,A,RED MUG,2,2.50,2024-01-01 10:00:00
17850.0,1,POST,POSTAGE,1,18.00,2024-01-01 10:00:00
17850.0,2,B,BLUE BOWL,1,4.00,2024-01-11 09:00:00
17850.0,3,A,RED MUG,1,2.50,2024-01-31 12:00:00
8,4,B,BLUE BOWL,3,4.00,2024-02-01 12:00:00
8,R4,B,BLUE BOWL,-3,4.00,2024-02-03 12:00:00
,5,A,RED MUG,9,2.50,2024-02-03 12:00:00
"""
MAPPED = {"is_product": "product <> 'POST'", "currency": "GBP"}


def test_orders_spend_and_days_are_counted_per_customer(build):
    row = build(orders=(ORDERS, dict(MAPPED))).row("17850")

    assert (row["orders"], row["spend"]) == (3, 500 + 1800 + 400 + 250)
    assert (row["first_order"], row["last_order"]) == (date(2024, 1, 1), date(2024, 1, 31))
    assert row["days_since_last_order"] == 122
    assert row["usual_gap_days"] == median([10, 20])
    assert row["tenure_days"] == 152


def test_postage_is_paid_but_neither_owned_nor_named(build):
    row = build(orders=(ORDERS, dict(MAPPED))).row("17850")

    assert row["owned_products"] == ("A", "B")
    assert (row["first_product"], row["last_product"], row["top_product"]) == ("Red Mug", "Red Mug", "Red Mug")


def test_an_order_that_was_returned_is_no_order_and_nothing_is_owned(build):
    row = build(orders=(ORDERS, dict(MAPPED))).row("8")

    assert (row["orders"], row["spend"], row["owned_products"], row["is_customer"]) == (0, 0, (), False)
    assert row["first_order"] is None
    assert row["last_product"] is None


def test_a_float_id_reads_as_the_whole_number_and_rows_without_customer_are_anonymous_not_broken(build):
    folder = build(orders=(ORDERS, dict(MAPPED)))

    assert folder.catalogue.customers == 2
    assert folder.catalogue.notes == ["orders: 1 of 7 rows have no customer and were left out"]


def test_two_gaps_are_needed_for_a_usual_gap(build):
    text = "customer,order,at\n1,1,2024-01-01\n1,2,2024-01-05\n2,3,2024-01-01\n2,4,2024-01-05\n2,5,2024-01-06\n"
    folder = build(orders=text)

    assert folder.row("1")["usual_gap_days"] is None
    assert folder.row("2")["usual_gap_days"] == 2.5


def test_without_an_order_id_the_purchases_of_a_day_are_one_order(build):
    text = "customer,at,amount\n1,2024-01-01 09:00:00,1\n1,2024-01-01 17:00:00,2\n1,2024-01-02 09:00:00,3\n"

    assert build(orders=text).row("1")["orders"] == 2


def test_the_clock_hides_what_is_dated_later(build):
    text = "customer,order,at,amount\n1,1,2024-01-01,5\n1,2,2024-03-01,5\n"
    folder = build(orders=text, as_of=datetime(2024, 2, 1))

    assert (folder.row("1")["orders"], folder.row("1")["spend"]) == (1, 500)
    assert "1 rows are later than the clock" in folder.catalogue.notes[0]


def test_a_return_takes_back_the_purchase_before_it_not_the_one_after(build):
    text = (
        "customer,order,product,quantity,at\n"
        "1,JAN,A,6,2024-01-01\n1,BACK,A,-6,2024-02-01\n1,MAY,A,6,2024-05-01\n"
        "2,JAN,A,6,2024-01-01\n2,FEB,A,6,2024-02-01\n2,BACK,A,-6,2024-03-01\n"
    )
    folder = build(orders=text)

    assert (folder.row("1")["orders"], folder.row("1")["first_order"]) == (1, date(2024, 5, 1))
    assert (folder.row("2")["orders"], folder.row("2")["last_order"]) == (1, date(2024, 1, 1))


def test_a_part_that_is_returned_leaves_the_order(build):
    text = "customer,order,product,quantity,at\n1,1,A,6,2024-01-01\n1,R,A,-2,2024-02-01\n"

    assert build(orders=text).row("1")["owned_products"] == ("A",)


def test_a_refund_without_products_counts_by_its_amount(build):
    text = "customer,order,amount,at\n1,1,50,2024-01-01\n1,1,-10,2024-02-01\n2,2,50,2024-01-01\n2,2,-50,2024-02-01\n"
    folder = build(orders=text)

    assert (folder.row("1")["orders"], folder.row("1")["spend"]) == (1, 4000)
    assert (folder.row("2")["orders"], folder.row("2")["spend"]) == (0, 0)


def test_the_dearest_product_that_can_be_named_stands_for_an_order(build):
    text = (
        "customer,order,product,product_name,amount,at\n"
        "1,1,X,GIFT WRAP,3,2024-01-01\n1,1,Y,LARGE LAMP,30,2024-01-01\n1,1,Z,?,90,2024-01-01\n"
    )
    row = build(orders=text).row("1")

    assert (row["first_product"], row["first_product_id"], row["first_order_products"]) == ("Large Lamp", "Y", 3)
    assert row["top_product"] is None


def test_doubles_are_kept_and_counted_without_a_line_id_and_dropped_with_one(build):
    text = "customer,order,product,amount,at,number\n1,1,A,5,2024-01-01,L1\n1,1,A,5,2024-01-01,L1\n"
    columns = {name: name for name in ("customer", "order", "product", "amount", "at")}

    kept = build(orders=(text, {"columns": columns}))
    assert kept.row("1")["spend"] == 1000
    assert "1 rows are equal to another one and were kept" in kept.catalogue.notes[0]

    dropped = build(orders=(text, {"columns": {**columns, "line": "number"}}))
    assert dropped.row("1")["spend"] == 500
    assert "1 rows repeat a line id" in dropped.catalogue.notes[0]


def test_several_currencies_without_rates_leave_spend_unknown_and_name_the_setting(build):
    text = "customer,order,amount,at,money\n1,1,5,2024-01-01,GBP\n1,2,5,2024-01-02,USD\n"
    columns = {"customer": "customer", "order": "order", "amount": "amount", "at": "at"}
    folder = build(orders=(text, {"columns": columns, "currency": "money"}), options={"currency": "GBP"})

    assert (folder.row("1")["spend"], folder.row("1")["spend_rank"], folder.row("1")["orders"]) == (None, None, 2)
    assert "[rates] USD" in folder.catalogue.notes[0]


MOVES = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(-4, 4).filter(bool), st.integers(0, 9)), min_size=1, max_size=10
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MOVES, min_size=1, max_size=30))
def test_what_is_kept_is_what_a_pile_of_purchases_would_leave(tmp_path_factory, histories: list[list[tuple]]):
    folder: Path = tmp_path_factory.mktemp("moves")
    lines = ["customer,order,product,quantity,at"]
    for customer, moves in enumerate(histories):
        for number, (product, units, day) in enumerate(sorted(moves, key=lambda move: move[2])):
            at = datetime(2024, 1, 1) + timedelta(days=day, minutes=number)
            lines.append(f"{customer},{number},{product},{units},{at}")
    (folder / "orders.csv").write_text("\n".join(lines) + "\n")
    columns = {name: name for name in lines[0].split(",")}
    mapping = TableMapping(path="orders.csv", columns=columns)
    facts.build({"orders": mapping}, folder / "facts", as_of=datetime(2024, 6, 1), folder=folder)
    built = FactsFolder.open(folder / "facts")

    for customer, moves in enumerate(histories):
        row = built.row(str(customer))
        orders, owned = pile(sorted(moves, key=lambda move: move[2]))
        assert (row["orders"], row["owned_products"]) == (orders, owned)


def pile(moves: Sequence[tuple[str, int, int]]) -> tuple[int, tuple[str, ...]]:
    """Buy by putting units on a pile per product, return by taking them from its top."""
    piles: dict[str, list[list[int]]] = defaultdict(list)
    net: dict[str, int] = defaultdict(int)
    for number, (product, units, _) in enumerate(moves):
        net[product] += units
        if units > 0:
            piles[product].append([number, units])
        while units < 0 and piles[product]:
            taken = min(-units, piles[product][-1][1])
            units += taken
            piles[product][-1][1] -= taken
            if not piles[product][-1][1]:
                piles[product].pop()
    kept = {product: [number for number, _ in piles[product]] for product in piles if net[product] > 0}
    return len({number for numbers in kept.values() for number in numbers}), tuple(sorted(p for p in kept if kept[p]))


def test_rank_is_the_highest_percentile_that_is_reached_and_the_engine_agrees(build):
    text = "customer,order,amount,at\n" + "".join(f"{i},{i},{i},2024-01-01\n" for i in range(1, 41))
    folder = build(orders=text)
    points = folder.catalogue.cut_points["spend"]

    assert len(points) == 101
    for customer in (1, 2, 20, 36, 37, 40):
        row = folder.row(str(customer))
        assert row["spend_rank"] == rank(row["spend"], points)
        assert (row["spend_rank"] >= 0.9) == (row["spend"] >= points[90])


def test_equal_spend_ranks_nobody_above_another():
    assert rank(500, [500] * 101) == 0.0
