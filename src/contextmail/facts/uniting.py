"""One table of several systems' tables, in which each row is of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from contextmail.engines.base import Engine, literal, quoted
from contextmail.facts.money import fixed_currency, minor_factor
from contextmail.facts.persons import name_sql
from contextmail.facts.reading import Table
from contextmail.facts.roles import ROLES, Kind
from contextmail.model.fact import FactType
from contextmail.model.identity import OWN

_OF_NOBODY = ("products", "accounts")
_NUMBERS = {Kind.MONEY: "DECIMAL(27, 9)", Kind.NUMBER: "DECIMAL(24, 6)"}
_ABSENT = {"is_return": "false", "is_product": "true", "quantity": "1"}
"""What holds of the rows of a system whose orders do not say."""


def unite(engine: Engine, tables: Mapping[str, Table], rank: Mapping[str, int], currency: str) -> Table:
    """Make one table of the same table of several systems; `persons` says who is who.

    A customer's values are those of the first system by `rank` that has them. Ids of orders and accounts are told
    apart by their system. `currency` is the company's, for amounts that name none.
    """
    ordered = sorted(tables.items(), key=lambda item: rank[item[0]])
    first = ordered[0][1]
    roles = list(dict.fromkeys(role for _, table in ordered for role in table.roles))
    types = {role: _type(role, [table for _, table in ordered]) for role in roles}
    if first.name == "orders":
        roles, types = _with_money(ordered, roles, types)
    body = " UNION ALL ".join(
        _rows(system, table, {role: f"{_value(system, table, role, currency)}::{types[role]}" for role in roles}, rank)
        for system, table in ordered
    )
    relation = quoted(f"of_all_{first.name}")
    engine.rows(f"CREATE TEMP TABLE {relation} AS {body}")
    if first.name == "customers":
        _one_row_each(engine, relation, roles)
    found = {str(row[0]): str(row[1]) for row in engine.rows(f"DESCRIBE SELECT * FROM {relation}")}
    every = [table for _, table in ordered]
    return replace(
        first,
        mapping=first.mapping.model_copy(update=_together(every)),
        relation=relation,
        roles={role: type_ for role, type_ in found.items() if role in roles or role == "holder"},
        rows=sum(table.rows for table in every),
        further=_further(every),
        broken_count=sum(table.broken_count for table in every),
    )


def _rows(system: str, table: Table, values: Mapping[str, str], rank: Mapping[str, int]) -> str:
    """Select a system's rows with their persons, and what tells them apart later."""
    named = ", ".join(f"{sql} AS {quoted(role)}" for role, sql in values.items() if role != "customer")
    if table.name in _OF_NOBODY:
        return f"SELECT {named} FROM {table.relation} t"
    holder, joined = "", ""
    if table.name == "consents":
        holder = f", coalesce(e.endpoint, {name_sql(system, 't.customer')}) AS holder"
        joined = (
            " LEFT JOIN (SELECT key, min(endpoint) AS endpoint FROM endpoints WHERE kind = 'email' AND is_main"
            f" AND system = {literal(system)} GROUP BY key) e ON e.key = t.customer::VARCHAR"
        )
    order = ', t."order"::VARCHAR AS order_' if table.has("order") else ", NULL::VARCHAR AS order_"
    holder += order if table.name == "orders" else ""
    who = f"CASE WHEN t.customer IS NOT NULL THEN coalesce(p.customer, {name_sql(system, 't.customer')}) END"
    return (
        f"SELECT {who} AS customer{', ' if named else ''}{named}, {rank[system]} AS rank_, {literal(system)} AS system_,"
        f" t.customer::VARCHAR AS key_, p.customer IS NOT NULL AS merged_{holder} FROM {table.relation} t LEFT JOIN persons p"
        f" ON p.system = {literal(system)} AND p.key = t.customer::VARCHAR{joined}"
    )


def _value(system: str, table: Table, role: str, currency: str) -> str:
    """Give a role's value in a system's rows, as it compares with that of the others."""
    column = f"t.{quoted(role)}" if table.has(role) else _ABSENT.get(role, "NULL")
    match table.name, role:
        case "orders", "currency" if not table.has(role):
            return literal(fixed_currency(table) or currency or None)
        case "orders", "amount" if not table.has(role) and table.has("price"):
            factors = ("price", "quantity") if table.has("quantity") else ("price",)
            exact = " * ".join(f"t.{factor}::DECIMAL(19, 6)" for factor in factors)
            return _major(table, exact, currency)
        case "orders", "price" | "amount" if table.has(role):
            return _major(table, column, currency)
        case "orders", "order":
            given = column if table.has(role) else 't."at"::DATE'
            return given if system == OWN else f"{literal(f'{system}:')} || {given}"
        case (("customers" | "accounts"), "account") if system != OWN and table.has(role):
            return f"{literal(f'{system}:')} || {column}"
    return column


