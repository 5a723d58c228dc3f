from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from contextmail.language.flow import Barrier
from contextmail.language.patterns import straight
from contextmail.language.sentences import block_sentences
from contextmail.model.claim import Claim
from contextmail.model.finding import Variant
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.remedies import kept, remedy, replace_sentence

_ASKED = re.compile(r"(?<![^.!?])[^.!?]*\?\s*\Z")
_SHORT = 7
"""Words of a question that asks no more than whether somebody is a stranger."""
NO_MEMBER = "NOT known(renewal_at)"
"""No subscription runs, as far as is known: of who bought, a membership is still to be told."""


class StrangerTalk(ClaimRule):
    """Find words for strangers, such as "become a customer", in a message that goes to customers.

    ## What it does
    Looks for invitations to join, switch, sign up or make a first order, and asks whether the recipient has no
    relationship yet. Where that is unknown the words stay: they are true by absence. Of a membership, a club or a
    subscription it asks whether one runs (`renewal_at`); `true_when` names another fact, such as `NOT member`.

    ## Why it hurts
    "Join us today" to somebody who has paid you for years says that you do not know them, and often that strangers
    get the better price.

    ## Example
    ```
    Become a customer today!
    ```

    ## Use instead
    ```
    Good to have you as a customer!
    ```

    ## Fix safety
    Unsafe: for known customers the sentence is replaced. A sentence with a price, a number, a link or a token is only
    shown, because they are never changed.
    """

    name = "stranger-talk"
    label = "resell"
    claim = Claim(
        name="stranger-talk",
        true_when="NOT is_customer",
        otherwise="replace",
        unknown_is="true",
        because="already a customer",
    )

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield the pitches; one of a membership is for those who buy, too, so another fact decides of it."""
        if context.lexicon.grammar["passed-on"].search(sentence.block.text[: sentence.end]):
            return  # "Forwarded this e-mail? Subscribe here."
        for match in super().find(sentence, context):
            asked = _ASKED.search(sentence.block.text, 0, sentence.start)
            of_members = context.lexicon.grammar["membership"].search(f"{asked[0] if asked else ''}{sentence.text}")
            if of_members and self.override.true_when is None and match.confidence == "high":
                note = "not true of everybody: already a member"
                match = replace(match, true_when=NO_MEMBER, say="member-sentence", note=note)
            yield match

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Speak as to a customer; a question to strangers goes with the answer to it ("New here? Join us today.")."""
        sentence, claim = match.sentence, self.definition(context)
        claim = claim.model_copy(update={"true_when": match.true_when or claim.true_when})
        answer = self._next(sentence, context)
        if answer is not None and context.lexicon.grammar["goes-on"].match(answer.text):
            return Barrier("the sentence behind it goes on about the same")
        if match.confidence == "high" and sentence.text.rstrip().endswith("?"):
            found = () if answer is None else self.find(answer, context)
            # Without its question an offer to strangers would be a promise to customers.
            if answer is not None and not any(isinstance(self.propose(f, context), Proposal) for f in found):
                return Barrier("the sentence behind it answers the question")
            heading = context.phrasebook.say(match.say).heading if sentence.alone else ""
            return replace_sentence(
                match, (Variant(f"NOT ({claim.true_when})", ""), Variant("", None)), context, heading
            )
        proposal = remedy(match, claim, context)
        asked = _ASKED.search(sentence.block.text, 0, sentence.start)
        if isinstance(proposal, Barrier) or not asked or context.lexicon.claims(straight(asked[0].strip())):
            return proposal
        if lost := kept(sentence.block, *asked.span()):
            return lost
        if len(asked[0].split()) > _SHORT:
            return Barrier("it answers the question before it")
        # A question to strangers goes with its answer: "Still with your old shop? Switch to us!"
        start = asked.end() - len(asked[0].lstrip())
        return replace(proposal, cut=(start, proposal.cut[1]))

    def _next(self, sentence: Sentence, context: Context) -> Sentence | None:
        following = next((span for span in block_sentences(sentence.block) if span[0] >= sentence.end), None)
        if following is None:
            return None
        text = straight(sentence.block.text[slice(*following)].replace("\n", " "))
        patterns = {self.name: context.lexicon.patterns[self.name]}
        return replace(sentence, start=following[0], end=following[1], text=text, first=False, patterns=patterns)
