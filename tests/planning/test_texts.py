"""The text of a field has its facts in their places, and the platform's bytes."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.campaign import Slot, Wording
from contextmail.planning.texts import pieces_of, written

CLOCK = datetime(2024, 6, 1)
PIECES = ["Thank you for the ", Slot(fact="last_product"), "!"]


def test_a_text_is_parted_at_the_facts_that_there_are() -> None:
    text = "{a} and {orders|count} of {nothing|name}"
    assert pieces_of(text, {"orders", "a"}) == ["{a} and ", Slot(fact="orders", format="count"), " of {nothing|name}"]


def test_a_fact_stands_in_its_place() -> None:
    assert written(PIECES, ["Brass *|Lantern|*"], Wording(), CLOCK, 255) == "Thank you for the Brass * |Lantern| *!"


def test_a_fact_that_is_too_long_is_shortened_at_a_word() -> None:
    name = "Lantern with a very long description of its glass"
    assert written(PIECES, [name], Wording(), CLOCK, 45) == "Thank you for the Lantern with a very…!"


def test_a_text_without_room_for_one_word_of_its_fact_gives_way_to_the_neutral_one() -> None:
    assert written(PIECES, ["Lantern"], Wording(), CLOCK, 22) is None
    assert written(["far too long"], [], Wording(), CLOCK, 5) is None


def test_an_empty_fact_gives_way_to_the_neutral_text() -> None:
    assert written(PIECES, [" "], Wording(), CLOCK, 255) is None


@given(st.text(max_size=400), st.integers(10, 255))
def test_a_text_never_has_more_bytes_than_the_field(name: str, limit: int) -> None:
    text = written(PIECES, [name], Wording(), CLOCK, limit)
    assert text is None or len(text.encode()) <= limit


@pytest.mark.parametrize("name", ["Käse und Öl", "日本 の 提灯 と とても 長い 説明", "👩‍👩‍👧 family tent"])
def test_bytes_count_not_characters(name: str) -> None:
    text = written(PIECES, [name * 20], Wording(), CLOCK, 60)
    assert text is None or (len(text.encode()) <= 60 and text.endswith("…!"))
