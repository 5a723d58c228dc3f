"""What a platform prints of a rewritten template is what was decided, and without a field the neutral text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from contextmail.campaign import Campaign, CompiledVariant, Slot, formatted
from contextmail.checking import Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.dialects import DIALECTS, Dialect
from contextmail.merging import Merged, merge
from contextmail.model.manifest import Field
from contextmail.model.message import Part
from contextmail.predicates.tree import compile_function, describe
from contextmail.previewing import visible
from contextmail.rewriting import Rewrite, rewritten

CLOCK = datetime(2026, 5, 31, 9)
NAME = {"mailchimp": "*|FNAME|*", "hubl": "{{ contact.firstname }}", "liquid": "{{ first_name }}"}
FIELDS = {"FNAME": "first_name", "contact.firstname": "first_name", "first_name": "first_name"}
# Every way of an edit: weakened, cut, replaced from history, emptied, with markup inside, two with the same predicates.
TEXTS = {
    "subject": "You're a VIP",
    "preheader": "We miss you",
    "html": """<h1>You're our most valuable customer</h1>
<p>Dear <b>valued</b> customer,</p>
<p>Hello <b>lamp</b> customer,</p>
<p>As one of our <b>best</b> customers, you get 20% off. <i>Thank you</i> for your continued <b>loyalty</b>!</p>
<p class="gone">It's been a while.</p>
<p>We miss you &amp; your cat. Come in.</p>
<p>You're a <em>valued</em> customer. Become a customer today!</p>
<p>Thank you for your loyal support, NAME.</p>
<ul><li>We want to thank our loyal customers.</li></ul>""",
    "text": "You're one of our best customers.\n\nWe miss you!\n\nHi NAME,\n",
}
ROWS: dict[str, dict[str, Any]] = {
    "best": {
        "first_name": "Anna",
        "orders": 40,
        "spend_rank": 0.99,
        "first_order": date(2024, 5, 12),
        "last_order": date(2026, 5, 20),
        "days_since_last_order": 11,
        "usual_gap_days": 18.0,
        "tenure_days": 749,
        "last_product": "Brass Lantern",
        "is_customer": True,
    },
    "quiet": {
        "first_name": "Quinn",
        "orders": 9,
        "spend_rank": 0.7,
        "first_order": date(2024, 6, 1),
        "last_order": date(2025, 7, 24),
        "days_since_last_order": 311,
        "usual_gap_days": 44.0,
        "tenure_days": 729,
        "is_customer": True,
    },
    "once": {
        "first_name": "Ben",
        "orders": 1,
        "spend_rank": 0.2,
        "first_order": date(2026, 4, 20),
        "last_order": date(2026, 4, 20),
        "days_since_last_order": 41,
        "tenure_days": 41,
        "last_product": "Trail Jacket",
        "is_customer": True,
    },
    "never": {"orders": 0, "spend_rank": 0.0, "tenure_days": 0, "is_customer": False},
    "unknown": {},
}
MISSING = ("absent", None, "")


def template(dialect: str) -> dict[str, str]:
    return {name: text.replace("NAME", NAME[dialect]) for name, text in TEXTS.items()}


class Written:
    """A campaign written in one dialect."""

    def __init__(self, name: str, texts: Mapping[str, str] | None = None) -> None:
        checker = Checker(Settings(as_of=CLOCK, dialect=name, fields=FIELDS))
        self.dialect: Dialect = DIALECTS[name]
        self.rewrite: Rewrite = rewritten(checker.check(texts or template(name)), checker)
        self.campaign: Campaign = compiled(self.rewrite, checker.settings)
        self.merged: Merged = merge(self.rewrite, self.campaign, self.dialect)
        self.fields: list[Field] = self.merged.manifest.fields

    def values(self, row: Mapping[str, Any]) -> dict[str, str | None]:
        """Give the contact fields of one customer as a sync would store them."""
        known = {v.when and describe(v.when): v for edit in self.campaign.edits for v in edit.variants}
        stored: dict[str, str | None] = {}
        for field in self.fields:
            value = next(text for text in field.texts if _true(known[text.when], row))
            stored[self.stored(field)] = value.key or self.filled(value.text, row)
        return stored | {token: row.get(fact) for token, fact in FIELDS.items()}

    def stored(self, field: Field) -> str:
        """Give the name by which a template of this dialect asks for the field."""
        return f"contact.{field.name}" if self.dialect.name == "hubl" else field.name

    def filled(self, text: str, row: Mapping[str, Any]) -> str:
        def fact(slot: re.Match[str]) -> str:
            return formatted(row[slot[1]], slot[2], self.campaign.wording, CLOCK)

        return re.sub(r"\{(\w+)\|(\w+)\}", fact, text)

    def printed(self, values: Mapping[str, str | None], parts: Mapping[str, str]) -> dict[str, str]:
        """Give what a reader sees when the platform has filled the tokens."""
        # Mailchimp keeps a field's default in the audience; the other languages in the token.
        defaults = (
            {field.name: field.default for field in self.fields if field.default}
            if self.dialect.name == "mailchimp"
            else {}
        )
        shown = {}
        for part in self.rewrite.message.parts:
            source = self.dialect.render(parts[part.name], values, defaults)
            shown[part.name] = _seen(part, source)
        return shown

    def meant(self, row: Mapping[str, Any], neutral: set[int]) -> dict[str, str]:
        """Give what was decided for one customer, with the neutral text in the edits `neutral`."""
        one = self.campaign.decide(row, as_of=CLOCK)
        codes = [len(e.variants) - 1 if i in neutral else one.codes[i] for i, e in enumerate(self.campaign.edits)]
        one.codes = tuple(codes)
        return self.printed({token: row.get(fact) for token, fact in FIELDS.items()}, one.parts)


def _true(variant: CompiledVariant, row: Mapping[str, Any]) -> bool:
    return variant.when is None or compile_function([variant.when])(row)[0] is True


def _seen(part: Part, source: str) -> str:
    return re.sub(r"\s+", " ", visible(part.model_copy(update={"source": source}))).strip()


@pytest.fixture(scope="module", params=sorted(DIALECTS))
def written(request: pytest.FixtureRequest) -> Written:
    return Written(request.param)


def neutral_edits(written: Written) -> set[int]:
    """List the edits for which everybody gets the neutral text, because their place takes no conditional."""
    return {index for index, mode in enumerate(written.merged.modes) if mode == "neutral"}


@pytest.mark.parametrize("customer", ROWS)
def test_the_platform_prints_what_was_decided(written: Written, customer: str) -> None:
    row = ROWS[customer]
    assert written.printed(written.values(row), written.merged.parts) == written.meant(row, neutral_edits(written))


def without(values: Mapping[str, str | None], name: str, how: str | None) -> dict[str, str | None]:
    rest = {key: value for key, value in values.items() if key != name}
    return rest if how == "absent" else {**rest, name: how}


@pytest.mark.parametrize("how", MISSING)
@pytest.mark.parametrize("customer", ROWS)
def test_without_a_field_everybody_reads_the_neutral_text(written: Written, customer: str, how: str | None) -> None:
    row = ROWS[customer]
    for field in written.fields:
        values = without(written.values(row), written.stored(field), how)
        lost = {index for index in field.edits if field.mode == "choose" or _is_slotted(written, index, row)}
        assert written.printed(values, written.merged.parts) == written.meant(row, lost | neutral_edits(written)), field


def _is_slotted(written: Written, index: int, row: Mapping[str, Any]) -> bool:
    """Say whether the customer's own text of an edit is one that the slot holds."""
    code = written.campaign.decide(row, as_of=CLOCK).codes[index]
    variant = written.campaign.edits[index].variants[code]
    return written.merged.modes[index] == "slot" or any(isinstance(piece, Slot) for piece in variant.pieces)


