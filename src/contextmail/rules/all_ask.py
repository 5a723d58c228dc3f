from __future__ import annotations

from fractions import Fraction

from contextmail.model.claim import Policy
from contextmail.model.message import Message, Purpose
from contextmail.rules.base import PolicyRule

RATIO = 0.1
"""Ten times asked for once given is where people complain."""


class AllAsk(PolicyRule):
    """Hold an ask for whoever has been given less than they were asked for.

    ## What it does
    A marketing message with an offer or a question is an ask. It is held for everybody to whom fewer messages of value
    came through than the company wants for each ask (`[rules.all-ask] ratio`; the default, 0.1, is one for ten asks, and 2
    would be two for each). What is of value is said by the touches' own purpose, and counts if it reached them. Who was
    never asked for anything gets the first ask.

    ## Why it hurts
    A sender who only ever wants something is not read when there is something to say.

    ## Example
    ```
    asks_received = 10
    value_received = 0
    ```

    ## Use instead
    ```
    asks_received = 10
    value_received = 1
    ```

    ## Fix safety
    The ask is held, without a date: what they need next is a message of value.
    """

    name = "all-ask"
    policy = Policy(
        name="all-ask", allow_when="TRUE", otherwise="hold", unknown_is="allowed", because="asked more than given"
    )

    def usual(self, message: Message) -> Policy:
        """Ask for the ratio, where the message asks for something."""
        asks = message.purpose is Purpose.MARKETING and bool(message.offers or message.asks)
        ratio = Fraction(str(self.override.ratio or RATIO)).limit_denominator(1000)
        enough = f"{ratio.denominator} * (value_received + 1) > {ratio.numerator} * asks_received"
        return self.policy.model_copy(update={"allow_when": f"asks_received = 0 OR {enough}" if asks else "TRUE"})
