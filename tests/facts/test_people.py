from __future__ import annotations

from datetime import date, datetime

import pytest

from contextmail.errors import ConfigurationError, PredicateError
from contextmail.facts.catalogue import STANDARD
from contextmail.model.tables import FactDefinition

CUSTOMERS = "customer,name,email\n1,JOHN SMITH,a@example.com\n2,Acme Ltd,b@example.com\n3,,\n"


def test_first_names_are_clean_or_unknown(build):
    folder = build(customers=CUSTOMERS)

    assert [folder.row(c)["first_name"] for c in "123"] == ["John", None, None]
    assert [folder.row(c)["name_known"] for c in "123"] == [True, False, False]
    assert folder.row("1")["email"] == "a@example.com"


def test_a_customer_without_rows_has_zero_and_an_absent_table_is_unknown(build):
    orders = "customer,order,product,amount,at\n1,1,A,5,2024-01-01\n9,2,A,5,2024-01-01\n"
    folder = build(customers=CUSTOMERS, orders=orders)

    three = folder.row("3")
    assert (three["orders"], three["spend"], three["owned_products"], three["is_customer"]) == (0, 0, (), False)
    assert (three["spend_rank"], three["subscriptions"], three["touches_7d"]) == (0.0, None, None)
    assert folder.row("9")["orders"] == 1
    assert folder.catalogue.customers == 4

    nothing = build(customers=CUSTOMERS).row("1")
    assert (nothing["orders"], nothing["is_customer"], nothing["owned_products"]) == (None, None, None)


def test_every_standard_fact_is_there_with_its_type(build):
    types = build(customers=CUSTOMERS).catalogue.types

    assert {name: types.get(name) for name in STANDARD} == STANDARD


def test_a_column_named_as_a_standard_fact_fills_it_where_no_table_does(build):
    text = "customer,orders,spend\n1,4,1999\n"

    assert build(customers=text).row("1")["orders"] == 4
    folder = build(customers=text, orders="customer,order,at\n1,1,2024-01-01\n")
    assert folder.row("1")["orders"] == 1
    assert any("'orders' is another fact" in note for note in folder.catalogue.notes)


def test_repeated_customers_give_one_row_and_a_note(build):
    folder = build(customers="customer,tier\n1,gold\n1.0,silver\n")

    assert folder.row("1")["tier"] == "silver"
    assert folder.catalogue.notes == ["customers: 1 rows repeat a customer; one row of each was kept"]


def test_an_attribute_that_was_learned_too_long_ago_is_unknown(build):
    text = "customer,kids,asked\n1,2,2024-01-01\n2,2,2020-01-01\n3,2,\n"
    folder = build(
        customers=(text, {"columns": {"customer": "customer"}, "learned": {"kids": "asked"}, "max_age": {"kids": 365}})
    )

    assert [folder.row(c)["kids"] for c in "123"] == [2, None, None]
    assert folder.row("2")["kids_learned"] == date(2020, 1, 1)
    spec = folder.catalogue.facts["kids"]
    assert (spec.max_age_days, spec.learned) == (365, "kids_learned")


def test_subscriptions_make_a_customer_and_renew(build):
    text = (
        "customer,product,start,end,renewal\n"
        "1,Internet,2023-01-01,,2024-09-01\n1,Cable,2022-01-01,2024-01-01,2024-07-01\n2,Cable,2022-01-01,2024-01-01,\n"
    )
    folder = build(customers=CUSTOMERS, subscriptions=text)

    one, two = folder.row("1"), folder.row("2")
    assert (one["subscriptions"], one["owned_products"]) == (("Internet",), ("Internet",))
    assert (one["renewal_at"], one["is_customer"], one["tenure_days"]) == (date(2024, 9, 1), True, 882)
    assert (two["subscriptions"], two["is_customer"], two["renewal_at"]) == ((), False, None)


