"""Rewriting: outside an edit nothing changes, nothing dangles, nothing untrue is left, and text from facts is inert."""

from __future__ import annotations

import html
import json
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contextmail.campaign import Campaign, CompiledEdit, Slot
from contextmail.checking import Checked, Checker
from contextmail.compiling import compile as compile_message
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.dialects import DIALECTS, any_tokens
from contextmail.facts.catalogue import types_for
from contextmail.language.flow import Barrier, Place, apply, escape, fill, flow_of, links
from contextmail.language.html import lex
from contextmail.language.reading import part_from_bytes
from contextmail.model.finding import Finding, Grade
from contextmail.model.message import Message, Offer, Part, PartKind
from contextmail.predicates.sqltext import parse
from contextmail.predicates.tree import compile_function
from contextmail.previewing import visible
from contextmail.rewriting import Rewrite, rewritten

HERE = Path(__file__).parent
TEMPLATES = [path for path in sorted((HERE / "data" / "templates").iterdir()) if path.suffix != ".md"]
SINS = [
    line
    for line in (HERE.parent / "docs" / "samples.txt").read_text("utf-8").splitlines()
    if line and line[0] != "#" and "*|" not in line
]
CUSTOMERS: dict[str, dict[str, Any]] = tomllib.loads(
    (HERE / "cases" / "CUSTOMERS.md").read_text("utf-8").split("```")[1][4:]
)
NAUGHTY: list[str] = json.loads((HERE / "data" / "blns.json").read_text("utf-8"))
GREETING = re.compile(r"(?i)(?:dear|hi|hello|good morning|to whom)\b")
CLOCK = datetime(2026, 5, 31, 9)
OFFERS = (Offer(product="L1", category="lights", name="Brass Lantern"),)


class Sinful(NamedTuple):
    """A message with what is proposed for it."""

    rewrite: Rewrite
    campaign: Campaign


@cache
def checker() -> Checker:
    return Checker(Settings(as_of=CLOCK, currency="GBP"))


def proposed(message: Message | dict[str, Any]) -> Sinful:
    checked = checker().check(message, opaque=True)
    rewrite = rewritten(checked, checker())
    return Sinful(rewrite, compiled(rewrite, checker().settings))


@cache
def injected(path: Path) -> Sinful:
    """Put sins into the paragraphs and headings of a template, alone and before what stands there."""
    chance = random.Random(path.name)
    kind = PartKind.TEXT if path.suffix == ".txt" else PartKind.HTML
    part = part_from_bytes("text" if kind is PartKind.TEXT else "html", kind, path.read_bytes())
    edits: list[tuple[int, int, str]] = []
    for block in flow_of(part, None).blocks:
        if block.place in (Place.BUTTON, Place.ALT, Place.TITLE, Place.HIDDEN) or block.tokens or block.mso:
            continue
        first, second = chance.sample(SINS, 2)
        sins = first if GREETING.match(second) or first.endswith(",") or chance.random() < 0.6 else f"{first} {second}"
        keep = chance.choice(["", f" {block.text}"])
        edit = fill(block, 0, len(block.text), escape(sins + keep, block, part.encoding))
        if not isinstance(edit, Barrier):
            edits.append(edit)
    source = apply(part.source, edits)
    subject = Part(name="subject", kind=PartKind.LINE, source=chance.choice(SINS))
    return proposed(Message(parts=(subject, part.model_copy(update={"source": source})), offers=OFFERS))


def read_by(sinful: Sinful, codes: tuple[int, ...], row: dict[str, Any]) -> dict[str, str]:
    """Write the parts with the texts of `codes`, slots filled from `row`."""
    one = sinful.campaign.decide(row, as_of=CLOCK)
    one.codes = codes
    return one.parts


@pytest.fixture(scope="module", params=TEMPLATES, ids=lambda path: path.name)
def sinful(request: pytest.FixtureRequest) -> Sinful:
    return injected(request.param)


def test_there_are_edits(sinful: Sinful) -> None:
    assert sinful.rewrite.edits


# ------------------------------------------------------------------------------------------------ outside the edits


def test_what_lies_outside_the_edits_is_the_source(sinful: Sinful) -> None:
    edits = sinful.rewrite.edits
    for part in sinful.rewrite.message.parts:
        pieces = sinful.campaign.parts[part.name]
        whole = (p if isinstance(p, str) else part.source[edits[p].start : edits[p].end] for p in pieces)
        assert "".join(whole) == part.source
        assert all(edits[p].part == part.name for p in pieces if isinstance(p, int))


def test_who_fits_every_claim_reads_the_source() -> None:
    texts = {
        "subject": "You're a VIP",
        "html": "<p>Thank you for your continued loyalty.</p><p>You're one of our best customers.</p>",
    }
    best = {"orders": 40, "spend_rank": 0.99, "tenure_days": 700}
    assert proposed(texts).campaign.decide(best, as_of=CLOCK).parts == texts


