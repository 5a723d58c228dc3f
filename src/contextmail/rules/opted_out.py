from __future__ import annotations

from contextmail.model.claim import Policy
from contextmail.model.message import Channel, Message, Purpose
from contextmail.rules.base import PolicyRule


class OptedOut(PolicyRule):
    """Drop whoever did not permit this channel for this purpose; no flag overrides it.

    ## What it does
    Marketing needs a permission on record for e-mail, text message and telephone; by post, and for what is part of a
    transaction or a service, a denial stops it and silence does not. Without any consent table, text messages and calls
    are dropped, and e-mail goes out only where the platform enforces its own list.

    ## Why it hurts
    It is the law nearly everywhere, and the one thing that a customer has asked of you in so many words.

    ## Example
    ```
    consent_email_marketing = 'denied'
    ```

    ## Use instead
    ```
    consent_email_marketing = 'granted'
    ```

    ## Fix safety
    There is no fix: the recipient is dropped. The rule can be neither suppressed nor given other thresholds.
    """

    name = "opted-out"
    policy = Policy(name="opted-out", allow_when="FALSE", otherwise="drop", because="no permission")

    def definition(self, message: Message) -> Policy:
        """Ask for the consent fact of the message's own channel and purpose."""
        fact = f"consent_{message.channel}_{message.purpose}"
        asks_first = message.purpose is Purpose.MARKETING and message.channel is not Channel.POSTAL
        allow = f"{fact} = 'granted'" if asks_first else f"{fact} <> 'denied'"
        unknown_is = "refused" if asks_first else "allowed"
        return self.policy.model_copy(update={"allow_when": allow, "unknown_is": unknown_is})
