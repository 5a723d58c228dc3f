"""Text from facts is inert in every dialect: it is printed, never run."""

import json
from pathlib import Path

import pytest

from contextmail.dialects import DIALECTS, any_tokens
from contextmail.dialects.base import Dialect

NAUGHTY: list[str] = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text())
TOKENS = [
    *("*|FNAME|*", "*|IF:A|*", "*|END:IF|*", "**||FNAME|**", "|*|FNAME|*", "*|ELSE:|*", "|", "*"),
    *(
        "{{ contact.x }}",
        "{{ x }}",
        "{% if x %}",
        "{% endif %}",
        "{# x",
        "{{{{{",
        "{",
        "{%",
        "}} {{",
        "%}",
        "{{\n7*7 }}",
    ),
    *("a \"b\" 'c'", "a \\ b", '\\"', "a }} b", "'", '"', "{$x}", "<%= x %>"),
]
TEXTS = [*NAUGHTY, *TOKENS]
FIELD = {"mailchimp": "CM_X", "hubl": "contact.cm_x", "liquid": "cm_x"}

every_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))


def lines(text: str) -> str:
    """Jinja2 writes every line break as a newline; that is all a preview may change."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@every_dialect
def test_a_slot_prints_the_value_literally(dialect: Dialect) -> None:
    field = FIELD[dialect.name]
    slot = dialect.slot(field, "there")
    for text in filter(None, TEXTS):
        assert dialect.render(f"Hi {slot}!", {field: text}, {field: "there"}) == f"Hi {text}!"


@every_dialect
@pytest.mark.parametrize("values", ["absent", None, ""])
def test_a_slot_without_a_value_prints_the_neutral_text(dialect: Dialect, values: str | None) -> None:
    field = FIELD[dialect.name]
    given = {} if values == "absent" else {field: values}
    assert dialect.render(f"Hi {dialect.slot(field, 'there')}!", given, {field: "there"}) == "Hi there!"


@pytest.mark.parametrize("name", ["hubl", "liquid"])
def test_a_naughty_default_stays_inside_its_token(name: str) -> None:
    dialect = DIALECTS[name]
    for text in filter(None, TEXTS):
        slot = dialect.slot(FIELD[name], text)
        [token] = dialect.tokens(slot)
        assert (token.start, token.end) == (0, len(slot))
        shown = dialect.render(slot, {}, {})
        plain = text.translate(str.maketrans("", "", " \t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
        assert shown.replace(" ", "").replace("\t", "") in (plain, plain.replace('"', "'"), plain.replace("\\", "/"))


@every_dialect
def test_an_inert_text_holds_no_token_and_prints_as_it_stands(dialect: Dialect) -> None:
    for text in TEXTS:
        source = f"Hi {dialect.inert(text)}, bye"
        assert dialect.tokens(source) == []
        assert lines(dialect.render(source, {}, {})) == lines(source)


@every_dialect
def test_an_inert_text_only_gains_blanks(dialect: Dialect) -> None:
    for text in TEXTS:
        assert dialect.inert(text).replace(" ", "") == text.replace(" ", "")
    assert dialect.inert("Ann O'Neil, 50% off {now} *") == "Ann O'Neil, 50% off {now} *"


@every_dialect
def test_a_choice_between_naughty_texts_prints_the_chosen_one(dialect: Dialect) -> None:
    field = FIELD[dialect.name]
    for one, other in zip(TEXTS[::2], TEXTS[1::2], strict=False):
        source = dialect.choose(
            field, [("a", dialect.inert(one)), ("b", dialect.inert(other))], dialect.inert("neutral")
        )
        for key, text in (("a", one), ("b", other)):
            shown = lines(dialect.render(source, {field: key}, {}))
            # Liquid leaves out a branch that holds only white space.
            assert shown == lines(dialect.inert(text)) or (text.isspace() and not shown)
        for missing in ({}, {field: None}, {field: ""}, {field: "c"}):
            assert dialect.render(source, missing, {}) == "neutral"
        assert len(dialect.tokens(source)) == len(any_tokens(source)) == 4
