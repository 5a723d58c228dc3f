"""Tokens of template languages that contextmail does not speak: Handlebars, Mustache, Smarty, ERB and its kin."""

from __future__ import annotations

import re
from functools import lru_cache

from contextmail.dialects.base import Token, TokenKind

_FOREIGN = re.compile(
    r"""\{\{\{ [^{}]*+ \}\}\}
    | \{\{~?\s*+ (?P<hash>[\#^/>!&]) \s*+ (?P<hashword>[\w.-]*+) [^{}]*+ \}\}
    | \{\{~?\s*+ (?:else|this)\b [^{}]*+ \}\}
    | \{\$\w [^{}\n]*+ \}
    | \{(?P<smarty>if|elseif|foreach|section)\s [^{}$\n]*+ \$ [^{}\n]*+ \}
    | \{/(?P<smartyend>if|foreach|section)\}
    | \{(?P<smartyelse>else|foreachelse)\}
    | <% (?: [^%]++ | %(?!>) )*+ %>""",
    re.VERBOSE,
)


@lru_cache(maxsize=8)
def foreign_tokens(source: str) -> tuple[Token, ...]:
    """Give, in order, the tokens of `source` that none of our dialects reads; blocks are told, conditions are not."""
    if not any(mark in source for mark in ("{{", "{$", "{if ", "{/", "<%")):
        return ()
    return tuple(map(_token, _FOREIGN.finditer(source)))


def _token(match: re.Match[str]) -> Token:
    start, end = match.span()
    text = match.group()
    sign, smarty = match["hash"], match["smarty"]
    if sign in ("#", "^"):
        return Token(start, end, TokenKind.OPEN, match["hashword"])
    if sign == "/" or match["smartyend"]:
        return Token(start, end, TokenKind.CLOSE, match["hashword"] or match["smartyend"] or "")
    if sign in (">", "!"):
        return Token(start, end, TokenKind.OTHER)
    if match["smartyelse"] or smarty == "elseif" or text.lstrip("{~ \t").startswith("else"):
        return Token(start, end, TokenKind.BRANCH, "else")
    if smarty:
        return Token(start, end, TokenKind.OPEN, smarty)
    return Token(start, end, TokenKind.VALUE, text.strip("{}&<%$=~ \t"))
