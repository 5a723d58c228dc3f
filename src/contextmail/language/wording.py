"""How a locale writes numbers, money and dates, asked of Babel when a campaign is compiled: deciding needs no Babel."""

from __future__ import annotations

from babel import Locale, localedata
from babel.dates import get_month_names
from babel.numbers import get_currency_precision, get_currency_symbol, get_decimal_symbol, get_group_symbol

from contextmail.campaign import Wording
from contextmail.errors import ConfigurationError


def wording(language: str, locale: str, currency: str) -> Wording:
    """Give the wording of `locale`; empty: that of the language in the currency's country, `en_GB` for pounds.

    Raises ConfigurationError for a locale that Babel does not know.
    """
    named = locale.replace("-", "_") or f"{language}_{currency[:2]}"
    if not localedata.exists(named):
        if locale:
            raise ConfigurationError(f"unknown locale {locale!r}", where="locale", cure="write it as en_GB or de_CH")
        named = language
    known = Locale.parse(named)
    pattern = known.currency_formats["standard"]
    symbol = get_currency_symbol(currency, known) if currency else ""
    front, end = (_plain(each[0].replace("¤", symbol)) for each in (pattern.prefix, pattern.suffix))
    return Wording(
        months=list(get_month_names("wide", locale=known).values()),
        date=str(known.date_formats["long"].format),
        group=_plain(get_group_symbol(known)),
        sizes=known.decimal_formats[None].grouping,
        decimal=get_decimal_symbol(known),
        decimals=get_currency_precision(currency),
        money=(f"{front} " if front[-1:].isalpha() else front.lstrip(), end.rstrip()),
    )


def _plain(text: str) -> str:
    """Make blanks that do not break plain ones: one of them doubles the price of a text message."""
    return text.replace("\xa0", " ").replace("\u202f", " ")
