"""Cutting a text to a field's size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.connectors.texts import shortened


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("Thank you", 9, "Thank you"),
        ("Thank you", 8, "Thank"),
        ("Thank you all", 9, "Thank you"),
        ("Thank you, all", 12, "Thank you"),
        ("café crème", 6, "café"),
        ("café crème", 5, "café"),
        ("café crème", 4, ""),
        ("Supercalifragilistic", 5, ""),
        ("", 0, ""),
    ],
)
def test_a_text_is_cut_at_a_word(text, size, expected):
    assert shortened(text, size) == expected


@given(st.text(), st.integers(0, 300))
def test_what_is_left_fits_and_is_the_beginning_of_the_text(text, size):
    cut = shortened(text, size)
    assert len(cut.encode()) <= size
    assert text.startswith(cut)
    assert cut == text or not cut or cut[-1] not in " ,;:"