# -------------------------------------------------------------------------------------------------- nothing dangles

DANGLING = {
    "a space before a mark": re.compile(r"\w [,.!?;](?=\s|$)"),
    "a comma without words": re.compile(r"^\s*[,.;:]|,\s*[,.!?]|\b(?:[Dd]ear|[Hh]i|[Hh]ello) ,", re.MULTILINE),
    "a sentence that begins small": re.compile(
        r"(?:^|[.!?] )(?:you|we|here|so|and|thank|take|use|good|delivery)\b", re.MULTILINE
    ),
    "a mark twice": re.compile(r"[.!?](?:(?<!\.)\.|!\.|\?\.|\.!)"),
    "an empty element": re.compile(r"<(p|h[1-6]|li|b|strong|em|i|span)(?:\s[^>]*)?>\s*</\1>"),
    "two spaces": re.compile(r"(?<=[^\s>])  (?=[^\s<])"),
}


def dangling(texts: dict[str, str], parts: tuple[Part, ...]) -> Counter[str]:
    found: Counter[str] = Counter()
    for part in parts:
        source = texts[part.name]
        shown = visible(part.model_copy(update={"source": source}))
        for name, pattern in DANGLING.items():
            found[name] += len(pattern.findall(source if name in ("an empty element", "two spaces") else shown))
    return found


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_nothing_is_left_dangling(sinful: Sinful, customer: str) -> None:
    parts = sinful.rewrite.message.parts
    before = dangling({part.name: part.source for part in parts}, parts)
    after = dangling(sinful.campaign.decide(CUSTOMERS[customer], as_of=CLOCK).parts, parts)
    assert +(after - before) == Counter()


# ------------------------------------------------------------------------------------------------ nothing untrue left


def again(sinful: Sinful, texts: dict[str, str]) -> Checked:
    parts = tuple(part.model_copy(update={"source": texts[part.name]}) for part in sinful.rewrite.message.parts)
    return checker().check(sinful.rewrite.message.model_copy(update={"parts": parts}), opaque=True)


def shown_only(sinful: Sinful) -> set[tuple[str, str]]:
    """List what was found and not mended, and so is still there."""
    mended = {edit.finding for edit in sinful.rewrite.edits}
    return {(f.rule, f.quote) for f in sinful.rewrite.findings if f not in mended}


def holds(finding: Finding, row: dict[str, Any]) -> bool:
    verdict = compile_function([parse(finding.true_when or "TRUE", types_for(finding.true_when))])(
        {**row, "as_of": CLOCK}
    )[0]
    return verdict is True or (verdict is None and finding.unknown_is == "true")


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_nobody_reads_what_is_not_true_of_them(sinful: Sinful, customer: str) -> None:
    row = CUSTOMERS[customer]
    left = shown_only(sinful)
    checked = again(sinful, sinful.campaign.decide(row, as_of=CLOCK).parts)
    untrue = [
        f for f in checked.findings if f.confidence == "high" and not holds(f, row) and (f.rule, f.quote) not in left
    ]
    assert untrue == []


def variants(campaign: Campaign) -> Iterator[tuple[int, int, CompiledEdit]]:
    for index, edit in enumerate(campaign.edits):
        for code, variant in enumerate(edit.variants):
            if not variant.original:
                yield index, code, edit


def test_no_text_makes_the_claim_that_it_mends(sinful: Sinful) -> None:
    row = {**CUSTOMERS["top"], "last_product": "Paper Star"}
    left = shown_only(sinful)
    neutral = tuple(len(edit.variants) - 1 for edit in sinful.campaign.edits)
    for index, code, edit in variants(sinful.campaign):
        codes = (*neutral[:index], code, *neutral[index + 1 :])
        rest = {(f.rule, f.quote) for f in again(sinful, read_by(sinful, neutral, row)).findings}
        found = [
            f
            for f in again(sinful, read_by(sinful, codes, row)).findings
            if f.rule == edit.rule and f.confidence == "high"
        ]
        when = edit.variants[code].when
        implied = [
            other for other in CUSTOMERS.values() if when is not None and compile_function([when])(other)[0] is True
        ]
        assert [
            f for f in found if (f.rule, f.quote) not in left | rest and not all(holds(f, other) for other in implied)
        ] == []


# ------------------------------------------------------------------------------------------------------- what stays

