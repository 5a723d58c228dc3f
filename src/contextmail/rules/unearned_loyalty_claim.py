from __future__ import annotations

from contextmail.model.claim import Claim
from contextmail.rules.base import ClaimRule


class UnearnedLoyaltyClaim(ClaimRule):
    """Find thanks and praise for a long or repeated relation that never was.

    ## What it does
    Looks for loyalty, continued support, long-time customers and years together, and asks of each recipient whether
    they ordered at least three times over a year or more.

    ## Why it hurts
    "Thank you for your continued loyalty" to somebody whose first parcel is still on its way says that nobody looked.

    ## Example
    ```
    Thank you for your continued loyalty!
    ```

    ## Use instead
    ```
    Thank you for your order!
    ```

    ## Fix safety
    Thanking for the order in place of the loyalty is safe. Replacing or removing a whole sentence is unsafe.
    """

    name = "unearned-loyalty-claim"
    label = "loyalty_claim"
    claim = Claim(
        name="unearned-loyalty-claim",
        true_when="orders >= 3 AND tenure_days >= 365",
        otherwise="weaken",
        because="not three orders over a year",
    )
