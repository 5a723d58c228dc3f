"""Bytes become a part, and every byte comes back."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.language.reading import part_bytes, part_from_bytes
from contextmail.model.message import PartKind


def read(data: bytes, declared: str = "") -> tuple[str, str, bool]:
    part = part_from_bytes("html", PartKind.HTML, data, declared=declared)
    assert part_bytes(part, part.source) == data
    return part.source, part.encoding, part.bom


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        ("é\r\n".encode(), "", ("é\r\n", "utf-8", False)),
        (codecs.BOM_UTF8 + "é".encode(), "latin-1", ("é", "utf-8", True)),
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "", ("é", "utf-16-le", True)),
        (codecs.BOM_UTF32_BE + "é".encode("utf-32-be"), "", ("é", "utf-32-be", True)),
        ("“é”".encode("cp1252"), "iso-8859-1", ("“é”", "cp1252", False)),
        ("“é”".encode("cp1252"), "", ("“é”", "cp1252", False)),
        ("ł".encode("iso-8859-2"), "ISO-8859-2", ("ł", "iso-8859-2", False)),
        (
            b'<meta charset="shift_jis">' + "日本".encode("shift_jis"),
            "",
            ('<meta charset="shift_jis">日本', "shift_jis", False),
        ),
        (
            b'<meta content="text/html; charset=utf-16">x',
            "",
            ('<meta content="text/html; charset=utf-16">x', "utf-8", False),
        ),
        (b"\x81\xe9", "", ("\x81é", "latin-1", False)),
        ("é".encode() + b"\xff", "utf-8", ("é\udcff", "utf-8", False)),
        (b"x", "no-such-charset", ("x", "utf-8", False)),
        (b"x", "base64", ("x", "utf-8", False)),
        (b"x\\u0041", "unicode_escape", ("x\\u0041", "utf-8", False)),
    ],
)
def test_the_charset_is_found(data: bytes, declared: str, expected: tuple[str, str, bool]) -> None:
    assert read(data, declared) == expected


@given(
    st.binary(), st.sampled_from(["", "utf-8", "utf-16", "utf-7", "iso-2022-jp", "gb18030", "idna", "rot13", "ascii"])
)
def test_any_bytes_come_back(data: bytes, declared: str) -> None:
    read(data, declared)
    read(b"<meta charset=" + declared.encode() + b">" + data)