KEPT = re.compile(r"[£$€]\d[\d.,]*|\d+ ?%|\b[A-Z]{3,}\d+\b|\b\d+\b")


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_links_prices_codes_tokens_and_numbers_stay(sinful: Sinful, customer: str) -> None:
    after = sinful.campaign.decide(CUSTOMERS[customer], as_of=CLOCK).parts
    for part in sinful.rewrite.message.parts:
        now = part.model_copy(update={"source": after[part.name]})
        assert Counter(KEPT.findall(visible(part))) - Counter(KEPT.findall(visible(now))) == Counter()
        if part.kind is PartKind.HTML:
            assert [link.href for link in links(part, None)] == [link.href for link in links(now, None)]
        names = [
            [part.source[t.start : t.end] for t in any_tokens(part.source)],
            [now.source[t.start : t.end] for t in any_tokens(now.source)],
        ]
        assert names[0] == names[1]


@pytest.mark.parametrize(
    "text",
    [
        "As a loyal customer of *|COMPANY|*, you get it first.",
        "Thank you for being a loyal customer for 12 years.",
        "You're a VIP at www.example.com",
        "You're a VIP with £5 to spend.",
    ],
)
def test_what_would_lose_a_token_a_number_or_a_price_is_only_shown(text: str) -> None:
    sinful = proposed({"html": f"<p>{text}</p>"})
    assert sinful.rewrite.findings
    assert sinful.rewrite.edits == ()


def test_number_one_is_praise_and_not_a_number() -> None:
    assert reads("<p>You're our #1 customer!</p>", "once") == "<p>You're one of our customers!</p>"


# --------------------------------------------------------------------------------------- edits that meet, suppressions


def reads(source: str, customer: str, **keys: Any) -> str:
    return proposed({"html": source, **keys}).campaign.decide(CUSTOMERS[customer], as_of=CLOCK).parts["html"]


def test_two_claims_in_one_place_are_both_true_where_the_original_stands() -> None:
    source = "<p>Thank you for being one of our most valued customers.</p>"
    loyal = {"orders": 5, "tenure_days": 900, "spend_rank": 0.1}
    sinful = proposed({"html": source})
    assert {edit.rule for edit in sinful.rewrite.edits} == {"unearned-loyalty-claim"}
    assert sinful.campaign.decide(loyal, as_of=CLOCK).parts["html"] == "<p>Thank you for your orders.</p>"
    assert sinful.campaign.decide({**loyal, "spend_rank": 0.95}, as_of=CLOCK).parts["html"] == source


def test_a_paragraph_of_sentences_that_go_is_not_left_empty() -> None:
    source = "<p>We miss you. It's been a while.</p><p>Come in.</p>"
    assert reads(source, "never") == "<p>Thank you for reading.</p><p>Come in.</p>"
    assert reads(source, "quiet") == source


@pytest.mark.parametrize("customer", CUSTOMERS)
@pytest.mark.parametrize("middle", ["The lamps are here.", "You're a valued customer."])
def test_neighbours_do_not_swallow_each_other(customer: str, middle: str) -> None:
    shown = reads(f"<p>We miss you. {middle} It's been a while. Come in.</p>", customer)
    assert "  " not in shown
    assert "Come in." in shown
    assert ("It's been" in shown) == (customer == "quiet")


def test_a_suppressed_claim_keeps_its_words_and_its_reason() -> None:
    source = "<!-- contextmail: allow unearned-value-claim only the best get this --><p>You're a VIP. We miss you!</p>"
    sinful = proposed({"html": source})
    reasons = {finding.rule: finding.suppressed for finding in sinful.rewrite.findings}
    assert reasons == {"unearned-value-claim": "only the best get this", "unearned-absence-claim": ""}
    assert "You're a VIP." in reads(source, "never")
    assert "miss" not in reads(source, "never")


def test_safe_edits_alone_leave_whole_sentences() -> None:
    checked = checker().check({"html": "<p>You're one of our best customers. We miss you!</p>"})
    edits = rewritten(checked, checker(), safe_only=True).edits
    assert [(edit.rule, edit.grade) for edit in edits] == [("unearned-value-claim", Grade.SAFE)]


def test_an_editable_region_is_a_barrier() -> None:
    sinful = proposed({"html": "<p>You're one of <span mc:edit='x'>our best</span> customers *|FNAME|*.</p>"})
    assert not any(edit.rule == "unearned-value-claim" for edit in sinful.rewrite.edits)


# ------------------------------------------------------------------------------------------- text from facts is inert

SLOTTED = {
    "subject": "We miss you",
    "preheader": "We miss you, NAME",
    "html": """<p>Dear customer,</p><img alt='We miss you' src=a.png><img alt="It's been a while" src=b.png>
<p>We miss you! TOKEN</p><h1>WE MISS YOU!</h1>""",
    "text": "Hello there,\n\nwe miss you. TOKEN",
}
TOKENS = {"mailchimp": "*|LNAME|*", "hubl": "{{ contact.lastname }}", "liquid": "{{ last_name }}"}


@cache
def slotted(dialect: str) -> Sinful:
    texts = {name: text.replace("TOKEN", TOKENS[dialect]).replace(", NAME", "") for name, text in SLOTTED.items()}
    return proposed({**texts, "dialect": dialect})


