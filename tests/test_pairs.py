"""Pairs written by hand: what stood there, and what an editor would sign for the one who reads it."""

from __future__ import annotations

from collections import Counter

import pytest
from reading import Pair, pairs, reads

PAIRS = [*pairs("en"), *pairs("de")]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.kind}, {pair.customer}: {pair.before}")
def test_everybody_reads_what_an_editor_would_sign(pair: Pair) -> None:
    assert reads(pair) in (pair.after or (reads(pair, before=True),))


def test_the_pairs_are_many_and_spread() -> None:
    assert len(pairs("en")) >= 300
    assert len(pairs("de")) >= 20
    assert min(Counter(pair.kind for pair in PAIRS).values()) >= 15
    assert min(Counter(pair.customer for pair in PAIRS).values()) >= 8
    assert sum(pair.stays for pair in PAIRS) >= len(PAIRS) / 4
