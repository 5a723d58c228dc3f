from __future__ import annotations

from contextmail.model.claim import Policy
from contextmail.model.message import Channel, Message, Purpose
from contextmail.rules.base import PolicyRule
from contextmail.rules.owned_offer import owns

_INTERRUPTS = (Channel.CALL, Channel.VOICE, Channel.SMS)


class NothingForThem(PolicyRule):
    """Skip the call to whoever owns everything that it offers.

    ## What it does
    A call, a recording or a text message interrupts. Where it offers products, and somebody has all of them, there is
    nothing in it for them: the connection is skipped. An e-mail or a letter has room for other words instead, which is
    what `owned-offer` sees to.

    ## Why it hurts
    Being called about what one has already bought is the complaint that needs no explanation.

    ## Example
    ```
    owned_products = ["PRO"]
    ```

    ## Use instead
    ```
    owned_products = ["BASIC"]
    ```

    ## Fix safety
    The recipient is dropped; another offer may be for them.
    """

    name = "nothing-for-them"
    policy = Policy(
        name="nothing-for-them",
        allow_when="TRUE",
        otherwise="drop",
        unknown_is="allowed",
        because="owns all that is offered",
    )

    def usual(self, message: Message) -> Policy:
        """Ask for one offer that they do not have."""
        asked = message.purpose is Purpose.MARKETING and message.channel in _INTERRUPTS
        told = asked and message.offers and all(offer.product for offer in message.offers)
        allow = " OR ".join(f"NOT ({owns(offer.product)})" for offer in message.offers) if told else "TRUE"
        return self.policy.model_copy(update={"allow_when": allow})
