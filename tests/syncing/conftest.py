"""Four systems of the kinds that there are, and Ada, who is subscribed in all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from syncing.world import World, folder, small_world


@pytest.fixture
def world() -> Iterator[World]:
    with folder() as room:
        made = small_world(room)
        yield made
        made.close()
