"""A shop whose campaigns are planned."""

from pathlib import Path

import pytest
from conformance.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return make_shop(tmp_path / "shop")
