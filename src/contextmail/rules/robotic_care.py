from __future__ import annotations

from contextmail.language.flow import Barrier
from contextmail.model.claim import Claim
from contextmail.model.message import Message
from contextmail.rules.base import ClaimRule, Context, Match, Proposal


class RoboticCare(ClaimRule):
    """Find "we care about you" said by a machine to somebody who hardly ever came.

    ## What it does
    Looks for care, appreciation and mattering. True where a person delivers the message (`delivered_by = "human"`), or
    where there is a relationship: two orders or more, the last of them within a year.

    ## Why it hurts
    A recorded voice that cares says with each word that nobody does.

    ## Example
    ```
    We care about you.
    ```

    ## Use instead
    ```
    The surgery is open until eight on Thursdays.
    ```

    ## Fix safety
    Unsafe: the sentence goes. Where it holds a link, a price or news of its own it is only shown.
    """

    name = "robotic-care"
    label = "care_claim"
    claim = Claim(
        name="robotic-care",
        true_when="orders >= 2 AND days_since_last_order <= 365",
        otherwise="remove",
        because="a machine says it to somebody who hardly came",
    )

    def concerns(self, message: Message) -> bool:
        """Look at what no person says."""
        return message.delivered_by != "human"

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Cut no more than the claim: what the sentence goes on to say is said nowhere else."""
        proposal, sentence = super().propose(match, context), match.sentence
        lost = sentence.block.text[match.end : sentence.end]
        if isinstance(proposal, Proposal) and proposal.cut[1] >= sentence.end and len(lost.split()) > 3:
            return Barrier("the sentence says something besides the claim")
        return proposal
