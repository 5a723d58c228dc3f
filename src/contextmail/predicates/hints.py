"""What to say to people who write what other languages have: one line for each typical mistake."""

from __future__ import annotations

_PATTERNS = "patterns are not in the language: compare whole texts, tier IN ('gold', 'silver')"
_CASTS = "nothing is converted: a fact has one type, and a value is written in it, as in DATE '2024-01-31'"
_COMMENTS = "a predicate holds no comments; put them beside it in the file"
_ARITHMETIC = "only + - * are in the language: for a ratio, multiply the other side, as in spend > 5 * orders"
_QUERIES = "a predicate asks only of one customer's facts; derive a new one with [[fact]] in contextmail.toml"
_CASES = "write the cases with AND and OR: (tier = 'gold' AND orders > 1) OR orders > 5"
_QUOTES = "use the straight single quote: 'gold'"
_CLOCK = "the clock is as_of; days_since(last_order) counts days to it"
_NULL = "say known(f), or f IS NULL"

_FOREIGN = {
    **dict.fromkeys(("LIKE", "ILIKE", "GLOB", "SIMILAR", "RLIKE", "REGEXP", "~", "~~", "STARTSWITH"), _PATTERNS),
    **dict.fromkeys(("::", "CAST", "TRY_CAST", "CONVERT"), _CASTS),
    **dict.fromkeys(("--", "/*", "//", "#", "{"), _COMMENTS),
    **dict.fromkeys(("/", "%", "**", "^"), _ARITHMETIC),
    **dict.fromkeys(("SELECT", "EXISTS", "FROM", "WHERE", "ANY", "ALL", ";"), _QUERIES),
    **dict.fromkeys(("CASE", "WHEN", "IF", "IIF", "THEN", "ELSE", "?", ":"), _CASES),
    **dict.fromkeys(("NOW", "CURRENT_DATE", "CURRENT_TIMESTAMP", "TODAY", "GETDATE", "DATE_DIFF", "DATEDIFF"), _CLOCK),
    **dict.fromkeys(
        ("COALESCE", "IFNULL", "NVL", "ISNULL", "NULLIF"),
        "say f IS TRUE where unknown shall count as false, or known(f)",
    ),
    **dict.fromkeys(("LOWER", "UPPER", "TRIM", "SUBSTR"), "texts are compared as they are: tier IN ('gold', 'Gold')"),
    **dict.fromkeys(("COUNT", "SUM", "MIN", "MAX", "AVG"), _QUERIES),
    "==": "equality is a single =",
    "=>": "at least is >=",
    "=<": "at most is <=",
    "&&": "say AND",
    "&": "say AND",
    "||": "say OR; texts are not joined in this language",
    "|": "say OR",
    "!": "say NOT",
    "XOR": "say (a OR b) AND NOT (a AND b)",
    "UNKNOWN": "say IS NULL",
    "NONE": "say IS NULL",
    "DISTINCT": "say = or <>, and known(f) beside it",
    ".": "write 0.5, with the zero; a fact has no dot",
    "`": "a fact is written without quotes",
    "CONTAINS": "write contains(owned_products, 'X')",
    "HAS": "write contains(owned_products, 'X')",
}


def after_operand(before: str, found: str, *, quoted: bool = False) -> str:
    """Give the hint for a word that follows an operand and joins nothing to it; empty: none."""
    if quoted:
        return f"text stands in single quotes: '{found[1:-1]}'"
    if before.upper() in ("SELECT", "CASE", "EXISTS", "CAST"):
        return _FOREIGN[before.upper()]
    return _foreign(found)


def instead_of_operand(found: str, before: str = "") -> str:
    """Give the hint for a word that stands where a fact or value belongs; empty: none."""
    if before == "=" and found == ">":
        return _FOREIGN["=>"]
    if found == "NOT" and before:
        return "NOT stands before a whole condition, as in NOT orders = 1"
    return _foreign(found)


def call_hint(function: str) -> str:
    """Give the hint for a function of another language; empty: none."""
    return _FOREIGN.get(function.upper(), "")


def null_hint(before: str) -> str:
    """Give the hint for NULL where a value belongs, by the word before it."""
    if before in ("=", "=="):
        return "nothing is equal to NULL: say IS NULL"
    if before in ("<>", "!="):
        return "nothing differs from NULL: say IS NOT NULL, or known(f)"
    return _NULL


def _foreign(word: str) -> str:
    if any(quote in word for quote in "‘’“”`´"):
        return _QUOTES
    return _FOREIGN.get(word.upper(), "")
