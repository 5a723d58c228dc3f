"""What every source must do: a platform, a file, a database's table. All of them hold the same invented shop."""

from __future__ import annotations

import inspect
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conformance.one_shop import (
    GOODS,
    JOINED,
    PEOPLE,
    RETURNED_AT,
    SENT,
    TABLES,
    Shop,
    facts,
    in_files,
    in_postgresql,
    in_sqlite,
    on_hubspot,
    on_mailchimp,
)

from contextmail.connectors.base import Capability, Source
from contextmail.errors import CapabilityError

Opened = Callable[[Path], AbstractContextManager[Shop]]
AS_TABLES: list[Opened] = [in_files, in_sqlite, in_postgresql]
EVERYWHERE: list[Opened] = [*AS_TABLES, on_mailchimp, on_hubspot]
HOLDING = {
    "orders": Capability.ORDERS,
    "products": Capability.ORDERS,
    "touches": Capability.TOUCHES,
    "consents": Capability.CONSENTS,
}
"""Stream -> what a source must be able to for it."""


def named(opened: Opened) -> str:
    return opened.__name__


@pytest.fixture(params=EVERYWHERE, ids=named)
def opened(request: pytest.FixtureRequest) -> Opened:
    return request.param


@pytest.fixture
def source(opened: Opened, tmp_path: Path) -> Iterator[Source]:
    with opened(tmp_path) as shop:
        yield shop.source


def test_it_has_everything_that_a_source_has(source: Source) -> None:
    asked = {*vars(Source), *inspect.get_annotations(Source)}
    assert not [name for name in sorted(asked) if not name.startswith("_") and not hasattr(source, name)]


def test_it_says_what_it_is_and_that_it_may_be_read(source: Source) -> None:
    account = source.account()
    assert account.id and account.name and "read" in account.may


def test_every_contact_comes_once_under_a_key_of_its_own_with_the_fields_that_are_listed(source: Source) -> None:
    found = list(source.members())
    assert sorted(one.email for one in found) == [email for email, _ in PEOPLE.values()]
    assert len({one.key for one in found}) == len(found)
    assert {tag for one in found for tag in one.fields} <= {one.tag for one in source.fields()}
    names = {one.email: {*one.fields.values()} for one in found}
    assert all(name in names[email] for email, name in PEOPLE.values())


def test_reading_again_gives_the_same(source: Source) -> None:
    assert list(source.members()) == list(source.members())


@pytest.mark.parametrize("stream", HOLDING)
def test_a_stream_comes_or_is_a_capability_error_with_its_cure(source: Source, stream: str) -> None:
    if HOLDING[stream] in source.capabilities:
        assert list(getattr(source, stream)())
    else:
        with pytest.raises(CapabilityError, match=rf"cure: .*\[tables\.{stream}\]"):
            getattr(source, stream)()


def test_whoever_bought_or_was_touched_is_named_by_the_contacts_key(source: Source) -> None:
    keys = {one.key for one in source.members()}
    told = [one for stream, needs in HOLDING.items() if stream != "products" and needs in source.capabilities
            for one in getattr(source, stream)()]  # fmt: skip
    assert {one.customer for one in told} <= keys


@pytest.mark.parametrize("stream", ["members", "orders"])
def test_since_gives_what_changed_or_is_a_capability_error(source: Source, stream: str) -> None:
    def changed(since: datetime) -> list[str]:
        return sorted(
            one.email if stream == "members" else one.product_name for one in getattr(source, stream)(since=since)
        )

    if Capability.CHANGES in source.capabilities:
        assert len(changed(JOINED - timedelta(days=1))) == {"members": len(PEOPLE), "orders": 6}[stream]
        assert changed(SENT + timedelta(days=1)) == {"members": [], "orders": [GOODS["L1"]] * 2}[stream]
        assert changed(RETURNED_AT + timedelta(days=1)) == []
    else:
        with pytest.raises(CapabilityError, match="cure: "):
            getattr(source, stream)(since=JOINED)


def test_closed_in_the_middle_of_a_stream_it_leaves_no_file(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (temp := tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    with opened(tmp_path) as shop:
        before = set(tmp_path.iterdir())
        members = shop.source.members()
        next(members)
    assert not [*temp.iterdir(), *tmp_path.glob(".*")] and set(tmp_path.iterdir()) <= before
    members.close()


@pytest.mark.parametrize("opened", AS_TABLES, ids=named)
def test_a_table_of_any_length_is_read_in_the_memory_of_a_few_rows(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [(str(id_), f"{id_}@example.com", "Ann", JOINED) for id_ in range(20_000)]
    monkeypatch.setitem(TABLES, "customers", (TABLES["customers"][0], many))
    with opened(tmp_path) as shop:
        tracemalloc.start()
        assert sum(1 for _ in shop.source.members()) == len(many)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 500_000


def test_the_same_shop_gives_the_same_facts_wherever_it_is_read(tmp_path: Path) -> None:
    told = []
    for opened in (in_files, in_sqlite, on_mailchimp, on_hubspot):
        (folder := tmp_path / opened.__name__).mkdir()
        with opened(folder) as shop:
            # HubSpot's products have ids of its own.
            has_products = Capability.ORDERS in shop.source.capabilities
            goods = {one.product: one.name for one in shop.source.products()} if has_products else GOODS
            told.append(with_names(facts(shop), goods))
    files = told[0]
    assert all(one.keys() == files.keys() for one in told)
    for email in files:
        known = set.intersection(*({fact for fact, value in one[email].items() if value is not None} for one in told))
        assert {"first_name", "orders", "spend", "tenure_days", "owned_products", "consent_email_marketing"} <= known
        for one in told[1:]:
            assert {fact: one[email][fact] for fact in known} == {fact: files[email][fact] for fact in known}
    assert {email: one["spend"] for email, one in files.items()} == {
        "ann@example.com": 7350,
        "bob@example.com": 16530,
        "eve@example.com": 0,
    }


def test_a_server_database_gives_the_facts_of_a_file(tmp_path: Path) -> None:
    told = []
    for opened in (in_postgresql, in_files):
        (folder := tmp_path / opened.__name__).mkdir()
        with opened(folder) as shop:
            told.append(facts(shop))
    assert told[0] == told[1]


def with_names(people: dict[str, dict[str, object]], goods: dict[str, str]) -> dict[str, dict[str, object]]:
    """Put products' names in the place of their ids."""

    def value(one: object) -> object:
        return tuple(goods[id_] for id_ in one) if isinstance(one, tuple) else goods.get(str(one), one)

    return {
        email: {fact: value(one) if "product" in fact else one for fact, one in row.items()}
        for email, row in people.items()
    }
