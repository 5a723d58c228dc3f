from __future__ import annotations

import re
from collections.abc import Iterator

from contextmail.model.claim import Claim
from contextmail.model.finding import Grade
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence

_NAME = re.compile(r"(?i)(?:^|[._])(?:f_?name|first_?name|given_?name|firstname)$")
_GREETED = re.compile(r"(?i)\b(?:hi|hello|hey|hiya|howdy),?\s+$")
_WELCOMED = re.compile(r"(?i)\b(?:welcome|thanks|thank you|good (?:morning|afternoon|evening|day))(\s+)$")
_CLOSED = re.compile(r"\s*(?:[,.!?;:)☀-➿🌀-🫿]|$)")
_DEAR = re.compile(r"(?i)\bdear\s+$")
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
            place = _place(sentence, at)
            if place:
                yield Match(self.name, sentence, at, at + 1, place[:2], say=place[2])
            else:
                yield Match(self.name, sentence, at, at + 1, (at, at + 1), note="no words would suit everybody here")

    def propose(self, match: Match, context: Context) -> Proposal | None:
        """Put the clean name, or words that suit the place."""
        if not match.say:
            return None
        return Proposal(match.cut, context.phrasebook.say(match.say).variants, Grade.SAFE)


def _guarded(sentence: Sentence, at: int, field: str) -> bool:
    """Say whether the token stands where a conditional has asked for its field."""
    asked = [group[-1].condition for group in sentence.block.chains.at(sentence.block.source_start(at))]
    return any(c is not None and c.field == field and c.op != "absent" for c in asked)


def _place(sentence: Sentence, at: int) -> tuple[int, int, str] | None:
    """Give the stretch that depends on the name at `at`, and the phrasebook's entry for it; None: nothing suits."""
    text, before = sentence.block.text, sentence.block.text[sentence.start : at]
    if _LAST_NAME.match(text, at + 1) or not _CLOSED.match(text, at + 1):
        return None
    if _GREETED.search(before):
        return at, at + 1, "name-or-there"
    if _DEAR.search(before):
        return at, at + 1, "name-or-reader"
    if welcomed := _WELCOMED.search(before):
        return sentence.start + welcomed.start(1), at + 1, "space-name-or-nothing"
    comma = re.search(r",\s*$", before)
    if not comma:
        return None
    start = sentence.start + comma.start()
    if text[at + 1 : at + 2] == "," and text[at + 2 : sentence.end].strip():
        return start, at + 2, "name-between-commas"
    return start, at + 1, "comma-name-or-nothing"
