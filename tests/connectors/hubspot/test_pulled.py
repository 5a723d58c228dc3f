"""A portal, pulled and built into facts: what a colleague's company has is known of everybody in it."""

from pathlib import Path

import pytest

from contextmail import config, wiring
from contextmail.connectors.pulling import pull


@pytest.fixture
def firm(portal):
    """Let Ann and Bob be at a firm that has the Pro plan, which Ann bought; Cid is nobody's colleague."""
    state = portal.state
    state.add_property("companies", "plan")
    owner = state.add_owner("Ruth", "Vale")
    made = state.add("companies", {"name": "Pine Design", "plan": "pro", "hubspot_owner_id": owner.id})
    ann, bob, _ = (state.add_contact(f"{name}@example.com", firstname=name) for name in ("Ann", "Bob", "Cid"))
    for one in (ann, bob):
        state.associations.tie("contacts", one.id, "companies", made.id)
    plan = state.add("products", {"name": "Pro"})
    told = {"dealname": "Pro for Pine Design", "dealstage": "closedwon", "closedate": "2026-02-01T09:00:00.000Z"}
    deal = state.add("deals", {**told, "amount": "900", "deal_currency_code": "EUR"})
    line = state.add("line_items", {"name": "Pro", "hs_product_id": plan.id, "quantity": "1", "price": "900"})
    state.associations.tie("contacts", ann.id, "deals", deal.id)
    state.associations.tie("deals", deal.id, "line_items", line.id)
    return plan.id


@pytest.fixture
def facts(firm, connected, tmp_path: Path):
    target = connected(order_stages=("closedwon",), properties={"plan": "companies.plan"})
    pull(target, tmp_path / "pulled")
    (tmp_path / "contextmail.toml").write_text('pulled = "pulled"\ncurrency = "EUR"\nownership = "account"\n')
    settings = config.load(tmp_path)
    wiring.build_facts(settings)

    def rows(*names):
        engine = wiring.engine(settings)
        found = engine.rows(f"SELECT email, {', '.join(names)} FROM read_parquet('{tmp_path}/facts/facts.parquet')")
        engine.close()
        return {email.partition("@")[0].lower(): tuple(more) for email, *more in found}

    return rows


def test_what_a_company_has_is_known_of_each_colleague(facts, firm):
    found = facts("plan", "account_owner", "owned_products", "account_owned_products")
    assert found == {
        "ann": ("pro", "Ruth Vale", [firm], [firm]),
        "bob": ("pro", "Ruth Vale", [], [firm]),
        "cid": (None, None, [], None),
    }


def test_names_orders_and_money_are_facts(facts):
    assert facts("first_name", "orders", "spend") == {
        "ann": ("Ann", 1, 90000),
        "bob": ("Bob", 0, 0),
        "cid": ("Cid", 0, 0),
    }
