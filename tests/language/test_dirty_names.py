"""What is wrong with names as tables hold them, and which repairs are certain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contextmail.language.dirty_names import dirt, full_dirt

NAUGHTY = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text(encoding="utf-8"))


def mended(first: str, last: str, known: dict[str, int] | None = None) -> tuple[str, str]:
    """Give the two fields as a program may leave them."""
    fields = {"first": first, "last": last}
    fields |= {
        one.field: one.mended for one in dirt(first, last, known or {}) if one.certain and one.mended is not None
    }
    return fields["first"], fields["last"]


@pytest.mark.parametrize(
    ("first", "last", "as_first", "as_last"),
    [
        ("ADA", "LOVELACE", "Ada", "Lovelace"),
        ("ADA LOVELACE", "", "Ada", "Lovelace"),
        ("Dr. Ada Lovelace, PhD", "", "Ada", "Lovelace"),
        ("Dr. Ada", "Lovelace", "Ada", "Lovelace"),
        ("Lovelace, Ada", "", "Ada", "Lovelace"),
        ("Ada Lovelace", "Lovelace", "Ada", "Lovelace"),
        ("DEREK", "JONES", "Derek", "Jones"),
        ("MARY ANN", "SMITH", "Mary Ann", "Smith"),
        ("MARY ANN", "", "Mary Ann", ""),
        ("NGUYEN THANH", "", "Nguyen Thanh", ""),
        ("jean-luc", "o'brien", "Jean-Luc", "O'Brien"),
        ("hARRY", "", "Harry", ""),
        ("IŞIL", "", "Işıl", ""),
        ("Ada 🌸", "Lovelace", "Ada", "Lovelace"),
        ("undefined", "N/A", "", ""),
        ("*|FNAME|*", "{{ last_name }}", "", ""),
        ("john@x.example", "", "", ""),
    ],
)
def test_a_repair_that_is_certain_is_made(first: str, last: str, as_first: str, as_last: str) -> None:
    assert mended(first, last) == (as_first, as_last)


@pytest.mark.parametrize(
    ("first", "last", "what"),
    [
        ("John & Jane", "Smith", "several people"), ("Acme Ltd", "", "company"), ("test", "", "test value"),
        ("Dr. Lovelace", "", "title or suffix"), ("Smith Jr", "", "title or suffix"), ("Mrs", "Smith", "title or suffix"),
        ("J.", "", "only an initial"), ("AJ", "Smith", "capitals"), ("+44 1632", "", "number or signs"),
        ("Ada2", "", "number in a name"), ("http://x.example", "", "markup or link"), ("<b>Ada</b>", "", "markup or link"),
        ("Juan Carlos", "", "first and last name"), ("Thanh Nguyen", "", "first and last name"),
        ("LEBRON", "James", "capitals"), ("DESHAWN", "", "capitals"), ("latoya", "Smith", "small letters"),
        ("JOANN", "Smith", "capitals"), ("Ada", "MACKENZIE", "capitals"), ("Ada", "VAN DER BERG", "capitals"), ("🌸", "", "number or signs"),
    ],
)  # fmt: skip
def test_where_there_is_doubt_a_person_looks(first: str, last: str, what: str) -> None:
    found = dirt(first, last, {})
    assert found and {one.what for one in found} == {what} and not any(one.certain for one in found)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Ada", "Lovelace"), ("Mary Ann", "Smith"), ("Ben", "de la Cruz"), ("McKenna", "O'Neil"), ("", ""), ("Zoë", "Ng"),
        ("田中", "太郎"), ("Иван", "Петров"), ("محمد", ""), ("ΑΔΑ", ""), ("Jean-Luc", "LI"),
    ],
)  # fmt: skip
def test_clean_names_and_other_scripts_are_left_alone(first: str, last: str) -> None:
    assert dirt(first, last, {}) == []


def test_the_audience_itself_tells_first_names_from_last_names() -> None:
    assert mended("Thanh Lovelace", "") == ("Thanh Lovelace", "")
    assert mended("Thanh Lovelace", "", {"thanh": 7}) == ("Thanh", "Lovelace")
    assert mended("Thanh Lovelace", "", {"thanh": 7, "lovelace": 1}) == ("Thanh Lovelace", "")


def test_of_a_whole_name_only_the_capitals_are_mended() -> None:
    assert [(one.mended, one.certain) for one in full_dirt("ADA LOVELACE")] == [("Ada Lovelace", True)]
    assert full_dirt("Dr. Ada Lovelace") == full_dirt("王小明") == full_dirt("") == []
    assert not any(
        one.certain for text in ("VAN DYKE", "LOVELACE, ADA", "Acme Ltd", "A & B") for one in full_dirt(text)
    )


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_naughty_string_becomes_letters_or_nothing(text: str) -> None:
    for one in [*dirt(text, text, {}), *full_dirt(text)]:
        if one.certain and one.mended:
            assert all(part.isalpha() for part in one.mended.translate(str.maketrans("'-.", "   ")).split())


@pytest.mark.parametrize(("broken", "right"), [("JosÃ©", "José"), ("ZoÃ«", "Zoë"), ("FranÃ§ois", "François")])
def test_letters_that_were_read_wrongly_are_offered_rightly_and_never_cut(broken: str, right: str) -> None:
    (found,) = dirt(broken, "", {})
    assert (found.what, found.mended, found.certain) == ("broken letters", right, False)
    (found,) = dirt("", broken, {})
    assert (found.mended, found.certain) == (right, False)


@pytest.mark.parametrize("last", ["MCA", "MCK", "IJSSEL"])
def test_a_second_capital_that_nobody_can_know_is_left_to_a_person(last: str) -> None:
    assert mended("Ada", last) == ("Ada", last)
    assert mended("Ada", "MCKAY") == ("Ada", "McKay")
