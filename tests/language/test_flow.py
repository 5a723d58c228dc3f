"""A flow holds what a reader sees, and knows where each character stands in the source."""

from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextmail.dialects import DIALECTS
from contextmail.language.flow import OBJECT, Block, Place, flow_of, links
from contextmail.model.message import Part, PartKind


def blocks(
    source: str, kind: PartKind = PartKind.HTML, dialect: str = "mailchimp", name: str = "html"
) -> tuple[Block, ...]:
    return flow_of(Part(name=name, kind=kind, source=source), DIALECTS[dialect]).blocks


def only(source: str, dialect: str = "mailchimp") -> Block:
    [block] = blocks(source, dialect=dialect)
    return block


def texts(source: str, kind: PartKind = PartKind.HTML) -> list[str]:
    return [block.text for block in blocks(source, kind)]


def written(block: Block, visible: str) -> str:
    """Give the source of `visible`, from its first to its last character."""
    start = block.text.index(visible)
    return block.source[block.source_start(start) : block.source_end(start + len(visible) - 1)]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>our <b>most</b> valuable</p>", "our most valuable"),
        ("<p> a\n  b&nbsp; c </p>", "a b c"),
        ("<p>a<b> </b> b</p>", "a b"),
        ("<p>AT&amp;T &copy 2024 &#169; &#x1F600;</p>", "AT&T © 2024 © 😀"),
        ("<p>&notit; &ampfoo &nosuch; & &;</p>", "¬it; &foo &nosuch; & &;"),
        ("<p>val\u200bu\u00ada&shy;b&zwnj;le\ufeff</p>", "valuable"),
        ("<p>one<br>two<br/> <br>three</p>", "one\ntwo\n\nthree"),
        ("<p>a<img src=x>b</p>", "a b"),
        ("<p>a<script>x()</script><style>p{}</style><!-- c -->b</p>", "ab"),
        ("<p>1 < 2</p>", "1 < 2"),
        ("<p>Hi *|FNAME|*, you</p>", f"Hi {OBJECT}, you"),
        ("<a *|IF:ORDERS>=5|*style=x*|END:IF|*>loyal</a>", "loyal"),
        ("<p>literal \ufffc \ufdd0 gone</p>", "literal gone"),
    ],
)
def test_the_text_is_what_a_reader_sees(source: str, text: str) -> None:
    assert texts(source) == [text]


def test_every_block_element_ends_a_block() -> None:
    source = "<title>t</title><h1>h</h1>a<p>b<p>c</p><ul><li>d<li>e</ul><table><tr><td>f<td>g</table>"
    assert [(b.text, b.place.value) for b in blocks(source)] == [
        ("t", "title"), ("h", "heading"), ("a", "paragraph"), ("b", "paragraph"), ("c", "paragraph"), ("d", "item"),
        ("e", "item"), ("f", "cell"), ("g", "cell"),
    ]  # fmt: skip


def test_each_character_maps_to_its_source() -> None:
    block = only("<p>our &lt;most&gt; <b>val\u200buable</b>  *|X|*</p>")
    assert written(block, "<most>") == "&lt;most&gt;"
    assert written(block, "valuable") == "val\u200buable"
    assert written(block, "<most> val") == "&lt;most&gt; <b>val"
    assert written(block, OBJECT) == "*|X|*"


def test_a_title_is_text_with_entities() -> None:
    block = only("<title>Tom &amp; <b>Jerry</b></title>")
    assert (block.text, block.place) == ("Tom & <b>Jerry</b>", Place.TITLE)


@pytest.mark.parametrize(
    ("tag", "context"),
    [
        ('<img alt="a &amp; b">', "attr-double"),
        ("<IMG ALT='a & b'>", "attr-single"),
        ("<img alt=a&amp;&#32;b>", "attr-bare"),
    ],
)
def test_an_alt_text_is_a_block_of_its_own(tag: str, context: str) -> None:
    found = blocks(f"<p>before {tag} after</p>")
    assert [block.text for block in found if block.place is not Place.ALT] == ["before after"]
    [alt] = [block for block in found if block.place is Place.ALT]
    assert alt.context == context
    assert alt.text.replace(" ", "") == "a&b"


