"""The span lexer finds tags and text in any source and loses no character."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.dialects import any_tokens
from contextmail.language.block import masked
from contextmail.language.html import Kind, attributes, lex


def kinds(source: str) -> list[tuple[str, str]]:
    hidden = masked(source, any_tokens(source))
    return [(kind.name, source[start:end]) for kind, start, end, _ in lex(hidden)]


@given(st.text(alphabet="<>/!-=\"' abp[]{}%*|&;\n\ufdd0\ufdd1é"))
def test_the_lexemes_tile_any_source(source: str) -> None:
    assert "".join(text for _, text in kinds(source)) == source


@pytest.mark.parametrize(
    "tag",
    [
        "<a *|IF:ORDERS>=5|*style=x>",
        "<p {% if a <b %}class=x{% endif %}>",
        '<a href="{{ "x>y" }}">',
        "<a title='a > b' href=\"x>y\">",
        "<p class=a'b>",
        "<a href=x/y>",
        "<br/>",
        "<A\nHREF = '>'\n>",
    ],
)
def test_a_tag_reaches_to_its_own_end(tag: str) -> None:
    assert kinds(f"x{tag}y") == [("TEXT", "x"), ("OPEN", tag), ("TEXT", "y")]


@pytest.mark.parametrize("text", ["a < b", "1<2", "<", "a <3 b", "<>", "< p>", "<p", "x</p"])
def test_what_is_no_tag_is_text(text: str) -> None:
    assert "".join(found for kind, found in kinds(text) if kind == "TEXT") == text


def test_text_in_an_mso_comment_is_lexed() -> None:
    assert kinds("<!--[if mso]><p>x</p><![endif]-->") == [
        ("MSO", "<!--[if mso]>"), ("OPEN", "<p>"), ("TEXT", "x"), ("CLOSE", "</p>"), ("MSO_END", "<![endif]-->"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "comment",
    [
        "<!-- <p>x</p> -->",
        "<!-->",
        "<!--->",
        "<!--[if !mso]><!-->",
        "<!--<![endif]-->",
        "<!doctype html>",
        "<!--[if mso]> x -->",
        "<!-- x",
    ],
)
def test_other_comments_are_one_lexeme(comment: str) -> None:
    assert kinds(comment) == [("COMMENT", comment)]


@pytest.mark.parametrize(("name", "kind"), [("script", "RAW"), ("STYLE", "RAW"), ("title", "TEXT"), ("xml", "RAW")])
def test_nothing_in_a_raw_element_is_a_tag(name: str, kind: str) -> None:
    source = f"<{name}>a<b>c</{name}>"
    assert kinds(source) == [("OPEN", f"<{name}>"), (kind, "a<b>c"), ("CLOSE", f"</{name}>")]


def test_attributes_are_found_however_they_are_quoted() -> None:
    tag = '<img a=1 B = "x > y" c=\'it"s\' alt d="" *|X|* e=f/g>'
    hidden = masked(tag, any_tokens(tag))
    assert [(name, tag[start:end], context) for name, start, end, context in attributes(hidden, 0, len(tag))] == [
        ("a", "1", "attr-bare"), ("b", "x > y", "attr-double"), ("c", 'it"s', "attr-single"), ("alt", "", "attr-bare"),
        ("d", "", "attr-double"), ("e", "f/g", "attr-bare"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "piece", ["<a", "<a x=", "<a x='", '<a x="', "<!--", "</a", "<script>", "<!--[if mso]>", "<title>", "='\"", "<"]
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    began = time.perf_counter()
    assert sum(1 for _ in lex(piece * 20_000 + ">")) > 0
    assert time.perf_counter() - began < 5


def test_raw_content_has_its_own_kind() -> None:
    assert [kind for kind, *_ in lex("<style>p{}</style>")] == [Kind.OPEN, Kind.RAW, Kind.CLOSE]


def test_white_space_between_tags_can_be_left_out() -> None:
    source = "<p> <b>a </b>\n</p>"
    assert [source[start:end] for _, start, end, _ in lex(source, blank=False)] == ["<p>", "<b>", "a ", "</b>", "</p>"]