def with_facts(dialect: str, name: str, product: str) -> dict[str, str]:
    row = {"orders": 1, "last_order": "2026-04-20", "days_since_last_order": 41, "is_customer": True}
    return slotted(dialect).campaign.decide({**row, "first_name": name, "last_product": product}, as_of=CLOCK).parts


def structure(part: Part, dialect: str) -> tuple[object, ...]:
    """Give what a platform and a mail client make of a part, apart from its words."""
    tokens = [part.source[t.start : t.end] for t in DIALECTS[dialect].tokens(part.source)]
    foreign = [part.source[t.start : t.end] for t in any_tokens(part.source)]
    tags = (
        [part.source[start:end].split()[0] for _, start, end, name in lex(part.source) if name]
        if part.kind is PartKind.HTML
        else []
    )
    return tokens, foreign, tags, len(links(part, None)) if tags else 0


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_part_has_slots(dialect: str) -> None:
    slots = {
        edit.part: edit
        for edit in slotted(dialect).campaign.edits
        if any(isinstance(p, Slot) for v in edit.variants for p in v.pieces)
    }
    assert set(slots) == set(SLOTTED)
    contexts = {edit.context for edit in slotted(dialect).campaign.edits}
    assert contexts == {"line", "text", "plain", "attr-double", "attr-single"}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@given(
    name=st.one_of(st.sampled_from(NAUGHTY), st.text(min_size=1)),
    product=st.one_of(st.sampled_from(NAUGHTY), st.text(min_size=1)),
)
@example(name="*|UNSUB|*", product="{{ contact.email }}{% if x %}")
@example(name="Ann\r\nBcc: all@example.com", product="a\u2028b\x85c")
@example(name="{", product="{% x %}*")
@example(name="<b>&lt;&amp;&#60;", product="\" onload='x' \u202egnirts https://example.com")
@example(name="|*", product="*|")
@settings(max_examples=150, deadline=None)
def test_text_from_facts_is_inert(dialect: str, name: str, product: str) -> None:
    plain, naughty = with_facts(dialect, "Ann", "Lamp"), with_facts(dialect, name, product)
    for part in slotted(dialect).rewrite.message.parts:
        one, other = (part.model_copy(update={"source": texts[part.name]}) for texts in (plain, naughty))
        assert structure(one, dialect) == structure(other, dialect)
        if part.kind is PartKind.LINE:
            assert other.source == "".join(other.source.splitlines())
        read = html.unescape(other.source) if part.kind is PartKind.HTML else other.source
        assert html.unescape(read) == read
        assert not re.search("[\x00-\x08\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", other.source.replace("\n", ""))
        assert len(other.source.splitlines()) == len(one.source.splitlines())


# ------------------------------------------------------------------------------------------- why it is only shown


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<p>You're <a href='https://example.com'>a VIP</a> to us.</p>", "a link stands inside"),
        ("<p>You're a VIP and 3 lamps are yours.</p>", "a number stands inside"),
        ("<p>You're a VIP and GLOW20 is yours.</p>", "a code stands inside"),
        ("<p>You're a VIP, and everything is \u00a35 off.</p>", "the sentence says something besides"),
        ("<p>You're a VIP to *|COMPANY|* now.</p>", "a token stands inside"),
        ("<p>You're a VIP with half a \u20ac of savings.</p>", "a price stands inside"),
        ("<a class='button' href='https://example.com'>You're a VIP</a>", "the words of a button"),
        ("<p>Upgrade now.</p>", "the message's offers name no product"),
    ],
)
def test_what_is_only_shown_says_which_of_the_reasons_it_is(html: str, reason: str) -> None:
    notes = [finding.note for finding in proposed({"html": html}).rewrite.findings if finding.confidence == "high"]
    assert [note.startswith(f"shown only: {reason}") for note in notes] == [True]


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ('<p>Act now! <a href="https://example.com/">The lamps</a></p>', '<p><a href="https://example.com/">The lamps</a></p>'),
        ("<p>Act now! <b>The lamps</b> are here.</p>", "<p><b>The lamps</b> are here.</p>"),
        ("<p>The <b>lamps are here. Act now!</b> <i>Come</i> in.</p>", "<p>The <b>lamps are here. </b> <i>Come</i> in.</p>"),
        ("<p>Come <i>in.</i> Act now!</p>", "<p>Come <i>in.</i></p>"),
        ("<p>Come in.<br>Act now!<br>Bye.</p>", "<p>Come in.<br>Bye.</p>"),
    ],
)  # fmt: skip
def test_a_sentence_that_goes_leaves_the_tags_beside_it(source: str, reads: str) -> None:
    campaign = compile_message({"html": source, "dialect": "mailchimp"})
    assert campaign.decide({}).parts["html"] == reads
