from __future__ import annotations

import pytest

from contextmail.language.products import clean_name, clean_names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WHITE HANGING HEART T-LIGHT HOLDER", "White Hanging Heart T-Light Holder"),
        ("SET OF 3 CAKE TINS PANTRY DESIGN ", "Set of 3 Cake Tins Pantry Design"),
        ("ROUND SNACK BOXES SET OF4 WOODLAND", "Round Snack Boxes Set of 4 Woodland"),
        ("50'S CHRISTMAS GIFT BAG", "50's Christmas Gift Bag"),
        ("DECORATION , WOBBLY CHICKEN, METAL", "Decoration, Wobbly Chicken, Metal"),
        ("POPPY'S PLAYHOUSE  BEDROOM", "Poppy's Playhouse Bedroom"),
        ("PACK OF SIX LED TEA LIGHTS", "Pack of Six LED Tea Lights"),
        ("USB OFFICE MIRROR BALL", "USB Office Mirror Ball"),
        ("iPhone case for the MacBook", "iPhone case for the MacBook"),
        ("Trail Jacket", "Trail Jacket"),
        ("blue mug", "Blue mug"),
        ("CRÈME BRÛLÉE SET", "Crème Brûlée Set"),
        ("急須", "急須"),
    ],
)
def test_a_name_is_written_as_a_sentence_can_have_it(text, name):
    assert clean_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "?", "", "damaged", "check", "POSTAGE", "DOTCOM POSTAGE", "Next Day Carriage", "Manual", "Bank Charges",
        "AMAZON FEE", "Adjust bad debt", "wrongly coded 20713", "20713", "SAMPLES", "test", "FRZN BAGGED VEGETABLES",
        "SFT DRNK 2 LITER BTL", "PINK B'FLY C/COVER W BOBBLES", "S/4 GROOVY CAT MAGNETS",
        "Antiperspirants Only (All Othe",
        "<script>alert(1)</script>", "{{ product }}", "https://evil.example", "a" * 80,
    ],
)  # fmt: skip
def test_what_names_no_product_is_not_named(text):
    assert clean_name(text) is None


def names(**catalogue: dict[str, int]) -> dict[str, str | None]:
    capitals = {f"x{i}": {f"{word} MUG": 10} for i, word in enumerate(("RED", "BLUE", "GREEN", "PINK"))}
    return {product: name.clean for product, name in clean_names(capitals | catalogue).items()}


def test_notes_beside_a_name_in_capitals_do_not_count():
    assert names(a={"JUMBO BAG OWLS": 676, "found": 1, "wrongly marked 23343": 1, "Amazon": 3})["a"] == "Jumbo Bag Owls"
    assert names(a={"ebay": 5})["a"] is None
    assert names(a={"Found by jackie": 5})["a"] is None


def test_names_that_are_alike_are_one_product():
    spelled = {"MISTLETOE HEART WREATH CREAM": 60, "MISELTOE HEART WREATH CREAM": 40, "MISELTOE HEART WREATH WHITE": 22}

    assert names(a=spelled)["a"] == "Mistletoe Heart Wreath Cream"


def test_an_id_of_two_products_is_not_named_unless_the_other_is_rare():
    assert names(a={"DOLLCRAFT GIRL NICOLE": 100, "HOME SWEET HOME SIGN": 90})["a"] is None
    assert names(a={"DOLLCRAFT GIRL NICOLE": 100, "HOME SWEET HOME SIGN": 3})["a"] == "Dollcraft Girl Nicole"


def test_a_catalogue_in_small_letters_has_names_too():
    found = clean_names({"a": {"blue mug": 3}, "b": {"red bowl": 2}})

    assert found["a"].clean == "Blue mug"
    assert found["a"].source == "blue mug"


def test_names_that_the_source_cuts_off_are_not_used():
    cut = {
        f"c{i}": {f"{word} HAND PAINTED GARDEN"[:22]: 1}
        for i, word in enumerate(("YELLOW", "VIOLET", "PURPLE", "ORANGE", "SILVER"))
    }

    assert {name for product, name in names(**cut).items() if product.startswith("c")} == {None}
