"""Whoever withdraws is left out of what is planned, of what is applied, and of what was applied and is not sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conformance.shop import BEST, ONCE, Shop

from contextmail.applying import apply, refresh
from contextmail.applying.forgetting import forget_in_files
from contextmail.applying.leaving import WaitingCampaigns
from contextmail.connectors.consents import Pushed
from contextmail.engines.base import literal
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.model.consent import Act, Actor, Change, Scope
from contextmail.model.event import Push
from contextmail.planning import plan
from contextmail.planning.folder import campaign_plan
from contextmail.store.runs import Runs
from contextmail.store.sealing import Sealer, new_keys
from contextmail.store.sqlite_consent import SqliteConsentStore

MARKETING = Scope("email", "marketing")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteConsentStore]:
    lookup, seal = new_keys().values()
    with closing(SqliteConsentStore(tmp_path / "consent.db", Sealer(lookup, (seal,), brand=""))) as store:
        yield store


def withdraw(store: SqliteConsentStore, email: str, scope: Scope = MARKETING) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    store.append([Change("1", store.subject(email), Act.DENY, scope, now, now, actor=Actor.PERSON)], [email])


def planned(shop: Shop, ledger: SqliteConsentStore | None = None) -> Path:
    limits = shop.settings.limits.model_copy(update={"changed": 1.0})
    shop.settings = shop.settings.model_copy(update={"limits": limits})
    folder = shop.folder / "plan"
    plan("spring", shop.target, shop.facts, shop.settings, out=folder, ledger=ledger)
    return folder


def reached(shop: Shop) -> set[str]:
    (segment,) = shop.target.segments.values()
    return {shop.target.people[key].email for key in segment[1]}


def waiting(shop: Shop, runs: Runs) -> WaitingCampaigns:
    return WaitingCampaigns(runs, lambda _on: nullcontext(shop.target))


def told(email: str, scope: Scope = MARKETING, act: Act = Act.DENY) -> Push:
    now = datetime.now(UTC).replace(tzinfo=None)
    return Push(1, "campaigns", "s", email, act, scope, "", 1, "c", "pushing", 1, "", made_at=now)


def test_a_plan_drops_whom_the_ledger_refuses(shop: Shop, runs: Runs, ledger: SqliteConsentStore) -> None:
    withdraw(ledger, BEST.email)
    made = campaign_plan(planned(shop, ledger))
    assert ("drop", "opted-out", 2) in {(one.outcome, one.reason, one.people) for one in made.decisions}
    apply(shop.folder / "plan", shop.target, runs, shop.settings)
    assert BEST.email not in reached(shop)


def test_who_withdraws_after_the_plan_is_not_applied(shop: Shop, runs: Runs, ledger: SqliteConsentStore) -> None:
    folder = planned(shop, ledger)
    withdraw(ledger, ONCE.email)
    done = apply(folder, shop.target, runs, shop.settings, ledger=ledger)
    assert dict(done.skipped) == {"consent: withdrawn": 1}
    assert ONCE.email not in reached(shop)
    assert BEST.email in reached(shop)


def test_who_withdraws_while_the_segment_is_made_is_taken_out_of_it(
    shop: Shop, runs: Runs, ledger: SqliteConsentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, make = planned(shop, ledger), shop.target.create_segment

    def meanwhile(*given: Any) -> str:
        made = make(*given)
        withdraw(ledger, ONCE.email)
        assert waiting(shop, runs).push(told(ONCE.email)) == Pushed("absent")
        return made

    monkeypatch.setattr(shop.target, "create_segment", meanwhile)
    done = apply(folder, shop.target, runs, shop.settings, ledger=ledger)
    assert ONCE.email not in reached(shop)
    assert done.segment_people == len(reached(shop))


def test_a_refusal_of_another_list_leaves_the_plan_alone(shop: Shop, runs: Runs, ledger: SqliteConsentStore) -> None:
    withdraw(ledger, ONCE.email, replace(MARKETING, list="another"))
    apply(planned(shop, ledger), shop.target, runs, shop.settings, ledger=ledger)
    assert ONCE.email in reached(shop)


def test_who_withdraws_after_the_apply_leaves_the_segment(shop: Shop, runs: Runs) -> None:
    apply(planned(shop), shop.target, runs, shop.settings)
    assert waiting(shop, runs).push(told(BEST.email)) == Pushed("done")
    assert BEST.email not in reached(shop)
    assert ONCE.email in reached(shop)


def test_what_concerns_other_messages_takes_nobody_out(shop: Shop, runs: Runs) -> None:
    apply(planned(shop), shop.target, runs, shop.settings)
    for scope in (Scope("sms"), Scope("email", "service"), replace(MARKETING, list="another")):
        assert waiting(shop, runs).push(told(BEST.email, scope)).outcome == "absent"
    assert waiting(shop, runs).push(told(BEST.email, act=Act.GRANT)).outcome == "absent"
    assert BEST.email in reached(shop)


def test_a_refresh_takes_them_out_too(shop: Shop, runs: Runs, ledger: SqliteConsentStore) -> None:
    done = apply(planned(shop), shop.target, runs, shop.settings)
    withdraw(ledger, BEST.email)
    assert refresh(done.run, shop.target, shop.facts, runs, shop.settings, ledger=ledger).people_removed == 1
    assert BEST.email not in reached(shop)


def test_who_is_forgotten_is_in_no_file_and_the_plan_still_applies(shop: Shop, runs: Runs) -> None:
    folder = planned(shop)
    gone = forget_in_files({BEST.email}, runs, shop.settings.facts, folder, shop.folder / "not-there")
    assert gone.files >= 3
    files = [file.read_bytes() for place in (shop.settings.facts, folder) for file in place.glob("*.parquet")]
    assert BEST.email.encode() not in b"".join(files)
    apply(folder, shop.target, runs, shop.settings)
    assert BEST.email not in reached(shop)
    assert ONCE.email in reached(shop)


def test_who_is_forgotten_leaves_the_runs_and_what_was_pulled(shop: Shop, runs: Runs) -> None:
    done = apply(planned(shop), shop.target, runs, shop.settings)
    pulled = shop.folder / "pulled" / "customers"
    pulled.mkdir(parents=True)
    lines = [f'{{"customer": "k{n}", "email": "{email}"}}\n' for n, email in enumerate((BEST.email, ONCE.email))]
    (pulled / "1.jsonl").write_text("".join(lines))
    forget_in_files({BEST.email}, runs, shop.folder / "pulled")
    assert (pulled / "1.jsonl").read_text() == lines[1]
    kept = b"".join(file.read_bytes() for file in runs.folder(done.run).glob("*.parquet"))
    assert BEST.email.encode() not in kept
    assert campaign_plan(runs.folder(done.run)).run == done.run


@pytest.mark.parametrize("written", ["+44-1632-960961", "0044 1632 960961", "+44 (0)1632 960961", "+44.1632.960961"])
def test_a_number_is_forgotten_however_it_is_written(runs: Runs, tmp_path: Path, written: str) -> None:
    pulled = tmp_path / "pulled" / "members" / "1.jsonl"
    pulled.parent.mkdir(parents=True)
    pulled.write_text("".join(json.dumps({"phone": phone}) + "\n" for phone in (written, "+441632960962")))
    built = tmp_path / "pulled" / "people.parquet"
    with closing(DuckDBEngine()) as engine:
        rows = f"(VALUES ({literal(written)}), ('+441632960962')) t(phone)"
        engine.rows(f"COPY (FROM {rows}) TO {literal(str(built))} (FORMAT parquet)")
        forget_in_files({"+441632960961"}, runs, tmp_path / "pulled")
        assert engine.rows(f"FROM {literal(str(built))}") == [("+441632960962",)]
    assert pulled.read_text() == json.dumps({"phone": "+441632960962"}) + "\n"
