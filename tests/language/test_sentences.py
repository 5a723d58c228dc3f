"""Sentences end where a reader would say so."""

import pytest

from contextmail.dialects import DIALECTS
from contextmail.language.flow import flow_of
from contextmail.language.sentences import block_sentences, sentences
from contextmail.model.message import Part, PartKind


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["We miss you.", "Come back!", "Really?", "Yes."],
        ["Dear Mr. Smith, you are Dr. No's best customer.", "Thank you."],
        ["It costs £3.50 per cup.", "Version 2.0 is out."],
        ["J. R. Smith ordered.", "He paid."],
        ["Made in the U.S. by hand.", "We ship."],
        ["We ship to the U.S.", "You pay nothing."],
        ["Tea, coffee, etc. are in.", "Order now."],
        ["Open until 5 p.m. on Sunday.", "See you!"],
        ["Acme Inc. Stores are open.", "Visit us."],
        ["Visit example.com/a.b?c=d. Now it is late."],
        ["Yahoo! is a name.", "So is Toys."],
        ["What?!", "No way…", "Well."],
        ["“We miss you.”", "He said so."],
        ["(Really.)", "Yes."],
        ["We miss you 😢", "Come back"],
        ["Sale! 🎉", "You save 20%."],
        ["No. 5 is here.", "Take it."],
        ["No.", "We do not."],
        ["Dear customer,", "We miss you."],
        ["thanks.", "ありがとう。", "またね。"],
        ["Your loyalty means a lot"],
    ],
)  # fmt: skip
def test_a_text_is_split_into_its_sentences(parts: list[str]) -> None:
    joined = " ".join(parts).replace("customer, We", "customer,\nWe")
    expected = ["Visit example.com/a.b?c=d.", "Now it is late."] if parts[0].startswith("Visit ex") else parts
    assert split(joined) == expected


@pytest.mark.parametrize("text", ["", " ", "\n", "...", "!", "\ufffc"])
def test_a_text_without_words_does_no_harm(text: str) -> None:
    assert "".join(split(text)) == text.strip()


def test_an_empty_line_ends_a_sentence_and_a_wrapped_title_does_not() -> None:
    assert split("Our Most\nValuable Customer\n\nHello there") == ["Our Most\nValuable Customer", "Hello there"]


def test_conditionals_at_the_edges_stay_outside() -> None:
    source = "<p>Hi. *|IF:A|*We miss you.*|ELSE:|*Hello *|FNAME|*.*|END:IF|* Bye.</p>"
    [block] = flow_of(Part(name="html", kind=PartKind.HTML, source=source), DIALECTS["mailchimp"]).blocks
    assert [block.text[start:end] for start, end in block_sentences(block)] == [
        "Hi.",
        "We miss you.",
        "Hello \ufffc.",
        "Bye.",
    ]
