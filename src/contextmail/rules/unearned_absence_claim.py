from __future__ import annotations

from contextmail.model.claim import Claim
from contextmail.rules.base import ClaimRule


class UnearnedAbsenceClaim(ClaimRule):
    """Find "we miss you" said to people who never came, or who were here last week.

    ## What it does
    Looks for missing somebody, long absence and calls to come back. True of those who bought before and have been
    quiet for more than twice the gap that is usual between their orders; after a single order, for more than 90 days.

    ## Why it hurts
    "It's been a while" to a customer of last week shows that the sender does not know them; to somebody who never
    bought, that the sender makes things up.

    ## Example
    ```
    We miss you! Come and see what is new.
    ```

    ## Use instead
    ```
    We hope you are enjoying the Trail Jacket! Come and see what is new.
    ```

    ## Fix safety
    Unsafe: the sentence goes, or one about what they own takes its place.
    """

    name = "unearned-absence-claim"
    label = "absence_claim"
    claim = Claim(
        name="unearned-absence-claim",
        true_when=(
            "orders >= 1 AND ((known(usual_gap_days) AND days_since_last_order > 2 * usual_gap_days)"
            " OR (NOT known(usual_gap_days) AND days_since_last_order > 90))"
        ),
        otherwise="remove",
        because="never bought, or here lately",
    )