@pytest.mark.parametrize("how", MISSING)
def test_a_contact_that_came_after_the_sync_reads_the_neutral_texts(written: Written, how: str | None) -> None:
    values: dict[str, str | None] = {} if how == "absent" else {written.stored(field): how for field in written.fields}
    assert written.printed(values, written.merged.parts) == written.meant({}, set(range(len(written.campaign.edits))))


def test_a_field_is_named_by_what_it_means(written: Written) -> None:
    again = Written(written.dialect.name)
    assert [field.name for field in again.fields] == [field.name for field in written.fields]
    assert len({field.name for field in written.fields}) == len(written.fields)


def test_mailchimp_takes_the_names() -> None:
    names = [field.name for field in Written("mailchimp").fields]
    assert names
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]{0,9}", name) for name in names)


def test_edits_with_the_same_predicates_share_a_choice() -> None:
    written = Written(
        "mailchimp", {"html": "<p>You're one of our best customers.</p><p>Here for our <b>best</b> customers.</p>"}
    )
    assert [(field.mode, field.edits) for field in written.fields] == [("choose", [0, 1])]


def test_a_wording_costs_no_field() -> None:
    names = [
        [field.name for field in Written("mailchimp", {"html": html}).fields]
        for html in ("<p>You're one of our best customers.</p>", "<p>A treat for our favourite customers.</p>")
    ]
    assert names[0] == names[1] != []


