"""Template languages: which there are, which one a source speaks, and what is a token whichever it speaks."""

from __future__ import annotations

import re
from dataclasses import replace

from contextmail.dialects.base import Condition, Dialect, Token, TokenKind
from contextmail.dialects.braces import STRING, braces
from contextmail.dialects.foreign import foreign_tokens
from contextmail.dialects.hubl import Hubl
from contextmail.dialects.liquid import Liquid
from contextmail.dialects.mailchimp import Mailchimp
from contextmail.errors import DialectError

__all__ = ["DIALECTS", "Condition", "Dialect", "Token", "TokenKind", "any_tokens", "detect"]

DIALECTS: dict[str, Dialect] = {"mailchimp": Mailchimp(), "hubl": Hubl(), "liquid": Liquid()}

_HUBL_TAG = re.compile(
    r"(?:elif|module|module_attribute|widget\w*|dnd_\w+|set|macro|import|end_\w+)\b|(?:text|rich_text|color|boolean)\s+\"\""
)
_HUBL_WORDS = re.compile(r"\bcontact\.|\bpersonalization_token\b|\bunsubscribe_link|\bsite_settings\.|\|\s*\w+\(")
_LIQUID_TAG = re.compile(
    r"(?:elsif|assign|capture|unless|case|when|render|increment|decrement|tablerow|cycle|liquid)\b|end(?:unless|case|capture)"
)
_LIQUID_WORDS = re.compile(r"\|\s*\w+\s*:|\bforloop\.|[=!]=\s*(?:blank|nil|empty)\b")


def detect(source: str) -> Dialect | None:
    """Tell the template language of `source` by its tokens; None when it holds no token at all.

    Raises DialectError, naming `--dialect`, when two languages fit or the tokens belong to none that is known.
    """
    foreign = {token.start for token in foreign_tokens(source)}
    fitting = _brace_fits(source, foreign)
    if DIALECTS["mailchimp"].tokens(source):
        fitting.add("mailchimp")
    if foreign:
        # A bare {{ x }} beside Handlebars' or Smarty's own signs is theirs.
        fitting = {"another language"} | (fitting if fitting != {"hubl", "liquid"} else set())
    if not fitting:
        return None
    if len(fitting) == 1 and (name := fitting.pop()) in DIALECTS:
        return DIALECTS[name]
    fits = " and ".join(sorted(fitting))
    what = f"the tokens fit {fits}" if fitting else "the tokens are of no known template language"
    raise DialectError(what, cure=f"name the template language with --dialect {'|'.join(DIALECTS)}")


def any_tokens(source: str) -> list[Token]:
    """List the tokens of any template language in `source`, in order, without overlap or understood conditions."""
    found = [*foreign_tokens(source), *DIALECTS["mailchimp"].tokens(source), *DIALECTS["hubl"].tokens(source)]
    tokens: list[Token] = []
    for token in sorted(found, key=lambda token: token.start):
        if not tokens or token.start >= tokens[-1].end:
            tokens.append(replace(token, condition=None))
    return tokens


def _brace_fits(source: str, foreign: set[int]) -> set[str]:
    """Tell which of the brace languages the tokens of `source` fit, those that start at `foreign` left out."""
    fits: set[str] = set()
    trimmed = plain = False
    for brace in braces(source):
        if brace.start in foreign:
            continue
        if brace.sign == "#":
            fits.add("hubl" if source.startswith("{#", brace.start) else "liquid")
            continue
        plain = True
        bare = STRING.sub('""', brace.inside)
        if _HUBL_WORDS.search(bare) or (brace.sign == "%" and _HUBL_TAG.match(bare)):
            fits.add("hubl")
        if _LIQUID_WORDS.search(bare) or (brace.sign == "%" and _LIQUID_TAG.match(bare)):
            fits.add("liquid")
        trimmed = trimmed or source[brace.start + 2] == "-" or source[brace.end - 3] == "-"
    if fits or not plain:
        return fits
    # White-space control is known to both, and written by Liquid's users: it decides only where nothing else does.
    return {"liquid"} if trimmed else {"hubl", "liquid"}
