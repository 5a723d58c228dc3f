"""The template language is seen from its tokens, or named by the user."""

import pytest

from contextmail.dialects import DIALECTS, any_tokens, detect
from contextmail.dialects.base import Dialect
from contextmail.errors import DialectError


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Hi *|FNAME|*", "mailchimp"),
        ("Hi {{ contact.firstname }}", "hubl"),
        ('{{ personalization_token("contact.firstname") }}', "hubl"),
        ("{% if a %}{% elif b %}{% endif %}", "hubl"),
        ('{% module "x" %}{{ a }}', "hubl"),
        ('{% dnd_area "x" %}', "hubl"),
        ('<a href="{{ unsubscribe_link }}">', "hubl"),
        ("{# note #}{{ a }}", "hubl"),
        ("{% if a %}{% elsif b %}{% endif %}", "liquid"),
        ("{% assign a = 1 %}", "liquid"),
        ("{% capture a %}x{% endcapture %}", "liquid"),
        ("{{ a | default: 'x' }}", "liquid"),
        ("{%- if a -%}x{%- endif -%}", "liquid"),
    ],
)
def test_characteristic_tokens_decide(source: str, name: str) -> None:
    dialect = detect(source)
    assert dialect is not None and dialect.name == name


@pytest.mark.parametrize("source", ["Hello", "<style>a{b:c}</style>", "50% {off} * | *", "@media{#x{a:b}}"])
def test_a_source_without_tokens_has_no_dialect(source: str) -> None:
    assert detect(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "{{ name }}",
        "{% if x %}{% endif %}",
        "*|FNAME|* {{ contact.x }}",
        "{{ contact.x }}{% elsif %}",
        "{{#if x}}y{{/if}}",
        "{{{ raw }}}",
        "Dear {$client_name}",
        "<%= name %>",
    ],
)
def test_what_two_languages_or_none_could_have_written_is_an_error_naming_the_option(source: str) -> None:
    with pytest.raises(DialectError, match="--dialect"):
        detect(source)


@pytest.mark.parametrize(
    "token", ["{{x}}", "{{{x}}}", "{% x %}", "{# x #}", "*|X|*", "{$x}", "{if $x > 1}", "<% x > y %>", "{{#each x}}"]
)
def test_tokens_of_any_language_are_opaque(token: str) -> None:
    assert [(t.start, t.end) for t in any_tokens(f"<p>{token}</p>")] == [(3, 3 + len(token))]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_the_registry_agrees_with_the_names(dialect: Dialect) -> None:
    assert DIALECTS[dialect.name] is dialect


def test_a_subject_that_fits_two_languages_is_of_the_bodys() -> None:
    dialect = detect("Hi {{ name }}", "<p>{% assign x = 1 %}{{ name }}</p>")
    assert dialect is not None and dialect.name == "liquid"
