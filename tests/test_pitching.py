"""Pitches are found by links and words; what is proposed instead is counted, true, and never what somebody owns."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop import PEOPLE, shop_of

from contextmail.campaign import Campaign
from contextmail.checking import Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.facts.keys import Keys, write_keys
from contextmail.facts.offering import Products
from contextmail.language.mentions import link_key, link_keys, mentions, name_key
from contextmail.model.finding import Finding
from contextmail.rewriting import rewritten

CATALOGUE = [
    {"product": "L1", "name": "BRASS LANTERN", "page": "www.shop.example.com/p/brass-lantern"},
    {"product": "L2", "name": "BRASS LANTERN XL", "aliases": "Lighthouse Big; L2-XL"},
    {"product": "S1", "name": "PAPER STAR"},
    {"product": "K1", "name": "COPPER KETTLE"},
    {"product": "C1", "name": "TEA, COFFEE AND SUGAR TINS"},
    {"product": "W'1", "name": "POTTER'S WHEEL"},
]
NEXT = {"L1": ["S1", "K1", "C1"], "W'1": ["S1"]}
NAMES = {
    "L1": "Brass Lantern",
    "S1": "Paper Star",
    "K1": "Copper Kettle",
    "C1": "Tea, Coffee and Sugar Tins",
    "W'1": "Potter's Wheel",
}


def products() -> Products:
    found = shop_of(CATALOGUE, NEXT).products
    assert found
    return found


@cache
def checker() -> Checker:
    return Checker(Settings(), products())


def campaign_of(html: str) -> Campaign:
    return compiled(rewritten(checker().check({"html": html}), checker()), checker().settings)


def pitched(html: str, **message: object) -> list[tuple[str, str]]:
    """Give rule's findings of a message: product and quote."""
    findings = checker().check({"html": html, **message}).findings
    return [(_product(f), f.quote) for f in findings if f.rule == "owned-offer"]


def _product(finding: Finding) -> str:
    return finding.true_when.removeprefix("NOT owns('").removesuffix("')").replace("''", "'")


# ---------------------------------------------------------------------------------------------------- what is found


def test_the_longest_name_is_the_one_that_is_meant() -> None:
    assert pitched("<p>Here it is, our Brass Lantern XL.</p>") == [("L2", "Brass Lantern XL")]


def test_a_name_with_a_comma_is_found_as_the_message_writes_it() -> None:
    assert pitched("<p>We have new Tea, Coffee &amp; Sugar Tins for you.</p>") == [("C1", "Tea, Coffee & Sugar Tins")]


def test_a_name_does_not_go_on_from_one_sentence_to_the_next() -> None:
    assert pitched("<p>The frame is of Brass. Lantern oil is not in the box.</p>") == []


def test_an_alias_is_an_id_too() -> None:
    assert pitched('<p>It is <a href="https://x.example.org/l2-xl">here</a> now.</p>') == [("L2", "here")]


def test_offers_that_the_author_names_are_all_that_is_looked_for() -> None:
    offers = [{"product": "S1", "name": "Paper Star"}]
    assert pitched("<p>Here is a Brass Lantern for you.</p><p>Here is a Paper Star.</p>", offers=offers) == [
        ("S1", "Paper Star")
    ]


def test_what_is_no_marketing_pitches_nothing() -> None:
    assert pitched("<p>Your order of the Brass Lantern is on its way.</p>", purpose="transactional") == []


def test_a_brand_is_not_its_product() -> None:
    assert pitched("<p>All the best from your Paper Star team, and from the Paper Star.</p>", sender="Paper Star") == []


def test_a_product_with_an_apostrophe_binds() -> None:
    campaign = campaign_of("<p>Here is the new Potter’s Wheel.</p>")
    assert "Paper Star" in campaign.decide({"owned_products": ("L1", "W'1")}).parts["html"]


def test_without_facts_only_offers_are_looked_for() -> None:
    found = Checker().check({"html": "<p>Here is a Brass Lantern for you.</p>"}).findings
    assert [finding for finding in found if finding.rule == "owned-offer"] == []


# -------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Brass Lantern", "BRASS LANTERNS"),
        ("Salt & Pepper", "salt and pepper"),
        ("Gift Box", "gift boxes"),
        ("Cherry Tin", "Cherries Tin"),
        ("T-Light Holder", "T Light Holders"),
        ("Potter's Wheel", "POTTER’S WHEEL"),
        ("Kleine Laterne", "Kleine Laternen"),
        ("Roter Stern", "Roter Sterne"),
    ],
)
def test_a_name_is_the_same_in_capitals_in_the_plural_and_with_other_joints(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("href", "same"),
    [
        ("http://shop.example.com/p/1?utm_source=a&amp;mc_cid=2#x", True),
        ("https://WWW.Shop.example.com/p/1/", True),
        ("https://shop.example.com/p/1.html", True),
        ("https://shop.example.com/p/1?x=*|EMAIL|*", True),
        ("https://shop.example.com/p/12", False),
        ("https://shop.example.com/", False),
        ("https://example.com/p/1", False),
        ("mailto:p@shop.example.com", False),
        ("{{ product.url }}", False),
        ("https://[broken", False),
    ],
)
def test_a_link_is_compared_by_server_and_path(href: str, same: bool) -> None:
    assert (link_key("https://www.shop.example.com/p/1") in link_keys(href)) is same


