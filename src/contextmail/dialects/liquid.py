"""Liquid: `{{ name | default: "there" }}`, `{% if x == "a" %}...{% elsif %}...{% endif %}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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

_DEFAULT = re.compile(rf"\|\s*default\s*:\s*(?:{STRING.pattern})")
_NOTHING = re.compile(rf"({PATH.pattern})\s*(==|!=)\s*(?:nil|null|blank)")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_KEY = re.compile(r"[A-Za-z0-9_]+")
_BRANCHES = frozenset({"else", "elsif", "when"})
_OPENING = frozenset({"if", "unless", "for", "case", "tablerow", "capture", "ifchanged"})


class Liquid:
    """Liquid, as Shopify, Braze, Customer.io and others speak it."""

    name = "liquid"
    chooses = True

    def tokens(self, source: str) -> list[Token]:
        """List the Liquid tokens of `source` in order; a tag whose end tag occurs opens a block."""
        blocks = block_words(source) | _OPENING
        # Liquid has no {# #}: those stay text.
        return [
            _token(brace, blocks)
            for brace in braces(source)
            if brace.sign != "#" or source.startswith("{%", brace.start)
        ]

    def system(self, name: str) -> bool:
        """Tell whether the platform itself fills the token; Liquid does not say, so never."""
        del name
        return False

    def slot(self, field: str, default: str) -> str:
        """Write `{{ x | default: "..." }}`; raises ValueError for an odd name.

        Liquid strings know no escape: where both kinds of quotes occur, double ones become single.
        """
        text = literal_safe(default)
        literal = quoted(text) or (f'"{text}"' if '"' not in text else quoted(text.replace("\\", "/")))
        literal = literal or '"' + text.replace('"', "'") + '"'
        return f"{{{{ {_name(field)} | default: {literal} }}}}"

    def choose(self, field: str, branches: Sequence[tuple[str, str]], neutral: str) -> str:
        """Write a conditional by equality; texts are template source. Raises ValueError for an odd field or key."""
        if not branches:
            return neutral
        name = _name(field)
        parts = []
        for word, (key, text) in zip(["if", *["elsif"] * len(branches)], branches, strict=False):
            if not _KEY.fullmatch(key):
                raise ValueError(f"{key!r} is no key: letters, digits and _ only")
            parts.append(f'{{% {word} {name} == "{key}" %}}{text}')
        return "".join(parts) + f"{{% else %}}{neutral}{{% endif %}}"

    def inert(self, text: str) -> str:
        """Part every opening mark, of this language or another, with a blank."""
        return inert(text)

    def render(self, source: str, values: Mapping[str, str | None], defaults: Mapping[str, str]) -> str:
        """Render with python-liquid; unknown filters and tags print what they can. `defaults` fill absent values.

        Raises TemplateError for what does not parse, MissingExtraError without python-liquid.
        """
        try:
            from liquid import Environment, Mode
            from liquid.exceptions import LiquidError
        except ImportError as error:  # pragma: no cover - the extra is installed wherever tests run
            raise MissingExtraError("python-liquid", "cli") from error
        filled = {name: value for name, value in {**defaults, **values}.items() if value is not None}
        environment = Environment(strict_filters=False, tolerance=Mode.LAX)
        try:
            return environment.from_string(source).render(**nested(filled))
        except LiquidError as error:
            raise TemplateError(f"Liquid cannot be rendered: {error}", cure="correct the template") from error


def _token(brace: Brace, blocks: frozenset[str]) -> Token:
    start, end, sign, inside = brace
    if sign == "#":
        return Token(start, end, TokenKind.OTHER)
    if sign == "{":
        path, default = PATH.match(inside), _DEFAULT.search(inside)
        whole = path and inside[path.end() :].lstrip()[:1] in ("", "|")
        fallback = (default[1] if default[1] is not None else default[2]) if default else None
        return Token(start, end, TokenKind.VALUE, path.group() if path and whole else inside, fallback)
    word = brace.word
    rest = inside[len(word) :].strip()
    if closed_word(word):
        return Token(start, end, TokenKind.CLOSE, closed_word(word))
    if word in _BRANCHES:
        return Token(start, end, TokenKind.BRANCH, word, None, _condition(rest) if word == "elsif" else None)
    if word in blocks and word != "raw":
        condition = _condition(rest, absent=word == "unless") if word in ("if", "unless") else None
        return Token(start, end, TokenKind.OPEN, word, None, condition)
    return Token(start, end, TokenKind.OTHER, word)


def _condition(text: str, *, absent: bool = False) -> Condition | None:
    if PATH.fullmatch(text):
        return Condition(text, "absent" if absent else "present")
    if absent:
        return None
    match = _NOTHING.fullmatch(text)
    if match:
        return Condition(match[1], "absent" if match[2] == "==" else "present")
    return comparison(text)


def _name(field: str) -> str:
    if not _NAME.fullmatch(field):
        raise ValueError(f"{field!r} is no Liquid name")
    return field
