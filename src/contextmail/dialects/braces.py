"""The brace syntax that HubL, Liquid and their kin share: `{{ value }}`, `{% tag %}`, `{# comment #}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from contextmail.dialects.base import Condition

# Possessive throughout, so that hostile text costs linear time. A string may hold the closing mark; where that
# reading fails (an apostrophe in a broken token), the second form ends at the first closing mark.
_STRING = r"""\"[^"]*+\"|'[^']*+'"""
_BRACES = re.compile(
    rf"""
      \{{\{{ (?: [^{{}}"']++ | {_STRING} | ["'] | \{{(?!\{{) | \}}(?!\}}) )*+ \}}\}} | \{{\{{ [^{{}}]*+ \}}\}}
    | \{{%   (?: [^{{}}"'%]++ | {_STRING} | ["'}}] | \{{(?![{{%]) | %(?!\}}) )*+ %\}} | \{{% [^{{}}%]*+ %\}}
    | \{{\#  (?: [^#{{]++ | \#(?!\}}) | \{{(?!\#) )*+ \#\}}
    """,
    re.VERBOSE,
)
_END_OF = {word: re.compile(rf"\{{%-?\s*end{word}\s*-?%\}}") for word in ("raw", "verbatim", "comment")}
_CLOSING_WORD = re.compile(r"\{%-?\s*end(\w+)")

PATH = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*")
_COMPARISON = re.compile(
    rf"""(?P<field>{PATH.pattern})\s*(?P<op>==|!=|<=|>=|<|>)\s*
    (?:"(?P<double>[^"\\]*)"|'(?P<single>[^'\\]*)'|(?P<bare>-?\d+(?:\.\d+)?|true|false))""",
    re.VERBOSE,
)
STRING = re.compile(r'"([^"\\]*)"' + r"|'([^'\\]*)'")


class Brace(NamedTuple):
    """One token: `source[start:end]`, its sign (`{`, `%` or `#`) and what stands inside, trimmed."""

    start: int
    end: int
    sign: str
    inside: str

    @property
    def word(self) -> str:
        """Give the first word of a tag: `if`, `endfor`, `module`."""
        return self.inside.split(None, 1)[0] if self.inside else ""


@lru_cache(maxsize=8)  # a message's parts: first its dialect is told, then each is read
def braces(source: str) -> tuple[Brace, ...]:
    """Give the brace tokens of `source` in order; what stands in a raw block is text, a comment block is one token."""
    return tuple(_braces(source)) if "{{" in source or "{%" in source or "{#" in source else ()


def _braces(source: str) -> Iterator[Brace]:
    at = 0
    while match := _BRACES.search(source, at):
        start, at = match.span()
        sign = source[start + 1]
        inside = source[start + 2 : at - 2].removeprefix("-").removesuffix("-").strip()
        if sign == "%" and inside in _END_OF:
            closing = _END_OF[inside].search(source, at)
            if inside == "comment" and closing:
                at = closing.end()
                yield Brace(start, at, "#", "")
                continue
            yield Brace(start, at, sign, inside)
            at = closing.start() if closing else len(source)
            continue
        yield Brace(start, at, sign, inside)


def block_words(source: str) -> frozenset[str]:
    """Give the words that `source` closes somewhere: `if` for `{% endif %}`, `dnd_area` for `{% end_dnd_area %}`."""
    return frozenset(word.removeprefix("_") for word in _CLOSING_WORD.findall(source))


def closed_word(word: str) -> str:
    """Give the word that a closing tag closes (`if` for `endif`), or an empty text for any other tag."""
    return word.removeprefix("end").removeprefix("_") if word.startswith("end") else ""


def comparison(text: str) -> Condition | None:
    """Read `field == "literal"` and its kin; None when it is anything else."""
    match = _COMPARISON.fullmatch(text)
    if match is None:
        return None
    op = "=" if match["op"] == "==" else match["op"]
    value = next(match[group] for group in ("double", "single", "bare") if match[group] is not None)
    if not value or (op not in ("=", "!=") and match["bare"] is None):
        return None  # what an empty text equals, and how two texts are ordered, differs between platforms
    return Condition(match["field"], op, value)


def quoted(text: str) -> str | None:
    """Write `text` as a string literal without escapes; None when it holds what would need one."""
    if "\\" in text:
        return None
    quote = '"' if '"' not in text else "'"
    return None if quote in text else f"{quote}{text}{quote}"


def one_line(text: str) -> str:
    """Fold line breaks to spaces: a header has none."""
    return re.sub(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+", " ", text)


def literal_safe(text: str) -> str:
    """Make `text` safe inside a token: no opening or closing mark, no line break."""
    return re.sub(r"([}%#])(?=\})", r"\1 ", re.sub(r"\{(?=[{%#])", "{ ", one_line(text)))


def nested(values: dict[str, str]) -> dict[str, object]:
    """Turn dotted names into nested mappings: `{"contact.x": "1"}` to `{"contact": {"x": "1"}}`."""
    tree: dict[str, object] = {}
    for name, value in values.items():
        *path, leaf = name.split(".")
        branch = tree
        for step in path:
            inner = branch.setdefault(step, {})
            if not isinstance(inner, dict):  # `a` and `a.b` both given: the deeper one is what templates reach into
                inner = branch[step] = {}
            branch = inner
        if not isinstance(branch.get(leaf), dict):
            branch[leaf] = value
    return tree
