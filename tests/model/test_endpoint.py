"""Endpoints compare in one form, and what is none is refused without being repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.errors import RecordRejected
from contextmail.model.endpoint import normalise


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("  ada@example.com. ", "ada@example.com"),
        ("ada.l+news@example.com", "ada.l+news@example.com"),
        ("ada@b\u00fccher.example.com", "ada@xn--bcher-kva.example.com"),
        ("ADA@B\u00dcCHER.example.com", "ada@xn--bcher-kva.example.com"),
        ("Ren\u00e9@example.com", "ren\u00e9@example.com"),
        ("Rene\u0301@example.com", "ren\u00e9@example.com"),
        ("\u200bada@example.com\ufeff", "ada@example.com"),
        ("+44 1632 960961", "+441632960961"),
        ("0044 1632 960-961", "+441632960961"),
        ("+44 (0)1632 960961", "+441632960961"),
        ("+1 (202) 555.0143", "+12025550143"),
        ("\u202a+1\u2011202\u2011555\u20110143\u202c", "+12025550143"),
        ("+44\u00a01632\u00a0960961", "+441632960961"),
    ],
)
def test_writings_of_one_endpoint_are_kept_as_one(written: str, kept: str) -> None:
    assert normalise(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "ada", "@example.com", "ada@", "ada@.", "a da@example.com", "ada\n@example.com", "ada@example..com",
        "ada@example.com,bob@example.com", "Ada <ada@example.com>", "<ada@example.com>", "ada\x00@example.com",
        f"ada@{'x' * 64}.com", "01632 960961", "+0441632960961", "+4498", "+1234567890123456", "+\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
    ],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(RecordRejected) as refused:
        normalise(written)
    assert not written.strip() or written.strip() not in str(refused.value)


@given(
    st.text()
    | st.builds("{}@{}.com".format, st.text(min_size=1), st.text(min_size=1))
    | st.from_regex(r"\+?[0-9 ()-]{8,20}")
)
def test_what_is_kept_is_kept_as_it_is(text: str) -> None:
    try:
        kept = normalise(text)
    except RecordRejected:
        return
    assert normalise(kept) == kept
