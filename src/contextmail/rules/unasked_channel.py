from __future__ import annotations

from contextmail.model.claim import Policy
from contextmail.model.consent import LOOKED_UP
from contextmail.model.message import Message
from contextmail.rules.base import PolicyRule


class UnaskedChannel(PolicyRule):
    """Drop whoever never gave us this address or number: a number that was looked up is never called.

    ## What it does
    Asks how the address or number was obtained (`call_obtained` and the like, from a column of the customers or from the
    ledger). One that was bought, enriched, taken from a third party or inferred is not used, whatever the message is.

    ## Why it hurts
    "Where did you get this number?" is asked by somebody who will not be a customer again.

    ## Example
    ```
    email_obtained = 'enriched'
    ```

    ## Use instead
    ```
    email_obtained = 'given_by_person'
    ```

    ## Fix safety
    There is no fix: the recipient is dropped. The rule can be neither suppressed nor given other thresholds.
    """

    name = "unasked-channel"
    policy = Policy(
        name="unasked-channel",
        allow_when="TRUE",
        otherwise="drop",
        unknown_is="allowed",
        because="the address was looked up",
    )

    def definition(self, message: Message) -> Policy:
        """Ask how the address of the message's own channel was obtained."""
        looked_up = ", ".join(f"'{word}'" for word in sorted(LOOKED_UP))
        return self.policy.model_copy(update={"allow_when": f"{message.channel}_obtained NOT IN ({looked_up})"})
