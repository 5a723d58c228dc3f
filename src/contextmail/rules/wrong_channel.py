from __future__ import annotations

from contextmail.model.claim import Policy
from contextmail.rules.base import PolicyRule


class WrongChannel(PolicyRule):
    """Reroute whoever asked to be reached another way.

    ## What it does
    Compares the message's channel with the one that the customer prefers, or on which they last wrote. Who has stated
    none and never wrote gets the message as it is.

    ## Why it hurts
    Somebody who asks by text message and is answered by a telephone call stops asking.

    ## Example
    ```
    preferred_channel = 'sms'
    ```

    ## Use instead
    ```
    preferred_channel = 'email'
    ```

    ## Fix safety
    The recipient is rerouted, in the manner received; nothing is sent by another channel without its own consent.
    """

    name = "wrong-channel"
    policy = Policy(
        name="wrong-channel",
        allow_when=(
            "message.purpose = 'transactional' OR NOT known(preferred_channel) OR preferred_channel = message.channel"
            " OR (known(last_inquiry_channel) AND last_inquiry_channel = message.channel)"
        ),
        otherwise="reroute",
        to="preferred_channel",
        unknown_is="allowed",
        because="prefers another channel",
    )
