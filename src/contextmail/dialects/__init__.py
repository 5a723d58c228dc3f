"""Template languages: which there are, which one a source speaks, and what is a token whichever it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from contextmail.dialects.base import Condition, Dialect, Token, TokenKind
from contextmail.dialects.braces import STRING, Brace, braces
from contextmail.dialects.foreign import foreign_tokens
from contextmail.dialects.hubl import Hubl
from contextmail.dialects.liquid import Liquid
from contextmail.dialects.mailchimp import Mailchimp
from contextmail.errors import DialectError

__all__ = [
    "DIALECTS",
    "LANGUAGES",
    "Condition",
    "Dialect",
    "Token",
    "TokenKind",
    "any_tokens",
    "detect",
    "fields_asked",
]

DIALECTS: dict[str, Dialect] = {"mailchimp": Mailchimp(), "hubl": Hubl(), "liquid": Liquid()}
LANGUAGES = {"mailchimp": "mailchimp", "hubspot": "hubl"}
"""Platform -> the template language that it speaks."""

_HUBL_TAG = re.compile(
    r"(?:elif|module|module_attribute|widget\w*|dnd_\w+|set|macro|import|end_\w+)\b|(?:text|rich_text|color|boolean)\s+\"\""
)
_HUBL_WORDS = re.compile(r"\bcontact\.|\bpersonalization_token\b|\bunsubscribe_link|\bsite_settings\.|\|\s*\w+\(")
_LIQUID_TAG = re.compile(
    r"(?:elsif|assign|capture|unless|case|when|render|increment|decrement|tablerow|cycle|liquid)\b|end(?:unless|case|capture)"
)
_LIQUID_WORDS = re.compile(r"\|\s*\w+\s*:|\bforloop\.|[=!]=\s*(?:blank|nil|empty)\b")


def detect(*sources: str) -> Dialect | None:
    """Tell the template language of a message's sources by their tokens; None when they hold no token at all.

    Raises DialectError, naming `--dialect`, when two languages fit or the tokens belong to none that is known.
    """
    fitting = _brace_fits(sources)
    if any(DIALECTS["mailchimp"].tokens(source) for source in sources):
        fitting.add("mailchimp")
    if any(map(foreign_tokens, sources)):
        # A bare {{ x }} beside Handlebars' or Smarty's own signs is theirs.
        fitting = {"another language"} | (fitting if fitting != {"hubl", "liquid"} else set())
    if not fitting:
        return None
    if len(fitting) == 1 and (name := fitting.pop()) in DIALECTS:
        return DIALECTS[name]
    fits = " and ".join(sorted(fitting))
    what = f"the tokens fit {fits}" if fitting else "the tokens are of no known template language"
    raise DialectError(what, cure=f"name the template language with --dialect {'|'.join(DIALECTS)}")


def fields_asked(dialect: Dialect, source: str) -> set[str]:
    """List the contact fields that `source` asks for, as the platform's API names them."""
    tokens = dialect.tokens(source)
    names = {token.name for token in tokens} | {token.condition.field for token in tokens if token.condition}
    return {name.removeprefix("contact.") for name in names}


def any_tokens(source: str) -> list[Token]:
    """List the tokens of any template language in `source`, in order, without overlap or understood conditions."""
    found = [*foreign_tokens(source), *DIALECTS["mailchimp"].tokens(source), *DIALECTS["hubl"].tokens(source)]
    tokens: list[Token] = []
    for token in sorted(found, key=lambda token: token.start):
        if not tokens or token.start >= tokens[-1].end:
            tokens.append(replace(token, condition=None) if token.condition else token)
    return tokens


def _brace_fits(sources: Iterable[str]) -> set[str]:
    """Tell which of the brace languages the tokens of `sources` fit, those of foreign languages left out."""
    fits: set[str] = set()
    plain: set[tuple[str, str]] = set()
    trimmed = False
    for source, brace in ((text, brace) for text in sources for brace in _own_braces(text)):
        if brace.sign == "#":
            fits.add("hubl" if source.startswith("{#", brace.start) else "liquid")
        else:
            plain.add((brace.sign, brace.inside))
            trimmed = trimmed or source[brace.start + 2] == "-" or source[brace.end - 3] == "-"
    for sign, inside in plain:
        bare = STRING.sub('""', inside)
        if _HUBL_WORDS.search(bare) or (sign == "%" and _HUBL_TAG.match(bare)):
            fits.add("hubl")
        if _LIQUID_WORDS.search(bare) or (sign == "%" and _LIQUID_TAG.match(bare)):
            fits.add("liquid")
    if fits or not plain:
        return fits
    # White-space control is known to both, and written by Liquid's users: it decides only where nothing else does.
    return {"liquid"} if trimmed else {"hubl", "liquid"}


def _own_braces(source: str) -> Iterator[Brace]:
    """Yield the brace tokens that belong to no foreign language."""
    foreign = {token.start for token in foreign_tokens(source)}
    return (brace for brace in braces(source) if brace.start not in foreign)
