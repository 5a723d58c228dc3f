"""`contextmail init --preset`: in an empty folder, with a sample of the exports, facts are right and campaigns judged."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run

import contextmail
from contextmail.cli.init import Preset
from contextmail.facts import FactsFolder

SAMPLES = Path(__file__).parents[1] / "data" / "presets"

KNOWN: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "shopify": (
        "2026-01-01",
        {
            # 221.50 with postage, tax and a discount, then 65.00 less the 30.00 that went back; late on the 20th in
            # New York is the 21st in UTC
            "ada@example.com": {
                "first_name": "Ada", "orders": 2, "spend": 25650, "first_order": date(2025, 3, 1),
                "last_order": date(2025, 11, 21), "owned_products": ("Enamel Mug", "Trail Jacket", "Wool Socks"),
                "last_product": "Enamel Mug", "country": "US", "consent_email_marketing": "granted",
                "consent_sms_marketing": "denied", "tags": "wholesale",
            },
            # the jacket was refunded whole
            "bo@example.org": {"orders": 1, "spend": 2000, "owned_products": ("Wool Socks",), "is_customer": True},
            # voided and cancelled
            "cy@example.com": {"orders": 0, "spend": 0, "is_customer": False, "consent_email_marketing": "denied"},
        },
    ),
    "woocommerce": (
        "2026-01-01",
        {
            # 105 + 40, less a kettle (60) and one of two towels (20)
            "ada@example.com": {
                "first_name": "Ada", "orders": 2, "spend": 6500, "owned_products": ("12", "13"),
                "owned_categories": ("Kitchen",), "first_product": "Linen Towel", "last_order": date(2025, 5, 10),
            },
            # 64.90 less 5.00 for a late delivery; the order that was refunded whole is none
            "bo@example.org": {"orders": 1, "spend": 5990, "owned_products": ("12",), "country": "AT"},
            # never paid
            "cy@example.com": {"orders": 0, "spend": 0, "is_customer": False},
        },
    ),
    "stripe": (
        "2025-03-01",
        {
            # 19.99 + (19.99 - 5.00); one charge was refunded whole, one failed
            "cus_ADA0001": {
                "orders": 2, "spend": 3498, "first_order": date(2024, 1, 5), "last_order": date(2024, 2, 5),
                "subscriptions": ("prod_PRO", "prod_SEATS"), "renewal_at": date(2025, 4, 5),
            },
            # 5,000 yen, which have no cents, and 10.00 euros; the old form of a subscription, and one that ended
            "cus_BO00002": {
                "first_name": "Bo", "orders": 2, "spend": 3350 + 1080, "subscriptions": ("prod_PRO",),
                "renewal_at": date(2025, 3, 20), "tenure_days": 273,
            },
            "cus_CY00003": {"orders": 0, "spend": 0, "subscriptions": (), "is_customer": False, "name_known": False},
        },
    ),
    "charity": (
        "2024-06-01",
        {
            "D1": {
                "orders": 3, "spend": 7000, "subscriptions": ("monthly",), "renewal_at": date(2024, 6, 3),
                "value_received": 1, "asks_received": 1, "first_product": None, "preferred_channel": "email",
            },
            # the second gift bounced, the third was in kind, and the regular one stopped
            "D2": {
                "first_name": "Bo", "orders": 1, "spend": 100_000, "last_order": date(2024, 2, 1), "subscriptions": (),
                "touches_7d": 3, "asks_received": 4, "unanswered_streak": 4, "preferred_channel": "postal",
            },
            "D3": {"orders": 0, "spend": 0, "consent_email_marketing": "denied"},
        },
    ),
    "saas": (
        "2025-06-01",
        {
            "11": {
                "first_name": "Ada", "subscriptions": ("pro",), "renewal_at": date(2025, 8, 1), "seats_free": 4,
                "account_owner": "Sam Field", "role": "admin", "is_customer": True, "tenure_days": 851,
            },
            # no seat of their own, but the account has the plan
            "12": {"subscriptions": (), "owned_products": (), "account_owned_products": ("pro",)},
            # cancelled
            "21": {"subscriptions": (), "account_owned_products": (), "is_customer": False, "account_owner": None},
        },
    ),
}  # fmt: skip


def test_every_preset_is_a_file_and_has_a_sample() -> None:
    shipped = {path.stem for path in (Path(contextmail.__file__).parent / "presets").glob("*.toml")}
    assert shipped == set(Preset) == set(KNOWN) == {path.name for path in SAMPLES.iterdir() if path.is_dir()}


@pytest.fixture
def begun(desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Begin as a new user would: settings from a preset, then the exports beside them."""

    def begin(preset: str) -> Path:
        made = run("init", "--preset", preset)
        assert made.code == 0, made.err
        for file in (SAMPLES / preset).iterdir():
            shutil.copy(file, desk)
            assert file.suffix == ".sql" or file.stem.rstrip("_1") in made.out, f"{file.name} is not asked for"
        if preset == "saas":
            with closing(sqlite3.connect(desk / "app.db")) as database:
                database.executescript((desk / "app.sql").read_text())
            monkeypatch.setenv("APP_DB", "sqlite:///app.db")
        return desk

    return begin


