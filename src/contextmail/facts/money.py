"""Amounts as whole minor units (pence, cents), exactly: never a float, rounded once, half to even.

Numbers are kept as whole numbers of 128 bits with a known number of decimal places; the one division at the end rounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from math import gcd

from contextmail.engines.base import literal
from contextmail.facts.columns import is_integer
from contextmail.facts.reading import CURRENCY, Table

_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


def decimals(currency: str) -> int:
    """Give the decimal places of a currency, as ISO 4217 has them: 2 for GBP, 0 for JPY."""
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2


def minor_factor(currency: str) -> str:
    """Write as SQL what one minor unit of the currency in a column is worth in major ones: 0.01 of a pound, 1 yen."""
    no, three = (", ".join(map(literal, sorted(codes))) for codes in (_NO_DECIMALS, _THREE_DECIMALS))
    return f"(CASE WHEN {currency} IN ({no}) THEN 1 WHEN {currency} IN ({three}) THEN 0.001 ELSE 0.01 END)"


def line_amount(table: Table, currency: str, rates: Mapping[str, Decimal], found: list[str]) -> str:
    """Write the amount of an order line in minor units of `currency` as SQL, or NULL if there is none.

    `found` lists the currencies of the rows; more than one needs `rates`: currency -> what one unit of it is worth.
    """
    if table.has("amount"):
        exact, places = _whole(table, "amount")
    elif table.has("price", "quantity"):
        (price, price_places), (quantity, quantity_places) = _whole(table, "price"), _whole(table, "quantity")
        exact, places = f"({price} * {quantity})", price_places + quantity_places
    elif table.has("price"):
        exact, places = _whole(table, "price")
    else:
        return "NULL::BIGINT"
    by_currency = {code: _factor(code, currency, rates, table, places) for code in found or [currency]}
    if set(by_currency.values()) == {(1, 1)}:
        return f"({exact})::BIGINT"
    if len(by_currency) == 1:
        times, divided = next(iter(by_currency.values()))
        return half_even(f"{exact}::HUGEINT * {times}", str(divided))
    times_sql = _case({code: times for code, (times, _) in by_currency.items()})
    divided_sql = _case({code: divided for code, (_, divided) in by_currency.items()})
    return half_even(f"{exact}::HUGEINT * {times_sql}", divided_sql)


def half_even(number: str, divisor: str) -> str:
    """Divide a whole number by a positive one as SQL, rounded half to even, as BIGINT."""
    whole, rest = f"(abs({number}) // {divisor})", f"(abs({number}) % {divisor})"
    up = f"(2 * {rest} > {divisor} OR (2 * {rest} = {divisor} AND {whole} % 2 = 1))"
    return f"(sign({number}) * ({whole} + {up}::INTEGER))::BIGINT"


def _whole(table: Table, role: str) -> tuple[str, int]:
    """Give a number as a whole one, and the decimal places that it has."""
    column, type_ = table.column(role), table.roles[role]
    if is_integer(type_):
        return column, 0
    places = int(re.fullmatch(r"DECIMAL\(\d+, ?(\d+)\)", type_)[1])  # type: ignore[index]
    return f"({column}::DECIMAL(38, {places}) * {10**places})::HUGEINT", places


def _factor(code: str, currency: str, rates: Mapping[str, Decimal], table: Table, places: int) -> tuple[int, int]:
    """Give multiplier and divisor from an exact number of one currency to minor units of the company's."""
    rate = Decimal(1) if code == currency else rates[code]
    numerator, denominator = rate.as_integer_ratio()
    if table.mapping.amounts == "major":
        numerator *= 10 ** decimals(currency)
    else:
        shift = decimals(currency) - decimals(code)
        numerator, denominator = numerator * 10 ** max(shift, 0), denominator * 10 ** max(-shift, 0)
    denominator *= 10**places
    common = gcd(numerator, denominator)
    return numerator // common, denominator // common


def _case(values: Mapping[str, int]) -> str:
    cases = " ".join(f"WHEN {literal(code)} THEN {value}::HUGEINT" for code, value in values.items())
    return f'(CASE "currency" {cases} END)'


def fixed_currency(table: Table) -> str:
    """Give the one currency that the mapping names for all rows, or the empty text."""
    return table.mapping.currency if CURRENCY.fullmatch(table.mapping.currency) else ""
