from __future__ import annotations

from contextmail.language.flow import Barrier
from contextmail.model.claim import Claim
from contextmail.model.message import Message, Purpose
from contextmail.rules.base import ClaimRule, Context, Match


class MislabelledPurpose(ClaimRule):
    """Find an offer in a message that says it only serves.

    ## What it does
    In a message whose purpose is `service` or `transactional`, looks for words that sell: discounts, codes, sales, calls
    to shop. Such a message is judged as marketing by every policy, consent first.

    ## Why it hurts
    A receipt may be sent without a permission, an advertisement may not; and who left the list and then reads an offer
    in a notice complains to the authorities.

    ## Example
    ```
    Get 20% off your next order.
    ```

    ## Use instead
    ```
    Your order was sent today.
    ```

    ## Fix safety
    Shown only: either the offer goes, or the purpose is `marketing`.
    """

    name = "mislabelled-purpose"
    claim = Claim(name="mislabelled-purpose", true_when="FALSE", otherwise="show", because="it sells")

    def concerns(self, message: Message) -> bool:
        """Look at what is said to be no marketing."""
        return message.purpose is not Purpose.MARKETING

    def propose(self, match: Match, context: Context) -> Barrier:
        """Propose nothing."""
        return Barrier('either the offer goes, or the purpose is "marketing"')