def test_the_account_owns_what_its_people_own(build):
    folder = build(
        customers="customer,account,account_owner\n1,acme,\n2,acme,Zoe\n3,,\n",
        orders="customer,order,product,at\n1,1,B,2024-01-01\n2,2,A,2024-01-01\n3,3,C,2024-01-01\n",
        accounts="account,owner\nacme,Max\n",
    )

    assert [folder.row(c)["account_owned_products"] for c in "123"] == [("A", "B"), ("A", "B"), None]
    assert [folder.row(c)["account_owner"] for c in "123"] == ["Max", "Zoe", None]


CONSENTS = """customer,channel,purpose,status,at
1,email,marketing,granted,2024-01-01
1,email,marketing,unsubscribed,2024-02-01
1,sms,,yes,2024-01-01
2,email,marketing,denied,2024-02-01
2,email,marketing,granted,2024-02-01
3,email,marketing,no,
3,email,marketing,granted,2024-03-01
4,email,marketing,granted,2025-01-01
4,sms,marketing,denied,2025-01-01
5,all,all,stop,2024-01-01
6,email,marketing,perhaps,2024-01-01
"""


def test_the_last_word_on_consent_counts_and_refusals_win_ties(build):
    folder = build(customers="customer\n1\n7\n", consents=CONSENTS)
    email = [folder.row(c)["consent_email_marketing"] for c in "1234567"]

    assert email == ["denied", "denied", "denied", "unknown", "denied", "denied", "unknown"]
    assert folder.row("1")["consent_sms_service"] == "granted"
    assert folder.row("4")["consent_sms_marketing"] == "denied"
    assert folder.row("5")["consent_postal_transactional"] == "denied"
    assert folder.catalogue.notes == ["consents: 1 rows have a status that is not understood; they count as denied"]


ORDERS = "customer,order,product,amount,at\n1,1,A,5,2024-01-01\n1,2,B,7,2024-02-01\n2,3,A,5,2024-03-01\n"


def test_own_facts_are_expressions_or_selects(build):
    definitions = [
        FactDefinition(name="regular", sql="orders >= 2 AND owns('A')"),
        FactDefinition(name="points", sql="2 * spend + 10"),
        FactDefinition(name="dearest", sql="SELECT customer, max(amount) FROM lines GROUP BY customer"),
        FactDefinition(name="very_dear", sql="dearest > 600 AND regular"),
    ]
    folder = build(orders=ORDERS, customers=CUSTOMERS, options={"facts": definitions})

    assert [folder.row(c)["regular"] for c in "123"] == [True, False, False]
    assert [folder.row(c)["points"] for c in "123"] == [2410, 1010, 10]
    assert [folder.row(c)["dearest"] for c in "123"] == [700, 500, None]
    assert [folder.row(c)["very_dear"] for c in "123"] == [True, False, False]


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"sql": "ordrs > 2"}, "did you mean orders"),
        ({"sql": "orders > 2", "type": "int"}, "its type is bool, not int"),
        ({"sql": "SELECT customer, amount FROM lines"}, "1 customers have more than one value"),
        ({"sql": "SELECT nothing FROM nowhere"}, "the SELECT does not run"),
        ({"name": "orders", "sql": "spend"}, "there is such a fact already"),
        ({"sql": "spend", "learned": "orders", "max_age": 3}, "'orders' is no date"),
    ],
)
def test_a_definition_that_does_not_fit_is_an_error_with_its_name(build, definition, message):
    definition = {"name": "mine", **definition}
    with pytest.raises(ConfigurationError, match=message) as caught:
        build(orders=ORDERS, options={"facts": [FactDefinition(**definition)]})
    assert f"[[fact]] {definition['name']}" in str(caught.value)
    assert not isinstance(caught.value, PredicateError) or "^" in str(caught.value)


def test_an_own_fact_ages_by_the_date_it_was_learned(build):
    facts = [FactDefinition(name="big", sql="spend >= 500", learned="last_order", max_age=100)]
    folder = build(orders=ORDERS, options={"facts": facts}, as_of=datetime(2024, 6, 1))

    assert [folder.row(c)["big"] for c in "12"] == [None, True]
