"""HubL and Liquid tokens are found, understood where certain, and written as documented."""

import pytest

from contextmail.dialects import DIALECTS
from contextmail.dialects.base import Condition, TokenKind
from contextmail.errors import TemplateError

HUBL, LIQUID = DIALECTS["hubl"], DIALECTS["liquid"]


@pytest.mark.parametrize(
    ("dialect", "source", "condition"),
    [
        ("hubl", "{% if contact.tier %}", Condition("contact.tier", "present")),
        ("hubl", "{% if not contact.tier %}", Condition("contact.tier", "absent")),
        ("hubl", '{%- if contact.tier == "gold" -%}', Condition("contact.tier", "=", "gold")),
        ("hubl", "{% elif contact.orders >= 3 %}", Condition("contact.orders", ">=", "3")),
        ("liquid", "{% if tier != 'gold' %}", Condition("tier", "!=", "gold")),
        ("liquid", "{% unless tier %}", Condition("tier", "absent")),
        ("liquid", "{% elsif tier == blank %}", Condition("tier", "absent")),
        ("liquid", "{% if customer.orders_count < 2 %}", Condition("customer.orders_count", "<", "2")),
    ],
)
def test_a_plain_condition_is_understood(dialect: str, source: str, condition: Condition) -> None:
    [token] = DIALECTS[dialect].tokens(source)
    assert token.condition == condition


@pytest.mark.parametrize(
    "source",
    ["{% if a and b %}", '{% if a == "x" or b %}', "{% if a|length > 2 %}", '{% if a == "" %}', '{% if a < "b" %}'],
)
@pytest.mark.parametrize("dialect", ["hubl", "liquid"])
def test_any_other_condition_is_not_understood(dialect: str, source: str) -> None:
    [token] = DIALECTS[dialect].tokens(source)
    assert (token.kind, token.condition) == (TokenKind.OPEN, None)


@pytest.mark.parametrize(
    ("dialect", "source", "name", "fallback"),
    [
        ("hubl", "{{ contact.firstname }}", "contact.firstname", None),
        ("hubl", '{{ personalization_token("contact.firstname", "there") }}', "contact.firstname", "there"),
        ("hubl", "{{ personalization_token('contact.firstname') }}", "contact.firstname", None),
        ("hubl", '{{ contact.firstname|default("there") }}', "contact.firstname", None),
        ("liquid", "{{ first_name | default: 'there' }}", "first_name", "there"),
        ("liquid", '{{- customer.first_name | default: "you" | capitalize -}}', "customer.first_name", "you"),
        ("liquid", "{{ order.total | money }}", "order.total", None),
        ("liquid", "{{ a[0] }}", "a[0]", None),
    ],
)
def test_a_value_has_its_field_and_its_fallback(dialect: str, source: str, name: str, fallback: str | None) -> None:
    [token] = DIALECTS[dialect].tokens(source)
    assert (token.kind, token.name, token.fallback) == (TokenKind.VALUE, name, fallback)


@pytest.mark.parametrize("source", ['{{ "x>y" }}', '{{ "a }} b" }}', "{% if a <b %}", "{{ it's }}", "{% x 'a' %}"])
def test_a_token_reaches_to_its_own_closing_mark(source: str) -> None:
    [token] = HUBL.tokens(f"<p>{source}</p>")
    assert (token.start, token.end) == (3, 3 + len(source))


def test_what_stands_in_a_raw_block_is_text() -> None:
    names = [token.name for token in LIQUID.tokens("{% raw %}{{ a }}{% endraw %}{{ b }}")]
    assert names == ["raw", "raw", "b"]


def test_a_liquid_comment_is_one_token() -> None:
    [token] = LIQUID.tokens("{% comment %}{{ a }} loyal{% endcomment %}")
    assert (token.kind, token.end) == (TokenKind.OTHER, 42)


def test_a_tag_opens_a_block_only_where_its_end_occurs() -> None:
    source = '{% module "logo" %}{% dnd_area "main" %}x{% end_dnd_area %}{% set a = 1 %}'
    assert [(t.kind.value, t.name) for t in HUBL.tokens(source)] == [
        ("other", "module"), ("open", "dnd_area"), ("close", "dnd_area"), ("other", "set"),
    ]  # fmt: skip


def test_unclosed_marks_take_linear_time() -> None:
    for mark in ("{{", "{%", "{#", "{{ '", '{% "', "{{{", "{{#", "<%", "{if $"):
        assert HUBL.tokens(mark * 50_000) == []


def test_a_slot_is_written_as_documented() -> None:
    assert HUBL.slot("cm_x", "there") == '{{ personalization_token("contact.cm_x", "there") }}'
    assert LIQUID.slot("cm_x", "there") == '{{ cm_x | default: "there" }}'


def test_a_choice_is_written_as_documented() -> None:
    branches = [("a", "A"), ("b", "B")]
    assert HUBL.choose("cm_x", branches, "N") == (
        '{% if contact.cm_x == "a" %}A{% elif contact.cm_x == "b" %}B{% else %}N{% endif %}'
    )
    assert LIQUID.choose("cm_x", branches, "N") == (
        '{% if cm_x == "a" %}A{% elsif cm_x == "b" %}B{% else %}N{% endif %}'
    )


@pytest.mark.parametrize("dialect", ["hubl", "liquid"])
def test_an_odd_field_or_key_is_refused(dialect: str) -> None:
    with pytest.raises(ValueError, match="}}"):
        DIALECTS[dialect].slot("x }}", "")
    with pytest.raises(ValueError, match="key"):
        DIALECTS[dialect].choose("x", [('a"', "A")], "N")


def test_modules_print_nothing_in_a_hubl_preview() -> None:
    source = '{% module "logo" path="@hubspot/logo" %}Hi {{ contact.firstname }}{% if contact.tier %}!{% endif %}'
    assert HUBL.render(source, {"contact.firstname": "Ann", "contact.tier": "gold"}, {}) == "Hi Ann!"


def test_a_hubl_preview_is_sandboxed() -> None:
    with pytest.raises(TemplateError):
        HUBL.render("{{ ''.__class__.__mro__[1].__subclasses__() }}", {}, {})


def test_liquid_reaches_into_dotted_fields() -> None:
    assert (
        LIQUID.render(
            "{{ customer.name }}, {{ customer.tier | upcase }}", {"customer.name": "A", "customer.tier": "x"}, {}
        )
        == "A, X"
    )
