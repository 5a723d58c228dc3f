from __future__ import annotations

import re
from collections.abc import Iterator

from contextmail.model.claim import Claim
from contextmail.model.finding import Grade
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence

_NAME = re.compile(r"(?i)(?:^|[._])(?:f_?name|first_?name|given_?name|firstname)$")
_GREETED = re.compile(r"(?i)\b(?:hi|hello|hey|hiya|howdy|welcome)\s+$")
_CLOSED = re.compile(r"\s*(?:[,.!?;:)]|$)")
_DEAR = re.compile(r"(?i)\bdear\s+$")


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

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield each first-name token that nothing guards."""
        for at, token in sentence.block.tokens.items():
            if not sentence.start <= at < sentence.end or token.fallback is not None or not _NAME.search(token.name):
                continue
            if any(c.condition and c.condition.field == token.name for c in sentence.block.conditions):
                continue
            before = sentence.block.text[sentence.start : at]
            say = "name-or-there" if _GREETED.search(before) else "name-or-reader" if _DEAR.search(before) else "name-or-nothing"
            cut = (at, at + 1)
            if say == "name-or-nothing":
                comma = re.search(r",\s*$", before)
                if not comma or not _CLOSED.match(sentence.block.text, at + 1):
                    yield Match(self.name, sentence, at, at + 1, cut, note="no words would suit everybody here")
                    continue
                cut, say = (sentence.start + comma.start(), at + 1), "comma-name-or-nothing"
            yield Match(self.name, sentence, at, at + 1, cut, say=say)

    def propose(self, match: Match, context: Context) -> Proposal | None:
        """Put the clean name, or words that suit the place."""
        if not match.say:
            return None
        return Proposal(match.cut, context.phrasebook.say(match.say).variants, Grade.SAFE)
