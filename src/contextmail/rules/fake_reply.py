from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contextmail.language.block import OBJECT
from contextmail.language.flow import Barrier
from contextmail.language.patterns import straight
from contextmail.model.claim import Claim
from contextmail.model.finding import Grade, Variant
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.generic_subject import is_generic


class FakeReply(ClaimRule):
    """Find "Re:" and "Fwd:" before a subject to which nobody has written.

    ## What it does
    Looks at how the subject opens. True of those who wrote to us within the last thirty days (`last_inquiry_at`): there
    may be a thread. For everybody else the prefix goes.

    ## Why it hurts
    It is opened once, by mistake, and remembered as a trick; some countries' law calls it a misleading subject.

    ## Example
    ```
    Subject: Re: your lantern
    ```

    ## Use instead
    ```
    Subject: A wick for your lantern
    ```

    ## Fix safety
    Safe: the prefix goes, and the word behind it takes the capital.
    """

    name = "fake-reply"
    claim = Claim(
        name="fake-reply",
        true_when="known(last_inquiry_at) AND days_since(last_inquiry_at) BETWEEN 0 AND 30",
        otherwise="remove",
        because="they have not written",
    )

    def may(self, text: Sentence, context: Context) -> bool:
        """Look at the subject."""
        return text.part == "subject" and text.first

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Look at all of the subject: its first sentence begins behind the prefix."""
        text, patterns = straight(sentence.block.text), {self.name: context.lexicon.patterns[self.name]}
        yield from super().find(replace(sentence, start=0, end=len(text), text=text, patterns=patterns), context)

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Cut the prefix; of a subject that says nothing, replace all of it, so that a better one may come instead."""
        text, claim = match.sentence.block.text, self.definition(context)
        words = context.lexicon.lists["generic-subject"]
        if claim.otherwise == "show" or not is_generic(text, words, context.message.sender) or OBJECT in text:
            return super().propose(match, context)
        rest = text[match.cut[1] :]
        return Proposal((0, len(text)), (Variant(claim.true_when, None), Variant("", rest)), Grade.SAFE)
