from __future__ import annotations

from contextmail.model.claim import Claim
from contextmail.model.message import Message
from contextmail.rules.base import ClaimRule


class UrgentToResident(ClaimRule):
    """Find "urgent" and "important" on what is addressed to whoever lives there.

    ## What it does
    In a message with `addressed_to = "resident"`, looks for words that claim to be urgent, important or personal. They
    are true of nobody: who does not know to whom he writes knows nothing that is urgent to them.

    ## Why it hurts
    "Important information about your account", to the current resident, is the envelope that everybody throws away.

    ## Example
    ```
    Urgent: new tariffs for your street.
    ```

    ## Use instead
    ```
    New tariffs for your street.
    ```

    ## Fix safety
    A word before the rest is safe to cut. A sentence that claims nothing else is removed, which is unsafe.
    """

    name = "urgent-to-resident"
    label = "urgency_claim"
    claim = Claim(
        name="urgent-to-resident",
        true_when="FALSE",
        otherwise="remove",
        because="addressed to nobody in particular",
    )

    def concerns(self, message: Message) -> bool:
        """Look at what goes to whoever lives there."""
        return message.addressed_to == "resident"
