"""Numbers, money and dates read as Babel writes them, and as people do."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from contextmail.campaign import formatted
from contextmail.compiling import compile as compiled
from contextmail.config import Settings
from contextmail.errors import ConfigurationError
from contextmail.language.wording import wording

CLOCK = datetime(2026, 5, 31, 9)
LOCALES = ["en_GB", "en_US", "en_IN", "de_DE", "de_AT", "de_CH", "fr_FR", "es_ES", "sv_SE", "ja_JP"]


def plain(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("number", [0, 7, 999, 1000, 12345, 1234567, 123456789])
def test_a_number_and_an_amount_are_written_as_babel_writes_them(locale: str, number: int) -> None:
    ours = wording("en", locale, "EUR")
    assert formatted(number, "count", ours, CLOCK) == plain(format_decimal(number, locale=locale))
    cents = number * 100 + 5
    assert formatted(cents, "money", ours, CLOCK) == plain(format_currency(cents / 100, "EUR", locale=locale))


@pytest.mark.parametrize("locale", LOCALES)
def test_a_date_is_written_as_babel_writes_it(locale: str) -> None:
    day = date(2025, 3, 9)
    assert formatted(day, "date", wording("en", locale, ""), CLOCK) == format_date(day, "long", locale=locale)


@pytest.mark.parametrize(
    ("language", "currency", "amount", "reads"),
    [
        ("en", "GBP", 2000, "£20"),
        ("en", "GBP", 123450, "£1,234.50"),
        ("en", "USD", -1999, "-$19.99"),
        ("en", "CHF", 123450, "CHF 1’234.50"),
        ("en", "ZAR", 123450, "R 1 234,50"),
        ("en", "JPY", 1200, "¥1,200"),
        ("de", "EUR", 123405, "1.234,05 €"),
        ("de", "CHF", 2000, "CHF 20"),
        ("en", "", 2000, "20"),
    ],
)
def test_money_reads_as_people_write_it(language: str, currency: str, amount: int, reads: str) -> None:
    assert formatted(amount, "money", wording(language, "", currency), CLOCK) == reads


def test_a_currency_has_a_country_and_a_country_its_dates() -> None:
    day = date(2026, 6, 21)
    assert formatted(day, "date", wording("en", "", "GBP"), CLOCK) == "21 June 2026"
    assert formatted(day, "date", wording("en", "", "USD"), CLOCK) == "June 21, 2026"
    assert formatted(day, "date", wording("de", "", "EUR"), CLOCK) == "21. Juni 2026"
    assert formatted(day, "month", wording("de", "de_AT", "EUR"), CLOCK) == "Juni"
    assert formatted(date(2025, 1, 2), "MONTH", wording("de", "de-AT", ""), CLOCK) == "JÄNNER 2025"


def test_a_locale_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="xx_YY"):
        wording("en", "xx_YY", "GBP")


@pytest.mark.parametrize(
    ("language", "currency", "sentence", "reads"),
    [
        ("en", "GBP", "We miss you!", "£1,234.50 in 1,042 orders, first in March 2016!"),
        ("de", "EUR", "Wir vermissen Sie!", "1.234,50 € in 1.042 orders, first in März 2016!"),
    ],
)
def test_a_brands_own_text_has_its_facts_in_the_locale(language: str, currency: str, sentence: str, reads: str) -> None:
    text = "{spend} in {orders} orders, first in {first_order|month}"
    settings = Settings.model_validate(
        {
            "language": language,
            "currency": currency,
            "phrasebook": {
                "say": {"absence-sentence": {"variants": [{"when": "orders > 1", "text": text}, {"text": ""}]}}
            },
        }
    )
    facts = {"orders": 1042, "spend": 123450, "first_order": "2016-03-14", "days_since_last_order": 1}
    assert (
        compiled({"html": f"<p>{sentence}</p>"}, settings).decide(facts, as_of=CLOCK).parts["html"] == f"<p>{reads}</p>"
    )
