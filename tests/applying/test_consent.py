"""Whoever withdraws is left out of what is planned, of what is applied, and of what was applied and is not sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
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
from contextmail.model.consent import Act, Actor, Assurance, Change, Scope
from contextmail.model.endpoint import normalise
from contextmail.model.event import Push
from contextmail.planning import plan
from contextmail.planning.folder import campaign_plan
from contextmail.store.runs import Runs
from contextmail.store.sealing import Sealer, new_keys
from contextmail.store.sqlite_consent import SqliteConsentStore
from contextmail.syncing.hearing import Hearing
from contextmail.webhooks import sources
from contextmail.webhooks.unsubscribe import Unsubscription

MARKETING = Scope("email", "marketing")


@pytest.fixture
def sealer() -> Sealer:
    lookup, seal = new_keys().values()
    return Sealer(lookup, (seal,), brand="")


@pytest.fixture
def store(tmp_path: Path, sealer: Sealer) -> Iterator[SqliteConsentStore]:
    with closing(SqliteConsentStore(tmp_path / "consent.db", sealer)) as opened:
        yield opened


@pytest.fixture
def ledger(store: SqliteConsentStore, sealer: Sealer) -> Hearing:
    return Hearing(store, sources(sealer))


Withdraw = Callable[..., None]


def folded(store: SqliteConsentStore, email: str, scope: Scope = MARKETING) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    store.append([Change("1", store.subject(email), Act.DENY, scope, now, now, actor=Actor.PERSON)], [email])


def acknowledged(store: SqliteConsentStore, email: str, scope: Scope = MARKETING) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    body = Unsubscription(email, scope, now.date()).to_bytes()
    assert store.receive("one-click", "", email, Assurance.SIGNED, body, now)


@pytest.fixture(params=[folded, acknowledged], ids=lambda way: way.__name__)
def withdraw(request: pytest.FixtureRequest, store: SqliteConsentStore) -> Withdraw:
    """Let somebody leave: the worker has folded it, or the receiver has only acknowledged it."""
    return partial(request.param, store)


def planned(shop: Shop, ledger: Hearing | None = None) -> Path:
    limits = shop.settings.limits.model_copy(update={"changed": 1.0})
    shop.settings = shop.settings.model_copy(update={"limits": limits})
    folder = shop.folder / "plan"
    plan("spring", shop.target, shop.facts, shop.settings, out=folder, ledger=ledger)
    return folder


def reached(shop: Shop) -> set[str]:
    (segment,) = shop.target.segments.values()
    return {shop.target.people[key].email for key in segment[1]}


def waiting(shop: Shop, runs: Runs, store: SqliteConsentStore) -> WaitingCampaigns:
    return WaitingCampaigns(runs, lambda _on: nullcontext(shop.target), store)


def left(store: SqliteConsentStore, email: str, scope: Scope = MARKETING, act: Act = Act.DENY) -> Push:
    """Fold a change of somebody into the ledger, and give the push that follows from it."""
    now, subject = datetime.now(UTC).replace(tzinfo=None), store.subject(normalise(email))
    store.append([Change(f"{act} {scope}", subject, act, scope, now, now, actor=Actor.PERSON)], [normalise(email)])
    return Push(1, "campaigns", subject, normalise(email), act, scope, "", 1, "c", "pushing", 1, "", made_at=now)


def test_a_plan_drops_whom_the_ledger_refuses(shop: Shop, runs: Runs, ledger: Hearing, withdraw: Withdraw) -> None:
    withdraw(BEST.email)
    made = campaign_plan(planned(shop, ledger))
    assert ("drop", "opted-out", 2) in {(one.outcome, one.reason, one.people) for one in made.decisions}
    apply(shop.folder / "plan", shop.target, runs, shop.settings)
    assert BEST.email not in reached(shop)


def test_what_sells_and_calls_itself_a_service_is_refused_as_marketing(
    shop: Shop, ledger: Hearing, withdraw: Withdraw
) -> None:
    withdraw(BEST.email)
    notice = shop.folder / "notice.html"
    notice.write_text("---\nsubject: Your account\npurpose: service\n---\n<p>Get 20% off everything with SAVE20.</p>")
    plan(notice, shop.target, shop.facts, shop.settings, out=shop.folder / "plan", ledger=ledger)
    made = campaign_plan(shop.folder / "plan")
    assert made.message.purpose == "marketing"
    assert ("drop", "opted-out", 2) in {(one.outcome, one.reason, one.people) for one in made.decisions}


def test_who_withdraws_after_the_plan_is_not_applied(
    shop: Shop, runs: Runs, ledger: Hearing, withdraw: Withdraw
) -> None:
    folder = planned(shop, ledger)
    withdraw(ONCE.email)
    done = apply(folder, shop.target, runs, shop.settings, ledger=ledger)
    assert dict(done.skipped) == {"consent: withdrawn": 1}
    assert ONCE.email not in reached(shop)
    assert BEST.email in reached(shop)


def test_who_withdraws_while_the_segment_is_made_is_taken_out_of_it(
    shop: Shop,
    runs: Runs,
    store: SqliteConsentStore,
    ledger: Hearing,
    withdraw: Withdraw,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, make = planned(shop, ledger), shop.target.create_segment

    def meanwhile(*given: Any) -> str:
        made = make(*given)
        withdraw(ONCE.email)
        assert waiting(shop, runs, store).push(left(store, ONCE.email, Scope())) == Pushed("absent")
        return made

    monkeypatch.setattr(shop.target, "create_segment", meanwhile)
    done = apply(folder, shop.target, runs, shop.settings, ledger=ledger)
    assert ONCE.email not in reached(shop)
    assert done.segment_people == len(reached(shop))


OF_OTHERS = (
    Scope("sms"),
    Scope("email", "service"),
    replace(MARKETING, list="another"),
    replace(MARKETING, topic="news"),
)


@pytest.mark.parametrize("scope", OF_OTHERS, ids=str)
def test_what_concerns_other_messages_leaves_plan_segment_and_worker_alone(
    shop: Shop, runs: Runs, store: SqliteConsentStore, ledger: Hearing, withdraw: Withdraw, scope: Scope
) -> None:
    withdraw(ONCE.email, scope)
    apply(planned(shop, ledger), shop.target, runs, shop.settings, ledger=ledger)
    assert waiting(shop, runs, store).push(left(store, BEST.email, scope)).outcome == "absent"
    assert {ONCE.email, BEST.email} <= reached(shop)


@pytest.mark.parametrize("scope", [MARKETING, Scope("email"), Scope()], ids=str)
def test_who_withdraws_after_the_apply_leaves_the_segment(
    shop: Shop, runs: Runs, store: SqliteConsentStore, scope: Scope
) -> None:
    apply(planned(shop), shop.target, runs, shop.settings)
    assert waiting(shop, runs, store).push(left(store, BEST.email, scope)) == Pushed("done")
    assert BEST.email not in reached(shop)
    assert ONCE.email in reached(shop)


def test_who_leaves_one_of_their_topics_and_then_all_of_them_leaves_the_segment_with_the_second(
    shop: Shop, runs: Runs, store: SqliteConsentStore
) -> None:
    apply(planned(shop), shop.target, runs, shop.settings)
    news = left(store, BEST.email, replace(MARKETING, topic="news"))
    assert waiting(shop, runs, store).push(news).outcome == "absent"
    left(store, BEST.email)
    assert waiting(shop, runs, store).push(news) == Pushed("done")


def test_a_grant_takes_nobody_out(shop: Shop, runs: Runs, store: SqliteConsentStore) -> None:
    apply(planned(shop), shop.target, runs, shop.settings)
    assert waiting(shop, runs, store).push(left(store, BEST.email, act=Act.GRANT)).outcome == "absent"
    assert BEST.email in reached(shop)


def test_a_domain_that_is_not_ascii_leaves_however_the_platform_writes_it(
    shop: Shop, runs: Runs, store: SqliteConsentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[str] = []
    apply(planned(shop), shop.target, runs, shop.settings)
    monkeypatch.setattr(shop.target, "change_segment", lambda _segment, *, remove: removed.extend(remove))
    waiting(shop, runs, store).push(left(store, "ada@bücher.example"))
    assert removed == ["ada@xn--bcher-kva.example", "ada@bücher.example"]


def test_a_refresh_takes_them_out_too(shop: Shop, runs: Runs, ledger: Hearing, withdraw: Withdraw) -> None:
    done = apply(planned(shop), shop.target, runs, shop.settings)
    withdraw(BEST.email)
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