def test_another_predicate_is_another_field() -> None:
    value, loyalty = (
        Written("mailchimp", {"html": f"<p>As a {word} customer, you save.</p>"}) for word in ("valued", "loyal")
    )
    assert {f.name for f in value.fields}.isdisjoint(f.name for f in loyalty.fields)


def test_a_slot_holds_no_markup_and_no_token(written: Written) -> None:
    texts = [text.text for field in written.fields if field.mode == "slot" for text in field.texts]
    assert texts
    assert not any(re.search(r"[<>&\n\r]|https?:", text) or written.dialect.tokens(text) for text in texts)


def test_a_key_is_never_empty_and_a_choice_has_no_default(written: Written) -> None:
    choices = [field for field in written.fields if field.mode == "choose"]
    assert all(field.default == "" and all(text.key for text in field.texts) for field in choices)


def test_outside_the_edits_the_template_is_the_author_s(written: Written) -> None:
    for part in written.rewrite.message.parts:
        edits = [edit for edit in written.rewrite.edits if edit.part == part.name]
        assert list(outside(written.merged.parts[part.name], part.source, edits)) == []


def outside(merged: str, source: str, edits: list[Any]) -> Iterator[str]:
    """Yield what lies between the edits and is not to be found, in order, in the merged source."""
    at = last = 0
    for edit in [*edits, replace(edits[0], start=len(source), end=len(source))] if edits else []:
        between = source[last : edit.start]
        found = merged.find(between, at)
        if found < 0:
            yield between
        at, last = found + len(between), edit.end


def test_where_one_text_is_nothing_an_empty_property_prints_nothing() -> None:
    made = Written("hubl", {"subject": "Hello", "html": "<p>New here? Become a customer today!</p>"})
    (field,) = [one for one in made.fields if {"", "New here?"} == {text.text for text in one.texts}]
    assert field.default == "" and f'personalization_token("contact.{field.name}", "")' in made.merged.parts["html"]


@pytest.mark.parametrize("name", ["mailchimp", "hubl", "liquid"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("says", ["We miss you", "You&#39;re our most valuable customer"])
def test_nothing_that_is_written_into_an_attribute_ends_it(name: str, quote: str, says: str) -> None:
    made = Written(name, {"subject": "Hello", "html": f'<p>Hi</p><img alt={quote}{says}{quote} src="a.png">'})
    (written,) = re.findall(rf"alt={quote}(.*){quote} src=", made.merged.parts["html"])
    texts = [text.text for field in made.fields if field.name in written for text in field.texts]
    assert says not in written and quote not in "".join([written, *texts])
    assert "{" not in "".join(texts), "what a fact holds is not known before"
