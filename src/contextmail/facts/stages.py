"""Facts of life stages, from columns of the customers table: days, which can be aged to any clock.

`child_born` holds a child's day of birth, or several set apart by `;`, `,` or `|`, or a list; a day to come is a due
date. Facts are the youngest and the oldest. Where it says nothing, `child_age` in whole years as of
`child_age_at` gives a day in the middle of what is possible, at most half a year off, as a mere year of birth does.
"""

from __future__ import annotations

from contextmail.engines.base import Engine, literal
from contextmail.facts.block import Block, Column, column
from contextmail.facts.columns import TEXT, moment
from contextmail.facts.reading import Table
from contextmail.model.fact import FactType as T

CHILDREN = {"youngest_child_born": "max", "oldest_child_born": "min"}
"""Fact -> which of the days of birth it is."""
_DATES = {"moved_at": "when they moved in", "married_at": "when they married", "student_until": "last day as a student"}


def build_stages(engine: Engine, customers: Table | None, notes: list[str]) -> Block:
    """Make the table `stages` and its facts; the note counts values that are no dates."""
    if customers is None:
        return Block("y", "", _columns(None))
    dates = customers.mapping.dates
    given, until = customers.column("child_born", "''"), customers.column("student_until", "NULL")
    engine.rows(
        "CREATE TEMP TABLE stages AS SELECT customer, [d FOR d IN"
        f" coalesce(nullif({_days(given, dates)}, []), [{_by_age(customers)}]) IF d IS NOT NULL] AS born,"
        f" {_day(until, dates, '-12-31')} AS student_until FROM customers"
    )
    for role, read in (("child_born", "born = []"), ("student_until", "student_until IS NULL")):
        if customers.has(role):
            asked = f"FROM customers c JOIN stages s USING (customer) WHERE c.{role} IS NOT NULL AND s.{read}"
            if unread := engine.rows(f"SELECT count(*) {asked}")[0][0]:
                notes.append(f"customers: {unread} values of {role} are no dates, and are unknown")
    if customers.has("child_age") and not customers.has("child_age_at"):
        notes.append("customers: child_age is left out: map child_age_at, the day when it was told")
    return Block("y", "stages", _columns(customers))


def _columns(customers: Table | None) -> list[Column]:
    roles = ("child_born", "child_age", "child_age_at")
    told = customers is not None and (customers.has("child_born") or customers.has("child_age", "child_age_at"))
    source = customers.said(*roles) if customers and told else "not mapped in [tables.customers]"
    columns = [
        column(
            name,
            T.DATE,
            f"list_{which}(y.born)",
            source,
            f"when the {name.partition('_')[0]} child was or will be born",
            known=told,
        )
        for name, which in CHILDREN.items()
    ]
    for role, about in _DATES.items():
        known = customers is not None and customers.has(role)
        source = customers.said(role) if customers and known else "not mapped in [tables.customers]"
        sql = "y.student_until" if role == "student_until" else f"c.{role}::DATE"
        columns.append(column(role, T.DATE, sql, source, about, known=known))
    return columns


def _days(text: str, dates: str) -> str:
    """Read one day, or several set apart."""
    whole, part = (_day(one, dates, "-07-01") for one in (text, "p"))
    parts = f"[{part} FOR p IN regexp_split_to_array(trim({text}, '[] '), '\\s*[;,|]\\s*')]"
    return f"CASE WHEN {whole} IS NOT NULL THEN [{whole}] ELSE [d FOR d IN {parts} IF d IS NOT NULL] END"


def _day(text: str, dates: str, of_a_year: str) -> str:
    """Read a day; of a mere year the day `of_a_year`."""
    year = f"CASE WHEN regexp_full_match({text}, '\\d{{4}}') THEN try_cast({text} || {literal(of_a_year)} AS DATE) END"
    return f"coalesce({year}, {moment(text, TEXT, dates)}::DATE)"


def _by_age(customers: Table) -> str:
    if not customers.has("child_age", "child_age_at"):
        return "NULL::DATE"
    return "child_age_at::DATE - round(child_age * 365.25 + 183)::INT"