def test_hidden_text_near_the_top_is_the_preheader_and_later_is_hidden() -> None:
    source = (
        "<title>t</title><body><div style='DISPLAY: none; max-height:0'>We miss <b>you</b></div>"
        '<p>Hello</p><span style="display:none">secret</span>'
        "<div hidden>more</div><p style='max-height:0.5em'>seen</p>"
    )
    assert [(b.text, b.place.value) for b in blocks(source)] == [
        ("t", "title"), ("We miss you", "preheader"), ("Hello", "paragraph"), ("secret", "hidden"), ("more", "hidden"),
        ("seen", "paragraph"),
    ]  # fmt: skip


def test_outlook_reads_what_stands_in_its_comments() -> None:
    source = (
        "<p>You are our <!--[if mso]><i>&nbsp;</i><![endif]-->best customer</p>"
        '<!--[if mso]><v:roundrect href="x"><w:anchorlock/><center>Shop now</center></v:roundrect><![endif]-->'
        "<!--[if gte mso 9]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->"
        "<!--[if !mso]><!--><a class='btn' href='y'>Shop</a><!--<![endif]-->"
    )
    assert [(b.text, b.place.value, b.mso) for b in blocks(source)] == [
        ("You are our best customer", "paragraph", False), ("Shop now", "button", True), ("Shop", "button", False),
    ]  # fmt: skip


def test_conditions_that_enclose_a_block_are_told() -> None:
    source = "*|IF:TIER=gold|*<p>gold</p>*|ELSE:|*<div>*|IFNOT:FNAME|*<p>other</p>*|END:IF|*</div>*|END:IF|*<p>all</p>"
    found = {block.text: [token.name for token in block.conditions] for block in blocks(source)}
    assert found == {"gold": ["IF"], "other": ["IF", "ELSE", "IFNOT"], "all": []}


def test_a_condition_at_the_edge_of_a_block_encloses_it() -> None:
    block = only("<p>*|IF:VIP|* You are a VIP. *|END:IF|*</p>")
    assert block.text == "You are a VIP."
    assert [token.name for token in block.conditions] == ["IF"]


def test_a_condition_inside_a_block_holds_for_its_own_characters() -> None:
    block = only("<p>*|IF:VIP|*VIP*|ELSE:|*you*|END:IF|*, hello</p>")
    assert block.text == f"VIP{OBJECT}you{OBJECT}, hello"
    assert block.conditions == ()
    names = [[token.name for token in block.conditions_at(block.text.index(word))] for word in ("VIP", "you", "hello")]
    assert names == [["IF"], ["IF", "ELSE"], []]


def test_conditions_in_comments_count() -> None:
    [block] = blocks("<!-- *|IFNOT:ARCHIVE_PAGE|* --><p>x</p><!-- *|END:IF|* -->")
    assert [token.name for token in block.conditions] == ["IFNOT"]


@pytest.mark.parametrize(
    ("source", "element"),
    [
        ("<div><p class=x>*|X|* text</p> </div>", "<p class=x>*|X|* text</p>"),
        ("<div>text</div>", "<div>text</div>"),
        ("<td>text</td>", None),
        ("<div><!--[if mso]><table><![endif]--><p>text</div>", None),
        ("<div><img>text</div>", None),
        ("<div mc:edit='a'>text</div>", None),
        ("<div>*|IF:A|*text*|END:IF|*</div>", None),
        ("<p>text", None),
    ],
)
def test_the_element_that_can_be_removed_whole_is_told(source: str, element: str | None) -> None:
    [block] = [block for block in blocks(source) if block.place is not Place.ALT]
    assert (source[slice(*block.element)] if block.element else None) == element


def test_what_the_platform_repeats_is_locked() -> None:
    source = "<div mc:repeatable><p>a</p></div><p>b</p>*|RSSITEMS:|*<p>c</p>*|END:RSSITEMS|*"
    assert [(block.text, block.locked) for block in blocks(source)] == [("a", True), ("b", False), ("c", True)]
    assert [b.locked for b in blocks("{% for x in y %}<p>a</p>{% endfor %}", dialect="liquid")] == [True]


