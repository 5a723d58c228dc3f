"""A run whose draft waits goes before a campaign of lower priority."""

from datetime import datetime

import pytest
from conformance.shop import Shop

from contextmail.applying import apply, undo
from contextmail.compiling import compile as compile_message
from contextmail.deciding import decide
from contextmail.facts.folder import FactsFolder
from contextmail.model.plan import Plan
from contextmail.planning import plan
from contextmail.store.runs import Runs
from contextmail.wiring import build_facts

NOON = datetime(2024, 6, 1, 12)


@pytest.fixture
def runs(shop: Shop) -> Runs:
    return Runs(shop.folder / "store")


def notice(shop: Shop, runs: Runs) -> str:
    shop.target.add_draft("notice", subject="Your terms", html="<html><body><p>Our terms change.</p></body></html>")
    folder = shop.folder / "notice"
    made = plan("notice", shop.target, shop.facts, shop.settings, out=folder, runs=runs, planned_at=NOON, priority=5)
    assert made.people("send") == 3
    return apply(folder, shop.target, runs, shop.settings).run


def spring(shop: Shop, runs: Runs, **said: object) -> Plan:
    count = len(list(shop.folder.glob("spring*")))
    out = shop.folder / f"spring{count}"
    return plan("spring", shop.target, shop.facts, shop.settings, out=out, runs=runs, **said)


def crossed(made: Plan) -> int:
    return sum(reason.people for reason in made.decisions if reason.reason == "crossed-campaigns")


def test_whoever_gets_the_waiting_one_is_held_and_the_others_are_not(shop: Shop, runs: Runs) -> None:
    notice(shop, runs)
    assert crossed(spring(shop, runs)) == 3
    assert crossed(spring(shop, runs, priority=5, planned_at=datetime(2024, 6, 1, 11))) == 0
    assert crossed(spring(shop, runs, priority=6)) == 0
    assert crossed(spring(shop, runs, planned_at=datetime(2024, 6, 8))) == 0


def test_a_run_that_was_undone_or_has_gone_out_holds_nobody(shop: Shop, runs: Runs) -> None:
    run = notice(shop, runs)
    shop.settings = shop.settings.model_copy(update={"as_of": datetime(2024, 6, 1, 13)})
    assert crossed(spring(shop, runs)) == 0
    shop.settings = shop.settings.model_copy(update={"as_of": datetime(2024, 6, 1, 9)})
    assert crossed(spring(shop, runs)) == 3
    undo(run, shop.target, runs)
    assert crossed(spring(shop, runs)) == 0


def test_facts_that_are_built_meanwhile_know_of_it_so_that_other_channels_wait_too(shop: Shop, runs: Runs) -> None:
    shop.settings = shop.settings.model_copy(update={"store": shop.folder / "store"})
    notice(shop, runs)
    build_facts(shop.settings)
    shop.facts = FactsFolder.open(shop.settings.facts)
    campaign = compile_message({"id": "call", "channel": "sms", "text": "Lamps."}, shop.settings, shop.facts.catalogue)
    waits = [policy for policy in campaign.policies if policy.name == "crossed-campaigns"]
    counts = decide(campaign.model_copy(update={"policies": waits}), shop.facts)
    assert counts.reasons == {("hold", "crossed-campaigns"): 3, ("send", ""): 2}
