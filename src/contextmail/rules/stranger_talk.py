from __future__ import annotations

from contextmail.model.claim import Claim
from contextmail.model.finding import Variant
from contextmail.rules.base import ClaimRule, Context, Match, Proposal
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
        """Speak as to a customer; a question to strangers ("New here?") only goes."""
        if match.confidence == "high" and match.sentence.text.rstrip().endswith("?"):
            return replace_sentence(match, (Variant("is_customer", ""), Variant("", None)))
        return super().propose(match, context)
