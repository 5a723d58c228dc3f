from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.facts.money import decimals, half_even

LINE = "customer,order,quantity,price,at,money\n1,1,{quantity},{price},2024-01-01,{money}\n"
COLUMNS = {name: name for name in ("customer", "order", "quantity", "price", "at")}


def spend(build, quantity: str, price: str, money: str = "GBP", **options: object) -> int:
    text = LINE.format(quantity=quantity, price=price, money=money)
    return build(orders=(text, {"columns": COLUMNS, "currency": "money"}), options=options).row("1")["spend"]


@pytest.mark.parametrize(
    ("quantity", "price", "minor"),
    [
        ("3", "0.335", 100),
        ("1", "0.125", 12),
        ("1", "0.135", 14),
        ("0.5", "0.05", 2),
        ("1", "2.675", 268),
        ("7", "1.005", 704),
    ],
)
def test_a_line_is_rounded_once_half_even_after_quantity_times_price(build, quantity, price, minor):
    assert spend(build, quantity, price) == minor


def test_yen_have_no_decimals_and_dinars_three(build):
    assert spend(build, "2", "150", "JPY") == 300
    assert spend(build, "1", "1.2345", "KWD") == 1234
    assert (decimals("GBP"), decimals("JPY"), decimals("KWD")) == (2, 0, 3)


def test_rates_turn_other_currencies_into_the_companys_exactly(build):
    rates = {"USD": Decimal("0.789"), "JPY": Decimal("0.0052")}

    assert spend(build, "3", "10.01", "USD", currency="GBP", rates=rates) == 2369
    assert spend(build, "1", "1000", "JPY", currency="GBP", rates=rates) == 520


def test_strict_refuses_currencies_without_rates(build):
    with pytest.raises(ConfigurationError, match=r"no rate for USD"):
        spend(build, "1", "1", "USD", currency="GBP", strict=True)


def test_amounts_in_minor_units_stay_as_they_are(build):
    text = "customer,order,amount,at\n1,1,1999,2024-01-01\n"

    assert build(orders=(text, {"amounts": "minor", "currency": "EUR"})).row("1")["spend"] == 1999


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_division_in_the_engine_rounds_half_to_even(number, divisor):
    with DuckDBEngine(threads=1) as engine:
        got = engine.rows(f"SELECT {half_even(f'({number})::HUGEINT', str(divisor))}")[0][0]

    whole, rest = divmod(abs(number), divisor)
    up = 2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1)
    assert got == (whole + up) * (1 if number >= 0 else -1)
