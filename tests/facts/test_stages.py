"""Days of birth, of moving, of marriage: read as people write them, and aged by whoever asks."""

from __future__ import annotations

from datetime import date, datetime

from contextmail.model.fact import FactType

CUSTOMERS = """customer,child_born,child_age,child_age_at,moved_at,married_at,student_until
1,2024-05-01; 2011-04-02 | 2018-01-01,,,2023-01-02,2020-05-05,2024
2,,3,2020-01-01,,,2024-09-30
3,2011,,,,,
4,oops,,,,,soon
5,,,,,,
6,2025-01-01,9,2020-01-01,,,
"""
CHILDREN = ("youngest_child_born", "oldest_child_born")


def children(folder, customer):
    return [folder.row(customer)[name] for name in CHILDREN]


def test_children_are_read_from_days_years_and_ages(build):
    folder = build(customers=CUSTOMERS)

    assert children(folder, "1") == [date(2024, 5, 1), date(2011, 4, 2)]
    assert children(folder, "3") == [date(2011, 7, 1)] * 2
    # three years old on the first of January 2020: born in 2016, or on the first day of 2017
    assert children(folder, "2") == [date(2016, 7, 1)] * 2
    assert children(folder, "6") == [date(2025, 1, 1)] * 2, "a day that is known goes before an age"
    assert children(folder, "4") == children(folder, "5") == [None, None]


def test_the_other_days_are_facts_too_and_a_year_of_study_ends_in_december(build):
    folder = build(customers=CUSTOMERS)

    one = folder.row("1")
    assert (one["moved_at"], one["married_at"]) == (date(2023, 1, 2), date(2020, 5, 5))
    assert [folder.row(customer)["student_until"] for customer in "1245"] == [
        date(2024, 12, 31),
        date(2024, 9, 30),
        None,
        None,
    ]
    assert {folder.catalogue.types[name] for name in (*CHILDREN, "student_until")} == {FactType.DATE}


def test_what_is_no_date_is_counted(build):
    notes = build(customers=CUSTOMERS).catalogue.notes

    assert "customers: 1 values of child_born are no dates, and are unknown" in notes
    assert "customers: 1 values of student_until are no dates, and are unknown" in notes


def test_an_age_without_the_day_on_which_it_was_told_cannot_be_aged(build):
    folder = build(customers="customer,child_age\n1,3\n")

    assert children(folder, "1") == [None, None]
    assert "customers: child_age is left out: map child_age_at, the day when it was told" in folder.catalogue.notes


def test_days_are_read_as_the_mapping_says_they_are_written(build):
    table = ('customer,kids,moved\n1,"02.04.2011, 01.05.2024",31.12.2023\n', {
        "columns": {"customer": "customer", "child_born": "kids", "moved_at": "moved"}, "dates": "%d.%m.%Y"
    })  # fmt: skip
    folder = build(customers=table)

    assert children(folder, "1") == [date(2024, 5, 1), date(2011, 4, 2)]
    assert folder.row("1")["moved_at"] == date(2023, 12, 31)


def test_a_list_and_a_timestamp_are_read_as_well(build, tmp_path):
    import duckdb

    from contextmail.model.tables import TableMapping

    query = "SELECT 1 AS customer, [DATE '2011-04-02', DATE '2024-05-01'] AS child_born, TIMESTAMP '2024-09-30' AS student_until"
    duckdb.sql(f"COPY ({query}) TO '{tmp_path / 'customers.parquet'}'")
    folder = build(customers=TableMapping(path="customers.parquet", columns={"customer": "customer"}))

    assert children(folder, "1") == [date(2024, 5, 1), date(2011, 4, 2)]
    assert folder.row("1")["student_until"] == date(2024, 9, 30)


def test_a_day_of_birth_does_not_age(build):
    specs = build(customers=CUSTOMERS, as_of=datetime(2034, 6, 1)).catalogue.facts

    assert [specs[name].max_age_days for name in (*CHILDREN, "moved_at", "married_at", "student_until")] == [None] * 5