def test_a_query_that_tells_products_apart_is_part_of_the_address() -> None:
    own = link_key("https://shop.example.com/item.php?id=7")
    assert own in link_keys("https://shop.example.com/item.php?utm_medium=m&id=7")
    assert own not in link_keys("https://shop.example.com/item.php?id=8")


def test_no_year_and_no_short_number_in_a_path_is_an_id() -> None:
    assert [key for key in link_keys("https://example.com/2026/05/84950") if key[0] == "#"] == ["#84950"]


@given(st.lists(st.text(alphabet="abcd ,", max_size=8), max_size=20))
def test_every_key_that_was_written_is_read(texts: list[str]) -> None:
    path = Path(shop_of(CATALOGUE, NEXT).path) / "some.keys"
    write_keys(texts, path)
    assert all(text in Keys(path) for text in texts)


@given(st.text(alphabet="Brasnte, .XLPp\n'", max_size=60))
def test_a_mention_is_a_stretch_of_the_text_that_has_its_key(text: str) -> None:
    for start, end, key in mentions(text, products().keys):
        assert name_key(text[start:end]) == key


# ------------------------------------------------------------------------------------------------- what is proposed


def test_what_was_bought_next_is_counted() -> None:
    buyers = PEOPLE + 4
    following = products().bought_next(["L1"])["L1"]
    # others bought S1 too, so that K1 says more of them
    assert [(b.product, b.people, b.of) for b in following] == [
        ("K1", buyers - 1, buyers),
        ("C1", buyers - 2, buyers),
        ("S1", buyers, buyers),
    ]
    everybody = 10 * PEOPLE + buyers + PEOPLE + 1
    assert following[0].lift == pytest.approx((buyers - 1) / buyers / ((buyers - 1) / everybody))
    assert all(b.lift > b.surely >= 2 and b.share <= 1 for b in following)


def test_a_finding_shows_support_and_lift() -> None:
    found = checker().check({"html": "<p>Here is a Brass Lantern for you.</p>"}).findings
    assert [[b.name for b in f.bought_next] for f in found if f.rule == "owned-offer"] == [
        ["Copper Kettle", "Tea, Coffee and Sugar Tins", "Paper Star"]
    ]


def test_a_subject_stays_short() -> None:
    message = {"subject": "Everybody wants the Brass Lantern", "html": "<p>Come in.</p>"}
    (edit,) = rewritten(checker().check(message), checker()).edits
    assert all(len(variant.text) <= 60 for variant in edit.variants if variant.text)


owned = st.sets(st.sampled_from(sorted(NAMES)))
sentence = st.sampled_from(
    [f"{said} {name}{end}" for name in NAMES.values() for said in ("Here is the new", "Take home a") for end in ".!"]
    + [f"The {name.upper()} IS HERE" for name in NAMES.values()]
    + [f"Still without {name}?" for name in NAMES.values()]
)


@given(owned, st.lists(sentence, min_size=1, max_size=4), st.sampled_from(["p", "h1", "li"]))
def test_no_text_ever_proposes_what_somebody_owns(has: set[str], sentences: list[str], tag: str) -> None:
    campaign = campaign_of("".join(f"<{tag}>{text}</{tag}>" for text in sentences))
    one = campaign.decide({"owned_products": tuple(sorted(has))})
    for edit, chosen in zip(campaign.edits, one.codes, strict=True):
        variant = edit.variants[chosen]
        if variant.original:
            continue
        text = "".join(map(str, variant.pieces)).lower()
        _, came_back, proposed = text.partition("came back for")
        assert not any(NAMES[product].lower() in proposed for product in has)
        # and it is said only of what they have
        assert not came_back or any(NAMES[product].lower() in text for product in has)


@given(st.lists(sentence, min_size=1, max_size=3))
def test_who_owns_nothing_or_is_not_known_reads_every_pitch(sentences: list[str]) -> None:
    html = "".join(f"<p>{text}</p>" for text in sentences)
    campaign = campaign_of(html)
    assert campaign.decide({}).parts["html"] == campaign.decide({"owned_products": ()}).parts["html"] == html