@pytest.mark.parametrize("preset", KNOWN)
def test_the_facts_of_its_sample_are_right(preset: str, begun: Callable[[str], Path], run: Run) -> None:
    desk = begun(preset)
    as_of, people = KNOWN[preset]
    built = run("facts", "build", "--as-of", as_of, "--strict")
    assert built.code == 0, built.err
    with FactsFolder.open(desk / "facts") as folder:
        assert folder.catalogue.customers == len(people)
        for person, expected in people.items():
            facts = folder.row(person) or {}
            assert {name: facts.get(name) for name in expected} == expected, person
    shown = run("facts", "show", next(iter(people)))
    assert shown.code == 0 and "is_customer" in shown.out


@pytest.mark.parametrize("preset", KNOWN)
def test_a_campaign_is_checked_and_previewed(preset: str, begun: Callable[[str], Path], run: Run) -> None:
    desk = begun(preset)
    as_of, people = KNOWN[preset]
    run("facts", "build", "--as-of", as_of)
    shutil.copy(SAMPLES / "message.html", desk)
    checked = run("check", "message.html", "--as-of", as_of)
    assert checked.code == 1 and "unearned-value-claim" in checked.out and "generic-greeting" in checked.out
    for person in people:
        seen = run("preview", "message.html", "--customer", person, "--as-of", as_of)
        assert seen.code == 0, seen.err


def test_the_application_may_lie_in_postgresql(
    begun: Callable[[str], Path], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = os.environ.get("CONTEXTMAIL_TEST_POSTGRES")
    if not url:
        pytest.skip("CONTEXTMAIL_TEST_POSTGRES names no PostgreSQL")
    psycopg = pytest.importorskip("psycopg")
    desk = begun("saas")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("DROP SCHEMA IF EXISTS preset_saas CASCADE; CREATE SCHEMA preset_saas")
        database.execute("SET search_path = preset_saas")
        database.execute((desk / "app.sql").read_text())
    try:
        monkeypatch.setenv("APP_DB", f"{url}?options=-csearch_path%3Dpreset_saas")
        as_of, people = KNOWN["saas"]
        built = run("facts", "build", "--as-of", as_of)
        assert built.code == 0, built.err
        with FactsFolder.open(desk / "facts") as folder:
            for person, expected in people.items():
                facts = folder.row(person) or {}
                assert {name: facts.get(name) for name in expected} == expected, person
    finally:
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("DROP SCHEMA preset_saas CASCADE")


def test_settings_that_are_there_are_not_overwritten(desk: Path, run: Run) -> None:
    (desk / "contextmail.toml").write_text('brand = "Ours"\n')
    ran = run("init", "--preset", "stripe")
    assert ran.code == 2 and "are kept" in ran.err
    assert (desk / "contextmail.toml").read_text() == 'brand = "Ours"\n'


def test_a_dash_in_the_name_of_a_shopify_product_is_not_its_end(desk: Path, run: Run) -> None:
    run("init", "--preset", "shopify")
    for file in (SAMPLES / "shopify").iterdir():
        text = file.read_text().replace("Trail Jacket - Medium", "Day - Night Jacket - Medium")
        # An order that was brought over from another shop has no status.
        (desk / file.name).write_text(text.replace(",refunded,2025-06-01", ",,2025-06-01"))
    assert run("facts", "build").code == 0
    with FactsFolder.open(desk / "facts") as folder:
        assert "Day - Night Jacket" in (folder.row("ada@example.com") or {})["owned_products"]
        assert (folder.row("bo@example.org") or {})["orders"] == 2


def test_no_paid_order_of_woocommerce_is_dropped_in_silence(desk: Path, run: Run) -> None:
    run("init", "--preset", "woocommerce")
    for file in (SAMPLES / "woocommerce").iterdir():
        shutil.copy(file, desk)
    with (desk / "orders.csv").open("a") as out:
        # one without lines, and one whose status is written as the shop's pages show it
        out.write("901,2025-07-01 09:00:00,completed,dee@example.com,Dee,DE,EUR,12.00\n")
        out.write("902,2025-07-02 09:00:00,Completed,dee@example.com,Dee,DE,EUR,8.00\n")
    assert run("facts", "build").code == 0
    with FactsFolder.open(desk / "facts") as folder:
        facts = folder.row("dee@example.com") or {}
        assert facts["spend"] == 2000
