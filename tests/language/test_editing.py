"""An edit replaces exactly its visible characters; the markup stays balanced and the rest as it was."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.dialects import DIALECTS
from contextmail.language.flow import Barrier, Block, apply, escape, fill, flow_of, span
from contextmail.model.message import Part, PartKind

NAUGHTY: list[str] = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text())


def block_of(source: str, kind: PartKind = PartKind.HTML) -> Block:
    return flow_of(Part(name="x", kind=kind, source=source), DIALECTS["mailchimp"]).blocks[0]


def edited(source: str, visible: str, text: str, *, values: bool = False) -> str:
    block = block_of(source)
    start = block.text.index(visible)
    edit = fill(block, start, start + len(visible), text, values=values)
    return edit.reason if isinstance(edit, Barrier) else apply(source, [edit])


@pytest.mark.parametrize(
    ("source", "visible", "text", "result"),
    [
        ("<p>our most valuable customer</p>", "most valuable ", "", "<p>our customer</p>"),
        ("<p>our <b>most valuable</b> one</p>", "most valuable", "x", "<p>our <b>x</b> one</p>"),
        ("<p>our <b>most</b> valuable one</p>", "our most valuable", "a", "<p>a one</p>"),
        ("<p>our <b>most valuable</b> one</p>", "most valuable ", "", "<p>our <b></b>one</p>"),
        ("<p><b>our most</b> valuable</p>", "most valuable", "x", "<p><b>our x</b></p>"),
        ("<p>our <b>most valuable</b></p>", "our most", "x", "<p>x<b> valuable</b></p>"),
        ("<p><i>a <b>b</i> c</b></p>", "b", "x", "<p><i>a <b>x</i> c</b></p>"),
        ("<p><a href=y>our best offer</a></p>", "best ", "", "<p><a href=y>our offer</a></p>"),
        ("<p>our most<br>valuable</p>", "most\nvaluable", "x", "<p>our x</p>"),
        ("<p>a&nbsp;&amp;  b</p>", "& b", "c", "<p>a&nbsp;c</p>"),
    ],
)
def test_an_edit_keeps_the_markup_balanced(source: str, visible: str, text: str, result: str) -> None:
    assert edited(source, visible, text) == result


@pytest.mark.parametrize(
    ("source", "visible", "reason"),
    [
        ("<p>our <a href=x>most</a> valuable</p>", "our most", "a link"),
        ("<p>our <a href=x>most</a> valuable</p>", "our most valuable", "a link"),
        ("<p>our <img src=x> most</p>", "our most", "an image"),
        ("<p>our *|X|* most</p>", "our \ufffc most", "a template token"),
        ("<p>our<!-- *|IF:X|* --> most</p>", "our most", "a conditional of the template"),
        ("<p>our *|IF:X|*most*|END:IF|*</p>", "our \ufffcmost", "a conditional of the template"),
        ("<p>our <b>*|IF:X|*most*|END:IF|* of</b> all</p>", "of all", "a conditional of the template"),
        ("<p>our <span mc:edit=a>most</span> one</p>", "our most", "an editable region"),
        ("<p>our <b style='*|X|*'>most</b> one</p>", "our most", "a template token"),
        ("<p>our <!--[if mso]>x<![endif]--> most</p>", "our most", "a conditional comment"),
        ("<p>our <b>most", "our most", "a tag that is not closed in the same block"),
    ],
)
def test_an_edit_stops_at_a_barrier(source: str, visible: str, reason: str) -> None:
    assert edited(source, visible, "x") == reason


def test_a_printed_field_may_be_swallowed_where_asked() -> None:
    assert edited("<p>Hi <b>*|FNAME|*</b>, you</p>", "Hi \ufffc,", "Hello,", values=True) == "<p>Hello, you</p>"
    assert edited("<p>Hi *|IF:A|*x*|END:IF|*, you</p>", "Hi \ufffcx", "Hello", values=True) != "<p>Hello, you</p>"


def test_a_plain_span_is_the_source_of_its_characters() -> None:
    block = block_of("<p>our <b>most</b> valuable</p>")
    assert span(block, 4, 8) == (10, 14)
    assert span(block, 0, 8) == (3, 18)
    with pytest.raises(ValueError, match="visible"):
        span(block, 4, 4)


def test_edits_that_overlap_are_refused() -> None:
    assert apply("abcdef", [(4, 5, "X"), (0, 2, "")]) == "cdXf"
    with pytest.raises(ValueError, match="overlaps"):
        apply("abc", [(0, 2, ""), (1, 3, "")])
    with pytest.raises(ValueError, match="outside"):
        apply("abc", [(0, 4, "")])


PLACES = {
    "text": "<p>{}</p>",
    "title": "<title>{}</title>",
    "attr-double": '<img alt="{}">',
    "attr-single": "<img alt='{}'>",
    "attr-bare": "<img alt={}>",
    "mso": "<!--[if mso]><p>{}</p><![endif]-->",
}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "iso-8859-2", "ascii"])
@pytest.mark.parametrize("place", PLACES)
def test_naughty_text_reads_back_as_text(place: str, encoding: str) -> None:
    block = block_of(PLACES[place].format("x"))
    for text in NAUGHTY:
        source = PLACES[place].format("x" + DIALECTS["mailchimp"].inert(escape(text, block, encoding)))
        source.encode(encoding)
        flow = flow_of(Part(name="x", kind=PartKind.HTML, source=source), None)
        [read] = flow.blocks
        assert flow.tokens == ()
        wanted = block_of(
            "x" + DIALECTS["mailchimp"].inert(escape(text, block_of("x", PartKind.LINE), "utf-8")), PartKind.LINE
        )
        assert read.text.replace(" ", "") == wanted.text.replace(" ", "")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_naughty_text_in_a_header_has_no_line_break_or_control(encoding: str) -> None:
    block = block_of("x", PartKind.LINE)
    for text in [*NAUGHTY, "a\r\nBcc: b@example.com", "a\u2028b\x85c\x00d\u202ee"]:
        written = escape(text, block, encoding)
        assert written.isprintable() or not written.isascii() or written == ""
        assert not set(written) & set("\r\n\x85\u2028\u2029\x00\u202e\u2066")
        written.encode(encoding)


def test_characters_that_the_charset_lacks_are_written_otherwise() -> None:
    assert escape("Zoë’s €5 – 東", block_of("<p>x</p>"), "latin-1") == "Zoë&#8217;s &#8364;5 &#8211; &#26481;"
    assert escape("Zoë’s €5 – 東", block_of("x", PartKind.TEXT), "latin-1") == "Zoë's EUR5 - ?"
    assert escape("Łódź", block_of("x", PartKind.TEXT), "ascii") == "Lodz"


@given(st.text())
def test_any_text_can_be_written_and_read_back(text: str) -> None:
    block = block_of("<p>x</p>")
    written = escape(text, block, "utf-8")
    shown = flow_of(Part(name="x", kind=PartKind.HTML, source=f"<p>[{written}]</p>"), None).blocks[0].text
    plain = block_of(f"[{escape(text, block_of('x', PartKind.LINE), 'utf-8')}]", PartKind.LINE).text
    assert shown == plain
