from __future__ import annotations

from contextmail.model.claim import Claim
from contextmail.rules.base import ClaimRule


class UnearnedValueClaim(ClaimRule):
    """Find praise of the recipient as a valued, top or chosen customer that their history does not bear out.

    ## What it does
    Looks for superlatives and praise joined to the recipient as a customer: "our most valuable customer",
    "you're a VIP", "hand-picked", and asks of each recipient whether it is true.

    ## Why it hurts
    Somebody who bought once knows that they are not your most valuable customer. They learn that your words mean
    nothing, and read the next ones in that light.

    ## Example
    ```
    As our most valuable customer, you get 20% off.
    ```

    ## Use instead
    ```
    You get 20% off.
    ```

    ## Fix safety
    Weakening ("one of our most valuable customers" -> "one of our customers") is safe. Replacing a whole sentence by
    one from history is unsafe: what else the sentence said is gone, so read it.
    """

    name = "unearned-value-claim"
    label = "value_claim"
    claim = Claim(
        name="unearned-value-claim",
        true_when="spend_rank >= 0.9 AND orders >= 3",
        otherwise="weaken",
        because="bought less",
    )
