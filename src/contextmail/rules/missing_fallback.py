from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from contextmail.language.flow import Barrier
from contextmail.model.claim import Claim
from contextmail.model.finding import Grade
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence

_NAME = re.compile(r"(?i)(?:^|[._])(?:f_?name|first_?name|given_?name|firstname)$")
_CLOSED = re.compile(r"\s*(?:[,.!?;:)☀-➿⏩-⏳⭐🌀-🫿]|$)|\s[–—-]\s")
_OPENS = re.compile(r"(?P<pause>(?:[,:]| [–—-])\s+)(?P<word>[^\W\d_][\w'’]*)")
_LAST_NAME = re.compile(r"\s\ufffc")


class MissingFallback(ClaimRule):
    """Find a name token that prints nothing, or dirt, for those whose name is not clean: "Hi ,", "Hi TEST".

    ## What it does
    Looks for first-name tokens without a fallback of their own, outside a conditional on the same field. Those whose
    name cleans are greeted by the clean name; the others by words that suit the place.

    ## Why it hurts
    "Hi ," is the first thing that a reader sees, and the last that they believe.

    ## Example
    ```
    Hi *|FNAME|*,
    ```

    ## Use instead
    ```
    *|IF:FNAME|*Hi *|FNAME|*,*|ELSE:|*Hi there,*|END:IF|*
    ```

    ## Fix safety
    Safe: the token is replaced by the clean name, or by "there".
    """

    name = "missing-fallback"
    claim = Claim(name="missing-fallback", true_when="known(first_name)", otherwise="weaken", because="no clean name")

    def may(self, text: Sentence, context: Context) -> bool:
        """Look where there is a token."""
        return bool(text.block.tokens)

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield each first-name token that nothing guards."""
        for at, token in sentence.block.tokens.items():
            if not sentence.start <= at < sentence.end or token.fallback is not None or not _NAME.search(token.name):
                continue
            if _guarded(sentence, at, token.name):
                continue
            start, end, say, groups = _place(sentence, at, context.lexicon.grammar)
            yield Match(self.name, sentence, at, at + 1, (start, end), say=say, groups=groups)

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Put the clean name, or words that suit the place."""
        if not match.say:
            return Barrier("no words would suit everybody here")
        return Proposal(match.cut, context.phrasebook.say(match.say, match.groups).variants, Grade.SAFE)


def _guarded(sentence: Sentence, at: int, field: str) -> bool:
    """Say whether the token stands where a conditional has asked for its field."""
    asked = [group[-1].condition for group in sentence.block.chains.at(sentence.block.source_start(at))]
    return any(c is not None and c.field == field and c.op != "absent" for c in asked)


def _place(sentence: Sentence, at: int, grammar: Mapping[str, re.Pattern[str]]) -> tuple[int, int, str, dict[str, str]]:
    """Give the stretch that depends on the name at `at`, and the phrasebook's entry for it; no entry: nothing suits."""
    text, before = sentence.block.text, sentence.block.text[sentence.start : at]
    if _LAST_NAME.match(text, at + 1) or not _CLOSED.match(text, at + 1):
        return at, at + 1, "", {}
    comma = re.search(r",\s*$", before)
    if grammar["greeted"].search(before):
        return (
            (sentence.start + comma.start(), at + 1, "comma-name-or-there", {})
            if comma
            else (at, at + 1, "name-or-there", {})
        )
    if grammar["dear"].search(before):
        return at, at + 1, "name-or-reader", {}
    if welcomed := grammar["welcomed"].search(before):
        return sentence.start + welcomed.start(1), at + 1, "space-name-or-nothing", {}
    if not any(map(str.isalnum, before)) and (opened := _OPENS.match(text, at + 1, sentence.end)):
        word = opened["word"]
        groups = {"pause": opened["pause"], "word": word, "capital": word[0].upper() + word[1:]}
        return at, opened.end(), "name-before", groups
    if grammar["given"].search(before):
        return at, at + 1, "name-or-you", {}
    if not comma:
        called = before.rstrip() and before[-1].isspace() and not grammar["named"].search(before)
        return (at - 1, at + 1, "space-name-or-nothing", {}) if called else (at, at + 1, "", {})
    start = sentence.start + comma.start()
    behind = text[at + 2 : sentence.end].strip()
    if text[at + 1 : at + 2] == "," and behind and not grammar["resumes"].match(f"{before[: comma.start()]}, {behind}"):
        return start, at + 2, "name-between-commas", {}
    return start, at + 1, "comma-name-or-nothing", {}
