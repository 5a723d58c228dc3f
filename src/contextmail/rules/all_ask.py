from __future__ import annotations

from contextmail.model.claim import Policy
from contextmail.model.message import Message, Purpose
from contextmail.rules.base import PolicyRule

RATIO = 1.0


class AllAsk(PolicyRule):
    """Hold an ask for whoever has been given less than they were asked for.

    ## What it does
    A marketing message with an offer or a question is an ask. It is held for everybody to whom fewer messages of value
    came through than the company's ratio wants for each ask (`[rules.all-ask] ratio`, default 1; many hold that ten are
    right). What is of value is said by the touches' own purpose. Who was never asked for anything gets the first ask.

    ## Why it hurts
    A sender who only ever wants something is not read when there is something to say.

    ## Example
    ```
    asks_received = 6
    value_per_ask = 0.5
    ```

    ## Use instead
    ```
    asks_received = 6
    value_per_ask = 1.5
    ```

    ## Fix safety
    The ask is held, without a date: what they need next is a message of value.
    """

    name = "all-ask"
    policy = Policy(
        name="all-ask", allow_when="TRUE", otherwise="hold", unknown_is="allowed", because="asked more than given"
    )

    def definition(self, message: Message) -> Policy:
        """Ask for the ratio, where the message asks for something."""
        asks = message.purpose is Purpose.MARKETING and bool(message.offers or message.asks)
        ratio = RATIO if self.override.ratio is None else self.override.ratio
        usual = f"asks_received = 0 OR value_per_ask >= {ratio:g}" if asks else "TRUE"
        changes = {"allow_when": self.override.allow_when or usual, "otherwise": self.override.otherwise or "hold"}
        return self.policy.model_copy(update=changes)
