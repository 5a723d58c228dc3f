from __future__ import annotations

from contextmail.model.claim import Policy
from contextmail.model.message import Message
from contextmail.rules.base import PolicyRule

CAP, DAYS = 3, 7


class TooOften(PolicyRule):
    """Hold whoever has had enough messages for now, over all channels and tools together.

    ## What it does
    Counts every touch in a rolling window, planned ones on their planned date, and holds the message until there is
    room under the cap (default: three in seven days; `[rules.too-often] cap, days`). Transactional messages are exempt.

    ## Why it hurts
    Each tool keeps to its own cap; the customer gets the sum.

    ## Example
    ```
    room_at_3_in_7d = 2026-06-02T08:30:00
    ```

    ## Use instead
    ```
    room_at_3_in_7d = 2026-05-28T08:30:00
    ```

    ## Fix safety
    The message is held until the date that the fact `room_at` gives, and dropped when it has expired by then.
    """

    name = "too-often"
    policy = Policy(
        name="too-often", allow_when="TRUE", otherwise="hold", unknown_is="allowed", because="heard from us enough"
    )

    def usual(self, message: Message) -> Policy:
        """Ask for the fact that is made from the cap and the window."""
        fact = f"room_at_{self.override.cap or CAP}_in_{self.override.days or DAYS}d"
        allow = f"message.purpose = 'transactional' OR {fact} <= as_of"
        return self.policy.model_copy(update={"allow_when": allow, "until": fact})
