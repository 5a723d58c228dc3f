"""The columns of lists: which of them is what, which are ours, and how a cell is safe to open in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from contextmail.config import Settings
from contextmail.engines.base import literal, quoted

OURS = "contextmail_"
"""What the names of the columns that are added begin with."""

_NAMES = {
    "customer": "customer customerid customernumber customerno kundennummer",
    "phone": "endpoint phone phonenumber telephone telephonenumber tel mobile mobilephone mobilenumber msisdn number telefon handy",
    "email": "endpoint email emailaddress mail",
    "channel": "channel",
    "at": "at time date datetime timestamp calledat callend endedat",
    "outcome": "outcome result status disposition ergebnis",
    "purpose": "purpose",
    "campaign": "campaign",
}
"""Role -> headings by which it is known, in lower case and without marks."""

_FORMULA = r"^[\t\r\n]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]"
"""How a cell begins that a spreadsheet would run."""
_NUMBER = r"[+\-]?[0-9][0-9 ().,/\-]*"
"""A telephone number or an amount: a spreadsheet may compute with it, and can do nothing with it."""


def roles(columns: Sequence[str], wanted: Iterable[str], settings: Settings) -> dict[str, str]:
    """Say which column is which of the `wanted` roles.

    First come our own columns, then those that `[lists.columns]` names, then the usual headings, then those of
    `[tables.customers]`.
    """
    mapped = settings.tables["customers"].columns if "customers" in settings.tables else {}
    plain = {re.sub(r"[\W_]+", "", column.casefold()): column for column in reversed(columns)}
    found = {}
    for role in wanted:
        ours = f"{OURS}endpoint" if role in ("phone", "email") else f"{OURS}{role}"
        usual = [plain[name] for name in _NAMES[role].split() if name in plain]
        tried = [ours if role != "outcome" else "", settings.lists.columns.get(role, ""), *usual, mapped.get(role, "")]
        if column := next((each for each in tried if each in columns), ""):
            found[role] = column
    return found


def safe_sql(text: str) -> str:
    """Write SQL of a cell that no spreadsheet takes for a formula: an apostrophe goes before it; numbers stay."""
    runs = f"regexp_matches({text}, {literal(_FORMULA)}) AND NOT regexp_full_match({text}, {literal(_NUMBER)})"
    return f"CASE WHEN {runs} THEN '''' || {text} ELSE {text} END"


def bare_sql(text: str) -> str:
    """Write SQL of a cell without the apostrophe that `safe_sql` or a spreadsheet's user put before it."""
    return f"regexp_replace({text}, '^''', '')"


def safe_name(column: str) -> str:
    """Give the heading of a column as SQL, safe as a cell is."""
    return quoted(f"'{column}" if re.match(r"[=+\-@\t\r]", column) else column)
