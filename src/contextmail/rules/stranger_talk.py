from __future__ import annotations

from dataclasses import replace

from contextmail.language.patterns import straight
from contextmail.language.sentences import block_sentences
from contextmail.model.claim import Claim
from contextmail.model.finding import Variant
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.remedies import replace_sentence


class StrangerTalk(ClaimRule):
    """Find words for strangers, such as "become a customer", in a message that goes to customers.

    ## What it does
    Looks for invitations to join, switch, sign up or make a first order, and asks whether the recipient has no
    relationship yet. Where that is unknown the words stay: they are true by absence.

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
    claim = Claim(
        name="stranger-talk",
        true_when="NOT is_customer",
        otherwise="replace",
        unknown_is="true",
        because="already a customer",
    )

    def propose(self, match: Match, context: Context) -> Proposal | None:
        """Speak as to a customer; a question to strangers goes with the answer to it ("New here? Join us today.")."""
        sentence = match.sentence
        if match.confidence == "high" and sentence.text.rstrip().endswith("?"):
            answer = self._next(sentence, context)
            # Without its question an offer to strangers would be a promise to customers.
            mended = answer is None or any(self.propose(found, context) for found in self.find(answer, context))
            return replace_sentence(match, (Variant("is_customer", ""), Variant("", None))) if mended else None
        return super().propose(match, context)

    def _next(self, sentence: Sentence, context: Context) -> Sentence | None:
        following = next((span for span in block_sentences(sentence.block) if span[0] >= sentence.end), None)
        if following is None:
            return None
        text = straight(sentence.block.text[slice(*following)].replace("\n", " "))
        patterns = {self.name: context.lexicon.patterns[self.name]}
        return replace(sentence, start=following[0], end=following[1], text=text, first=False, patterns=patterns)
