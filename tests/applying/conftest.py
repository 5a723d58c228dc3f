"""A shop whose campaign is planned, and the memory of its runs."""

from pathlib import Path

import pytest
from conformance.shop import Shop, make_shop

from contextmail.store.runs import Runs


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return make_shop(tmp_path / "shop")


@pytest.fixture
def runs(shop: Shop) -> Runs:
    return Runs(shop.folder / "store")
