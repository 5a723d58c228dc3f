"""Say what type a column has, and write it as SQL of that type.

A CSV file has only text: a column is of a type when each of its values is. Digits that begin with 0 or + are a code
or a telephone number, and stay text. `17850.0`, as spreadsheets write whole numbers, is 17850.
"""

from __future__ import annotations

from contextmail.engines.base import Engine, literal, quoted
from contextmail.facts.roles import SYNONYMS, Kind
from contextmail.model.fact import FactType

TEXT = "VARCHAR"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_MANY_DIGITS = ("HUGEINT", "UBIGINT", "UHUGEINT")


def is_integer(type_: str) -> bool:
    """Say whether an engine's type is a whole number of at most 64 bits."""
    return type_ in _INTEGERS


def fact_types(engine: Engine, relation: str, columns: dict[str, str]) -> dict[str, FactType]:
    """Give the fact type of each column; of a text column by its values, all of which are read."""
    types = {name: _of_engine(type_) for name, type_ in columns.items()}
    texts = [name for name, type_ in types.items() if type_ is FactType.TEXT and columns[name] == TEXT]
    if not texts:
        return types
    for name in texts:
        types[name] = _of_values(engine, relation, quoted(name))
    return types


def as_fact(column: str, source_type: str, type_: FactType) -> str:
    """Write a column of the engine's `source_type` as SQL of a fact's type; what does not fit is NULL."""
    match type_:
        case FactType.INT if source_type == TEXT:
            return f"try_cast(regexp_replace({column}, '[.]0+$', '') AS BIGINT)"
        case FactType.INT:
            return f"try_cast({column} AS BIGINT)"
        case FactType.FLOAT:
            number = f"try_cast({column} AS DOUBLE)"
            return f"CASE WHEN isfinite({number}) THEN {number} END"
        case FactType.BOOL:
            return f"try_cast({column} AS BOOLEAN)"
        case FactType.DATE:
            return f"try_cast({column} AS DATE)"
        case FactType.TIMESTAMP:
            return moment(column, source_type)
        case FactType.SET:
            return f"list_sort(list_distinct({column}::VARCHAR[]))"
        case _:
            return f"nullif(trim({column}::VARCHAR), '')"


def as_role(column: str, source_type: str, kind: Kind, dates: str = "") -> str:
    """Write a column as SQL of a role's kind; what does not fit is NULL."""
    match kind:
        case Kind.ID:
            return identifier(column, source_type)
        case Kind.NUMBER | Kind.MONEY:
            return exact(column, source_type, kind)
        case Kind.MOMENT:
            return moment(column, source_type, dates)
        case Kind.BOOL:
            return f"try_cast({_trimmed(column, source_type)} AS BOOLEAN)"
        case Kind.CHANNEL:
            return _channel(column)
        case _:
            return f"nullif(trim({column}::VARCHAR), '')"


def identifier(column: str, source_type: str) -> str:
    """Write an id: whole numbers stay numbers, all else is text; 17850.0 is 17850."""
    if is_integer(source_type):
        return f"{column}::BIGINT"
    if source_type in ("FLOAT", "DOUBLE") or source_type.startswith("DECIMAL"):
        return f"CASE WHEN {column} = floor({column}) THEN {column}::HUGEINT::VARCHAR ELSE {column}::VARCHAR END"
    text = f"trim({column}::VARCHAR)"
    whole = f"regexp_replace({text}, '^([0-9]+)[.]0+$', '\\1')"
    return f"nullif(CASE WHEN ends_with({text}, '.0') THEN {whole} ELSE {text} END, '')"


def exact(column: str, source_type: str, kind: Kind) -> str:
    """Write a number as an exact one: amounts to 9 places, quantities to 6."""
    if is_integer(source_type):
        return f"{column}::BIGINT"
    if source_type.startswith("DECIMAL"):
        return column
    digits = "27, 9" if kind is Kind.MONEY else "24, 6"
    return f"try_cast({_trimmed(column, source_type)} AS DECIMAL({digits}))"


def moment(column: str, source_type: str, dates: str = "") -> str:
    """Write a date or time as a UTC timestamp; one without a zone is UTC; `epoch` is seconds since 1970."""
    if dates == "epoch" and not source_type.startswith(("DATE", "TIMESTAMP")):
        return f"TRY(make_timestamp(try_cast({column} AS BIGINT) * 1000000))"
    if source_type == TEXT and dates:
        return f"try_strptime({column}, {literal(dates)})::TIMESTAMP"
    if source_type == TEXT:
        return f"try_cast({column} AS TIMESTAMPTZ)::TIMESTAMP"
    return f"try_cast({column} AS TIMESTAMP)"


def _trimmed(column: str, source_type: str) -> str:
    return f"trim({column})" if source_type == TEXT else column


def _channel(column: str) -> str:
    cases = " ".join(f"WHEN {literal(other)} THEN {literal(channel)}" for other, channel in SYNONYMS.items())
    plain = f"nullif(lower(trim({column}::VARCHAR)), '')"
    return f"CASE {plain} {cases} ELSE {plain} END"


def _of_values(engine: Engine, relation: str, column: str) -> FactType:
    """Give the narrowest type that fits every value of a text column."""
    tests = {
        FactType.INT: "regexp_full_match(v, '-?(0|[1-9][0-9]{0,17})([.]0+)?')",
        FactType.FLOAT: "regexp_full_match(v, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]{1,2})?')",
        FactType.BOOL: "lower(v) IN ('true', 'false')",
        FactType.DATE: "regexp_full_match(v, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND try_cast(v AS DATE) IS NOT NULL",
        FactType.TIMESTAMP: "try_cast(v AS TIMESTAMPTZ) IS NOT NULL",
    }
    counts = ", ".join(f"count(*) FILTER ({test})" for test in tests.values())
    values = f"SELECT DISTINCT {column} AS v FROM {relation} WHERE {column} <> ''"
    total, *fitting = engine.rows(f"SELECT count(*), {counts} FROM ({values})")[0]
    return next((type_ for type_, count in zip(tests, fitting, strict=True) if 0 < total == count), FactType.TEXT)


def _of_engine(type_: str) -> FactType:
    if is_integer(type_):
        return FactType.INT
    if type_ in ("FLOAT", "DOUBLE", *_MANY_DIGITS) or type_.startswith("DECIMAL"):
        return FactType.FLOAT
    if type_.endswith("[]"):
        return FactType.SET
    if type_.startswith("TIMESTAMP"):
        return FactType.TIMESTAMP
    return {"BOOLEAN": FactType.BOOL, "DATE": FactType.DATE}.get(type_, FactType.TEXT)