def _major(table: Table, exact: str, currency: str) -> str:
    """Give an amount in major units, whatever its table has."""
    if table.mapping.amounts == "major":
        return exact
    code = "t.currency" if table.has("currency") else literal(fixed_currency(table) or currency)
    return f"({exact})::DECIMAL(24, 6) * {minor_factor(code)}::DECIMAL(4, 3)"


def _with_money(
    ordered: list[tuple[str, Table]], roles: list[str], types: dict[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Add what one of the systems needs: amounts, currencies and order ids."""
    tables = [table for _, table in ordered]
    added = {"amount": _NUMBERS[Kind.MONEY], "currency": "VARCHAR", "order": "VARCHAR"}
    needed = {
        "amount": any(table.has("amount") for table in tables),
        "currency": any(table.has("currency") or fixed_currency(table) for table in tables),
        "order": True,
    }
    roles = list(dict.fromkeys([*roles, *(role for role, is_needed in needed.items() if is_needed)]))
    return roles, {**types, **{role: added[role] for role in roles if role in added}}


def _type(role: str, tables: list[Table]) -> str:
    """Give a type that holds the values of all systems."""
    kinds = {table.roles[role] for table in tables if table.has(role)}
    known = ROLES[tables[0].name].get(role)
    if known and known.kind in _NUMBERS:
        return _NUMBERS[known.kind]
    if len(kinds) == 1 and not (known and known.kind is Kind.ID and role in ("account", "order")):
        return kinds.pop()
    further = _further(tables).get(role)
    return "DOUBLE" if further is FactType.FLOAT else "VARCHAR"


def _further(tables: list[Table]) -> dict[str, FactType]:
    """Give the further columns; one that systems have in several types is text, or a number if each is one."""
    found: dict[str, FactType] = {}
    for table in tables:
        for column, type_ in table.further.items():
            before = found.setdefault(column, type_)
            if before is not type_:
                numbers = {before, type_} <= {FactType.INT, FactType.FLOAT}
                found[column] = FactType.FLOAT if numbers else FactType.TEXT
    return found


def _together(tables: list[Table]) -> dict[str, object]:
    """Say of a mapping what holds of all: the oldest date, each column's first name, each fact's age."""
    dates = [table.mapping.as_of for table in tables if table.mapping.as_of]
    merged = [table.mapping for table in reversed(tables)]
    fixed = {fixed_currency(table) for table in tables}
    return {
        "as_of": min(dates, default=None),
        # Of customers a role may take its namesake, which the settings do not name.
        "columns": {role: table.mapping.columns.get(role, role) for table in reversed(tables) for role in table.roles},
        "learned": {fact: column for mapping in merged for fact, column in mapping.learned.items()},
        "max_age": {fact: days for mapping in merged for fact, days in mapping.max_age.items()},
        "currency": fixed.pop() if len(fixed) == 1 else "",
        "amounts": "major",
    }


def _one_row_each(engine: Engine, relation: str, roles: list[str]) -> None:
    """Give persons one row: of each column the value of the first system that has one; what was learned with its day."""
    columns = []
    for role in roles:
        name, learned = quoted(role), quoted(f"learned_{role}")
        if role == "customer":
            columns.append("customer")
        elif role.startswith("learned_"):
            of = quoted(role.removeprefix("learned_"))
            columns.append(f"arg_min_null({name}, (rank_, key_, {of}, {name})) FILTER ({of} IS NOT NULL) AS {name}")
        elif f"learned_{role}" in roles:
            columns.append(f"arg_min({name}, (rank_, key_, {name}, {learned})) AS {name}")
        else:
            columns.append(f"arg_min({name}, (rank_, key_, {name})) AS {name}")
    merged = f"SELECT {', '.join(columns)} FROM {relation} WHERE merged_ GROUP BY customer"
    plain = f"SELECT {', '.join(map(quoted, roles))} FROM {relation} WHERE NOT merged_"
    engine.rows(f"CREATE TEMP TABLE one_row_each AS {plain} UNION ALL {merged}")
    engine.rows(f"DROP TABLE {relation}")
    engine.rows(f"ALTER TABLE one_row_each RENAME TO {relation}")
