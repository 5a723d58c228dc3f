from __future__ import annotations

import json
from pathlib import Path

import pytest

from contextmail.language.names import first_name

NAUGHTY = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("John Smith", "John"),
        ("JOHN", "John"),
        ("  mary-ann   o'brien ", "Mary-Ann"),
        ("LE FLORE,  KENNETH", "Kenneth"),
        ("MC CRUDDEN,  BRENDAN J", "Brendan"),
        ("Dr. Jane Doe, PhD", "Jane"),
        ("J. Ryan Moorman", "Ryan"),
        ('Gary "The Glove" Payton', "Gary"),
        ("DeShawn Jones", "DeShawn"),
        ("MCKENNA REED", "McKenna"),
        ("D'ARCY WU", "D'Arcy"),
        ("josé garcía", "José"),
        ("BEN GRIFFIN", "Ben"),
        ("IŞIL DEMİR", "Işıl"),
        ("Jo", "Jo"),
        ("김민준 박사님", "민준"),
        ("Иван Петров", "Иван"),
        ("田中, 太郎さん", "太郎"),
        ("محمد بن سلمان", "محمد"),
        ("Zoë\u200b Quinn", "Zoë"),
    ],
)
def test_a_first_name_is_found_and_written_as_a_name(text, name):
    assert first_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", "TEST", "test test", "Firstname Lastname", "n/a", "unknown", "asdf", "Customer",
        "JOHN@X.COM", "john.smith", "info@example.com", "+44 20 7946 0958",
        "J.", "J R", "J. R. Moorman", "Mr Smith", "Mrs.",
        "John & Jane Smith", "patty and bill laskaris", "Mr. and Mrs. Marc Olivie", "john e norton & associates llc",
        "Acme Ltd", "Trinity Evangelical Lutheran Church", "law offices of gary h. smith, pc", "Xxx", "BTL",
        "DavidS Bills", "Dr. Smith V", "Mr Smith, Ma", "AJ", "SMITH, RE SHEMA", "Jerry's on Lincoln", "Napleton Ford",
        "毛泽东 MA", "威廉・莎士比亚", "Мицкевич Адам Юзеф", "Mammadova Aygun Ali kizi", "Coach",
        "*|FNAME|*", "{{ name }}", "<b>Ann</b>", "Ann http://x.example", "Ann\u202eevil", "x" * 200,
    ],
)  # fmt: skip
def test_where_there_is_doubt_there_is_no_name(text):
    assert first_name(text) is None


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_naughty_string_gives_letters_or_nothing(text):
    name = first_name(text)

    assert name is None or all(
        part.isalpha() for part in name.replace("'", " ").replace("’", " ").replace("-", " ").split()
    )
