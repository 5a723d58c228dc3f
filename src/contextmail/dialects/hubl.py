"""HubL, HubSpot's template language, as far as e-mail goes: `{{ contact.firstname }}`, `{% if %}`.

Sources: HubSpot's developer pages on HubL functions, filters (they do not apply to tokens in e-mail), if statements
and programmable e-mail. What is written stays inside the part of HubL that Jinja2 shares, which renders the preview.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from contextmail.dialects.base import Condition, Token, TokenKind
from contextmail.dialects.braces import (
    PATH,
    STRING,
    Brace,
    block_words,
    braces,
    closed_word,
    comparison,
    literal_safe,
    nested,
    quoted,
)
from contextmail.dialects.inert import inert
from contextmail.errors import MissingExtraError, TemplateError

_PERSONALIZATION = re.compile(
    rf"""personalization_token\(\s*(?:{STRING.pattern})\s*(?:,\s*(?:{STRING.pattern})\s*)?\)"""
)
_PROPERTY = re.compile(r"(?:contact\.)?([a-z][a-z0-9_]*)")
_KEY = re.compile(r"[A-Za-z0-9_]+")
_BRANCHES = frozenset({"else", "elif", "elseif"})
_JINJA_WORDS = frozenset("if elif else endif for endfor set endset raw endraw".split())


class Hubl:
    """HubL in e-mail."""

    name = "hubl"
    chooses = False

    def tokens(self, source: str) -> list[Token]:
        """List the HubL tokens of `source` in order; a tag whose end tag occurs opens a block."""
        blocks = block_words(source)
        return [_token(brace, blocks) for brace in braces(source)]

    def system(self, name: str) -> bool:
        """Tell whether the platform itself fills the token: all but contact properties."""
        return not name.startswith("contact.")

    def slot(self, field: str, default: str) -> str:
        """Write `{{ personalization_token("contact.x", "default") }}`; raises ValueError for an odd property name."""
        text = literal_safe(default)
        literal = quoted(text) or '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f'{{{{ personalization_token("{_property(field)}", {literal}) }}}}'

    def choose(self, field: str, branches: Sequence[tuple[str, str]], neutral: str) -> str:
        """Write a conditional by equality (programmable e-mail only); raises ValueError for an odd field or key."""
        if not branches:
            return neutral
        name = _property(field)
        parts = []
        for word, (key, text) in zip(["if", *["elif"] * len(branches)], branches, strict=False):
            if not _KEY.fullmatch(key):
                raise ValueError(f"{key!r} is no key: letters, digits and _ only")
            parts.append(f'{{% {word} {name} == "{key}" %}}{text}')
        return "".join(parts) + f"{{% else %}}{neutral}{{% endif %}}"

    def inert(self, text: str) -> str:
        """Part every opening mark, of this language or another, with a blank."""
        return inert(text)

    def render(self, source: str, values: Mapping[str, str | None], defaults: Mapping[str, str]) -> str:
        """Render the part of HubL that Jinja2 shares, sandboxed; other tags (modules, areas) print nothing.

        Values go by `contact.x`; `defaults` are the properties' own. Raises TemplateError, MissingExtraError.
        """
        try:
            from jinja2 import TemplateError as JinjaError
        except ImportError as error:  # pragma: no cover - the extra is installed wherever tests run
            raise MissingExtraError("jinja2", "cli") from error
        filled = {name: value for name, value in {**defaults, **values}.items() if value is not None}

        def personalization_token(name: str, default: str = "") -> str:
            return values.get(name) or default or defaults.get(name, "")

        try:
            rendered: str = _compiled(source).render(**nested(filled), personalization_token=personalization_token)
            return rendered
        except (JinjaError, ArithmeticError, TypeError, ValueError) as error:
            raise TemplateError(f"HubL cannot be rendered: {error}", cure="preview it in HubSpot") from error


@lru_cache(maxsize=64)
def _compiled(source: str) -> Any:
    """Make Jinja2's template of a source once, for however many recipients it is rendered."""
    from jinja2 import ChainableUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=ChainableUndefined, keep_trailing_newline=True)
    return environment.from_string(_without_modules(source))


def _token(brace: Brace, blocks: frozenset[str]) -> Token:
    start, end, sign, inside = brace
    if sign == "#":
        return Token(start, end, TokenKind.OTHER)
    if sign == "{":
        return _value(start, end, inside)
    word = brace.word
    if closed_word(word):
        return Token(start, end, TokenKind.CLOSE, closed_word(word))
    rest = inside[len(word) :].strip()
    if word in _BRANCHES:
        return Token(start, end, TokenKind.BRANCH, word, None, _condition(rest))
    if word in ("if", "unless", "for") or (word in blocks and word not in ("raw", "set")):
        return Token(start, end, TokenKind.OPEN, word, None, _condition(rest) if word == "if" else None)
    return Token(start, end, TokenKind.OTHER, word)


def _value(start: int, end: int, inside: str) -> Token:
    match = _PERSONALIZATION.fullmatch(inside)
    if match:
        name, fallback = match[1] or match[2] or "", match[3] if match[3] is not None else match[4]
        return Token(start, end, TokenKind.VALUE, name, fallback)
    path = PATH.match(inside)
    whole = path and inside[path.end() :].lstrip()[:1] in ("", "|")
    return Token(start, end, TokenKind.VALUE, path.group() if path and whole else inside)


def _condition(text: str) -> Condition | None:
    absent = text.startswith("not ")
    bare = text[4:].strip() if absent else text
    if PATH.fullmatch(bare):
        return Condition(bare, "absent" if absent else "present")
    return None if absent else comparison(text)


def _property(field: str) -> str:
    match = _PROPERTY.fullmatch(field)
    if not match:
        raise ValueError(f"{field!r} is no contact property: a-z, 0-9 and _, lower case")
    return f"contact.{match[1]}"


def _without_modules(source: str) -> str:
    out, at = [], 0
    for brace in braces(source):
        if brace.sign == "%" and brace.word not in _JINJA_WORDS:
            out.append(source[at : brace.start])
            at = brace.end
    return "".join(out) + source[at:]
