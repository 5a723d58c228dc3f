"""Keys that are missing or weak are refused, and sealed bytes open under every key that is still held."""

from __future__ import annotations

import pytest

from contextmail.errors import ConfigurationError
from contextmail.store.sealing import Sealer, new_keys

LOOKUP, SEAL = "L" * 44, "A" * 43 + "="


@pytest.mark.parametrize(
    ("lookup", "seals", "variable"),
    [
        ("", [SEAL], "CONTEXTMAIL_LOOKUP_KEY"),
        ("short", [SEAL], "CONTEXTMAIL_LOOKUP_KEY"),
        ("x" * 31, [SEAL], "CONTEXTMAIL_LOOKUP_KEY"),
        (LOOKUP, [], "CONTEXTMAIL_SEAL_KEYS"),
        (LOOKUP, [""], "CONTEXTMAIL_SEAL_KEYS"),
        (LOOKUP, [SEAL, "short"], "CONTEXTMAIL_SEAL_KEYS"),
        (LOOKUP, ["\u00e9" * 44], "CONTEXTMAIL_SEAL_KEYS"),
    ],
)
def test_a_weak_key_is_refused_and_not_repeated(lookup: str, seals: list[str], variable: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Sealer(lookup, seals)
    assert variable in str(refused.value) and "contextmail init" in str(refused.value)
    assert SEAL not in str(refused.value) and LOOKUP not in str(refused.value)


def test_new_keys_are_good_and_never_the_same() -> None:
    assert Sealer(LOOKUP, [SEAL]).open(Sealer(LOOKUP, [SEAL]).seal(b"\x00\xff")) == b"\x00\xff"
    assert len({*new_keys().values(), *new_keys().values()}) == 4


def test_keys_rotate_and_the_newest_seals() -> None:
    newest = new_keys()["CONTEXTMAIL_SEAL_KEYS"]
    rotated = Sealer(LOOKUP, [newest, SEAL])
    assert rotated.open(Sealer(LOOKUP, [SEAL]).seal(b"old")) == b"old"
    assert Sealer(LOOKUP, [newest]).open(rotated.seal(b"new")) == b"new"


def test_what_was_sealed_with_a_key_that_is_gone_says_which_key_to_bring_back() -> None:
    with pytest.raises(ConfigurationError, match="CONTEXTMAIL_SEAL_KEYS"):
        Sealer(LOOKUP, [SEAL]).open(Sealer(LOOKUP, [new_keys()["CONTEXTMAIL_SEAL_KEYS"]]).seal(b"x"))


def test_a_subject_is_the_hash_of_brand_and_endpoint_under_the_lookup_key() -> None:
    one = Sealer(LOOKUP, [SEAL], brand="Shop").subject("ada@example.com")
    assert len(one) == 64 and one == Sealer(LOOKUP, [SEAL], brand="Shop").subject("ada@example.com")
    assert one != Sealer(LOOKUP, [SEAL]).subject("ada@example.com")
    assert one != Sealer(SEAL, [SEAL], brand="Shop").subject("ada@example.com")
