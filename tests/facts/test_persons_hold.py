"""What holds of persons whatever the systems say: drawn at random, against a plain reading of the rules."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts.endpoints import build_endpoints
from contextmail.facts.persons import resolve_persons
from contextmail.facts.reading import Table
from contextmail.facts.sources import Source
from contextmail.model.identity import Identity
from contextmail.model.tables import TableMapping

SYSTEMS = ("own", "crm", "till")
COLUMNS = ("customer", "email", "other_emails", "phone", "card")


class Record(NamedTuple):
    """A customer of one system."""

    system: str
    key: str
    emails: tuple[str, ...]
    phone: str
    card: str


def _named(drawn: list[tuple[str, list[str], str, str]]) -> list[Record]:
    return [
        Record(system, str(n), tuple(dict.fromkeys(emails)), phone, card)
        for n, (system, emails, phone, card) in enumerate(drawn)
    ]


addresses = st.sampled_from(["a@example.com", "b@example.com", "c@example.com", "d@example.com", "info@example.com"])
records = st.lists(
    st.tuples(
        st.sampled_from(SYSTEMS),
        st.lists(addresses, max_size=2),
        st.sampled_from(["", "+441632960961"]),
        st.sampled_from(["", "", "C1", "C2", "C3"]),
    ),
    min_size=2,
    max_size=9,
).map(_named)


def resolved(
    people: list[Record], ids: tuple[str, ...] = ("card",), **more: dict[str, str]
) -> dict[tuple[str, str], str]:
    """Give each record's person; `more` are further columns, by record."""
    columns = (*COLUMNS, *more)
    with TemporaryDirectory() as temp, DuckDBEngine(threads=1) as engine:
        customers = {}
        for system in dict.fromkeys(one.system for one in people):
            rows = [
                (
                    one.key,
                    *(*one.emails, "", "")[:2],
                    one.phone,
                    one.card,
                    *(of[one.system + one.key] for of in more.values()),
                )
                for one in people
                if one.system == system
            ]
            values = ", ".join(f"({', '.join(repr(value) for value in row)})" for row in rows)
            fields = ", ".join(f"nullif(c{at}, '') AS {name}" for at, name in enumerate(columns))
            names = ", ".join(f"c{at}" for at in range(len(columns)))
            engine.rows(f"CREATE TEMP TABLE {system} AS SELECT {fields} FROM (VALUES {values}) v({names})")
            mapping, roles = TableMapping(path="-"), dict.fromkeys(columns, "VARCHAR")
            customers[system] = Table("customers", mapping, Source(system, system, roles, "-"), system, roles)
        build_endpoints(engine, customers, Path(temp))
        resolve_persons(engine, customers, None, Identity(ids=ids), sorted(customers))
        found = {
            (system, key): customer
            for system, key, customer in engine.rows("SELECT system, key, customer FROM persons")
        }
    alone = {(r.system, r.key): r.key if r.system == "own" else f"{r.system}:{r.key}" for r in people}
    return {**alone, **found}


def expected(people: list[Record]) -> set[frozenset[Record]]:
    """Tie by cards, then by addresses, as `facts.persons` says, one by one."""
    units = [{one} for one in people]
    for claims in (lambda one: [one.card] if one.card else [], lambda one: [e for e in one.emails if "info" not in e]):
        of = defaultdict(list)
        for unit in units:
            for claim in sorted({claim for one in unit for claim in claims(one)}):
                of[claim].append(unit)
        joined = [[unit] for unit in units]
        for tied in of.values():
            if not _contradict(one for unit in tied for one in unit):
                groups = [group for group in joined if any(unit in tied for unit in group)]
                joined = [group for group in joined if group not in groups] + [[unit for g in groups for unit in g]]
        units = []
        for group in joined:
            everybody = {one for unit in group for one in unit}
            units += group if _contradict(everybody) else [everybody]
    return {frozenset(unit) for unit in units}


def _contradict(people) -> bool:
    one_each = defaultdict(set)
    for one in people:
        one_each[one.system].add(one.key)
        one_each["card"] |= {one.card} - {""}
    return any(len(values) > 1 for values in one_each.values())


@given(records)
@settings(max_examples=40, deadline=None)
def test_who_is_one_person_is_as_the_rules_read_one_by_one(people):
    groups = defaultdict(set)
    persons = resolved(people)
    for one in people:
        groups[persons[one.system, one.key]].add(one)
    assert {frozenset(group) for group in groups.values()} == expected(people)


@given(records, st.randoms())
@settings(max_examples=12, deadline=None)
def test_the_order_of_systems_and_rows_has_no_part_in_it(people, random):
    mixed = random.sample(people, len(people))
    assert resolved(mixed) == resolved(people)


@given(records)
@settings(max_examples=12, deadline=None)
def test_no_person_has_two_ids_where_one_is_all_that_anybody_has(people):
    persons = resolved(people)
    for one, other in combinations(people, 2):
        if one.system == other.system or (one.card and other.card and one.card != other.card):
            assert persons[one.system, one.key] != persons[other.system, other.key]


@given(records)
@settings(max_examples=12, deadline=None)
def test_who_was_found_once_is_found_again(people):
    persons = resolved(people)
    again = resolved(people, ids=("card", "person"), person={s + key: who for (s, key), who in persons.items()})
    assert again == persons


@given(records)
@settings(max_examples=12, deadline=None)
def test_numbers_and_desks_tie_nobody(people):
    shared = [Record(one.system, one.key, ("info@example.com",), "+441632960961", "") for one in people]
    assert len(set(resolved(shared).values())) == len(shared)