def test_wrapped_lines_of_a_text_part_are_one_block() -> None:
    source = "You are our most\r\nvaluable customer.\r\n\r\n-----\r\n- one\r\n  more\r\n* two *|X|*\r\n\r\nBye https://example.com/a_b\r\n"
    assert [(b.text, b.place.value) for b in blocks(source, PartKind.TEXT)] == [
        ("You are our most valuable customer.", "text"), ("one more", "item"), (f"two {OBJECT}", "item"),
        ("Bye https://example.com/a_b", "text"),
    ]  # fmt: skip
    assert written(blocks(source, PartKind.TEXT)[0], "most valuable") == "most\r\nvaluable"


def test_text_parts_and_lines_hold_no_entities_or_tags() -> None:
    assert texts("a &amp; <b>c</b>", PartKind.TEXT) == ["a &amp; <b>c</b>"]
    [block] = blocks("Re: &amp; *|FNAME|*", PartKind.LINE, name="subject")
    assert (block.text, block.place, block.context) == (f"Re: &amp; {OBJECT}", Place.SUBJECT, "line")


def test_an_unknown_template_language_does_not_break_the_text() -> None:
    source = '<a href="{{ "x>y" }}">{{#if a}}Hi {$name}{{/if}}</a> <% if x > 1 %>you'
    [block] = flow_of(Part(name="html", kind=PartKind.HTML, source=source), None).blocks
    assert block.text == f"Hi {OBJECT}{OBJECT} {OBJECT}you"


def test_links_are_listed_with_their_place() -> None:
    source = "<a href='x?a=*|X|*'>a</a><a name=b>b</a><area href=y></a>"
    found = links(Part(name="html", kind=PartKind.HTML, source=source), DIALECTS["mailchimp"])
    assert [(link.href, source[link.start : link.end]) for link in found] == [("x?a=*|X|*", "x?a=*|X|*"), ("y", "y")]


class Oracle(HTMLParser):
    """Gather all text outside script and style, without white space."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.skipping = "", 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.skipping += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.skipping -= tag in ("script", "style") and self.skipping > 0

    def handle_data(self, data: str) -> None:
        self.seen += "" if self.skipping else data


PIECES = """<p>|</p>|<b>|</b>|<td>|</table>|<br>|word |&amp;|&lt|&eacute;x|&#65;|é|<!-- c -->| |
|<i a='>'>|<style>p{a:b}</style>""".split("|")
MORE = [*PIECES, "*|X|*", "*|IF:A|*", "*|END:IF|*", "<!--[if mso]>", "<![endif]-->", "<img alt='a b'>", "&zwnj;", "  "]


@given(st.lists(st.sampled_from(PIECES)))
def test_the_visible_text_agrees_with_html_parser(pieces: list[str]) -> None:
    source = "".join(pieces)
    oracle = Oracle()
    oracle.feed(source)
    oracle.close()
    assert "".join("".join(texts(source)).split()) == "".join(oracle.seen.split())


@given(st.lists(st.sampled_from(MORE)))
def test_source_offsets_rise_and_lie_inside(pieces: list[str]) -> None:
    source = "".join(pieces)
    for block in blocks(source):
        spans = [(block.source_start(i), block.source_end(i)) for i in range(len(block.text))]
        assert all(0 <= start < end <= len(source) for start, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        assert block.text == block.text.strip()


def test_every_character_is_shown_or_not_wherever_it_stands() -> None:
    # A text without "&" and line breaks may be read at one glance, one with them is read piece by piece.
    for code in (code for code in range(0x3000) if chr(code) not in "<&"):
        whole, pieces = (blocks(f"<p>a{chr(code)}b{end}</p>")[0].text for end in (" c", "&#32;c"))
        assert whole == pieces, hex(code)
    for code in (0xFDD0, 0xFEFF, 0xFFF9, 0xFFFC, 0xFFFF, 0x1F600):
        assert blocks(f"<p>a{chr(code)}b</p>")[0].text == blocks(f"<p>a{chr(code)}b&#32;</p>")[0].text
