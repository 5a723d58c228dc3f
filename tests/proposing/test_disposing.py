"""A proposal stands only where it says what the phrasebook's text says, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.disposing import Room, disposed
from contextmail.language.block import Place
from contextmail.language.editing import Barrier
from contextmail.language.phrases import SLOT, phrasebook

BODY = Room(Place.PARAGRAPH)
ORDERED = "Thank you for ordering the {last_product}."
SINCE = "Thank you for your {orders|count} orders since {first_order|month}."
HOPE = ", we hope you are enjoying the {last_product}!"


def dispose(proposed: str, text: str, room: Room = BODY, language: str = "en") -> str | Barrier:
    return disposed(proposed, text, phrasebook(language).same, room)


@pytest.mark.parametrize(
    ("text", "proposed", "taken"),
    [
        (ORDERED, "Many thanks for your order of the {last_product}.", "Many thanks for your order of the {last_product}."),
        (ORDERED, "many thanks for buying the {last_product}", "Many thanks for buying the {last_product}."),
        (SINCE, "Thank you very much for your {orders|count} orders since {first_order|month}.",
         "Thank you very much for your {orders|count} orders since {first_order|month}."),
        (HOPE, ", we really hope you enjoy your {last_product}!", ", we really hope you enjoy your {last_product}!"),
        (HOPE, "We hope you like the {last_product}", ", we hope you like the {last_product}!"),
        ("Thank you for your order.", "Thank you for your order, and we hope it serves you well.", None),
        ("Good to have you as a customer.", "It's good to have you as a customer.", "It's good to have you as a customer."),
        ("for your order", "For ordering from us", "for ordering from us"),
        ("We hope to hear of it.", "We hope that to hear of it.", None),
        ("THANK YOU FOR YOUR ORDER IN {last_order|MONTH}", "Many thanks for your order in {last_order|MONTH}",
         "MANY THANKS FOR YOUR ORDER IN {last_order|MONTH}"),
    ],
)  # fmt: skip
def test_the_same_in_other_words_is_taken(text: str, proposed: str, taken: str | None) -> None:
    found = dispose(proposed, text)
    assert isinstance(found, Barrier) if taken is None else found == taken


@pytest.mark.parametrize(
    ("text", "proposed", "taken"),
    [
        ("Danke für {orders|count} Bestellungen seit {first_order|month}.",
         "Herzlichen Dank für {orders|count} Bestellungen seit {first_order|month}.", True),
        ("Danke für die Bestellung.", "Vielen Dank für die Bestellung.", True),
        ("Danke für die Bestellung.", "Danke für die neue Bestellung.", False),
        ("Danke für die Bestellung.", "Danke für deine Bestellung.", False),
        ("Danke für die Bestellung.", "Thank you for die Bestellung.", False),
        ("Danke für die Bestellung.", "Sie sind gern bei uns, danke für die Bestellung.", False),
        ("Thank you for your order.", "Danke for your order.", False),
    ],
)  # fmt: skip
def test_a_language_keeps_to_itself(text: str, proposed: str, taken: bool) -> None:
    language = "de" if text.startswith("Danke") else "en"
    assert isinstance(dispose(proposed, text, language=language), Barrier) is not taken


@pytest.mark.parametrize(
    ("proposed", "reason"),
    [
        ("", "it is empty"),
        (" \n ", "it is empty"),
        ("Thank you\nfor ordering the {last_product}.", "it has more than one line"),
        ("Thank you\u2028for ordering the {last_product}.", "it has more than one line"),
        ("Thank\u202e you for ordering the {last_product}.", "it holds characters that are no text"),
        ("Thank you\u0007 for ordering the {last_product}.", "it holds characters that are no text"),
        ("Thank you \ud800 for ordering the {last_product}.", "it holds characters that are no text"),
        ("Thank you for ordering it.", "it loses a slot: {last_product}"),
        ("Thank you, {first_name}, for ordering the {last_product}.", "it adds a slot: {first_name}"),
        ("Thank you for ordering the {last_product|count}.", "it loses a slot: {last_product}"),
        ("Thank you for ordering the {LAST_PRODUCT}.", "it loses a slot: {last_product}"),
        ("Thank you *|FNAME|* for ordering the {last_product}.", "it adds a template token: *|"),
        ("Thank you {{ contact.email }} for ordering the {last_product}.", "it adds a template token: {{"),
        ("Thank you {% if x %} for ordering the {last_product}.", "it adds a template token: {%"),
        ("<b>Thank you</b> for ordering the {last_product}.", "it adds HTML: <"),
        ("Thank you&nbsp;for ordering the {last_product}.", "it adds HTML: &nbsp;"),
        ("Thank you for ordering the {last_product} https://evil.example/x.", "it adds a link: https://evil.example/x."),
        ("Thank you for ordering the {last_product} from evil.example.", "it adds a link: evil.example."),
        ("Thank you for ordering the {last_product} for $9.", "it adds a price: $9"),
        ("Thank you for ordering the {last_product}, 20% off.", "it adds a price: 20%"),
        ("Thank you for ordering the {last_product} with SAVE20.", "it adds a code: SAVE20"),
        ("Thank you for ordering the 3 {last_product}.", "it adds a number: 3"),
        ("Thank you for ordering the {last_product}?", "it begins or ends with other signs than the text"),
        ("Sure! Thank you for ordering the {last_product}.", None),
        ("Thank you. For ordering the {last_product}.", None),
        ("Thank you 🎉 for ordering the {last_product}.", None),
        ("Thank you for ordering the the {last_product}.", "it adds a word or sign: the"),
        ("Thank you for ordering the {last_product} with.", "it adds a word or sign: with"),
        ("Thank you for ORDERING the {last_product}.", "it writes a word with a capital: for ORDERING the"),
        ("Thank you for the {last_product}.", "it adds a word or sign: for"),
        ("Ordering the {last_product}, thank you for.", None),
        ("Thank you for ordering the {last_product}" + " so very much from us" * 9 + ".", None),
    ],
)  # fmt: skip
def test_what_it_loses_or_adds_is_named(proposed: str, reason: str | None) -> None:
    found = dispose(proposed, ORDERED)
    assert isinstance(found, Barrier)
    assert reason in (None, found.reason)


@pytest.mark.parametrize(
    "word",
    """lovely wonderful valued loyal best favourite urgent now today hurry care love cherish again still since always
    ever another first second two three once every all never not no only more Contextmail Acme you're you've have has
    were are been was had bought own member customer family friend dear sorry miss return back soon""".split(),
)
def test_no_word_of_praise_urgency_care_time_count_or_status_comes(word: str) -> None:
    for proposed in (
        f"Thank you {word} for ordering the {{last_product}}.",
        f"Thank you for ordering the {{last_product}} {word}.",
        f"{word} thank you for ordering the {{last_product}}.",
    ):
        assert isinstance(dispose(proposed, ORDERED), Barrier)


@pytest.mark.parametrize(
    "proposed",
    [
        "Thank you for ordering the {last_product}, you look well.",
        "Thank you for ordering the {last_product}, as you like it.",
        "You enjoy it, so thank you for ordering the {last_product}.",
        "You really like using it: thank you for ordering the {last_product}.",
        "Have you been well, thank you for ordering the {last_product}.",
        "Thank you, as you do, for ordering the {last_product}.",
    ],
)
def test_nothing_is_said_of_what_the_reader_is_does_or_did(proposed: str) -> None:
    assert isinstance(dispose(proposed, ORDERED), Barrier)


def test_a_hope_does_not_become_a_statement() -> None:
    assert isinstance(dispose(", you are enjoying the {last_product}!", HOPE), Barrier)
    assert isinstance(dispose(", you are really enjoying the {last_product}, we hope!", HOPE), Barrier)


@pytest.mark.parametrize("language", ["en", "de"])
def test_phrases_that_mean_the_same_stand_for_each_other_and_for_nothing_else(language: str) -> None:
    for phrases in phrasebook(language).same:
        for one in phrases:
            for other in phrases:
                found = dispose(other, one, language=language)
                assert isinstance(found, str) and found.casefold() == other.casefold()
            for word in one.split():
                assert isinstance(dispose(f"{one} {word}", one, language=language), Barrier)


def test_slots_keep_their_order() -> None:
    swapped = "Thank you for your {first_order|month} orders since {orders|count}."
    assert isinstance(dispose(swapped, SINCE), Barrier)


def test_a_subject_stays_within_sixty_characters() -> None:
    text, proposed = "Thank you for your order", "Thank you very much for your order"
    assert dispose(proposed, text, Room(Place.SUBJECT)) == proposed
    crowded = Room(Place.SUBJECT, "Spring is here, lanterns too: ")
    assert dispose(proposed, text, crowded) == Barrier("it is too long: 64 characters, at most 60")


@given(st.text(max_size=90))
def test_whatever_comes_is_refused_or_keeps_what_the_text_says(proposed: str) -> None:
    _keeps(proposed)


PIECES = [
    "Thank", "you", "thanks", "many", "for", "your", "{orders|count}", "orders", "since", "{first_order|month}", "we",
    "hope", "you are", "enjoy", "so", "very much", "from us", ".", "!", "?", ",", "{first_name}", "20%", "<b>", "again",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_whatever_is_made_of_likely_words_is_refused_or_keeps_what_the_text_says(proposed: str) -> None:
    _keeps(proposed)


def _keeps(proposed: str) -> None:
    found = dispose(proposed, SINCE)
    if not isinstance(found, Barrier):
        assert [slot[0] for slot in SLOT.finditer(found)] == [slot[0] for slot in SLOT.finditer(SINCE)]
        assert found.endswith(".") and found.count(".") == 1 and "?" not in found
        words = found.split()
        kept = [words.index(word) for word in ("for", "your", "{orders|count}", "orders", "since")]
        assert kept == sorted(kept)
        assert found[:1].isupper()
